# SPDX-License-Identifier: GPL-2.0-only
"""Programs of ours for this machine and for guests, and the packages they need."""
