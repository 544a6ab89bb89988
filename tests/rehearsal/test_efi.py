# SPDX-License-Identifier: GPL-2.0-only
"""test_small.py on a machine with EFI, GRUB and a partition for /boot."""

from __future__ import annotations

import pytest
from test_small import (  # noqa: F401
    test_two_boots_of_its_own_kernel_and_the_machine_as_it_was,
)

pytestmark = pytest.mark.parametrize("image", ["x86_64_efi"], indirect=True)
