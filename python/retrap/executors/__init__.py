# SPDX-License-Identifier: GPL-2.0-only
"""Where a boot runs: a guest of QEMU, or this machine."""
