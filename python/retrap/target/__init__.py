# SPDX-License-Identifier: GPL-2.0-only
"""What runs on a machine that boots the kernels of a campaign by itself.

It needs the standard library alone: the machine has no compiler, and of retrap what
`bundle.py` carries there. All of it lies in one folder, which is also a result
directory: HOME/<campaign>/.
"""
