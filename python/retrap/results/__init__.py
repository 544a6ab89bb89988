# SPDX-License-Identifier: GPL-2.0-only
"""Result directories: the files of a boot, read and checked."""
