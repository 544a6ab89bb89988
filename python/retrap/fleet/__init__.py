# SPDX-License-Identifier: GPL-2.0-only
"""The controller's side of a campaign on machines: prepares, watches, fetches."""
