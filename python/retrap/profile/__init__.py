# SPDX-License-Identifier: GPL-2.0-only
"""`retrap profile`: the functions that a window of an exact run is made of.

trace -> symbols, callgraph -> summary -> difference, report; each reads what is
left of it and knows nothing of what is right of it. exact/profile wrote the
trace.
"""
