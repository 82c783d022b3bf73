# SPDX-License-Identifier: Apache-2.0
# Isobar
"""IPv6 on both sides. What happens when a name has several addresses is tested in Tests/GatewayTests, where a test can
say what a name resolves to."""

import contextlib
import socket

import openai
import pytest

from configurations import Endpoint, chat, configuration
from processes import BINARY, KEY, ask, free_port, wait_until
from traffic import EventStream, content_of


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")

HEALTH = {"health": {"path": "/health", "interval": "200ms", "timeout": "200ms"}}


def test_an_endpoint_over_ipv6_is_reached_and_told_its_address(workshop):
    upstream = workshop.upstream(host="::1")
    gateway = workshop.gateway(configuration(Endpoint("six", upstream.port, host="[::1]")))
    assert gateway.post(chat()).status == 200
    assert upstream.calls[-1].headers["host"] == f"[::1]:{upstream.port}"
    with EventStream(gateway.port, chat()) as stream:
        assert content_of(list(stream)) == "Ananswer."


def test_an_endpoint_over_ipv6_is_probed_at_its_address(workshop):
    upstream = workshop.upstream(host="::1")
    workshop.gateway(configuration(Endpoint("six", upstream.port, host="[::1]", options=HEALTH)))
    wait_until(lambda: upstream.probes, "a health probe")
    assert upstream.probes[0].headers["host"] == f"[::1]:{upstream.port}"


def test_an_endpoint_over_ipv6_that_is_gone_is_failed_over(workshop):
    backup = workshop.upstream()
    endpoints = [Endpoint("six", free_port(), host="[::1]"), Endpoint("four", backup.port, tier="overflow")]
    answer = workshop.gateway(configuration(*endpoints)).post(chat())
    assert answer.status == 200
    assert answer.headers["x-isobar-endpoint"] == "four"


def test_callers_reach_a_gateway_over_ipv6(workshop):
    gateway = workshop.gateway(configuration(Endpoint("only", workshop.upstream().port)), host="::1")
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=0, timeout=20) as client:
        answer = client.chat.completions.create(**chat())
    assert answer.choices[0].message.content == "An answer."
    with pytest.raises(ConnectionRefusedError):
        ask(gateway.port, "GET", "/v1/models")


def test_a_model_server_over_ipv6_is_used_by_a_gateway_over_ipv6(workshop):
    port = free_port()
    server = workshop.process([BINARY, "model-server", "--listen", f"[::1]:{port}"], "model-server")
    server.wait_until_ready(lambda: ask(port, "GET", "/health", host="::1").status == 200, "model server")
    health = {"health": {**HEALTH["health"], "loadPath": "/metrics"}}
    gateway = workshop.gateway(configuration(Endpoint("six", port, host="[::1]", options=health)), host="::1")
    answer = gateway.post(chat(max_tokens=4))
    assert answer.status == 200
    assert answer.json["usage"]["completion_tokens"] == 4
    wait_until(lambda: gateway.endpoint("six")["state"] == "up", "the probe finds it up")
