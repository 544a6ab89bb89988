# SPDX-License-Identifier: GPL-2.0-only
"""Which boots make up a result directory, and what became of each."""
