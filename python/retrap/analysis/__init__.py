# SPDX-License-Identifier: GPL-2.0-only
"""From samples to a comparison: statistics and verdicts."""
