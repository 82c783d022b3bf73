# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Text over every pair of a caller's API and a provider's: whole, streamed, with a system prompt, over several turns."""

import pytest

from callers.words import Question
from matrix import cells

pytestmark = pytest.mark.sdks

# Two, three and four bytes a character, marks that join, and text that runs from right to left.
SCRIPTS = "naïve दिल्ली தமிழ் 北京 🇮🇳👩🏽‍🚀 שלום \"quoted\\ \t tab"


@cells("text")
def test_an_answer_comes_whole(cell):
    heard = cell.ask(Question(["one two three"]))
    assert (heard.text, heard.finish) == ("one two three", "stop")
    assert cell.prompt.text == "one two three"


@cells("stream")
def test_an_answer_comes_in_the_pieces_it_is_made_in(cell):
    heard = cell.stream(Question(["one two three"]))
    assert heard.deltas == ["one ", "two ", "three"]
    assert heard.finish == "stop"


@cells("system")
def test_the_system_prompt_arrives(cell):
    for _ in cell.both(Question(["Hi"], system="Be brief.\nBe kind.")):
        assert cell.prompt.system == "Be brief.\nBe kind."


@cells("turns")
def test_a_conversation_goes_on(cell):
    for heard in cell.both(Question(["one"])):
        answer = cell.ask(Question(["one", heard, "two"]))
        assert (answer.text, cell.prompt.text) == ("two", "two")
        assert cell.prompt.turns >= 3


@cells("multibyte")
def test_text_of_every_script_arrives_and_comes_back(cell):
    for heard in cell.both(Question([SCRIPTS], system=SCRIPTS)):
        assert heard.text == SCRIPTS
        assert (cell.prompt.text, cell.prompt.system) == (SCRIPTS, SCRIPTS)
