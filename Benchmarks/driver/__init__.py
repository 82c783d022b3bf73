# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Measures gateways and proxies side by side. Python's standard library only."""
