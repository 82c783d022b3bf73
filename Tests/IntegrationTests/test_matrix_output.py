# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The form and the length of answers, and how they are sampled, over every pair."""

import json

import pytest

from callers.words import Question
from expectations import UPSTREAMS
from judging import CITY, CITY_SCHEMA
from matrix import cells

pytestmark = pytest.mark.sdks


@cells("json-schema")
def test_an_answer_obeys_a_schema(cell):
    def obeys(heard):
        assert json.loads(heard.text) == CITY
        assert cell.prompt.schema == CITY_SCHEMA

    cell.hold(Question(["A city, please."], schema=CITY_SCHEMA), obeys)


@cells("json-object")
def test_an_answer_is_some_json(cell):
    def obeys(heard):
        assert isinstance(json.loads(heard.text), dict)

    cell.hold(Question(["JSON, please."], wants_json=True), obeys)


@cells("stop")
def test_an_answer_ends_at_a_stop_sequence(cell):
    def ends(heard):
        assert (heard.text, heard.finish) == ("one two ", "stop")

    def goes_on(heard):
        assert (heard.text, heard.finish) == ("one two END three", "stop")

    cell.hold(Question(["one two END three"], stops=["NEVER", "END"]), ends, goes_on)


@cells("stop-told")
def test_the_stop_sequence_is_told(cell):
    if cell.front != "messages":
        # Nothing in an answer of these APIs could tell it: this is what the table says.
        assert cell.expected.side == "caller"
        return

    def is_told(heard):
        assert heard.stop_sequence == "END"

    def is_not_told(heard):
        assert heard.stop_sequence is None

    cell.hold(Question(["one two END three"], stops=["NEVER", "END"]), is_told, is_not_told)


@cells("length")
def test_an_answer_ends_at_its_limit(cell):
    def ends(heard):
        assert heard.finish == "length"
        assert heard.text == " ".join(["word"] * 16) + " "

    cell.hold(Question([" ".join(["word"] * 40)], tokens_max=16), ends)


CAMEL = {
    "top_p": "topP",
    "top_k": "topK",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}


def said(cell, name):
    """A number as the provider got it."""
    wire = UPSTREAMS[cell.upstream][1]
    if wire == "converse":
        place = "additionalModelRequestFields" if name == "top_k" else "inferenceConfig"
        return cell.body.get(place, {}).get({"top_p": "topP"}.get(name, name))
    if wire == "generateContent":
        return cell.body.get("generationConfig", {}).get(CAMEL.get(name, name))
    return cell.body.get(name)


@cells("sampling")
def test_temperature_and_top_p_arrive(cell):
    def arrive(heard):
        assert (said(cell, "temperature"), said(cell, "top_p")) == (0.25, 0.5)

    cell.hold(Question(["Hi"], temperature=0.25, top_p=0.5), arrive)


@cells("top-k")
def test_top_k_arrives(cell):
    def arrives(heard):
        assert said(cell, "top_k") == 5

    def is_left_out(heard):
        assert said(cell, "top_k") is None

    cell.hold(Question(["Hi"], top_k=5), arrives, is_left_out)


@cells("seed")
def test_the_seed_arrives(cell):
    def arrives(heard):
        assert said(cell, "seed") == 7

    cell.hold(Question(["Hi"], seed=7), arrives)


@cells("penalties")
def test_penalties_arrive(cell):
    def arrive(heard):
        assert (said(cell, "presence_penalty"), said(cell, "frequency_penalty")) == (0.5, 0.25)

    cell.hold(Question(["Hi"], presence_penalty=0.5, frequency_penalty=0.25), arrive)
