# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Anthropic's official SDK judges the double of Anthropic's API, and raw requests judge how strict it is."""

import anthropic
import pydantic
import pytest

from doubles import model
from doubles.anthropic import Anthropic
from doubles.faults import BlackHole, Corrupt, Cut, ErrorInStream, Hint, Page, Refuse
from judging import CITY_SCHEMA, PIXEL_PNG, WEATHER_SCHEMA
from processes import ask

pytestmark = pytest.mark.sdks

MODEL = "claude-double"
WEATHER = {"name": "get_weather", "description": "Weather of a city.", "input_schema": WEATHER_SCHEMA}
TWO_CALLS = 'Looking.\ncall get_weather {"city": "Pune", "note": "é🎉"}\ncall get_weather {"city": "Delhi"}'


@pytest.fixture
def server(double):
    return double(Anthropic)


@pytest.fixture
def client(server):
    with anthropic.Anthropic(base_url=server.url, api_key="double-key", max_retries=0, timeout=20) as client:
        yield client


def say(*contents, **members):
    """Arguments of a request whose messages alternate between user and assistant."""
    turns = [{"role": ("user", "assistant")[index % 2], "content": one} for index, one in enumerate(contents)]
    return {"model": MODEL, "max_tokens": 4000, "messages": turns, **members}


# Answers


def test_a_message_is_answered_and_counted(client):
    answer = client.messages.create(**say("Hello there, world"))
    assert [block.text for block in answer.content] == ["Hello there, world"]
    assert answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 3)
    assert answer.model == MODEL and answer._request_id


def test_a_stream_adds_up_to_the_same_message(client):
    question = say('think\ncall get_weather {"city": "Pune"}\nWords: é 日本 🎉', tools=[WEATHER])
    question["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    whole = client.messages.create(**question)
    with client.messages.stream(**question) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_message()
    assert [block.to_dict() for block in streamed.content] == [block.to_dict() for block in whole.content]
    assert [block.type for block in whole.content] == ["thinking", "text", "tool_use"]
    assert streamed.stop_reason == whole.stop_reason == "tool_use"
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"


def test_raw_events_come_in_the_documented_order(client):
    names = [event.type for event in client.messages.create(stream=True, **say("one two"))]
    assert names == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_parallel_calls_stream_their_arguments_and_take_results(client):
    with client.messages.stream(**say(TWO_CALLS, tools=[WEATHER])) as stream:
        fragments = [event.partial_json for event in stream if event.type == "input_json"]
        first = stream.get_final_message()
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": "Pune", "note": "é🎉"}, {"city": "Delhi"}]
    assert len(fragments) > 4
    results = [
        {"type": "tool_result", "tool_use_id": calls[1].id, "content": "no such city", "is_error": True},
        {"type": "tool_result", "tool_use_id": calls[0].id, "content": [{"type": "text", "text": "dry"}]},
    ]
    second = client.messages.create(**say(TWO_CALLS, first.content, results, tools=[WEATHER]))
    assert second.content[0].text == "get_weather failed: no such city; get_weather said: dry"


def test_a_call_without_arguments_is_an_empty_object(client):
    with client.messages.stream(**say("call get_weather", tools=[WEATHER])) as stream:
        message = stream.get_final_message()
    assert message.content[0].input == {}


def test_tool_choice_decides_who_is_called(client):
    other = {**WEATHER, "name": "other"}
    forced = client.messages.create(**say("Hi", tools=[WEATHER, other], tool_choice={"type": "tool", "name": "other"}))
    assert forced.content[0].name == "other"
    none = client.messages.create(**say("call other", tools=[other], tool_choice={"type": "none"}))
    assert none.content[0].type == "text"
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert len(client.messages.create(**say(TWO_CALLS, tools=[WEATHER], tool_choice=single)).content) == 2


def test_thinking_is_replayed_unmodified(client):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    first = client.messages.create(**say("think\ncall get_weather", tools=[WEATHER], thinking=thinking))
    thought, call = first.content
    result = [{"type": "tool_result", "tool_use_id": call.id, "content": "dry"}]
    client.messages.create(**say("think", first.content, result, tools=[WEATHER], thinking=thinking))
    changed = [{**thought.to_dict(), "thinking": "Another thought."}, call]
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        client.messages.create(**say("think", changed, result, tools=[WEATHER], thinking=thinking))
    with pytest.raises(anthropic.BadRequestError, match="must start with a thinking block"):
        client.messages.create(**say("think", [call], result, tools=[WEATHER], thinking=thinking))


def test_images_are_seen(client):
    source = {"type": "base64", "media_type": "image/png", "data": model.base64.b64encode(PIXEL_PNG).decode()}
    content = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source}]
    answer = client.messages.create(**say(content))
    assert answer.content[0].text == f"What is it? [image/png, {len(PIXEL_PNG)} bytes]"


def test_structured_output_obeys_its_schema(client):
    class City(pydantic.BaseModel):
        name: str
        population: int

    parsed = client.messages.parse(output_format=City, **say("Describe Mumbai"))
    assert parsed.parsed_output == City(name="text", population=7)


def test_stop_sequences_and_limits_end_the_answer(client):
    stopped = client.messages.create(**say("one two END three", stop_sequences=["END"]))
    assert (stopped.content[0].text, stopped.stop_reason, stopped.stop_sequence) == ("one two ", "stop_sequence", "END")
    short = client.messages.create(**{**say("one two three"), "max_tokens": 2})
    assert (short.content[0].text, short.stop_reason) == ("one two ", "max_tokens")


def test_tokens_are_counted_and_models_listed(client):
    question = {"model": MODEL, "messages": [{"role": "user", "content": "one two three"}], "system": "Be brief."}
    assert client.messages.count_tokens(**question).input_tokens == 5
    assert [one.id for one in client.models.list()] == [MODEL]


def test_a_test_may_say_what_the_model_answers(client, server):
    usage = model.Usage(input=6, output=7, cache_read=4, cache_write_5m=2, cache_write_1h=1)
    server.model = lambda prompt: model.Reply("Later.", finish="pause_turn", usage=usage, redacted=True)
    with client.messages.stream(**say("Hi")) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == "pause_turn"
    assert message.content[0].type == "redacted_thinking"
    assert message.usage.cache_read_input_tokens == 4
    assert message.usage.cache_creation.ephemeral_1h_input_tokens == 1
    server.model = lambda prompt: model.Reply("No.", finish="filtered")
    assert client.messages.create(**say("Hi")).stop_reason == "refusal"


def test_the_request_is_there_to_look_at(client, server):
    client.messages.create(system="Be brief.", **say("Hi"))
    assert server.last.json["system"] == "Be brief."
    assert server.last.credential == "double-key"


# Errors


@pytest.mark.parametrize(
    ("kind", "exception", "word"),
    [
        ("invalid", anthropic.BadRequestError, "invalid_request_error"),
        ("unauthenticated", anthropic.AuthenticationError, "authentication_error"),
        ("forbidden", anthropic.PermissionDeniedError, "permission_error"),
        ("model_not_found", anthropic.NotFoundError, "not_found_error"),
        ("rate", anthropic.RateLimitError, "rate_limit_error"),
        ("internal", anthropic.InternalServerError, "api_error"),
        ("timeout", anthropic.APIStatusError, "timeout_error"),
        ("overloaded", anthropic.APIStatusError, "overloaded_error"),
    ],
)
def test_a_refusal_is_the_sdk_s_own_exception(client, server, kind, exception, word):
    server.faults.add(Refuse(kind))
    with pytest.raises(exception) as error:
        client.messages.create(**say("Hi"))
    assert error.value.type == word
    assert error.value.request_id == error.value.body["request_id"]


def test_a_spend_limit_is_told_from_a_rate_limit(client, server):
    server.faults.add(Refuse("exhausted"))
    with pytest.raises(anthropic.RateLimitError) as error:
        client.messages.create(**say("Hi"))
    assert error.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in error.value.response.headers


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("seconds", "retry-after", "7"),
        ("fraction", "retry-after", "7.0"),
        ("milliseconds", "retry-after-ms", "7000"),
        ("date", "retry-after", None),
    ],
)
def test_a_retry_hint_comes_in_each_form(client, server, form, name, value):
    server.faults.add(Refuse("rate", hint=Hint(form, 7)))
    with pytest.raises(anthropic.RateLimitError) as error:
        client.messages.create(**say("Hi"))
    header = error.value.response.headers[name]
    assert header == value or (value is None and header.endswith("GMT"))
    assert error.value.response.headers["anthropic-ratelimit-input-tokens-remaining"] == "0"


def test_the_sdk_retries_past_a_storm(server):
    with anthropic.Anthropic(base_url=server.url, api_key="double-key", max_retries=2) as client:
        server.faults.add(Refuse("overloaded", hint=Hint("milliseconds", 0.005)), times=2)
        client.messages.create(**say("Hi"))
    assert [request.status for request in server.requests] == [529, 529, 200]


def test_only_one_key_is_refused(client, server):
    server.keys.add("other-key")
    server.faults.add(Refuse("unauthenticated"), times=None, key="double-key")
    with pytest.raises(anthropic.AuthenticationError):
        client.messages.create(**say("Hi"))
    client.with_options(api_key="other-key").messages.create(**say("Hi"))


def test_a_bearer_token_is_a_credential_too(server):
    with anthropic.Anthropic(base_url=server.url, auth_token="double-key", max_retries=0) as client:
        client.messages.create(**say("Hi"))
    with anthropic.Anthropic(base_url=server.url, auth_token="wrong", max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError):
            client.messages.create(**say("Hi"))


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_inside_a_stream_raises_after_its_content(client, server, after):
    server.faults.add(ErrorInStream("overloaded", after=after))
    received = []
    with pytest.raises(anthropic.APIStatusError) as error:
        for event in client.messages.create(stream=True, **say("one two three")):
            received += [event.delta.text] if event.type == "content_block_delta" else []
    assert error.value.type == "overloaded_error"
    assert len(received) == after


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_cut_stream_breaks_the_connection(client, server, how):
    server.faults.add(Cut(after=1, how=how))
    with pytest.raises(Exception) as error:
        list(client.messages.create(stream=True, **say("one two three")))
    assert "incomplete" in str(error.value) or "reset" in str(error.value)


def test_a_stream_may_end_without_its_stop_signal(client, server):
    server.faults.add(Cut(after=1, how="end"))
    names = [event.type for event in client.messages.create(stream=True, **say("one two three"))]
    assert names == ["message_start", "content_block_start", "content_block_delta"]


def test_a_damaged_event_is_no_json(client, server):
    server.faults.add(Corrupt(after=1))
    with pytest.raises(ValueError):
        list(client.messages.create(stream=True, **say("one two three")))


def test_a_whole_answer_may_be_cut_a_page_or_nothing(client, server):
    server.faults.add(Cut())
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**say("Hi"))
    server.faults.add(Page(502))
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**say("Hi"))
    server.faults.add(BlackHole())
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=0.2).messages.create(**say("Hi"))


# Strictness


def user(content):
    return {"role": "user", "content": content}


CALL = {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {}}
CALLED = {"role": "assistant", "content": [CALL]}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "dry"}
MARK = {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"max_tokens": None}, "max_tokens: Input should be a valid integer"),
        ({"messages": []}, "messages: List should have at least 1"),
        ({"messages": [{"role": "system", "content": "Hi"}]}, "messages.0.role"),
        ({"messages": [user("")]}, "messages.0: all messages must have non-empty content"),
        ({"messages": [user("  ")]}, "non-whitespace"),
        ({"messages": [user([{"type": "text", "text": ""}])]}, "non-whitespace"),
        ({"messages": [user("Hi"), {"role": "assistant", "content": "So "}]}, "trailing whitespace"),
        ({"messages": [user("Hi"), CALLED]}, "messages.1: `tool_use` ids were found without `tool_result`"),
        ({"messages": [user("Hi"), CALLED, user("Well?")]}, "messages.1: `tool_use` ids were found without"),
        ({"messages": [user([RESULT])]}, "messages.0: unexpected `tool_use_id`"),
        (
            {"messages": [user("Hi"), CALLED, user([{"type": "text", "text": "Here"}, RESULT])]},
            "must come before other content",
        ),
        ({"messages": [user("Hi"), {"role": "assistant", "content": [CALL, CALL]}, user([RESULT])]}, "must be unique"),
        ({"messages": [user([CALL])]}, "not permitted in `user`"),
        (
            {
                "messages": [
                    user([{"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": "AA=="}}])
                ]
            },
            "messages.0.content.0.source.media_type",
        ),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
        ({"stop_sequences": [" "]}, "stop_sequences.0"),
        ({"frequency_penalty": 1}, "frequency_penalty: Extra inputs are not permitted"),
        ({"tools": [{"name": "get.weather", "input_schema": {"type": "object"}}]}, "tools.0.name"),
        ({"tools": [{"name": "f", "input_schema": None}]}, "tools.0.input_schema"),
        ({"tools": [{"name": "f", "input_schema": {}}]}, "tools.0.input_schema.type"),
        ({"tools": [WEATHER, WEATHER]}, "Tool names must be unique"),
        ({"tool_choice": {"type": "auto"}}, "only be specified while providing tools"),
        ({"tools": [WEATHER], "tool_choice": {"type": "tool", "name": "g"}}, "'g' not found"),
        ({"tools": [WEATHER], "tool_choice": {"type": "none", "disable_parallel_tool_use": True}}, "tool_choice"),
        ({"thinking": {"type": "enabled", "budget_tokens": 500}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5000}}, "must be greater than `thinking.budget_tokens`"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 0.5}, "`temperature` may only"),
        ({"thinking": {"type": "adaptive"}, "tools": [WEATHER], "tool_choice": {"type": "any"}}, "forces tool use"),
        ({"system": [{"type": "text", "text": "a", "cache_control": MARK}] * 5}, "maximum of 4 blocks"),
        ({"model": "claude-opus-4-7", "temperature": 0.5}, "deprecated for this model"),
        ({"model": "claude-sonnet-4-6", "messages": [user("a"), {"role": "assistant", "content": "b"}]}, "prefill"),
        ({"model": "claude-opus-4-5", "temperature": 0.5, "top_p": 0.5}, "cannot both be specified"),
    ],
)
def test_what_anthropic_refuses_is_refused(server, members, message):
    answer = post(server, {**say("Hi"), **members})
    assert answer.status == 400, answer.body
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert message in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "members",
    [
        {"messages": [user("a"), user("b")]},
        {"messages": [user("Hi"), CALLED, user([RESULT]), user("And?")]},
        {"messages": [user("Hi"), {"role": "assistant", "content": "So"}]},
        {"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"metadata": {"user_id": "u"}, "service_tier": "auto", "top_k": 5, "top_p": 0.5, "temperature": 1},
        {"output_config": {"effort": "high", "format": {"type": "json_schema", "schema": CITY_SCHEMA}}},
    ],
)
def test_what_anthropic_takes_is_taken(server, members):
    answer = post(server, {**say("Hi"), **members})
    assert answer.status == 200, answer.body


def test_the_newer_version_knows_no_sampling_parameters_and_no_citations_of_users(server):
    for name, value in (("temperature", 1), ("top_p", 1), ("top_k", 5)):
        answer = post(server, say("Hi", **{name: value}), anthropic_version="2026-10-21")
        assert answer.json["error"]["message"] == f"{name}: Extra inputs are not permitted"
    cited = say([{"type": "text", "text": "Hi", "citations": [{"type": "char_location"}]}])
    assert post(server, cited, anthropic_version="2026-10-21").status == 400
    assert post(server, cited, anthropic_version="2023-06-01").status == 200


def test_headers_are_required(server):
    body = say("Hi")
    assert post(server, body, anthropic_version=None).json["error"]["message"].startswith("anthropic-version")
    assert post(server, body, x_api_key=None).status == 401
    assert post(server, body, x_api_key="wrong").status == 401
    assert ask(server.port, "POST", "/v1/other", body).status == 404


def test_a_body_that_is_no_strict_json_is_refused(server):
    for body in (b"{", b"[]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff"):
        assert post(server, body).status == 400


def test_models_are_known_when_they_are_listed(double):
    server = double(Anthropic, models=[MODEL])
    assert post(server, say("Hi")).status == 200
    assert post(server, {**say("Hi"), "model": "other"}).json["error"]["type"] == "not_found_error"


def test_schemas_must_be_closed_where_that_is_demanded(server):
    server.demands_closed_schemas = True
    open_schema = {"type": "object", "properties": {}}
    body = say("Hi", output_config={"format": {"type": "json_schema", "schema": open_schema}})
    assert "additionalProperties" in post(server, body).json["error"]["message"]
    body["output_config"]["format"]["schema"] = {**open_schema, "additionalProperties": False}
    assert post(server, body).status == 200


def post(server, body, path="/v1/messages", **headers):
    fields = {"x-api-key": "double-key", "anthropic-version": "2023-06-01", "content-type": "application/json"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    return ask(server.port, "POST", path, body, {name: value for name, value in fields.items() if value})
