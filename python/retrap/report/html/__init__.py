# SPDX-License-Identifier: GPL-2.0-only
"""report.html: a result directory on one page, which loads nothing."""
