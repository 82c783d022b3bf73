# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's official SDK judges the doubles of OpenAI and of Azure, Anthropic's that of Claude on Foundry. Raw requests
judge how strict they are."""

import base64
import json

import anthropic
import openai
import pydantic
import pytest

from doubles import model
from doubles.azure import Azure
from doubles.faults import BlackHole, Corrupt, Cut, ErrorInStream, Hint, Page, Refuse
from doubles.openai import OpenAI, duration
from judging import CITY_SCHEMA, PIXEL_PNG, WEATHER_SCHEMA
from processes import ask

pytestmark = pytest.mark.sdks

MODEL = "gpt-double"
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER_SCHEMA}}
FLAT_WEATHER = {"type": "function", "name": "get_weather", "parameters": WEATHER_SCHEMA, "strict": False}
TWO_CALLS = 'Looking.\ncall get_weather {"city": "Pune", "note": "é🎉"}\ncall get_weather {"city": "Delhi"}'
PIXEL_URL = f"data:image/png;base64,{base64.b64encode(PIXEL_PNG).decode()}"


class City(pydantic.BaseModel):
    name: str
    population: int


def to_openai(double):
    server = double(OpenAI)
    return server, openai.OpenAI(base_url=f"{server.url}/v1", api_key="double-key", max_retries=0, timeout=20)


def to_azure(double):
    server = double(Azure)
    client = openai.AzureOpenAI(
        azure_endpoint=server.url, api_key="double-key", api_version="2024-10-21", max_retries=0, timeout=20
    )
    return server, client


def to_azure_v1(double):
    server = double(Azure)
    return server, openai.OpenAI(base_url=f"{server.url}/openai/v1/", api_key="double-key", max_retries=0, timeout=20)


@pytest.fixture(params=[to_openai, to_azure, to_azure_v1], ids=["openai", "azure", "azure-v1"])
def pair(request, double):
    """A double and a client of it."""
    server, client = request.param(double)
    with client:
        yield server, client


@pytest.fixture
def server(pair):
    return pair[0]


@pytest.fixture
def client(pair):
    return pair[1]


def say(content, **members):
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], **members}


def gather(chunks):
    """A stream's chunks put together again: text, calls, finish reasons, usages."""
    text, calls, finishes, usages = "", {}, [], []
    for chunk in chunks:
        usages += [chunk.usage] if chunk.usage else []
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finishes += [choice.finish_reason] if choice.finish_reason else []
            for call in choice.delta.tool_calls or []:
                known = calls.setdefault(call.index, {"arguments": ""})
                known.update({"id": call.id, "name": call.function.name} if call.id else {})
                known["arguments"] += call.function.arguments or ""
    return text, [calls[index] for index in sorted(calls)], finishes, usages


# Chat


def test_a_chat_is_answered_and_counted(client):
    answer = client.chat.completions.create(**say("Hello there, world"))
    assert answer.choices[0].message.content == "Hello there, world"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (3, 3, 6)
    assert answer._request_id


def test_a_stream_adds_up_to_the_same_answer(client):
    question = say("Words: é 日本 🎉", stream=True, stream_options={"include_usage": True})
    text, _, finishes, usages = gather(client.chat.completions.create(**question))
    assert text == "Words: é 日本 🎉"
    assert finishes == ["stop"]
    assert [usage.completion_tokens for usage in usages] == [4]


def test_parallel_calls_take_results(client):
    question = say(TWO_CALLS, tools=[WEATHER])
    text, calls, finishes, _ = gather(client.chat.completions.create(stream=True, **question))
    assert (text, finishes) == ("Looking.", ["tool_calls"])
    assert [json.loads(call["arguments"]) for call in calls] == [{"city": "Pune", "note": "é🎉"}, {"city": "Delhi"}]
    whole = client.chat.completions.create(**question).choices[0].message
    assert [call.id for call in whole.tool_calls] == [call["id"] for call in calls]
    results = [
        {"role": "tool", "tool_call_id": whole.tool_calls[1].id, "content": "no such city"},
        {"role": "tool", "tool_call_id": whole.tool_calls[0].id, "content": [{"type": "text", "text": "dry"}]},
    ]
    replay = [*question["messages"], whole.model_dump(exclude={"annotations", "refusal"}, exclude_none=True), *results]
    answer = client.chat.completions.create(model=MODEL, messages=replay, tools=[WEATHER])
    assert answer.choices[0].message.content == "get_weather said: no such city; get_weather said: dry"


def test_tool_choice_decides_who_is_called(client):
    other = {"type": "function", "function": {"name": "other"}}

    def called(choice, content="Hi"):
        answer = client.chat.completions.create(**say(content, tools=[WEATHER, other], tool_choice=choice))
        return [call.function.name for call in answer.choices[0].message.tool_calls or []]

    assert called("required") == ["get_weather"]
    assert called({"type": "function", "function": {"name": "other"}}) == ["other"]
    assert called("none", "Hi\ncall other") == []
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "other"}}]}
    assert called({"type": "allowed_tools", "allowed_tools": allowed}) == ["other"]
    single = client.chat.completions.create(**say(TWO_CALLS, tools=[WEATHER], parallel_tool_calls=False))
    assert len(single.choices[0].message.tool_calls) == 1


def test_images_and_files_are_seen(client):
    content = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": PIXEL_URL, "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
    ]
    told = client.chat.completions.create(**say(content)).choices[0].message.content
    assert told == f"What? [image/png, {len(PIXEL_PNG)} bytes] [audio/wav, 3 bytes] [application/pdf, 3 bytes]"


def test_structured_output_obeys_its_schema(client):
    parsed = client.chat.completions.parse(response_format=City, **say("Describe Mumbai"))
    assert parsed.choices[0].message.parsed == City(name="text", population=7)
    loose = client.chat.completions.create(**say("Hi as JSON", response_format={"type": "json_object"}))
    assert json.loads(loose.choices[0].message.content) == {"answer": "Hi as JSON"}


def test_limits_choices_and_stop_sequences_hold(client):
    answer = client.chat.completions.create(**say("one two END three", n=2, max_completion_tokens=1))
    assert [choice.finish_reason for choice in answer.choices] == ["length", "length"]
    stopped = client.chat.completions.create(**say("one two END three", stop=["END"]))
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("one two ", "stop")


def test_a_test_may_say_what_the_model_answers(client, server):
    usage = model.Usage(input=6, output=7, cache_read=4, reasoning=3)
    server.model = lambda prompt: model.Reply("No.", finish="filtered", usage=usage)
    answer = client.chat.completions.create(**say("Hi"))
    assert answer.choices[0].finish_reason == "content_filter"
    assert answer.usage.prompt_tokens == 10
    assert answer.usage.prompt_tokens_details.cached_tokens == 4
    assert answer.usage.completion_tokens_details.reasoning_tokens == 3


# Older wires, sound and pictures


def test_completions_answer_and_stream(client):
    whole = client.completions.create(model=MODEL, prompt=["one two", "three"], max_tokens=1)
    assert [(choice.text, choice.finish_reason) for choice in whole.choices] == [("one ", "length"), ("three", "stop")]
    chunks = client.completions.create(model=MODEL, prompt="one two", stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == "one two"


def test_embeddings_come_as_floats_and_as_base64(client):
    decoded = client.embeddings.create(model=MODEL, input=["one", "two"])
    floats = client.embeddings.create(model=MODEL, input=["one", "two"], encoding_format="float")
    assert [one.embedding for one in decoded.data] == [one.embedding for one in floats.data]
    assert floats.data[1].embedding == model.vector("two", 64)
    assert len(client.embeddings.create(model=MODEL, input=[1, 2], dimensions=8).data[0].embedding) == 8


def test_sound_is_heard_and_made(client):
    file = ("speech.wav", b"hello wide world")
    assert client.audio.transcriptions.create(model=MODEL, file=file).text == "hello wide world"
    assert client.audio.transcriptions.create(model=MODEL, file=file, response_format="text") == "hello wide world\n"
    events = list(client.audio.transcriptions.create(model=MODEL, file=file, stream=True))
    assert [event.type for event in events][-1] == "transcript.text.done"
    assert "".join(event.delta for event in events[:-1]) == "hello wide world"
    assert client.audio.translations.create(model=MODEL, file=file).text == "hello wide world"
    assert client.audio.speech.create(model=MODEL, input="Hi there", voice="alloy").content == b"Hi there"
    noise = client.audio.speech.create(model=MODEL, input="noise 200000", voice="alloy").content
    assert len(noise) == 200_000 and len(set(noise)) == 256


def test_pictures_are_made(client):
    answer = client.images.generate(model=MODEL, prompt="A pixel", n=2)
    assert [base64.b64decode(one.b64_json) for one in answer.data] == [b"A pixel", b"A pixel"]
    edited = client.images.edit(model=MODEL, prompt="A pixel", image=("pixel.png", PIXEL_PNG))
    assert base64.b64decode(edited.data[0].b64_json) == b"A pixel"


# Responses


def test_a_response_is_made_and_remembered(client):
    first = client.responses.create(model=MODEL, input="Hello there, world", instructions="Be brief.")
    assert first.output_text == "Hello there, world"
    assert (first.status, first.usage.output_tokens) == ("completed", 3)
    assert client.responses.retrieve(first.id).output_text == first.output_text
    second = client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert second.usage.input_tokens == 7
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_a_response_is_known_only_to_the_server_that_made_it(double, client):
    first = client.responses.create(model=MODEL, input="Hi")
    _, stranger = to_openai(double)
    with stranger, pytest.raises(openai.BadRequestError) as error:
        stranger.responses.create(model=MODEL, input="Hi", previous_response_id=first.id)
    assert error.value.code == "previous_response_not_found"
    unkept = client.responses.create(model=MODEL, input="Hi", store=False)
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model=MODEL, input="Hi", previous_response_id=unkept.id)


def test_a_streamed_response_adds_up_to_the_same(client):
    question = {
        "model": MODEL,
        "input": 'think\ncall get_weather {"city": "Pune"}\nWords: é 日本 🎉',
        "tools": [FLAT_WEATHER],
        "reasoning": {"effort": "low", "summary": "auto"},
    }
    whole = client.responses.create(**question)
    with client.responses.stream(**question) as stream:
        events = list(stream)
        streamed = stream.get_final_response()
    assert [item.type for item in whole.output] == ["reasoning", "message", "function_call"]
    assert streamed.output_text == whole.output_text == "Words: é 日本 🎉"
    assert json.loads(streamed.output[2].arguments) == {"city": "Pune"}
    assert streamed.output[0].summary[0].text == whole.output[0].summary[0].text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[1].type, events[-1].type] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]


def test_responses_take_results_and_images(client):
    first = client.responses.create(model=MODEL, input=TWO_CALLS, tools=[FLAT_WEATHER])
    calls = [item for item in first.output if item.type == "function_call"]
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": told}
        for call, told in zip(calls, ("dry", [{"type": "input_image", "image_url": PIXEL_URL, "detail": "auto"}]))
    ]
    told = f"get_weather said: dry; get_weather said: [image/png, {len(PIXEL_PNG)} bytes]"
    stateful = client.responses.create(model=MODEL, input=outputs, previous_response_id=first.id, tools=[FLAT_WEATHER])
    assert stateful.output_text == told
    replay = [{"role": "user", "content": TWO_CALLS}, *[item.to_dict() for item in first.output], *outputs]
    assert client.responses.create(model=MODEL, input=replay, tools=[FLAT_WEATHER]).output_text == told
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        client.responses.create(model=MODEL, input=outputs[:1], previous_response_id=first.id)


def test_encrypted_reasoning_is_read_only_by_its_server(double, client):
    question = {
        "model": MODEL,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low"},
    }
    first = client.responses.create(input="think", **question)
    assert first.output[0].encrypted_content
    replay = [{"role": "user", "content": "think"}, *[item.to_dict() for item in first.output]]
    again = [*replay, {"role": "user", "content": "And?"}]
    assert client.responses.create(input=again, **question).output_text == "And?"
    _, stranger = to_openai(double)
    with stranger, pytest.raises(openai.BadRequestError) as error:
        stranger.responses.create(input=again, **question)
    assert error.value.code == "invalid_encrypted_content"


def test_responses_are_structured_cut_short_and_counted(client):
    parsed = client.responses.parse(model=MODEL, input="Describe Mumbai", text_format=City)
    assert parsed.output_parsed == City(name="text", population=7)
    words = " ".join(["word"] * 20)
    short = client.responses.create(model=MODEL, input=words, max_output_tokens=16)
    assert (short.status, short.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    events = list(client.responses.create(model=MODEL, input=words, max_output_tokens=16, stream=True))
    assert events[-1].type == "response.incomplete"


@pytest.mark.parametrize(("after", "last"), [(0, "error"), (2, "response.failed")])
def test_a_response_that_fails_says_so_in_its_stream(client, server, after, last):
    server.faults.add(ErrorInStream("rate", after=after, message="slow down"))
    events = list(client.responses.create(model=MODEL, input="one two three", stream=True))
    assert events[-1].type == last
    error = events[-1] if last == "error" else events[-1].response.error
    assert (error.code, error.message) == ("rate_limit_exceeded", "slow down")


# Errors


@pytest.mark.parametrize(
    ("kind", "exception"),
    [
        ("invalid", openai.BadRequestError),
        ("context", openai.BadRequestError),
        ("unauthenticated", openai.AuthenticationError),
        ("forbidden", openai.PermissionDeniedError),
        ("model_not_found", openai.NotFoundError),
        ("conflict", openai.ConflictError),
        ("rate", openai.RateLimitError),
        ("exhausted", openai.RateLimitError),
        ("internal", openai.InternalServerError),
        ("unavailable", openai.InternalServerError),
    ],
)
def test_a_refusal_is_the_sdk_s_own_exception(client, server, kind, exception):
    server.faults.add(Refuse(kind))
    with pytest.raises(exception) as error:
        client.chat.completions.create(**say("Hi"))
    assert error.value.body["message"]


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_inside_a_stream_is_raised_after_its_content(client, server, after):
    server.faults.add(ErrorInStream("internal", after=after, done=True))
    received = []
    with pytest.raises(openai.APIError) as error:
        for chunk in client.chat.completions.create(**say("one two three", stream=True)):
            received += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    assert not isinstance(error.value, openai.APIConnectionError)
    assert received == ["one ", "two ", "three"][:after]


def test_a_stream_may_be_damaged_or_cut(client, server):
    question = say("one two three", stream=True)
    server.faults.add(Corrupt(after=1))
    with pytest.raises(ValueError):
        list(client.chat.completions.create(**question))
    server.faults.add(Cut(after=1))
    with pytest.raises(Exception, match="incomplete"):
        list(client.chat.completions.create(**question))
    server.faults.add(Cut(after=1, how="end"))
    text, _, finishes, _ = gather(client.chat.completions.create(**question))
    assert (text, finishes) == ("one ", [])


def test_an_answer_may_be_a_page_or_nothing(client, server):
    server.faults.add(Page(502))
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**say("Hi"))
    server.faults.add(BlackHole())
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(**say("Hi"))


# What only OpenAI's does


@pytest.fixture
def plain(double):
    server, client = to_openai(double)
    with client:
        yield server


@pytest.mark.parametrize(
    ("hint", "name", "value"),
    [
        (Hint("seconds", 7), "retry-after", "7"),
        (Hint("fraction", 1.5), "retry-after", "1.5"),
        (Hint("milliseconds", 0.25), "retry-after-ms", "250"),
        (Hint("azure-milliseconds", 0.25), "x-ms-retry-after-ms", "250"),
        (Hint("reset", 360), "x-ratelimit-reset-tokens", "6m0s"),
    ],
)
def test_a_retry_hint_comes_in_each_form(plain, hint, name, value):
    plain.faults.add(Refuse("rate", hint=hint))
    answer = post(plain, say("Hi"))
    assert (answer.status, answer.headers[name]) == (429, value)
    assert answer.headers["x-ratelimit-remaining-tokens"] == "0"


def test_times_are_written_as_go_writes_them():
    told = {0.12: "120ms", 1: "1s", 7.66: "7.66s", 360: "6m0s", 3723: "1h2m3s"}
    assert {seconds: duration(seconds) for seconds in told} == told


def test_quota_is_told_from_rate_by_its_code(plain):
    plain.faults.add(Refuse("exhausted"))
    error = post(plain, say("Hi")).json["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")


def test_compatible_servers_take_more_and_tell_thoughts(plain):
    assert post(plain, say("Hi", top_k=5)).json["error"]["code"] == "unknown_parameter"
    plain.extensions, plain.reasoning = ("top_k",), "reasoning_content"
    answer = post(plain, say("think\nHi", top_k=5, reasoning_effort="low")).json
    assert answer["choices"][0]["message"]["reasoning_content"] == "First a thought. Then the answer."
    stream = post(plain, say("think\nHi", reasoning_effort="low", stream=True)).body.decode()
    assert stream.count("reasoning_content") == 6


def test_documents_are_ranked(plain):
    body = {"model": MODEL, "query": "wet city", "documents": ["dry land", "a wet city", "city"], "top_n": 2}
    results = post(plain, body, "/v1/rerank").json["results"]
    assert [(one["index"], one["relevance_score"]) for one in results] == [(1, 1.0), (2, 0.5)]


def test_models_are_listed(double):
    server = double(OpenAI, models=[MODEL])
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="double-key", max_retries=0) as client:
        assert [one.id for one in client.models.list()] == [MODEL]
        assert client.models.retrieve(MODEL).id == MODEL
        with pytest.raises(openai.NotFoundError) as error:
            client.chat.completions.create(**{**say("Hi"), "model": "other"})
    assert error.value.code == "model_not_found"


# Strictness


def user(content="Hi"):
    return {"role": "user", "content": content}


CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "dry"}
OPEN_CITY = {name: one for name, one in CITY_SCHEMA.items() if name != "additionalProperties"}


@pytest.mark.parametrize(
    ("members", "message", "param"),
    [
        ({"messages": []}, "at least 1", "messages"),
        ({"messages": [user(), CALLED]}, "did not have response messages: c1", "messages.[1].role"),
        ({"messages": [user(), CALLED, user()]}, "did not have response messages: c1", "messages.[1].role"),
        ({"messages": [user(), RESULT]}, "must be a response", "messages[1].role"),
        ({"messages": [user(), {"role": "assistant", "content": None}]}, "got null", "messages[1].content"),
        ({"messages": [user([{"type": "text"}])]}, "Missing required parameter", "messages[0].content[0].text"),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}])]},
            "pattern",
            "messages[0].content[0].image_url.url",
        ),
        ({"messages": [{"role": "model", "content": "Hi"}]}, "none of", "messages[0]"),
        ({"n": 1000}, "less than or equal to 128", "n"),
        ({"temperature": 3}, "less than or equal to 2", "temperature"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "at most 4", "stop"),
        ({"top_k": 5}, "Unknown parameter: 'top_k'", "top_k"),
        ({"tools": []}, "at least 1", "tools"),
        ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "pattern", "tools[0].function.name"),
        ({"tools": [WEATHER, WEATHER]}, "unique", "tools"),
        ({"tool_choice": "auto"}, "only allowed when 'tools'", "tool_choice"),
        ({"parallel_tool_calls": True}, "only allowed when 'tools'", "parallel_tool_calls"),
        ({"stream_options": {"include_usage": True}}, "only allowed when 'stream'", "stream_options"),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'", "messages"),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "c", "schema": OPEN_CITY, "strict": True},
                }
            },
            "additionalProperties",
            "response_format",
        ),
        ({"model": "o3", "max_tokens": 5}, "Use 'max_completion_tokens'", "max_tokens"),
        ({"model": "gpt-5.1", "temperature": 0.5}, "does not support 0.5", "temperature"),
    ],
)
def test_what_openai_refuses_is_refused(plain, members, message, param):
    answer = post(plain, {**say("Hi"), **members})
    assert answer.status == 400, answer.body
    error = answer.json["error"]
    assert error["type"] == "invalid_request_error"
    assert message in error["message"]
    assert error["param"] == param


@pytest.mark.parametrize(
    "members",
    [
        {"messages": [{"role": "developer", "content": "a"}, user("b"), user("c")]},
        {"messages": [user(), CALLED, RESULT], "tools": [WEATHER]},
        {"max_tokens": None, "stop": None, "tools": None, "temperature": 2},
        {"model": "gpt-5.1", "temperature": 0.5, "reasoning_effort": "none"},
        {"model": "gpt-5-chat-latest", "temperature": 0.5, "max_tokens": 5},
        {"metadata": {"a": "b"}, "service_tier": "flex", "user": "u", "seed": 7, "logprobs": True, "top_logprobs": 2},
    ],
)
def test_what_openai_takes_is_taken(plain, members):
    answer = post(plain, {**say("Hi"), **members})
    assert answer.status == 200, answer.body


def test_forms_must_be_complete(plain):
    assert post(plain, {"model": MODEL}, "/v1/audio/transcriptions").status == 400
    kind = "multipart/form-data; boundary=b"
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\nx\r\n'
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhello\r\n'
    model_part, odd_part = part.format("model"), part.format("odd")
    for parts, status in (
        (file + model_part, 200),
        (model_part, 400),
        (file, 400),
        (file + model_part + odd_part, 400),
    ):
        headers = {"authorization": "Bearer double-key", "content-type": kind}
        assert ask(plain.port, "POST", "/v1/audio/transcriptions", parts + "--b--\r\n", headers).status == status


def test_keys_are_asked_for(plain):
    assert post(plain, say("Hi"), authorization=None).status == 401
    assert post(plain, say("Hi"), authorization="Bearer wrong").json["error"]["code"] == "invalid_api_key"


# What only Azure's does


@pytest.fixture
def azure(double):
    return double(
        Azure, models=["east"], tokens={"entra": "https://cognitiveservices.azure.com", "ai": "https://ai.azure.com"}
    )


LEGACY = "/openai/deployments/east/chat/completions?api-version=2024-10-21"


def post_azure(server, body, path=LEGACY, **headers):
    headers = headers or {"api_key": "double-key"}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(server.port, "POST", path, body, {"content-type": "application/json", **fields})


def test_a_stream_of_azure_begins_with_no_choice(azure):
    lines = post_azure(azure, say("one two", stream=True)).body.decode().split("\n\n")
    first, second = (json.loads(line.removeprefix("data: ")) for line in lines[:2])
    assert first["choices"] == [] and first["prompt_filter_results"]
    assert second["choices"][0]["content_filter_results"]["hate"] == {"filtered": False, "severity": "safe"}
    assert lines[-2] == "data: [DONE]"


def test_the_deployment_in_the_path_rules(azure):
    answer = post_azure(azure, {**say("Hi"), "model": "ignored"})
    assert (answer.status, answer.json["model"]) == (200, "east")
    assert answer.headers["x-ms-deployment-name"] == "east"
    other = post_azure(azure, say("Hi"), LEGACY.replace("east", "west"))
    assert (other.status, other.json["error"]["code"]) == (404, "DeploymentNotFound")
    v1 = post_azure(azure, {**say("Hi"), "model": "west"}, "/openai/v1/chat/completions")
    assert v1.json["error"]["code"] == "DeploymentNotFound"


def test_versions_belong_to_the_older_path(azure):
    body = {**say("Hi"), "model": "east"}
    assert post_azure(azure, body, LEGACY.partition("?")[0]).status == 404
    assert post_azure(azure, body, "/openai/v1/chat/completions").status == 200
    assert post_azure(azure, body, "/api/projects/p/openai/v1/chat/completions").status == 200
    assert post_azure(azure, body, "/openai/v1/chat/completions?api-version=preview").status == 200
    assert post_azure(azure, body, "/openai/v1/chat/completions?api-version=2024-10-21").status == 400


def test_a_key_or_a_token_of_the_right_audience_but_not_both(azure):
    body = say("Hi")
    assert post_azure(azure, body, api_key="wrong").json["error"]["code"] == "401"
    assert post_azure(azure, body, authorization="Bearer entra").status == 200
    assert post_azure(azure, body, authorization="Bearer ai").status == 401
    assert post_azure(azure, body, authorization="Bearer double-key").status == 401
    assert post_azure(azure, body, api_key="double-key", authorization="Bearer entra").status == 401


def test_a_filtered_prompt_says_which_filter(azure):
    azure.faults.add(Refuse("content_filter"))
    error = post_azure(azure, say("Hi")).json["error"]
    assert error["code"] == "content_filter"
    assert error["innererror"]["content_filter_result"]["hate"]["filtered"]


def test_azure_s_limits_come_in_its_own_headers(double, azure):
    azure.faults.add(Refuse("rate", hint=Hint("reset", 7)))
    limited = post_azure(azure, say("Hi"))
    assert limited.headers["x-ratelimit-reset-tokens"] == "7"
    provisioned = double(Azure, provisioned=True)
    provisioned.faults.add(Refuse("rate", hint=Hint("milliseconds", 0.5)))
    full = post_azure(provisioned, say("Hi"))
    assert full.headers["retry-after-ms"] == "500"
    assert float(full.headers["azure-openai-deployment-utilization"].rstrip("%")) > 100
    assert post_azure(provisioned, say("Hi")).headers["azure-openai-deployment-utilization"] == "42.5%"


def test_claude_on_foundry_is_spoken_to_by_anthropic_s_sdk(azure):
    question = {"model": "east", "max_tokens": 9, "messages": [user("one two")]}
    with anthropic.AnthropicFoundry(base_url=f"{azure.url}/anthropic/", api_key="double-key", max_retries=0) as client:
        assert client.messages.create(**question).content[0].text == "one two"
        with client.messages.stream(**question) as stream:
            assert stream.get_final_text() == "one two"
        assert client.messages.count_tokens(model="east", messages=question["messages"]).input_tokens == 2
        azure.faults.add(Refuse("overloaded"))
        with pytest.raises(anthropic.APIStatusError) as error:
            client.messages.create(**question)
    assert error.value.type == "overloaded_error"


def test_a_token_for_foundry_is_made_for_it(azure):
    question = {"model": "east", "max_tokens": 9, "messages": [user("one two")]}

    def connect(token):
        return anthropic.AnthropicFoundry(
            base_url=f"{azure.url}/anthropic/", azure_ad_token_provider=lambda: token, max_retries=0
        )

    with connect("ai") as client:
        client.messages.create(**question)
    with connect("entra") as client, pytest.raises(anthropic.AuthenticationError):
        client.messages.create(**question)


def post(server, body, path="/v1/chat/completions", authorization="Bearer double-key"):
    headers = {"content-type": "application/json", **({"authorization": authorization} if authorization else {})}
    return ask(server.port, "POST", path, body, headers)
