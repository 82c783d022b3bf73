# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Tokens counted beforehand: the SDKs' own calls over every provider's own counter. Doubles count words."""

import base64
import json

import pytest

from callers import CALLERS
from callers.words import Call, Heard, Inexpressible, Question, Result, Tool
from configurations import PUBLIC_MODEL
from doubles.faults import Refuse
from doubles.gemini import Gemini
from expectations import Absent, Unserved
from judging import WEATHER_SCHEMA
from matrix import BEARER, DROP, KINDS, Recorder, cells, endpoint_of
from processes import KEY, ask, wait_until
from providers import SECRETS, ProviderEndpoint, over_doubles

pytestmark = pytest.mark.sdks

WEATHER = Tool("get_weather", "Weather of a city.", WEATHER_SCHEMA)
QUESTION = Question(["one two three"], system="four five", tools=[WEATHER])
COUNTERS = ("count_tokens", "count-tokens", "countTokens", "input_tokens", "tokenize")


@cells("count")
def test_tokens_are_counted_without_an_answer(cell):
    outcome, asked = cell.expected, len(cell.double.requests)
    if isinstance(outcome, Absent):
        with pytest.raises(Inexpressible):
            cell.caller.count(cell.upstream, QUESTION)
        return
    if isinstance(outcome, Unserved):
        for model in (cell.upstream, cell.upstream + DROP):
            with pytest.raises(cell.caller.errors["invalid"]) as error:
                cell.caller.count(model, QUESTION)
            told = cell.caller.failure(error.value)
            assert told.status == 400 and "count tokens" in told.message
        assert len(cell.double.requests) == asked
        return
    assert cell.caller.count(cell.upstream, QUESTION) == 5
    assert cell.caller.count(cell.upstream, Question(["one two three"])) == 3
    assert cell.recorder.prompts == [], "nothing was generated"
    counted = cell.double.requests[asked]
    assert any(counter in counted.path for counter in COUNTERS)
    assert "get_weather" in said(counted.json)


def said(body):
    """A body as text, and what it holds in base64."""
    inner = body.get("input")
    if isinstance(inner, dict) and "invokeModel" in inner:
        return base64.b64decode(inner["invokeModel"]["body"]).decode()
    return json.dumps(body)


@cells(None, fronts=("messages", "generateContent", "responses"))
def test_a_conversation_with_tools_is_counted(cell):
    if isinstance(cell.matrix.cell(cell.front, cell.upstream, "count").expected, Unserved):
        return
    heard = cell.ask(Question(['call get_weather {"city": "Pune"}'], tools=[WEATHER]))
    [call] = heard.calls
    turns = ["one two", heard, [Result(Call(call.id, call.name, call.arguments), "three four")], "five"]
    counted = cell.caller.count(cell.upstream, Question(turns, tools=[WEATHER]))
    # Doubles differ in whether they count what tools say.
    assert 3 <= counted <= 8
    assert isinstance(heard, Heard)


@pytest.fixture
def alone(workshop, double):
    """One endpoint, and a gateway that may ask it once."""

    def make(upstream, **options):
        server = double(KINDS[upstream].double, model=Recorder())
        text = over_doubles(endpoint_of(upstream, server), retry={"attemptsMax": 1}, **options)
        return server, workshop.gateway(text, environment=SECRETS)

    return make


@pytest.mark.parametrize("front", ["messages", "generateContent", "responses"])
def test_an_error_of_a_counter_is_told_in_the_caller_s_form(alone, front):
    server, gateway = alone("bedrock-converse")
    caller = CALLERS[front](gateway, KEY)
    server.faults.add(Refuse("invalid", "The provided model doesn't support counting tokens."))
    with pytest.raises(caller.errors["invalid"]) as error:
        caller.count(PUBLIC_MODEL, QUESTION)
    assert "doesn't support counting tokens" in caller.failure(error.value).message
    caller.close()


@pytest.mark.parametrize(("upstream", "front"), [("anthropic", "messages"), ("bedrock-converse", "generateContent")])
def test_counting_costs_nothing_and_says_nothing_about_speed(alone, upstream, front):
    _, gateway = alone(upstream)
    caller = CALLERS[front](gateway, KEY)
    assert caller.count(PUBLIC_MODEL, QUESTION) == 5
    [line] = wait_until(gateway.log_lines, "the access log is written")
    assert (line["operation"], line["input_tokens"], line["output_tokens"]) == ("count_tokens", 0, 0)
    assert line["cost_pico"] == 0 and "estimated" not in line
    untouched = gateway.endpoint(upstream)
    _, fresh = alone(upstream)
    assert untouched["ttft_ms"] == fresh.endpoint(upstream)["ttft_ms"]
    caller.close()


def test_what_a_counter_cannot_be_told_is_named_and_may_be_dropped(alone):
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    body = {
        "model": PUBLIC_MODEL,
        "messages": [{"role": "user", "content": "one two"}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
    _, gateway = alone("bedrock-converse")
    refused = ask(gateway.port, "POST", "/v1/messages/count_tokens", body, headers)
    assert refused.status == 400 and "output_config.format" in refused.json["error"]["message"]
    _, gateway = alone("bedrock-converse", on_unsupported="drop")
    served = ask(gateway.port, "POST", "/v1/messages/count_tokens", body, headers)
    assert (served.status, served.json) == (200, {"input_tokens": 2})
    assert served.headers["x-isobar-dropped"] == "output_config.format"


def test_bedrock_counts_for_the_model_that_is_declared(workshop, double):
    server = double(KINDS["bedrock-converse"].double)
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    serves = {"countsAs": "anthropic.claude-double-v1:0"}
    endpoint = ProviderEndpoint("bedrock", "bedrock", server, model=arn, credential=BEARER, serves=serves)
    gateway = workshop.gateway(over_doubles(endpoint), environment=SECRETS)
    caller = CALLERS["messages"](gateway, KEY)
    assert caller.count(PUBLIC_MODEL, QUESTION) == 5
    assert server.last.path == "/model/anthropic.claude-double-v1%3A0/count-tokens"
    caller.close()


@pytest.mark.parametrize("flavor", ["gemini", "vertex"])
def test_google_s_own_members_reach_google_s_counters_as_they_are(workshop, double, flavor):
    server = double(Gemini)
    gateway = workshop.gateway(over_doubles(ProviderEndpoint("google", flavor, server)), environment=SECRETS)
    contents = [{"role": "user", "parts": [{"text": "one two"}, {"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b"}}]}]
    members = {"contents": contents, "tools": [{"googleSearch": {}}]}
    for body in (members, {"generateContentRequest": {"model": f"models/{PUBLIC_MODEL}", **members}}):
        path = f"/v1beta/models/{PUBLIC_MODEL}:countTokens"
        answer = ask(gateway.port, "POST", path, body, {"x-goog-api-key": KEY})
        assert answer.status == 200, answer.body
        assert answer.json == {"totalTokens": 2, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}]}
        sent = server.last.json if flavor == "vertex" else server.last.json["generateContentRequest"]
        assert {name: sent[name] for name in members} == members
