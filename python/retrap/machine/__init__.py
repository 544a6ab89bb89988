# SPDX-License-Identifier: GPL-2.0-only
"""Facts of the machine a boot ran on, and what it lets us do."""
