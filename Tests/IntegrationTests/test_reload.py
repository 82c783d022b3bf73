# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A new configuration takes over between two requests; a bad one changes nothing and says why."""

import json
import socket

import pytest

from configurations import PUBLIC_MODEL, UPSTREAM_MODEL, Endpoint, chat, configuration, document
from processes import KEY, ask, wait_until
from traffic import EventStream, Load, content_of
from upstreams import chunk

BAD = {
    "no YAML": "kind: [",
    "an unknown field": configuration(Endpoint("a", 1, options={"limts": {"inFlightMax": 3}})),
    "an unknown endpoint": configuration(Endpoint("a", 1)).replace('"endpoints": ["a"]', '"endpoints": ["aa"]'),
    "an empty file": "",
    "a missing secret": configuration(Endpoint("a", 1)).replace("ISOBAR_TEST_KEY", "ISOBAR_NO_SUCH_KEY"),
    "a number of the wrong type": configuration(Endpoint("a", 1, options={"limits": {"inFlightMax": "many"}})),
}


def test_twenty_reloads_under_traffic_fail_no_request(workshop):
    servers = [workshop.model_server() for _ in range(3)]
    endpoints = [Endpoint(f"e{number}", server.port) for number, server in enumerate(servers)]
    good = [
        configuration(*endpoints),
        configuration(*endpoints[:2]),
        configuration(endpoints[2], endpoints[0]),
        configuration(*endpoints, overflow={"enterPercent": 90}),
        configuration(endpoints[1], retry={"attemptsMax": 2}),
    ]
    gateway = workshop.gateway(configuration(*endpoints))
    with Load(gateway.port, threads=6, new_connection_threads=2) as load:
        for number in range(20):
            answered = load.tally.answered
            is_bad = number % 4 == 3
            text = list(BAD.values())[number // 4] if is_bad else good[(number + 1) % len(good)]
            # Every seventh is found by watching the file, which takes up to a second.
            state = gateway.reload(text, by_signal=number % 7 != 6)
            assert bool(state["last_error"]) == is_bad, state
            wait_until(lambda: load.tally.answered >= answered + 10, "traffic goes on")
    load.tally.expect_no_failure()
    assert load.tally.broken_after_start == 0


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_configuration_keeps_the_old_one_and_says_why(workshop, reason):
    upstream = workshop.upstream()
    gateway = workshop.gateway(configuration(Endpoint("a", upstream.port)))
    before = gateway.status()["configuration"]
    after = gateway.reload(BAD[reason])
    assert after["rejected_total"] == before["rejected_total"] + 1
    assert after["version"] == before["version"]
    assert str(gateway.configuration.name) in after["last_error"]
    assert KEY not in after["last_error"]
    assert gateway.post(chat()).status == 200
    assert gateway.reload(configuration(Endpoint("a", upstream.port), retry={"attemptsMax": 2}))["last_error"] is None


def test_a_removed_endpoint_gets_no_new_request_and_finishes_its_old_one(workshop):
    def script(call):
        if not call.json.get("stream"):
            return call.complete()
        call.begin_stream()
        call.event(chunk(content="before "))
        wait_until(lambda: call.handler.server.upstream.may_end, "the test lets the stream end")
        call.event(chunk(content="after", finish_reason="stop"))
        call.event("[DONE]")
        call.end_stream()

    removed, kept = workshop.upstream(script), workshop.upstream()
    removed.may_end = False
    gateway = workshop.gateway(configuration(Endpoint("removed", removed.port)))
    with EventStream(gateway.port, chat()) as stream:
        events = iter(stream)
        assert content_of([next(events)]) == "before "
        assert gateway.reload(configuration(Endpoint("kept", kept.port)))["last_error"] is None
        for _ in range(10):
            assert gateway.post(chat()).headers["x-isobar-endpoint"] == "kept"
        assert len(removed.calls) == 1
        removed.may_end = True
        rest = list(events)
    assert content_of(rest) == "after" and rest[-1] == "[DONE]"


def test_a_removed_route_is_not_found(workshop):
    upstream = workshop.upstream()
    gateway = workshop.gateway(configuration(Endpoint("a", upstream.port), models=[PUBLIC_MODEL, "other-name"]))
    assert gateway.post(chat()).status == 200
    gateway.reload(configuration(Endpoint("a", upstream.port), models=["other-name"]))
    answer = gateway.post(chat())
    assert (answer.status, answer.json["error"]["code"]) == (404, "model_not_found")
    assert gateway.post({**chat(), "model": "other-name"}).status == 200
    assert [model["id"] for model in gateway.get("/v1/models").json["data"]] == ["other-name"]


def test_a_revoked_key_is_refused_at_once_and_an_expired_one_always(workshop):
    upstream = workshop.upstream()
    more = [
        document("Key", "extra", {"tenant": "tester", "secret": "env:EXTRA_KEY"}),
        document("Key", "old", {"tenant": "tester", "secret": "env:OLD_KEY", "expiresAt": "2020-01-01T00:00:00Z"}),
    ]
    gateway = workshop.gateway(
        configuration(Endpoint("a", upstream.port), more=more),
        environment={"EXTRA_KEY": "extra-secret-key", "OLD_KEY": "old-secret-key-1"},
    )
    assert gateway.post(chat(), key="extra-secret-key").status == 200
    assert gateway.post(chat(), key="old-secret-key-1").status == 401
    gateway.reload(configuration(Endpoint("a", upstream.port)))
    assert gateway.post(chat(), key="extra-secret-key").status == 401
    assert gateway.post(chat()).status == 200


def test_a_key_stays_its_own_while_its_body_comes_and_keys_move(workshop):
    """The narrow key presents itself, then the configuration puts a wide one in its place, then the body comes."""
    upstream = workshop.upstream()
    other = document("Route", "other", {"models": ["other-name"], "model": UPSTREAM_MODEL, "tiers": [{"name": "t", "endpoints": ["a"]}]})

    def text(*keys):
        return configuration(Endpoint("a", upstream.port), more=[other, *keys])

    narrow = document("Key", "narrow", {"tenant": "tester", "secret": "env:NARROW_KEY", "routes": ["other"]})
    wide = document("Key", "wide", {"tenant": "tester", "secret": "env:WIDE_KEY"})
    gateway = workshop.gateway(text(narrow), environment={"NARROW_KEY": "a-narrow-key-for-tests", "WIDE_KEY": "a-wide-key-for-tests"})
    body = json.dumps(chat()).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a-narrow-key-for-tests\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:5])
        assert gateway.reload(text(wide, narrow))["last_error"] is None
        connection.sendall(body[5:])
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 403 "), answer
    assert upstream.calls == []
    # Gone meanwhile, it is nobody's.
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[:5])
        assert gateway.reload(text(wide))["last_error"] is None
        connection.sendall(body[5:])
        assert connection.recv(65536).decode().startswith("HTTP/1.1 401 ")


def test_a_reload_over_the_admin_port_answers_with_its_outcome(workshop):
    upstream = workshop.upstream()
    gateway = workshop.gateway(configuration(Endpoint("a", upstream.port)))
    gateway.configuration.write_text(BAD["an unknown field"])
    answer = ask(gateway.admin, "POST", "/reload")
    assert answer.status == 422
    assert "limits" in answer.json["error"]["message"], "the nearest valid name is missing"
    gateway.configuration.write_text(configuration(Endpoint("a", upstream.port), retry={"attemptsMax": 2}))
    assert ask(gateway.admin, "POST", "/reload").status == 200
