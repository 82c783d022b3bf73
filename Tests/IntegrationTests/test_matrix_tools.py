# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Tools over every pair: calls, one and several, whole and in pieces; results; the choice among them."""

import json
import re

import pytest

from callers.words import Medium, Question, Result, Tool
from judging import PIXEL_PNG, WEATHER_SCHEMA
from matrix import cells

pytestmark = pytest.mark.sdks

WEATHER = Tool("get_weather", "Weather of a city.", WEATHER_SCHEMA)
CLOCK = Tool("get_time", "The time.")
# More digits than a double holds, which a careless translation rounds.
PUNE = {"city": "पुणे", "note": 'a "quoted" note', "id": 9007199254740993}
PIXEL = Medium("image/png", PIXEL_PNG)


def order(name, arguments=None):
    """The words that make the model behind a double call a tool."""
    return f"call {name} {json.dumps(arguments, ensure_ascii=False)}" if arguments else f"call {name}"


@cells("tool-call")
def test_a_tool_is_called(cell):
    for heard in cell.both(Question([order("get_weather", PUNE)], tools=[WEATHER, CLOCK])):
        [call] = heard.calls
        assert (call.name, call.arguments) == ("get_weather", PUNE)
        assert heard.finish == "tool_calls"
        assert cell.prompt.tools["get_weather"] == WEATHER_SCHEMA


@cells("tool-calls")
def test_several_tools_are_called_at_once(cell):
    words = "\n".join([order("get_weather", PUNE), order("get_weather", {"city": "Delhi"}), order("get_time")])
    for heard in cell.both(Question([words], tools=[WEATHER, CLOCK])):
        called = [(call.name, call.arguments) for call in heard.calls]
        assert called == [("get_weather", PUNE), ("get_weather", {"city": "Delhi"}), ("get_time", {})]
        assert heard.finish == "tool_calls"
        expect_ids(cell, [call.id for call in heard.calls])


def expect_ids(cell, ids):
    """Every call has an id of its own that every provider would take back; Gemini's older models have none."""
    if set(ids) == {None}:
        assert (cell.front, cell.upstream) == ("generateContent", "vertex-gemini")
        return
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", one) for one in ids), ids


@cells("tool-stream")
def test_arguments_come_in_pieces(cell):
    """Where the provider sends pieces, the caller gets pieces; a provider that sends calls whole has one."""
    heard = cell.stream(Question([order("get_weather", PUNE)], tools=[WEATHER]))
    is_whole = cell.upstream in ("gemini", "vertex-gemini") or cell.front == "generateContent"
    assert len(heard.fragments) > 3 or is_whole
    assert is_whole or json.loads("".join(heard.fragments)) == PUNE


@cells("tool-empty")
def test_a_call_without_arguments_has_an_empty_object(cell):
    for heard in cell.both(Question([order("get_time")], tools=[CLOCK])):
        [call] = heard.calls
        assert (call.name, call.arguments, call.text or "{}") == ("get_time", {}, "{}")


@cells("tool-results")
def test_results_are_told_in_the_next_turn(cell):
    words = "\n".join([order("get_weather", PUNE), order("get_weather", {"city": "Delhi"})])
    for heard in cell.both(Question([words], tools=[WEATHER])):
        wet, dry = Result(heard.calls[0], "wet\n☔"), Result(heard.calls[1], "dry")
        following = Question([words, heard, [wet, dry]], tools=[WEATHER])
        for answer in cell.both(following):
            assert [(one.name, one.text) for one in cell.prompt.results] == [
                ("get_weather", "wet\n☔"),
                ("get_weather", "dry"),
            ]
            assert answer.text == "get_weather said: wet\n☔; get_weather said: dry"


@cells("tool-error")
def test_a_result_may_be_an_error(cell):
    question = Question([order("get_time")], tools=[CLOCK])
    heard = cell.ask(question)
    question.turns += [heard, [Result(heard.calls[0], "no clock", is_error=True)]]

    def arrives(answer, is_error=True):
        assert [(one.text, one.is_error) for one in cell.prompt.results] == [("no clock", is_error)]

    cell.hold(question, arrives, lambda answer: arrives(answer, is_error=False))


@cells("tool-image")
def test_a_result_may_hold_an_image(cell):
    question = Question([order("get_time")], tools=[CLOCK])
    heard = cell.ask(question)
    question.turns += [heard, [Result(heard.calls[0], "see", image=PIXEL)]]
    size = f"{len(PIXEL_PNG)} bytes"

    def arrives(answer):
        assert "see" in cell.prompt.results[0].text and size in cell.prompt.results[0].text

    def is_left_out(answer):
        assert cell.prompt.results[0].text == "see"

    cell.hold(question, arrives, is_left_out)


@cells("choice-none")
def test_no_tool_may_be_called(cell):
    def is_obeyed(heard):
        assert (heard.calls, heard.finish) == ([], "stop")
        assert cell.prompt.choice == "none" or not cell.prompt.tools

    cell.hold(Question([order("get_time")], tools=[CLOCK], choice="none"), is_obeyed)


@cells("choice-any")
def test_some_tool_must_be_called(cell):
    def is_obeyed(heard):
        assert [call.name for call in heard.calls] == ["get_weather"]
        assert cell.prompt.choice == "required"

    cell.hold(Question(["Hi"], tools=[WEATHER, CLOCK], choice="any"), is_obeyed)


@cells("choice-named")
def test_a_named_tool_must_be_called(cell):
    def is_obeyed(heard):
        assert [call.name for call in heard.calls] == ["get_time"]

    cell.hold(Question(["Hi"], tools=[WEATHER, CLOCK], choice="get_time"), is_obeyed)


@cells("one-call")
def test_one_call_at_most(cell):
    words = "\n".join([order("get_time"), order("get_weather", PUNE)])

    def is_obeyed(heard, calls=1):
        assert len(heard.calls) == calls

    question = Question([words], tools=[WEATHER, CLOCK], parallel=False)
    cell.hold(question, is_obeyed, lambda heard: is_obeyed(heard, calls=2))
