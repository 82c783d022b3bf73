# SPDX-License-Identifier: Apache-2.0
# Isobar
"""An endpoint that fails before its first content costs the caller nothing: another one answers, and the answer says
so."""

import json
import os
import signal

import pytest

from configurations import PUBLIC_MODEL, Endpoint, chat, configuration
from processes import ask, free_port, wait_until
from traffic import EventStream, Load, content_of
from upstreams import Call, black_hole

HEALTH = {"health": {"path": "/health", "interval": "200ms", "timeout": "200ms"}}
IMPATIENT = {"timeouts": {"connect": "500ms", "firstByte": "400ms", "idle": "5s"}}


# The default region dies under traffic


def test_killing_the_default_region_loses_no_request_that_had_not_begun_to_stream(workshop):
    default = workshop.model_server()
    others = [workshop.model_server() for _ in range(2)]
    gateway = workshop.gateway(
        configuration(
            Endpoint("default", default.port, options=HEALTH),
            *[
                Endpoint(f"other-{number}", server.port, tier="overflow", options=HEALTH)
                for number, server in enumerate(others)
            ],
        )
    )
    with Load(gateway.port, threads=8, body=chat(max_tokens=40)) as load:
        wait_until(lambda: load.tally.endpoints["default"] >= 40, "traffic at the default region")
        default.kill()
        answered = load.tally.answered
        wait_until(lambda: load.tally.answered >= answered + 200, "traffic goes on elsewhere")
        served = load.tally.endpoints["default"]
        workshop.model_server(port=default.port)
        wait_until(
            lambda: load.tally.endpoints["default"] >= served + 40, "traffic returns to the default region", seconds=20
        )
    tally = load.tally
    tally.expect_no_failure()
    # One stream per caller can have been under way at the kill.
    assert tally.broken_after_start <= 8
    assert sum(tally.endpoints.values()) == tally.answered
    assert sum(key["requests"] for key in gateway.status()["keys"]) == tally.answered + tally.broken_after_start


def test_a_region_that_dies_again_and_again_loses_nothing(workshop):
    default, other = workshop.model_server(), workshop.model_server()
    gateway = workshop.gateway(
        configuration(
            Endpoint("default", default.port, options=HEALTH),
            Endpoint("other", other.port, tier="overflow", options=HEALTH),
        )
    )
    with Load(gateway.port, threads=8, stream_every=0, body=chat(max_tokens=8)) as load:
        for _ in range(4):
            served = load.tally.endpoints["default"]
            wait_until(
                lambda: load.tally.endpoints["default"] >= served + 10, "traffic at the default region", seconds=20
            )
            default.kill()
            served = load.tally.endpoints["other"]
            wait_until(lambda: load.tally.endpoints["other"] >= served + 20, "traffic goes on elsewhere")
            default = workshop.model_server(port=default.port)
    load.tally.expect_no_failure()
    assert load.tally.broken_after_start == 0


def test_what_up_says_about_breaking_it_is_true(workshop):
    """The banner invites to kill the default region: requests go on elsewhere, it is started again, and its traffic
    returns."""
    up = workshop.up(regions=2)
    stack, default = up.stack, up.stack["members"][0]

    def region():
        body = {"model": stack["model"], "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 4}
        answer = ask(up.port, "POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {stack['key']}"})
        assert answer.status == 200, answer.body
        return answer.headers["x-isobar-endpoint"]

    assert region() == default["region"]
    os.kill(default["pid"], signal.SIGKILL)
    assert all(region() != default["region"] for _ in range(20))
    wait_until(lambda: region() == default["region"], "the default region is back", seconds=15)


def test_embeddings_of_up_outlive_the_default_region(workshop):
    """With the real model they come from processes of their own, in two regions."""
    up = workshop.up(regions=2, model_servers="auto")
    stack = up.stack
    first, second = [member for member in stack["members"] if stack["embedding_model"] in member["serves"]]

    def endpoint():
        body = {"model": stack["embedding_model"], "input": "Heavy rain is coming."}
        answer = ask(up.port, "POST", "/v1/embeddings", body, {"Authorization": f"Bearer {stack['key']}"})
        assert answer.status == 200, answer.body
        return answer.headers["x-isobar-endpoint"]

    assert endpoint().startswith(first["endpoint"])
    os.kill(first["pid"], signal.SIGKILL)
    assert all(endpoint().startswith(second["endpoint"]) for _ in range(10))


# Every way to fail


def html(call):
    call.respond(200, b"<html>Sign in</html>", "text/html")


def reset_in_head(call):
    call.write(b"HTTP/1.1 200 OK\r\ncontent-type: appli")
    call.reset()


def close_in_head(call):
    call.write(b"HTTP/1.1 200 OK\r\ncontent-type: appli")
    call.close()


def close_at_once(call):
    call.close()


def reset_at_once(call):
    call.reset()


def garbage(call):
    call.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    call.close()


def cut_in_body(call):
    call.write(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id":')
    call.close()


def bad_chunk_size(call):
    call.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}")
    call.close()


def both_framings(call):
    call.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )


def oversized_head(call):
    call.write(b"HTTP/1.1 200 OK\r\n" + b"x-filler: " + b"a" * 200_000 + b"\r\n\r\n{}")
    call.close()


def informational_forever(call):
    for _ in range(50):
        call.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def redirect(call):
    call.respond(302, b"", location="http://127.0.0.1:1/")


SCRIPTED = [
    html,
    reset_in_head,
    close_in_head,
    close_at_once,
    reset_at_once,
    garbage,
    cut_in_body,
    bad_chunk_size,
    both_framings,
    oversized_head,
    informational_forever,
    redirect,
    black_hole,
]
RETRY_AFTER = [
    {"form": "seconds", "value": 5},
    {"form": "float", "value": 1500},
    {"form": "http_date", "value": 5},
    {"form": "retry_after_ms", "value": 900},
    {"form": "x_ms_retry_after_ms", "value": 900},
]
FAULTS = [
    *[{"kind": "status", "status": status} for status in (500, 502, 503, 504, 529, 401, 404, 408, 429)],
    *[{"kind": "status", "status": status, "retry_after": form} for form in RETRY_AFTER for status in (429, 503)],
    {"kind": "slow_first_token", "delay_ms": 5000},
    {"kind": "wrong_content_type"},
    {"kind": "black_hole"},
]


def expect_the_backup_answers(gateway):
    whole = gateway.post(chat(max_tokens=4))
    assert whole.status == 200, whole.body
    assert (whole.headers["x-isobar-endpoint"], whole.headers["x-isobar-attempts"]) == ("backup", "2")


def expect_the_backup_streams(gateway):
    with EventStream(gateway.port, chat(max_tokens=4)) as stream:
        events = list(stream)
        assert (stream.headers["x-isobar-endpoint"], stream.headers["x-isobar-attempts"]) == ("backup", "2")
    assert events[-1] == "[DONE]" and content_of(events)


def identity(value):
    return getattr(value, "__name__", None) or "-".join(
        str(part) for part in (value["kind"], value.get("status"), (value.get("retry_after") or {}).get("form")) if part
    )


@pytest.fixture(scope="module")
def backup(shared_workshop):
    return shared_workshop.model_server()


@pytest.fixture
def failing_first(workshop, backup):
    """Makes a gateway whose default endpoint is at the given port; its reputation is its own."""
    return lambda port: workshop.gateway(
        configuration(Endpoint("broken", port, options=IMPATIENT), Endpoint("backup", backup.port, tier="overflow"))
    )


@pytest.mark.parametrize("script", SCRIPTED, ids=identity)
def test_a_broken_answer_is_given_by_another_endpoint(workshop, failing_first, script):
    gateway = failing_first(workshop.upstream(script).port)
    expect_the_backup_answers(gateway)


@pytest.mark.parametrize("script", SCRIPTED, ids=identity)
def test_a_broken_stream_is_given_by_another_endpoint(workshop, failing_first, script):
    gateway = failing_first(workshop.upstream(script).port)
    expect_the_backup_streams(gateway)


@pytest.mark.parametrize("fault", FAULTS, ids=identity)
def test_a_faulty_model_server_is_replaced_by_another_endpoint(workshop, failing_first, fault):
    server = workshop.model_server()
    server.set_faults(fault)
    expect_the_backup_answers(failing_first(server.port))


def test_a_refused_connection_is_answered_by_another_endpoint(failing_first):
    expect_the_backup_answers(failing_first(free_port()))


def test_a_refused_connection_is_streamed_by_another_endpoint(failing_first):
    expect_the_backup_streams(failing_first(free_port()))


@pytest.mark.parametrize(
    "events", [[], [{"error": {"message": "Overloaded.", "type": "server_error"}}]], ids=["nothing", "error"]
)
def test_a_stream_without_content_is_given_by_another_endpoint(workshop, failing_first, events):
    def script(call):
        call.begin_stream()
        for event in events:
            call.event(event)
        call.end_stream()

    expect_the_backup_streams(failing_first(workshop.upstream(script).port))


# What failover must not do


@pytest.mark.parametrize(
    "status, body",
    [
        (400, {"error": {"message": "Bad value.", "type": "invalid_request_error", "param": "n", "code": None}}),
        (422, {"error": {"message": "Bad value.", "type": "invalid_request_error", "param": None, "code": None}}),
        (
            400,
            {
                "error": {
                    "message": "Too long.",
                    "type": "invalid_request_error",
                    "param": "messages",
                    "code": "context_length_exceeded",
                }
            },
        ),
        (
            400,
            {
                "error": {
                    "message": "Filtered.",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": "content_filter",
                }
            },
        ),
    ],
    ids=["bad-value", "unprocessable", "context", "content-filter"],
)
def test_a_refusal_of_the_request_itself_is_passed_on_and_not_dodged(workshop, failing_first, backup, status, body):
    payload = json.dumps(body).encode()
    gateway = failing_first(workshop.upstream(lambda call: call.respond(status, payload)).port)
    answer = gateway.post(chat())
    assert (answer.status, answer.body) == (status, payload)
    assert answer.headers["x-isobar-attempts"] == "1"


def test_a_text_longer_than_a_servers_batch_is_the_callers_error_whatever_its_status(workshop, failing_first):
    """llama.cpp's server says 500; passed on as such, clients would send the same again, and its health would suffer."""
    message = "input (900 tokens) is too large to process. increase the physical batch size (current batch size: 512)"
    payload = json.dumps({"error": {"code": 500, "message": message, "type": "server_error"}}).encode()
    gateway = failing_first(workshop.upstream(lambda call: call.respond(500, payload)).port)
    for _ in range(10):
        answer = gateway.post({"model": PUBLIC_MODEL, "input": "A long text."}, path="/v1/embeddings")
        assert answer.status == 400
        # The server's own words with its 500 in them would say something else than the status.
        assert answer.json["error"]["message"] == message
        assert answer.json["error"]["code"] == "context_length_exceeded"
        assert answer.headers["x-isobar-attempts"] == "1"


def test_attempts_end_at_their_maximum(workshop):
    upstreams = [workshop.upstream(lambda call: call.respond(500)) for _ in range(5)]
    gateway = workshop.gateway(
        configuration(
            *[Endpoint(f"e{number}", upstream.port) for number, upstream in enumerate(upstreams)],
            retry={"attemptsMax": 3},
        )
    )
    answer = gateway.post(chat())
    assert answer.status == 500
    assert answer.headers["x-isobar-attempts"] == "3"
    assert sum(len(upstream.calls) for upstream in upstreams) == 3


def test_the_total_timeout_ends_a_request_that_no_endpoint_answers(workshop):
    gateway = workshop.gateway(
        configuration(Endpoint("silent", workshop.upstream(black_hole).port), retry={"totalTimeout": "600ms"})
    )
    answer = gateway.post(chat(), timeout=5)
    assert answer.status == 504
    assert answer.json["error"]["code"] == "deadline_exceeded"


def test_a_lost_keep_alive_race_costs_no_attempt(workshop):
    def answer_then_close(call):
        """Says that the connection stays, then closes it with the next request on its way."""
        if getattr(call.handler, "has_answered", False):
            return call.reset()
        call.handler.has_answered = True
        Call.complete(call)

    upstream = workshop.upstream(answer_then_close)
    gateway = workshop.gateway(configuration(Endpoint("only", upstream.port)), options=())
    for _ in range(10):
        answer = gateway.post(chat())
        assert (answer.status, answer.headers["x-isobar-attempts"]) == (200, "1")
