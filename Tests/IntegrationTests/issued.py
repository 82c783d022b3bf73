# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Virtual keys as their owners make them: by `isobar key`, in a folder of their own."""

import os
import subprocess

from processes import BINARY

PEPPER = "5eed" * 16


def isobar(*arguments, environment=None):
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "ISOBAR_PEPPER": PEPPER, **(environment or {})})


def new(name, *options, tenant="tester"):
    """- Returns: the key, and the document to keep."""
    return _made("key", "new", name, "--tenant", tenant, *options)


def token(name, *roles, tenants=()):
    """For the admin port. - Returns: the token, and the document to keep."""
    return _made("key", "new", name, "--role", *roles, *(["--tenants", *tenants] if tenants else []))


def _made(*arguments):
    run = isobar(*arguments)
    assert run.returncode == 0, run.stderr
    return run.stderr.splitlines()[-1], run.stdout


def rotated(name, configuration, *options):
    """- Returns: the new key, and the new `hashed:`."""
    run = isobar("key", "rotate", name, "--config", configuration, *options)
    assert run.returncode == 0, run.stderr
    return next(line for line in run.stderr.splitlines() if line.startswith("isb_")), run.stdout
