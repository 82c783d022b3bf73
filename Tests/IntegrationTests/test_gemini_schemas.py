# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Schemas for Gemini's models before 2.5, which take Google's own words for them only; and those words from callers, for
everybody else. The double refuses what Google's servers refuse."""

import json

import pytest
from google.genai import types

from callers import CALLERS
from callers.words import Question, Tool
from configurations import PUBLIC_MODEL
from doubles.anthropic import Anthropic
from doubles.gemini import Gemini
from processes import KEY
from providers import SECRETS, ProviderEndpoint, over_doubles

pytestmark = pytest.mark.sdks

FRONTS = ["chat", "responses", "messages"]
OLD = "gemini-2.0-flash"
SCHEMA = {
    "$defs": {"Place": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    "type": "object",
    "properties": {
        "place": {"$ref": "#/$defs/Place"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "kind": {"enum": ["town", "city"]},
        "size": {"type": ["integer", "null"], "minimum": 1},
        "tags": {"type": "array", "items": {"type": ["string", "number"]}},
    },
    "required": ["place", "kind"],
}
SAID = {
    "type": "OBJECT",
    "properties": {
        "place": {"type": "OBJECT", "properties": {"name": {"type": "STRING"}}, "required": ["name"]},
        "note": {"type": "STRING", "nullable": True},
        "kind": {"type": "STRING", "format": "enum", "enum": ["town", "city"]},
        "size": {"type": "INTEGER", "nullable": True, "minimum": 1},
        "tags": {"type": "ARRAY", "items": {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}},
    },
    "propertyOrdering": ["place", "note", "kind", "size", "tags"],
    "required": ["place", "kind"],
}
# What OpenAI's strict schemas must say.
CLOSED = {**SCHEMA, "additionalProperties": False}
NAMES = {
    "chat": "response_format (additionalProperties)",
    "responses": "text.format (additionalProperties)",
    "messages": "output_config.format (additionalProperties)",
}


@pytest.fixture
def over(workshop, double):
    """A front of a gateway over a model before 2.5."""
    callers = []

    def make(front, flavor, **options):
        server = double(Gemini)
        serves = {"schemas": "openapi", "thinking": "none"}
        endpoint = ProviderEndpoint("google", flavor, server, model=OLD, serves=serves)
        gateway = workshop.gateway(over_doubles(endpoint, **options), environment=SECRETS)
        callers.append(CALLERS[front](gateway, KEY))
        return server, callers[-1]

    yield make
    for caller in callers:
        caller.close()


@pytest.mark.parametrize("flavor", ["gemini", "vertex"])
@pytest.mark.parametrize("front", FRONTS)
def test_an_older_model_is_told_schemas_in_words_it_takes(over, front, flavor):
    server, caller = over(front, flavor)
    heard = caller.ask(PUBLIC_MODEL, Question(["Describe Mumbai"], schema=SCHEMA))
    assert json.loads(heard.text)["kind"] == "town"
    config = server.last.json["generationConfig"]
    assert (config["responseMimeType"], config["responseSchema"]) == ("application/json", SAID)
    tools = [Tool("describe", "Describes a place.", SCHEMA), Tool("stop", "Takes nothing.")]
    heard = caller.ask(PUBLIC_MODEL, Question(['call describe {"kind": "city"}'], tools=tools))
    assert [call.arguments for call in heard.calls] == [{"kind": "city"}]
    first, second = server.last.json["tools"][0]["functionDeclarations"]
    assert first["parameters"] == SAID and "parameters" not in second


@pytest.mark.parametrize("front", FRONTS)
def test_what_ai_studio_has_no_words_for_is_named_and_may_be_dropped(over, front):
    question = Question(["Describe Mumbai"], schema=CLOSED)
    server, caller = over(front, "gemini")
    with pytest.raises(caller.errors["invalid"]) as error:
        caller.ask(PUBLIC_MODEL, question)
    assert NAMES[front] in caller.failure(error.value).message
    assert server.requests == []
    server, caller = over(front, "gemini", on_unsupported="drop")
    heard = caller.ask(PUBLIC_MODEL, question)
    assert heard.dropped == [NAMES[front].replace(" ", "")]
    assert server.last.json["generationConfig"]["responseSchema"] == SAID


@pytest.mark.parametrize("front", FRONTS)
def test_vertex_ai_has_words_for_it(over, front):
    server, caller = over(front, "vertex")
    heard = caller.ask(PUBLIC_MODEL, Question(["Describe Mumbai"], schema=CLOSED))
    assert heard.dropped == []
    assert server.last.json["generationConfig"]["responseSchema"] == {**SAID, "additionalProperties": False}


CHAIN = {
    "$defs": {
        "Stop": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "next": {"anyOf": [{"$ref": "#/$defs/Stop"}, {"type": "null"}]},
            },
        }
    },
    "$ref": "#/$defs/Stop",
}


@pytest.mark.parametrize("front", FRONTS)
def test_a_schema_that_leads_back_to_itself_is_told_to_vertex_ai(over, front):
    server, caller = over(front, "vertex")
    heard = caller.ask(PUBLIC_MODEL, Question(["Describe a journey"], schema=CHAIN))
    assert (json.loads(heard.text), heard.dropped) == ({"name": "text", "next": None}, [])
    said = server.last.json["generationConfig"]["responseSchema"]
    again = {"anyOf": [{"ref": "#/defs/Stop"}, {"type": "NULL"}]}
    assert said["properties"]["next"] == said["defs"]["Stop"]["properties"]["next"] == again


def test_google_s_own_words_reach_others_as_json_schema(workshop, double):
    server = double(Anthropic)
    gateway = workshop.gateway(
        over_doubles(ProviderEndpoint("anthropic", "anthropic", server)), environment=SECRETS
    )
    caller = CALLERS["generateContent"](gateway, KEY)
    schema = types.Schema(
        type="OBJECT",
        properties={
            "size": types.Schema(type="INTEGER", format="enum", enum=["101", "201"]),
            "name": types.Schema(type="STRING", nullable=True, max_length=9),
        },
        property_ordering=["name", "size"],
        required=["size"],
    )
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)
    caller.client.models.generate_content(model=PUBLIC_MODEL, contents="Describe Mumbai", config=config)
    sent = server.last.json["output_config"]["format"]["schema"]
    assert sent == {
        "type": "object",
        "properties": {
            "name": {"type": ["string", "null"], "maxLength": 9},
            "size": {"type": "integer", "enum": [101, 201]},
        },
        "required": ["size"],
    }
    assert list(sent["properties"]) == ["name", "size"]
    caller.close()
