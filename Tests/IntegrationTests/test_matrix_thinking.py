# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Thinking over every pair: asked for, shown, and sent back with what proves whose it is."""

import pytest

from callers.words import Question, Result, Tool
from matrix import cells

pytestmark = pytest.mark.sdks

CLOCK = Tool("get_time", "The time.")
THOUGHT = "First a thought. Then the answer."


@cells("thinking")
def test_a_model_is_told_to_think(cell):
    def is_told(heard):
        assert cell.prompt.thinks
        assert heard.text == "well"

    cell.hold(Question(["think\nwell"], effort="low"), is_told)


@cells("thoughts")
def test_thoughts_are_shown_and_apart_from_the_answer(cell):
    def are_shown(heard):
        assert (heard.thinking, heard.text) == (THOUGHT, "well")

    def are_not(heard):
        assert (heard.thinking, heard.text) == ("", "well")

    cell.hold(Question(["think\nwell"], effort="low"), are_shown, are_not)


@cells("signatures")
def test_thoughts_are_sent_back_as_they_were(cell):
    """The providers refuse a turn whose thoughts or calls are not theirs, or are missing."""
    words = "think\ncall get_time"
    for heard in cell.both(Question([words], effort="low", tools=[CLOCK])):
        assert heard.signed == (type(cell.expected).__name__ == "Supported")
        following = Question([words, heard, [Result(heard.calls[0], "noon")]], effort="low", tools=[CLOCK])
        for answer in cell.both(following):
            assert answer.text == "get_time said: noon"
