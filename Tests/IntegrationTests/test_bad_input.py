# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Whatever a caller sends, the gateway answers with a 4xx in OpenAI's shape or closes, forwards nothing, lives on,
and stays small."""

import contextlib
import json
import select
import socket
import struct
import time

import pytest

from configurations import PUBLIC_MODEL, Endpoint, chat, configuration, document
from processes import KEY, wait_until
from traffic import RawConnection, raw_request
from upstreams import Call, black_hole

MEBIBYTE = 1 << 20
MEMORY_MAX = 100 * MEBIBYTE
BODY_MEBIBYTES_MAX = 1

POST = b"POST /v1/chat/completions HTTP/1.1\r\n"
HOST = b"Host: gateway\r\n"
AUTHORIZATION = b"Authorization: Bearer integration-test-key\r\n"
GOOD = json.dumps(chat()).encode()


@pytest.fixture(scope="module")
def upstream(shared_workshop):
    return shared_workshop.upstream()


@pytest.fixture(scope="module")
def gateway(shared_workshop, upstream):
    more = [
        document("Key", "expired", {"tenant": "tester", "secret": "env:OLD_KEY", "expiresAt": "2020-01-01T00:00:00Z"}),
        document("Key", "narrow", {"tenant": "tester", "secret": "env:NARROW_KEY", "routes": ["other"]}),
        document(
            "Route",
            "other",
            {"models": ["other"], "model": "demo", "tiers": [{"name": "t", "endpoints": ["recorder"]}]},
        ),
    ]
    return shared_workshop.gateway(
        configuration(Endpoint("recorder", upstream.port), more=more),
        options=("--body-mebibytes-max", str(BODY_MEBIBYTES_MAX)),
        environment={"OLD_KEY": "expired-test-key", "NARROW_KEY": "narrow-test-key!"},
    )


@pytest.fixture(autouse=True)
def gateway_lives_on(request):
    """After each test: alive, small, and the endpoint has seen nothing but what a test sent on purpose."""
    gateway, upstream = request.getfixturevalue("gateway"), request.getfixturevalue("upstream")
    before = len(upstream.calls)
    yield
    assert gateway.is_running
    assert gateway.memory_bytes() < MEMORY_MAX
    expected = before + (1 if request.node.get_closest_marker("forwards_one") else 0)
    assert len(upstream.calls) == expected, upstream.calls[-1].body[:500]
    assert gateway.post(chat()).status == 200
    upstream.calls.clear()


def head(*lines, body=GOOD, length=True):
    lines = b"".join(line + b"\r\n" for line in lines)
    return (
        POST
        + HOST
        + AUTHORIZATION
        + lines
        + (b"Content-Length: %d\r\n" % len(body) if length else b"")
        + b"\r\n"
        + body
    )


def exchange(gateway, data, half_close=False, timeout=15):
    """Sends, reads to the end of the connection or for as long as one answer takes."""
    with RawConnection(gateway.port, timeout=timeout) as connection:
        connection.send(data)
        if half_close:
            connection.finish_sending()
        return connection.read_to_end()


def expect_refusal(received, *statuses):
    """Closed without a word, or exactly one answer: 4xx, OpenAI's error shape, no word about the inside."""
    if not received:
        return
    first, _, rest = received.partition(b"\r\n")
    status = int(first.split()[1])
    head, _, body = rest.partition(b"\r\n\r\n")
    assert 400 <= status < 500 or status in (501, 505), first
    if statuses:
        assert status in statuses, (status, body)
    assert f"content-length: {len(body)}".encode() in head.lower(), (head, body)
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and error["type"]


# Heads

MALFORMED_HEADS = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no version": b"POST /v1/chat/completions\r\n" + HOST + b"\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version 3": b"POST /v1/chat/completions HTTP/3.0\r\n" + HOST + b"\r\n",
    "lower-case version": b"POST /v1/chat/completions http/1.1\r\n" + HOST + b"\r\n",
    "two spaces": b"POST  /v1/chat/completions HTTP/1.1\r\n" + HOST + b"\r\n",
    "bare LF": POST.replace(b"\r\n", b"\n") + b"Host: gateway\nContent-Length: 2\n\n{}",
    "one bare LF": head(b"X-A: 1\nX-B: 2"),
    "bare CR": head(b"X-A: 1\rX-B: 2"),
    "NUL in a value": head(b"X-A: 1\x002"),
    "NUL in a name": head(b"X-\x00A: 1"),
    "NUL in the path": b"POST /v1/chat\x00/completions HTTP/1.1\r\n" + HOST + b"\r\n",
    "obs-fold": head(b"X-A: 1\r\n folded"),
    "space before colon": head(b"X-A : 1"),
    "empty name": head(b": 1"),
    "no colon": head(b"XA"),
    "leading space": POST + b" Host: gateway\r\n\r\n",
    "CL and TE": head(b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "TE and CL": POST + HOST + AUTHORIZATION + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": head(b"Content-Length: 2"),
    "two equal lengths": head(b"Content-Length: %d" % len(GOOD)),
    "a list of lengths": head(b"Content-Length: 2, 2", length=False),
    "negative length": head(b"Content-Length: -1", length=False),
    "signed length": head(b"Content-Length: +2", length=False),
    "hexadecimal length": head(b"Content-Length: 0x2", length=False),
    "length of words": head(b"Content-Length: two", length=False),
    "length beyond 64 bits": head(b"Content-Length: 18446744073709551618", length=False),
    "TE twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", length=False, body=b"0\r\n\r\n"),
    "TE gzip": head(b"Transfer-Encoding: gzip, chunked", length=False, body=b"0\r\n\r\n"),
    "TE identity": head(b"Transfer-Encoding: identity", length=False),
    "TE obfuscated": head(b"Transfer-Encoding: xchunked", length=False, body=b"0\r\n\r\n"),
    "TE with a vertical tab": head(b"Transfer-Encoding: \x0bchunked", length=False, body=b"0\r\n\r\n"),
    "TE in HTTP/1.0": head(b"Transfer-Encoding: chunked", length=False, body=b"0\r\n\r\n").replace(
        b"HTTP/1.1", b"HTTP/1.0", 1
    ),
    "no host": POST + AUTHORIZATION + b"Content-Length: 2\r\n\r\n{}",
    "two hosts": head(b"Host: other"),
    "unknown expectation": head(b"Expect: magic"),
    "100,000 bytes of header": head(b"X-A: " + b"a" * 100_000),
    "1,000 headers": head(*[b"X-%d: 1" % number for number in range(1000)]),
    "a path of 70,000 bytes": b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("name", MALFORMED_HEADS)
def test_a_malformed_head_is_refused_and_the_connection_closed(gateway, name):
    expect_refusal(exchange(gateway, MALFORMED_HEADS[name]))


@pytest.mark.parametrize("name", MALFORMED_HEADS)
def test_a_malformed_head_is_refused_however_it_arrives(gateway, name):
    """Two pieces, cut in the middle."""
    data = MALFORMED_HEADS[name]
    with RawConnection(gateway.port) as connection:
        connection.send(data[: len(data) // 2])
        time.sleep(0.005)
        connection.send(data[len(data) // 2 :])
        connection.finish_sending()
        expect_refusal(connection.read_to_end())


# Bodies

CHUNKED = b"Transfer-Encoding: chunked"
MALFORMED_CHUNKS = {
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "letters": b"zz\r\n{}\r\n0\r\n\r\n",
    "negative": b"-2\r\n{}\r\n0\r\n\r\n",
    "prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size beyond 64 bits": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "size of 1 EiB": b"1000000000000000\r\n{}",
    "data longer than size": b"1\r\n{}\r\n0\r\n\r\n",
    "bare LF": b"2\n{}\n0\n\n",
    "endless extension": b"2;" + b"a" * 100_000,
    "endless trailer": b"2\r\n{}\r\n0\r\n" + b"X-A: 1\r\n" * 20_000,
    "NUL in the extension": b"2;\x00\r\n{}\r\n0\r\n\r\n",
    "leading space": b" 2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED_CHUNKS)
def test_malformed_chunks_are_refused(gateway, name):
    expect_refusal(
        exchange(gateway, head(CHUNKED, body=MALFORMED_CHUNKS[name], length=False), half_close=True), 400, 413, 431
    )


def test_an_announced_body_over_the_limit_is_refused_before_it_is_sent(gateway):
    request = head(b"Content-Length: %d" % (BODY_MEBIBYTES_MAX * MEBIBYTE + 1), length=False, body=b"")
    received = exchange(gateway, request)
    assert received, "no answer"
    expect_refusal(received, 413)


def test_an_expectation_is_met_with_413_instead_of_continue(gateway):
    request = head(b"Expect: 100-continue", b"Content-Length: %d" % (64 * MEBIBYTE), length=False, body=b"")
    received = exchange(gateway, request)
    assert received.startswith(b"HTTP/1.1 413")


def test_a_chunked_body_over_the_limit_is_refused_on_the_way(gateway):
    with RawConnection(gateway.port) as connection:
        connection.send(head(CHUNKED, length=False, body=b""))
        for _ in range(BODY_MEBIBYTES_MAX * 16 + 16):
            if not connection.send(b"10000\r\n" + b" " * 65536 + b"\r\n"):
                break
        expect_refusal(connection.read_to_end(), 413)


@pytest.mark.forwards_one
def test_a_body_of_exactly_the_limit_is_accepted(gateway):
    body = GOOD + b" " * (BODY_MEBIBYTES_MAX * MEBIBYTE - len(GOOD))
    assert gateway.post(body.decode()).status == 200


DEEP = 200_000
MALFORMED_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "cut": GOOD[:-1],
    "a trailing comma": b'{"model":"public-model","messages":[],}',
    "two values": GOOD + GOOD,
    "single quotes": GOOD.replace(b'"', b"'"),
    "a comment": b"/* */" + GOOD,
    "an array": b"[" + GOOD + b"]",
    "null": b"null",
    "a string": b'"x"',
    "NUL": GOOD.replace(b"Say", b"S\x00y"),
    "NUL after the end": GOOD + b"\x00",
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "invalid UTF-8": GOOD.replace(b"Say", b"S\xff\xfey"),
    "overlong UTF-8": GOOD.replace(b"Say", b"\xc0\xaf"),
    "a surrogate in UTF-8": GOOD.replace(b"Say", b"\xed\xa0\x80"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "a lone surrogate escape cut": GOOD.replace(b"Say", b"\\uD8"),
    "a bad escape": GOOD.replace(b"Say", b"\\x41"),
    "deep arrays": b'{"model":"public-model","messages":[],"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"model":"public-model","messages":[],"x":'
    + b'{"a":' * (DEEP // 2)
    + b"1"
    + b"}" * (DEEP // 2)
    + b"}",
    "unclosed depth": b"[" * DEEP,
    "a leading zero": b'{"model":"public-model","messages":[],"n":01}',
    "NaN": b'{"model":"public-model","messages":[],"n":NaN}',
    "a raw newline in a string": GOOD.replace(b"Say", b"S\ny"),
    "a cut literal": b'{"model":"public-model","messages":[],"stream":tru}',
}
WRONG_SHAPES = {
    "no model": {"messages": []},
    "model is a number": {"model": 3, "messages": []},
    "model is null": {"model": None, "messages": []},
    "model is empty": {"model": "", "messages": []},
    "an empty object": {},
    "stream is a word": chat(stream="yes"),
    "stream_options is a list": chat(stream=True, stream_options=[]),
    "max_tokens is negative": chat(max_tokens=-1),
    "max_tokens is a word": chat(max_tokens="many"),
    "messages is a string": {"model": PUBLIC_MODEL, "messages": "hello"},
    "include_usage is a word": chat(stream=True, stream_options={"include_usage": "yes"}),
}


@pytest.mark.parametrize("name", MALFORMED_JSON)
def test_malformed_json_is_refused_with_400(gateway, name):
    with RawConnection(gateway.port) as connection:
        connection.send(raw_request(MALFORMED_JSON[name]))
        connection.finish_sending()
        status, _, body = connection.read_answer()
    assert status == 400, body
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("name", WRONG_SHAPES)
def test_wrong_types_are_refused_with_400_naming_the_parameter(gateway, name):
    answer = gateway.post(WRONG_SHAPES[name])
    assert answer.status == 400, answer.body
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["param"] or name == "an empty object"


def test_a_duplicate_model_is_refused(gateway):
    """Two readers that pick different ones would route one request and bill another."""
    assert gateway.post('{"model":"public-model","model":"other","messages":[]}').status == 400


@pytest.mark.parametrize(
    "path, method, status",
    [
        ("/", "GET", 404),
        ("/v1", "GET", 404),
        ("/v1/chat/completions", "GET", 405),
        ("/v1/models", "POST", 405),
        ("/v1/files", "POST", 404),
        ("/metrics", "GET", 404),
        ("/status", "GET", 404),
        ("/../v1/models", "GET", 404),
        ("//v1/models", "GET", 404),
        ("/v1/models/", "GET", 404),
        ("/v1/models/%00", "GET", 404),
        ("/v1/chat/completions", "DELETE", 405),
        ("/v1/chat/completions", "TRACE", 405),
        ("*", "OPTIONS", 404),
    ],
)
def test_what_is_not_there_is_not_found(gateway, path, method, status):
    with RawConnection(gateway.port) as connection:
        connection.send(raw_request(method=method, path=path, body=b""))
        answered, _, body = connection.read_answer()
    assert answered in (status, 400), body
    assert json.loads(body)["error"]["message"]


# Keys


@pytest.mark.parametrize(
    "key",
    [
        "",
        "wrong",
        "integration-test-key-and-more",
        "integration-test-ke",
        "INTEGRATION-TEST-KEY",
        "expired-test-key",
        "a" * 10_000,
    ],
    ids=lambda key: key[:20] or "empty",
)
def test_a_missing_forged_or_expired_key_is_refused_with_401_before_the_body(gateway, key):
    request = (
        raw_request(key=key).split(b"\r\n\r\n")[0].replace(b"Content-Length: ", b"Content-Length: 99") + b"\r\n\r\n"
    )
    received = exchange(gateway, request)
    assert received, "no answer"
    expect_refusal(received, 401)
    assert KEY.encode() not in received


def test_a_key_without_the_route_is_refused_with_403(gateway):
    assert gateway.post(chat(), key="narrow-test-key!").status == 403


# Connections


@pytest.mark.forwards_one
def test_garbage_after_a_request_does_not_disturb_its_answer(gateway):
    received = exchange(gateway, raw_request() + b"\x00\x01garbage\r\n\r\n")
    first, rest = received.split(b"An answer.", 1)
    assert first.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 200" not in rest
    assert b"HTTP/1.1 400" in rest


def test_pipelined_requests_are_answered_in_order(gateway, upstream):
    upstream.script = lambda call: call.complete(call.json["messages"][0]["content"])
    try:
        with RawConnection(gateway.port) as connection:
            connection.send(b"".join(raw_request(chat(f"request {number}")) for number in range(20)))
            answers = [connection.read_answer() for _ in range(20)]
    finally:
        upstream.script = Call.complete
    contents = [json.loads(body)["choices"][0]["message"]["content"] for _, _, body in answers]
    assert contents == [f"request {number}" for number in range(20)]
    upstream.calls.clear()


def test_a_pipelined_smuggled_request_is_not_forwarded(gateway):
    """What a front end that reads only Content-Length, and one that reads only Transfer-Encoding, would disagree
    about."""
    smuggled = raw_request()
    received = exchange(gateway, head(CHUNKED, body=b"0\r\n\r\n" + smuggled))
    expect_refusal(received, 400)


STAGES = {
    "at once": b"",
    "in the request line": b"POST /v1/ch",
    "in the head": POST + HOST + b"Authori",
    "before the body": head(body=GOOD)[: -len(GOOD)],
    "in the body": head()[:-3],
    "in a chunk": head(CHUNKED, body=b"10\r\n{}", length=False),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("how", ["half-close", "close", "reset"])
def test_a_caller_that_vanishes_before_its_request_is_complete_costs_nothing(gateway, stage, how):
    connections = gateway.status()["connections"]
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(RawConnection(gateway.port)) for _ in range(20)]
        for caller in callers:
            caller.send(STAGES[stage])
        if how == "half-close":
            for caller in callers:
                caller.finish_sending()
            for caller in callers:
                expect_refusal(caller.read_to_end())
        elif how == "reset":
            for caller in callers:
                caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: gateway.status()["connections"] <= connections, "the gateway has closed its side", seconds=3)


def test_callers_that_vanish_while_they_wait_cost_nothing(gateway, upstream, workshop):
    """On a gateway of its own: here requests do reach the endpoint."""
    silent = workshop.upstream(black_hole)
    other = workshop.gateway(configuration(Endpoint("silent", silent.port)))
    callers = [RawConnection(other.port) for _ in range(50)]
    for caller in callers:
        caller.send(raw_request())
    wait_until(lambda: len(silent.calls) == 50, "all requests are at the endpoint")
    for caller in callers:
        caller.close()
    wait_until(
        lambda: other.status()["connections"] == 0 and other.status()["requests_in_flight"] == 0,
        "all are forgotten",
        seconds=3,
    )
    wait_until(lambda: all(call.closed_at for call in silent.calls), "all are cancelled", seconds=3)


def test_slow_loris_is_cut_off_while_others_are_served(gateway, upstream):
    """A byte a second keeps a connection busy for ever where only silence is timed; here the whole head has ten
    seconds."""
    callers = [RawConnection(gateway.port) for _ in range(100)]
    began = time.monotonic()
    dripping = iter(POST + HOST + b"X-Slow: " + b"a" * 1000)
    ended = []
    while not ended:
        assert time.monotonic() - began < 14, "still open"
        byte = bytes([next(dripping)])
        # The first that is told or closed shows in a failed send or in input to read.
        ended = [caller for caller in callers if not caller.send(byte) or has_input(caller)]
        time.sleep(0.5)
    assert time.monotonic() - began > 8
    for caller in callers:
        expect_refusal(caller.read_to_end(), 408)
        caller.close()
    assert gateway.post(chat()).status == 200
    upstream.calls.clear()


def has_input(caller):
    return bool(select.select([caller.socket], [], [], 0)[0])


def test_memory_stays_bounded_under_thousands_of_bad_requests(gateway):
    bad = [*MALFORMED_HEADS.values(), *[raw_request(body) for body in MALFORMED_JSON.values()], *STAGES.values()]
    for data in bad:
        exchange(gateway, data, half_close=True)
    before = gateway.memory_bytes()
    for _ in range(25):
        for data in bad:
            exchange(gateway, data, half_close=True)
    assert gateway.memory_bytes() - before < 8 * MEBIBYTE
