# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What is counted, what is cached, and what else a request says, over every pair."""

import json

import pytest

from callers.words import Question
from doubles.model import Reply, Usage
from expectations import CONVERSE, MESSAGES
from matrix import cells

pytestmark = pytest.mark.sdks


@cells("usage")
def test_tokens_are_counted(cell):
    cell.recorder.reply = lambda prompt: Reply("one two", usage=Usage(input=11, output=7))
    for heard in cell.both(Question(["Hi"])):
        assert (heard.usage.input, heard.usage.output) == (11, 7)
        assert (heard.usage.cache_read, heard.usage.cache_write) == (0, 0)


@cells("cache-usage")
def test_cached_tokens_are_counted_once(cell):
    """Providers differ in whether their input counts what came from caches; callers' APIs do too."""
    tells_writes = cell.upstream in MESSAGES | CONVERSE
    usage = Usage(input=6, output=7, cache_read=4, cache_write_5m=2 if tells_writes else 0)
    cell.recorder.reply = lambda prompt: Reply("one two", usage=usage)
    for heard in cell.both(Question(["Hi"])):
        assert (heard.usage.cache_read, heard.usage.output) == (4, 7)
        # Gemini's API counts what is written to a cache as any other input.
        told = heard.usage.input if cell.front == "generateContent" else heard.usage.input + heard.usage.cache_write
        assert told == 6 + usage.cache_write
        assert cell.front == "generateContent" or heard.usage.cache_write == usage.cache_write


@cells("cache-marks")
def test_what_to_cache_is_said(cell):
    marks = ("cache_control", "cachePoint", "prompt_cache_breakpoint")

    def is_said(heard):
        assert any(mark in json.dumps(cell.body) for mark in marks)

    def is_left_out(heard):
        assert not any(mark in json.dumps(cell.body) for mark in marks)
        assert cell.prompt.system == "A long text."

    cell.hold(Question(["Hi"], system="A long text.", caches=True), is_said, is_left_out)


@cells("user")
def test_the_name_of_a_user_arrives(cell):
    def arrives(heard):
        body = cell.body
        places = {**body, **(body.get("metadata") or {}), **(body.get("requestMetadata") or {})}
        assert "user-7" in (places.get("user"), places.get("user_id"))

    def is_left_out(heard):
        assert "user-7" not in json.dumps(cell.body)

    cell.hold(Question(["Hi"], user="user-7"), arrives, is_left_out)


@cells("metadata")
def test_metadata_arrives(cell):
    def arrives(heard):
        body = cell.body
        assert {"team": "seven"} in (body.get("metadata"), body.get("requestMetadata"), body.get("labels"))

    def is_left_out(heard):
        assert "seven" not in json.dumps(cell.body)

    cell.hold(Question(["Hi"], metadata={"team": "seven"}), arrives, is_left_out)


@cells("own-member")
def test_a_member_of_one_api_alone_is_passed_on_or_named(cell):
    def is_passed_on(heard):
        [(name, value)] = cell.caller.own_member.items()
        assert cell.body[name] == value

    def is_left_out(heard):
        assert cell.caller.own_name not in cell.body

    cell.hold(Question(["Hi"], extra=cell.caller.own_member), is_passed_on, is_left_out)
