# SPDX-License-Identifier: GPL-2.0-only
"""The files users write: variants, experiments, and the runs they amount to."""
