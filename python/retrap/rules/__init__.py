# SPDX-License-Identifier: GPL-2.0-only
"""The rule book on every kernel: conform, mutate, and their tables."""
