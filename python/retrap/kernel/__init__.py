# SPDX-License-Identifier: GPL-2.0-only
"""A kernel from its source, its patches and its config; kept, and known again."""
