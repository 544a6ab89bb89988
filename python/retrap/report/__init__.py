# SPDX-License-Identifier: GPL-2.0-only
"""Tables, sentences and mails, made of results."""
