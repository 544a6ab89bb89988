# SPDX-License-Identifier: GPL-2.0-only
"""Where this clone is."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
