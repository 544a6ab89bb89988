# SPDX-License-Identifier: GPL-2.0-only
"""Retrap: what a ptracer pays to learn of a group-stop change."""
