# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Nothing listens where other machines reach it without TLS, unless somebody says so, and no admin port there is anybody's."""

import subprocess

import pytest

from certificates import Authority
from configurations import Endpoint, configuration
from issued import PEPPER, isobar, token
from processes import BINARY, KEY, Process, ask, free_port

EVERYWHERE = ["0.0.0.0", "[::]", "192.0.2.1"]
VERBS = {
    "gateway": ["gateway", "--config", "none.yaml", "--listen"],
    "gateway's admin port": ["gateway", "--config", "none.yaml", "--admin"],
    "up": ["up", "--listen"],
    "up's admin port": ["up", "--admin"],
    "model-server": ["model-server", "--listen"],
    "witness": ["witness", "run", "none", "--listen"],
}


@pytest.mark.parametrize("host", EVERYWHERE)
@pytest.mark.parametrize("verb", VERBS)
def test_beyond_loopback_needs_tls_or_a_word(verb, host, tmp_path):
    run = subprocess.run(
        [BINARY, *VERBS[verb], f"{host}:{free_port()}"], capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path)
    assert run.returncode == 64, run.stderr
    assert "reachable from other machines" in run.stderr and "--insecure" in run.stderr


def with_admin_everywhere(tmp_path, text, *options):
    file = tmp_path / "isobar.yaml"
    file.write_text(text)
    admin = free_port()
    command = [BINARY, "gateway", "--config", file, "--listen", f"127.0.0.1:{free_port()}", "--admin", f"0.0.0.0:{admin}", *options]
    return admin, Process(command, tmp_path / "gateway.log", {"ISOBAR_TEST_KEY": KEY, "ISOBAR_PEPPER": PEPPER})


@pytest.fixture
def configured(workshop):
    return configuration(Endpoint("one", workshop.upstream().port))


def test_an_admin_port_that_others_reach_needs_somebody_bound_to_a_role(configured, tmp_path):
    _, process = with_admin_everywhere(tmp_path, configured, "--insecure")
    assert process.wait() == 2
    assert "no RoleBinding" in process.log_text and "isobar key new" in process.log_text


def test_an_admin_port_with_roles_and_tls_is_asked_over_tls(configured, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("localhost", "DNS:localhost")
    secret, kept = token("ops", "operator")
    admin, process = with_admin_everywhere(
        tmp_path, configured + kept, "--tls-certificate", certificate, "--tls-key", key)
    try:
        process.wait_until_ready(lambda: "gateway is ready" in process.log_text, "gateway")
        tls = ["--tls-name", "localhost", "--tls-authority", authority.certificate]
        command = ["status", "--once", "--admin", f"127.0.0.1:{admin}", *tls]
        assert isobar(*command, "--token", "env:OPS", environment={"OPS": secret}).returncode == 0
        assert "--token" in isobar(*command).stderr
        # In the clear there is nobody.
        with pytest.raises(OSError):
            ask(admin, "GET", "/livez")
    finally:
        process.kill()
