# SPDX-License-Identifier: GPL-2.0-only
"""Which boots make up a result directory, in which order, and what became of each.

It needs the standard library alone and knows nothing of what runs in a boot, so it
also works on a machine that reboots, from the result directory by itself.
"""
