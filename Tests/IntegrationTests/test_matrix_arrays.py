# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Gemini's streams for callers that do not ask for events: one JSON array, element by element, over every provider.

The reader is strict and incremental (`ArrayStream`): whatever the gateway sends must be an array at every moment.
"""

import json
import socket

import pytest

from callers.words import Question
from doubles.faults import Cut, ErrorInStream, Refuse, Stall
from expectations import Absent
from matrix import ARRAYS, DROP, cells
from processes import KEY, ask
from traffic import ArrayStream

pytestmark = pytest.mark.sdks

ASKED = {"contents": [{"role": "user", "parts": [{"text": "one two three"}]}]}
SCRIPTS = 'naïve दिल्ली 北京 👩🏽‍🚀 "[{,}]" \\'


def asked(words, **members):
    return {"contents": [{"role": "user", "parts": [{"text": words}]}], **members}


def deltas_of(elements):
    parts = [part for one in elements for part in one["candidates"][0]["content"]["parts"]]
    return [part["text"] for part in parts if part.get("text")]


def with_candidates(elements):
    return [one for one in elements if "candidates" in one]


@cells("array")
def test_a_stream_comes_as_an_array_of_its_pieces(cell):
    if cell.front != "generateContent":
        # No other API has this form: this is what the table says.
        assert isinstance(cell.expected, Absent) and cell.expected.side == "caller"
        return
    for query in ("", "?alt=json", "?$alt=json;enum-encoding=int"):
        with ArrayStream(cell.matrix.gateway.port, cell.upstream, ASKED, query) as stream:
            elements = list(stream)
        assert (stream.status, stream.headers.get_content_type()) == (200, "application/json")
        assert deltas_of(with_candidates(elements)) == ["one ", "two ", "three"]
        finishes = [one["candidates"][0].get("finishReason") for one in with_candidates(elements)]
        assert [one for one in finishes if one] == ["STOP"]
        usage = [one["usageMetadata"] for one in elements if "usageMetadata" in one][-1]
        assert usage["candidatesTokenCount"] == 3


@cells(None, fronts=("generateContent",))
def test_an_array_may_come_from_a_stream_that_is_split_at_every_byte(cell):
    cell.double.dribbles = True
    function = {"name": "get_weather", "description": "w", "parametersJsonSchema": {"type": "object", "properties": {}}}
    tools = [{"functionDeclarations": [function]}]
    with ArrayStream(cell.matrix.gateway.port, cell.upstream, asked(SCRIPTS)) as stream:
        assert "".join(deltas_of(with_candidates(stream))) == SCRIPTS
    order = asked('call get_weather {"city": "पुणे"}', tools=tools)
    with ArrayStream(cell.matrix.gateway.port, cell.upstream, order) as stream:
        parts = [part for one in with_candidates(stream) for part in one["candidates"][0]["content"]["parts"]]
    assert [part["functionCall"]["args"] for part in parts if "functionCall" in part] == [{"city": "पुणे"}]


@cells(None, fronts=("generateContent",))
def test_what_is_dropped_is_said_in_the_head_of_an_array(cell):
    if cell.upstream in ("gemini", "vertex-gemini"):
        return
    with ArrayStream(cell.matrix.gateway.port, cell.upstream + DROP, {**ASKED, "safetySettings": [{}]}) as stream:
        assert stream.headers["x-isobar-dropped"] == "safetySettings"
        assert deltas_of(with_candidates(stream)) == ["one ", "two ", "three"]


def failing_cells(test):
    return cells(ARRAYS, "failing", fronts=("generateContent",))(test)


@failing_cells
def test_an_error_before_content_is_an_error_with_its_status_in_an_array(failing):
    failing.double.faults.add(Refuse("invalid", "Seven is not a colour."))
    with ArrayStream(failing.matrix.gateway.port, failing.model_of_failures, ASKED) as stream:
        [element] = stream
    assert stream.status == 400
    assert element["error"]["status"] == "INVALID_ARGUMENT"
    assert "Seven is not a colour." in element["error"]["message"]


@failing_cells
def test_elements_arrive_as_they_are_made_and_an_error_is_the_last_of_them(failing):
    failing.double.faults.add(ErrorInStream("overloaded", after=2))
    with ArrayStream(failing.matrix.gateway.port, failing.model_of_failures, ASKED) as stream:
        *elements, last = stream
    assert stream.status == 200
    assert deltas_of(elements) == ["one ", "two "]
    assert "finishReason" not in str(elements)
    assert last["error"]["code"] in (429, 502, 503, 529)


@failing_cells
@pytest.mark.parametrize("how", ["close", "end"])
def test_a_stream_that_is_cut_off_ends_its_array_with_an_error(failing, how):
    failing.double.faults.add(Cut(after=2, how=how))
    with ArrayStream(failing.matrix.gateway.port, failing.model_of_failures, ASKED) as stream:
        *elements, last = stream
    assert deltas_of(elements) == ["one ", "two "]
    assert last["error"]["status"] == "INTERNAL" and "finishReason" not in str(elements)


@failing_cells
def test_elements_do_not_wait_for_those_behind_them(failing):
    failing.double.faults.add(Stall(after=2))
    with ArrayStream(failing.matrix.gateway.port, failing.model_of_failures, ASKED) as stream:
        elements = iter(stream)
        assert deltas_of([next(elements), next(elements)]) == ["one ", "two "]


def test_the_gateway_s_own_refusals_come_in_an_array_too(matrix):
    path = "/v1beta/models/nobody:streamGenerateContent"
    answer = ask(matrix.gateway.port, "POST", path, ASKED, {"x-goog-api-key": KEY})
    assert answer.status == 404
    [element] = answer.json
    assert element["error"]["status"] == "NOT_FOUND"
    events = ask(matrix.gateway.port, "POST", f"{path}?alt=sse", ASKED, {"x-goog-api-key": KEY})
    assert events.json["error"]["status"] == "NOT_FOUND"


@pytest.mark.parametrize("upstream", ["gemini", "anthropic"])
def test_a_caller_of_the_older_http_gets_its_array_until_the_connection_closes(matrix, upstream):
    body = b'{"contents":[{"role":"user","parts":[{"text":"one two three"}]}]}'
    head = (
        f"POST /v1beta/models/{upstream}:streamGenerateContent HTTP/1.0\r\nx-goog-api-key: {KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", matrix.gateway.port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert deltas_of(with_candidates(json.loads(data.partition(b"\r\n\r\n")[2]))) == ["one ", "two ", "three"]


def test_the_sdk_s_own_streams_are_events_as_before(matrix):
    heard = matrix.callers["generateContent"].stream("anthropic", Question(["one two three"]))
    assert heard.deltas == ["one ", "two ", "three"]
