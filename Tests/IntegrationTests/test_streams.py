# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A stream reaches the caller as it happens and tells the truth about its end."""

import http.client
import json
import threading
import time

import pytest

from configurations import Endpoint, chat, configuration
from processes import wait_until
from traffic import EventStream, RawConnection, content_of, finish_reasons_of, headers, raw_request
from upstreams import USAGE, black_hole, chunk

IDLE = {"timeouts": {"idle": "400ms"}}


@pytest.fixture
def gateway_over(workshop):
    """Makes a gateway over one scripted endpoint; the upstream is its attribute."""

    def make(script, **options):
        upstream = workshop.upstream(script)
        gateway = workshop.gateway(
            configuration(Endpoint("only", upstream.port, options=options), retry={"attemptsMax": 1})
        )
        gateway.upstream = upstream
        return gateway

    return make


def expect_truncated(events, content):
    """The content that came, then an error event, and nothing that looks like an end."""
    assert content_of(events) == content
    assert "[DONE]" not in events
    assert finish_reasons_of(events) == []
    assert "error" in events[-1], events[-1]
    assert all("error" not in event for event in events[:-1])
    return events[-1]["error"]


# Ends


def cut(call):
    call.close()


def reset(call):
    # So that the content is not lost with the reset.
    time.sleep(0.05)
    call.reset()


def end_without_done(call):
    call.end_stream()


def bad_chunk(call):
    call.write(b"xyz\r\n")


def cut_inside_an_event(call):
    call.write_chunk(b'data: {"choices":[{"index":0,"delta":{"content":"never"')
    call.close()


def silence(call):
    call.wait_for_close(3)


@pytest.mark.parametrize(
    "end", [cut, reset, end_without_done, bad_chunk, cut_inside_an_event, silence], ids=lambda end: end.__name__
)
def test_a_stream_that_breaks_ends_with_an_error_event(gateway_over, end):
    def script(call):
        call.begin_stream()
        for word in ("one ", "two ", "three "):
            call.event(chunk(content=word))
        end(call)

    gateway = gateway_over(script, **IDLE)
    began = time.monotonic()
    with EventStream(gateway.port, chat()) as stream:
        error = expect_truncated(list(stream), "one two three ")
    assert error["code"] == "stream_interrupted"
    # Told, not waited for: only silence has to be timed.
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("chunks", [1, 3, 10])
def test_a_model_server_cut_after_n_chunks_gives_n_chunks_and_an_error(workshop, chunks):
    server = workshop.model_server()
    server.set_faults({"kind": "cut", "after_chunks": chunks})
    gateway = workshop.gateway(configuration(Endpoint("only", server.port)))
    with EventStream(gateway.port, chat(max_tokens=64), timeout=5) as stream:
        events = list(stream)
    expect_truncated(events, content_of(events))
    assert sum(bool(content_of([event])) for event in events) == chunks


def test_an_error_event_after_content_is_passed_on_and_nothing_follows_it(gateway_over):
    def script(call):
        call.begin_stream()
        call.event(chunk(content="one "))
        call.event({"error": {"message": "The GPU fell off.", "type": "server_error", "param": None, "code": 500}})
        call.event("[DONE]")
        call.end_stream()

    with EventStream(gateway_over(script).port, chat()) as stream:
        assert expect_truncated(list(stream), "one ")["message"] == "The GPU fell off."


def test_a_broken_stream_leaves_the_callers_connection_usable(gateway_over):
    def script(call):
        call.begin_stream()
        call.event(chunk(content="one "))
        call.close()

    gateway = gateway_over(script)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    for _ in range(3):
        connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=True)), headers())
        assert b'"error"' in connection.getresponse().read()
    connection.close()


def test_a_stream_with_finish_reason_but_without_done_is_complete(gateway_over):
    """Some servers end their streams so; the answer is whole, and nothing is invented."""

    def script(call):
        call.begin_stream()
        call.event(chunk(content="all"))
        call.event(chunk(finish_reason="stop"))
        call.end_stream()

    with EventStream(gateway_over(script).port, chat()) as stream:
        events = list(stream)
    assert (content_of(events), finish_reasons_of(events)) == ("all", ["stop"])
    assert not any("error" in event for event in events)


def test_a_silent_stream_is_cancelled_at_the_endpoint_too(gateway_over):
    def script(call):
        call.begin_stream()
        call.event(chunk(content="one "))
        call.wait_for_close()

    gateway = gateway_over(script, **IDLE)
    with EventStream(gateway.port, chat()) as stream:
        list(stream)
    wait_until(lambda: gateway.upstream.calls[0].closed_at, "the endpoint's connection is closed", seconds=1)


# No buffering, no rewriting


def test_chunks_arrive_while_the_endpoint_is_still_stalling(gateway_over):
    go_on = threading.Event()

    def script(call):
        call.begin_stream()
        call.event(chunk(content="first"))
        assert go_on.wait(10)
        call.event(chunk(content="second", finish_reason="stop"))
        call.event("[DONE]")
        call.end_stream()

    gateway = gateway_over(script)
    with EventStream(gateway.port, chat()) as stream:
        events = iter(stream)
        assert content_of([next(events)]) == "first"
        go_on.set()
        assert content_of([next(events)]) == "second"
        assert list(events) == ["[DONE]"]


def test_chunks_are_not_delayed(gateway_over):
    """Median time from the endpoint's write to the caller's read, both on this machine's clock."""

    def script(call):
        call.begin_stream()
        for _ in range(60):
            call.event(chunk(content=f"{time.monotonic()} "))
            time.sleep(0.005)
        call.event("[DONE]")
        call.end_stream()

    with EventStream(gateway_over(script).port, chat()) as stream:
        delays = sorted(time.monotonic() - float(content_of([event])) for event in stream if event != "[DONE]")
    assert delays[len(delays) // 2] < 0.005


def test_events_arrive_whole_however_the_endpoint_cuts_them(gateway_over):
    text = "".join(f"data: {json.dumps(one)}\n\n" for one in (chunk("é日😀 "), chunk("b"), chunk(finish_reason="stop")))
    stream_bytes = (": a comment\r\n\r\n" + text + "data: [DONE]\n\n").encode()

    def script(call):
        call.begin_stream()
        for byte in stream_bytes:
            call.write_chunk(bytes([byte]))
        call.end_stream()

    with EventStream(gateway_over(script).port, chat()) as stream:
        received = stream.response.read()
    assert received == stream_bytes


def test_a_long_stream_passes_byte_for_byte_to_a_slow_reader(gateway_over):
    """Backpressure both ways: 16 MiB cannot lie in socket buffers, and the gateway must not hold them."""
    event = b"data: " + json.dumps(chunk("x" * 16_000)).encode() + b"\n\n"
    count = 1000

    def script(call):
        call.begin_stream()
        for _ in range(count):
            call.write_chunk(event)
        call.write_chunk(b"data: [DONE]\n\n")
        call.end_stream()

    gateway = gateway_over(script)
    with EventStream(gateway.port, chat()) as stream:
        time.sleep(0.5)
        memory = gateway.memory_bytes()
        received = stream.response.read()
    assert received == event * count + b"data: [DONE]\n\n"
    assert memory < 80 << 20


@pytest.mark.parametrize("asked", [True, False])
def test_the_usage_event_reaches_only_who_asked(gateway_over, asked):
    def script(call):
        call.complete("one two")

    gateway = gateway_over(script)
    options = {"stream_options": {"include_usage": True}} if asked else {}
    with EventStream(gateway.port, chat(**options)) as stream:
        usages = [event["usage"] for event in stream if isinstance(event, dict) and event.get("usage")]
    assert usages == ([USAGE] if asked else [])
    assert gateway.upstream.calls[0].json["stream_options"] == {"include_usage": True}
    assert gateway.status()["keys"][0]["output_tokens"] == USAGE["completion_tokens"]


# Callers of HTTP/1.0


def old_stream(gateway):
    """What a caller gets that knows no chunks: events until the connection closes."""
    with RawConnection(gateway.port) as connection:
        connection.send(raw_request(chat(stream=True)).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        head, _, body = connection.read_to_end().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding" not in head and b"content-length" not in head
    return body


def test_a_caller_of_http_1_0_gets_its_stream_unframed(gateway_over):
    assert old_stream(gateway_over(lambda call: call.complete("one two"))).endswith(b"data: [DONE]\n\n")


def test_a_caller_of_http_1_0_is_told_of_a_break(gateway_over):
    def script(call):
        call.begin_stream()
        call.event(chunk(content="one "))
        call.close()

    last = old_stream(gateway_over(script)).rstrip().rsplit(b"\n\n", 1)[-1]
    assert b"stream_interrupted" in last


# The caller goes away


def endless(call):
    call.begin_stream()
    while True:
        call.event(chunk(content="more "))
        time.sleep(0.02)


@pytest.mark.parametrize(
    "script, streamed",
    [(endless, True), (black_hole, True), (black_hole, False)],
    ids=["in-stream", "before-stream", "whole"],
)
def test_a_caller_that_leaves_is_forgotten_at_the_endpoint_within_a_second(gateway_over, script, streamed):
    gateway = gateway_over(script)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
    connection.request("POST", "/v1/chat/completions", json.dumps(chat(stream=streamed)), headers())
    wait_until(lambda: gateway.upstream.calls, "the endpoint gets the request")
    if script is endless:
        connection.getresponse().read1()
    left = time.monotonic()
    connection.sock.close()
    connection.close()
    wait_until(lambda: gateway.upstream.calls[0].closed_at, "the endpoint's connection is closed", seconds=2)
    assert gateway.upstream.calls[0].closed_at - left < 1
    wait_until(lambda: gateway.status()["requests_in_flight"] == 0, "the gateway forgets the request", seconds=1)
    assert gateway.endpoint("only")["in_flight"] == 0


def test_a_model_server_stops_generating_for_a_caller_that_left(workshop):
    server = workshop.model_server()
    gateway = workshop.gateway(configuration(Endpoint("only", server.port)))
    with EventStream(gateway.port, chat(max_tokens=4000, ignore_eos=True)) as stream:
        next(iter(stream))
        assert server.metric("vllm:num_requests_running") == 1
    wait_until(lambda: server.metric("vllm:num_requests_running") == 0, "the model server's batch is empty", seconds=1)
    # What came before the caller left is paid for.
    wait_until(lambda: gateway.status()["keys"][0]["output_tokens"] > 0, "the tokens are metered", seconds=1)
