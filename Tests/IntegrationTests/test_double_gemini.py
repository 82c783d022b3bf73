# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Google's official SDK judges the double of Google's APIs, in AI Studio and on Vertex; Anthropic's and OpenAI's SDKs
judge what of theirs Vertex speaks. Raw requests judge how strict it is."""

import base64
import datetime
import json

import anthropic
import google.auth.credentials
import openai
import pytest
from google import genai
from google.genai import errors, types

from doubles import model
from doubles.faults import Corrupt, Cut, ErrorInStream, Hint, Page, Refuse
from doubles.gemini import Gemini
from judging import CITY, CITY_SCHEMA, PIXEL_PNG, WEATHER_SCHEMA
from processes import ask

pytestmark = pytest.mark.sdks

NEW, OLD = "gemini-3-pro", "gemini-2.0-flash"
TWO_CALLS = 'Looking.\ncall get_weather {"city": "Pune", "note": "é🎉"}\ncall get_weather {"city": "Delhi"}'
DECLARATION = {"name": "get_weather", "description": "Weather of a city.", "parametersJsonSchema": WEATHER_SCHEMA}
VERTEX = "/v1/projects/double/locations/us-central1"


class Token(google.auth.credentials.Credentials):
    """An access token that somebody else fetched."""

    def __init__(self, token="double-token"):
        super().__init__()
        self.token = token
        self.expiry = datetime.datetime(2100, 1, 1)

    def refresh(self, request):
        raise AssertionError("the token is good for ever")


@pytest.fixture
def server(double):
    return double(Gemini)


def studio(server, key="double-key"):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=server.url, timeout=20_000))


def vertex(server, token="double-token"):
    options = types.HttpOptions(base_url=server.url, timeout=20_000)
    return genai.Client(
        vertexai=True, project="double", location="us-central1", credentials=Token(token), http_options=options
    )


@pytest.fixture(params=[studio, vertex], ids=["studio", "vertex"])
def client(request, server):
    with request.param(server) as client:
        yield client


def tools(**calling):
    """A configuration with one tool that the SDK does not call itself."""
    config = {"tools": [types.Tool(function_declarations=[types.FunctionDeclaration(**snake(DECLARATION))])]}
    if calling:
        config["tool_config"] = types.ToolConfig(function_calling_config=types.FunctionCallingConfig(**calling))
    return types.GenerateContentConfig(**config)


def snake(declaration):
    return {
        "name": declaration["name"],
        "description": declaration["description"],
        "parameters_json_schema": declaration["parametersJsonSchema"],
    }


# Answers


def test_content_is_generated_and_counted(client):
    config = types.GenerateContentConfig(system_instruction="Be brief.")
    answer = client.models.generate_content(model=NEW, contents="Hello there, world", config=config)
    assert answer.text == "Hello there, world"
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count) == (5, 3, 8)
    assert answer.model_version == NEW and answer.response_id


def test_a_stream_adds_up_to_the_same_answer(client):
    config = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))
    question = {"model": NEW, "contents": "think\nWords: é 日本 🎉", "config": config}
    whole = client.models.generate_content(**question)
    chunks = list(client.models.generate_content_stream(**question))
    parts = [part for chunk in chunks if chunk.candidates for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if not part.thought) == whole.text == "Words: é 日本 🎉"
    assert "".join(part.text for part in parts if part.thought) == whole.candidates[0].content.parts[0].text
    assert chunks[-1].candidates is None
    assert chunks[-1].usage_metadata == whole.usage_metadata
    assert whole.usage_metadata.thoughts_token_count == 6
    assert [one.candidates[0].finish_reason for one in chunks if one.candidates][-1] == types.FinishReason.STOP
    assert parts[-1].thought_signature == whole.candidates[0].content.parts[-1].thought_signature is not None


@pytest.mark.parametrize("is_stream", [False, True])
def test_parallel_calls_take_results(client, is_stream):
    if is_stream:
        chunks = list(client.models.generate_content_stream(model=NEW, contents=TWO_CALLS, config=tools()))
        parts = [part for one in chunks if one.candidates for part in one.candidates[0].content.parts]
        calls = [part for part in parts if part.function_call]
        assert chunks[-2].candidates[0].finish_reason == types.FinishReason.STOP
    else:
        answer = client.models.generate_content(model=NEW, contents=TWO_CALLS, config=tools())
        calls = [part for part in answer.candidates[0].content.parts if part.function_call]
    assert [part.function_call.args for part in calls] == [{"city": "Pune", "note": "é🎉"}, {"city": "Delhi"}]
    assert calls[0].thought_signature and not calls[1].thought_signature
    told = ({"output": "dry"}, {"error": "no such city"})
    results = [
        types.Part(
            function_response=types.FunctionResponse(id=part.function_call.id, name="get_weather", response=response)
        )
        for part, response in zip(calls, told)
    ]
    history = [
        types.UserContent(TWO_CALLS),
        types.ModelContent([types.Part(text="Looking."), *calls]),
        types.UserContent(results),
    ]
    answer = client.models.generate_content(model=NEW, contents=history, config=tools())
    assert answer.text == "get_weather said: dry; get_weather failed: no such city"


def test_the_calling_mode_decides_who_is_called(client):
    forced = client.models.generate_content(model=NEW, contents="Hi", config=tools(mode="ANY"))
    assert forced.function_calls[0].args == {"city": "text", "note": "text"}
    none = client.models.generate_content(model=NEW, contents="Hi\ncall get_weather", config=tools(mode="NONE"))
    assert none.text == "Hi"
    with pytest.raises(errors.ClientError, match="ANY"):
        config = tools(mode="AUTO", allowed_function_names=["get_weather"])
        client.models.generate_content(model=NEW, contents="Hi", config=config)


def test_images_are_seen(client):
    image = types.Part.from_bytes(data=PIXEL_PNG, mime_type="image/png")
    answer = client.models.generate_content(model=NEW, contents=["What is it?", image])
    assert answer.text == f"What is it? [image/png, {len(PIXEL_PNG)} bytes]"


@pytest.mark.parametrize("name", ["response_schema", "response_json_schema"])
def test_structured_output_obeys_its_schema(client, name):
    schema = {member: one for member, one in CITY_SCHEMA.items() if member != "additionalProperties"}
    config = types.GenerateContentConfig(response_mime_type="application/json", **{name: schema})
    answer = client.models.generate_content(model=NEW, contents="Describe Mumbai", config=config)
    assert json.loads(answer.text) == CITY


def test_limits_and_stop_sequences_end_the_answer(client):
    config = types.GenerateContentConfig(max_output_tokens=2, candidate_count=2, seed=1, temperature=1.5)
    short = client.models.generate_content(model=OLD, contents="one two three", config=config)
    assert [one.finish_reason for one in short.candidates] == [types.FinishReason.MAX_TOKENS] * 2
    config = types.GenerateContentConfig(stop_sequences=["END"])
    assert client.models.generate_content(model=OLD, contents="one END two", config=config).text == "one "


def test_tokens_are_counted(client):
    assert client.models.count_tokens(model=NEW, contents="one two three").total_tokens == 3


@pytest.mark.parametrize("name", ["gemini-embedding-001", "text-embedding-005"])
def test_embeddings_are_made(client, name):
    config = types.EmbedContentConfig(output_dimensionality=64, task_type="RETRIEVAL_QUERY")
    answer = client.models.embed_content(model=name, contents=["one two"], config=config)
    assert answer.embeddings[0].values == model.vector("one two", 64)


def test_several_texts_are_embedded_in_order(server):
    with studio(server) as client:
        answer = client.models.embed_content(model="gemini-embedding-001", contents=["one", "two"])
    assert [one.values for one in answer.embeddings] == [model.vector("one", 768), model.vector("two", 768)]


def test_a_test_may_say_what_the_model_answers(client, server):
    usage = model.Usage(input=6, output=7, cache_read=4)
    server.model = lambda prompt: model.Reply("No.", finish="RECITATION", usage=usage)
    answer = client.models.generate_content(model=NEW, contents="Hi")
    assert answer.candidates[0].finish_reason == types.FinishReason.RECITATION
    assert answer.usage_metadata.cached_content_token_count == 4
    assert answer.usage_metadata.prompt_token_count == 10


# Vertex speaks more


def test_anthropic_s_sdk_speaks_to_vertex(server):
    with anthropic.AnthropicVertex(
        base_url=f"{server.url}/v1",
        region="us-central1",
        project_id="double",
        access_token="double-token",
        max_retries=0,
    ) as client:
        question = {"model": "claude-sonnet-5@20260901", "max_tokens": 9, "messages": [user_message("one two")]}
        assert client.messages.create(**question).content[0].text == "one two"
        with client.messages.stream(**question) as stream:
            assert stream.get_final_text() == "one two"
        counted = client.messages.count_tokens(model=question["model"], messages=question["messages"])
        assert counted.input_tokens == 2


def user_message(text):
    return {"role": "user", "content": text}


def test_the_older_version_of_claude_s_wire_is_taken_too(server):
    body = {"anthropic_version": "vertex-2023-10-16", "max_tokens": 9, "messages": [user_message("Hi")]}
    path = f"{VERTEX}/publishers/anthropic/models/claude-3-haiku@20240307:rawPredict"
    assert post(server, body, path).status == 200
    for change in ({"anthropic_version": "2023-06-01"}, {"model": "claude"}, {"stream": True}):
        answer = post(server, {**body, **change}, path)
        assert answer.status == 400
        assert answer.json["type"] == "error"


@pytest.mark.parametrize(
    ("path", "key", "name"),
    [
        (f"{VERTEX}/endpoints/openapi", "double-token", "google/gemini-3-pro"),
        ("/v1beta/openai", "double-key", "gemini-3-pro"),
    ],
)
def test_openai_s_sdk_speaks_to_google(server, path, key, name):
    with openai.OpenAI(base_url=f"{server.url}{path}", api_key=key, max_retries=0) as client:
        question = {"model": name, "messages": [user_message("one two")]}
        assert client.chat.completions.create(**question).choices[0].message.content == "one two"
        chunks = client.chat.completions.create(stream=True, **question)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one two"
        server.faults.add(Refuse("rate"))
        with pytest.raises(openai.RateLimitError) as error:
            client.chat.completions.create(**question)
        assert isinstance(error.value.response.json(), list)


# Errors


@pytest.mark.parametrize(
    ("kind", "exception", "code", "status"),
    [
        ("invalid", errors.ClientError, 400, "INVALID_ARGUMENT"),
        ("forbidden", errors.ClientError, 403, "PERMISSION_DENIED"),
        ("model_not_found", errors.ClientError, 404, "NOT_FOUND"),
        ("rate", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        ("internal", errors.ServerError, 500, "INTERNAL"),
        ("unavailable", errors.ServerError, 503, "UNAVAILABLE"),
        ("timeout", errors.ServerError, 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_a_refusal_is_the_sdk_s_own_exception(client, server, kind, exception, code, status):
    server.faults.add(Refuse(kind))
    with pytest.raises(exception) as error:
        client.models.generate_content(model=NEW, contents="Hi")
    assert (error.value.code, error.value.status) == (code, status)


def test_a_bad_key_is_an_invalid_argument_and_a_bad_token_is_not(server):
    with studio(server, "wrong") as client, pytest.raises(errors.ClientError) as error:
        client.models.generate_content(model=NEW, contents="Hi")
    assert error.value.code == 400
    assert error.value.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    with vertex(server, "wrong") as client, pytest.raises(errors.ClientError) as error:
        client.models.generate_content(model=NEW, contents="Hi")
    assert (error.value.code, error.value.status) == (401, "UNAUTHENTICATED")


def test_hints_come_in_the_details_or_the_text(server):
    server.faults.add(Refuse("rate", hint=Hint("detail", 12)))
    server.faults.add(Refuse("exhausted", hint=Hint("text", 46.2)))
    body = {"contents": [say("Hi")]}
    first, second = post(server, body).json["error"], post(server, body).json["error"]
    assert first["details"][-1]["retryDelay"] == "12s"
    assert "PerMinute" in first["details"][0]["violations"][0]["quotaId"]
    assert second["message"].endswith("Please retry in 46.2s.")
    assert "PerDay" in second["details"][0]["violations"][0]["quotaId"]


def test_a_full_model_is_told_differently_on_vertex(server):
    server.faults.add(Refuse("overloaded"), times=2)
    body = {"contents": [say("Hi")]}
    assert post(server, body).status == 503
    assert post(server, body, f"{VERTEX}/publishers/google/models/{NEW}:generateContent").status == 429


@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize("after", [0, 2])
def test_an_error_inside_a_stream_is_raised_after_its_content(client, server, after, is_bare):
    server.faults.add(ErrorInStream("unavailable", after=after, bare=is_bare))
    received = []
    with pytest.raises(errors.ServerError) as error:
        for chunk in client.models.generate_content_stream(model=NEW, contents="one two three"):
            received.append(chunk.text)
    assert error.value.status == "UNAVAILABLE"
    assert received == ["one ", "two ", "three"][:after]


def test_a_blocked_prompt_has_no_candidates(client, server):
    server.faults.add(Refuse("content_filter"), times=2)
    answer = client.models.generate_content(model=NEW, contents="Hi")
    assert answer.candidates is None
    assert answer.prompt_feedback.block_reason == types.BlockedReason.SAFETY
    chunks = list(client.models.generate_content_stream(model=NEW, contents="Hi"))
    assert [chunk.prompt_feedback.block_reason for chunk in chunks] == [types.BlockedReason.SAFETY]


def test_a_stream_may_be_damaged_cut_or_a_page(client, server):
    question = {"model": NEW, "contents": "one two three"}
    server.faults.add(Corrupt(after=1))
    with pytest.raises(errors.UnknownApiResponseError):
        list(client.models.generate_content_stream(**question))
    server.faults.add(Cut(after=1))
    with pytest.raises(Exception) as error:
        list(client.models.generate_content_stream(**question))
    assert "incomplete" in str(error.value)
    server.faults.add(Cut(after=1, how="end"))
    assert [chunk.text for chunk in client.models.generate_content_stream(**question)] == ["one "]
    server.faults.add(Page(502))
    with pytest.raises(errors.ServerError):
        client.models.generate_content(**question)


def test_without_alt_sse_a_stream_is_one_array(server):
    path = f"/v1beta/models/{NEW}:streamGenerateContent"
    answer = post(server, {"contents": [say("one two")]}, path)
    assert answer.headers["content-type"] == "application/json"
    parts = [one["candidates"][0]["content"]["parts"][0] for one in answer.json if "candidates" in one]
    assert "".join(part["text"] for part in parts) == "one two"
    for after in (0, 1):
        server.faults.add(ErrorInStream("unavailable", after=after))
        elements = post(server, {"contents": [say("one two")]}, path).json
        assert (len(elements), elements[-1]["error"]["status"]) == (after + 1, "UNAVAILABLE")


# Strictness


def say(*parts, role="user"):
    return {"role": role, "parts": [{"text": one} if isinstance(one, str) else one for one in parts]}


CALL = {"functionCall": {"name": "get_weather", "args": {}}}
ESCAPED = {**CALL, "thoughtSignature": "skip_thought_signature_validator"}
RESULT = {"functionResponse": {"name": "get_weather", "response": {"output": "dry"}}}
DECLARED = {"tools": [{"functionDeclarations": [DECLARATION]}]}


def turns(*contents):
    return {"contents": list(contents)}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"contents": []}, "contents is not specified"),
        (turns(say("a"), say("b")), "alternate"),
        (turns(say("a"), say(ESCAPED, role="model"), say(RESULT), say(RESULT)), "number of function response parts"),
        (turns(say("a"), say(ESCAPED, role="model"), say(RESULT), say("b"), say("c")), "alternate"),
        (turns(say("a", role="model")), "begin with a user role"),
        (turns(say("a"), say("b", role="model")), "last turn is a user"),
        (turns(say("a", role="assistant")), "contents[0].role"),
        (turns({"parts": [{"text": "a"}]}, say("b", role="model"), say("c")), "valid role"),
        (turns(say("")), "empty text"),
        (turns(say({"text": "a", "inlineData": {"mimeType": "image/png", "data": "AAAA"}})), "oneof field 'data'"),
        (turns(say({"inlineData": {"mimeType": "image/png", "mime_type": "image/png", "data": "AA"}})), "Duplicate"),
        (turns(say({"inlineData": {"mimeType": "image/png", "data": "a"}})), "base64"),
        (turns(say({"fileData": {"mimeType": "image/png", "fileUri": "http://x/y.png"}})), "fileUri"),
        (turns(say("a"), say(CALL, role="model"), say(RESULT)), "missing a thought_signature"),
        (turns(say("a"), say({**CALL, "thoughtSignature": "AAAA"}, role="model"), say(RESULT)), "not valid"),
        (turns(say("a"), say(ESCAPED, ESCAPED, role="model"), say(RESULT, RESULT)), "not valid"),
        (turns(say("a"), say(ESCAPED, role="model"), say("b")), "number of function response parts"),
        (turns(say("a"), say(ESCAPED, role="model"), say(RESULT, "b")), "nothing else"),
        (turns(say(RESULT)), "number of function response parts"),
        (
            turns(say("a"), say(ESCAPED, role="model"), say({"functionResponse": {"name": "f", "response": {}}})),
            "not that of its call",
        ),
        (turns(say(CALL)), "are a model's"),
        ({"generationConfig": {"responseSchema": {"type": "STRING"}}}, "response_mime_type"),
        (
            {
                "generationConfig": {
                    "responseMimeType": "application/json",
                    "responseSchema": {"type": "STRING"},
                    "responseJsonSchema": {},
                }
            },
            "Only one of",
        ),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}}, "only set one"),
        ({"generationConfig": {"maxTokens": 5}}, "Unknown name \"maxTokens\" at 'generationConfig'"),
        ({"generationConfig": {"stopSequences": list("abcdef")}}, "stopSequences"),
        ({"max_tokens": 5}, 'Unknown name "maxTokens"'),
        ({"labels": {"a": "b"}}, 'Unknown name "labels"'),
        ({"tools": [{"functionDeclarations": [{"name": "1f"}]}]}, "name"),
        ({"tools": [*DECLARED["tools"], *DECLARED["tools"]]}, "Duplicate"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"$schema": "x"}}]}]},
            'Unknown name "$schema"',
        ),
        ({"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": ["STRING"]}}]}]}, "type"),
        ({"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "ARRAY"}}]}]}, "items"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "INTEGER", "enum": ["1"]}}]}]},
            "only allowed for STRING",
        ),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {}}}]}]},
            "should be non-empty",
        ),
        (
            {
                "generationConfig": {
                    "responseMimeType": "application/json",
                    "responseSchema": {"type": "STRING", "additionalProperties": False},
                }
            },
            'Unknown name "additionalProperties"',
        ),
        ({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}, "needs function declarations"),
        ({"cachedContent": "c", "systemInstruction": {"parts": [{"text": "a"}]}}, "CachedContent"),
    ],
)
def test_what_gemini_refuses_is_refused(server, members, message):
    answer = post(server, {"contents": [say("Hi")], **members})
    assert answer.status == 400, answer.body
    assert answer.json["error"]["status"] == "INVALID_ARGUMENT"
    assert message in answer.json["error"]["message"]


def test_older_models_know_neither_signatures_nor_json_schema(server):
    path = f"/v1beta/models/{OLD}:generateContent"
    replay = turns(say("a"), say(CALL, role="model"), say(RESULT))
    assert post(server, replay, path).status == 200
    assert post(server, turns(say("a"), say(ESCAPED, role="model"), say(RESULT)), path).status == 400
    assert post(server, {"contents": [say("Hi")], **DECLARED}, path).status == 400
    plain = {"name": "f", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "string"}}, "required": ["a"]}}
    assert post(server, {"contents": [say("Hi")], "tools": [{"functionDeclarations": [plain]}]}, path).status == 200


def test_words_beside_results_come_in_an_entry_of_their_own(server):
    answer = post(server, turns(say("a"), say(ESCAPED, role="model"), say(RESULT), say("And?"))).json
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == "get_weather said: dry\nAnd?"


def test_the_escape_for_a_lost_signature_is_taken_on_the_first_call(server):
    encoded = base64.b64encode(b"skip_thought_signature_validator").decode()
    for escape in ("skip_thought_signature_validator", encoded):
        first = {**CALL, "thoughtSignature": escape}
        assert post(server, turns(say("a"), say(first, CALL, role="model"), say(RESULT, RESULT))).status == 200


def test_a_changed_argument_breaks_the_signature(server):
    body = {**turns(say('call get_weather {"a": 1, "b": 2}')), **DECLARED}
    part = post(server, body).json["candidates"][0]["content"]["parts"][0]
    identity = part["functionCall"]["id"]
    result = {"functionResponse": {**RESULT["functionResponse"], "id": identity}}
    replay = [say("a"), say(part, role="model"), say(result)]
    assert post(server, turns(*replay)).status == 200
    part["functionCall"]["args"]["b"] = 3
    assert "not valid" in post(server, turns(*replay)).json["error"]["message"]


def test_another_s_signature_is_refused_on_every_part(server):
    for signed in ({"text": "b"}, {"text": "b", "thought": True}, {"text": ""}):
        for signer, status in (("google", 200), ("anthropic", 400)):
            part = {**signed, "thoughtSignature": model.signature(signer, "b")}
            assert post(server, turns(say("a"), say(part, role="model"), say("c"))).status == status


def test_members_come_in_either_spelling_and_the_caller_s_own_names_stay(server):
    schema = {"type": "OBJECT", "properties": {"rain_mm": {"type": "STRING", "min_length": 1}}, "required": ["rain_mm"]}
    config = {"response_mime_type": "application/json", "response_schema": schema}
    answer = post(server, {"contents": [say("Hi")], "generation_config": config}).json
    assert json.loads(answer["candidates"][0]["content"]["parts"][0]["text"]) == {"rain_mm": "text"}
    call = {
        "function_call": {"name": "f", "args": {"rain_mm": 1}},
        "thought_signature": "skip_thought_signature_validator",
    }
    result = {"function_response": {"name": "f", "response": {"rain_mm": 2}}}
    answer = post(server, turns(say("a"), say(call, role="model"), say(result))).json
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == 'f said: {"rain_mm": 2}'


def test_vertex_s_schemas_say_more_and_nothing_beside_any_of(server):
    path = f"{VERTEX}/publishers/google/models/{OLD}:generateContent"
    for schema, status in (
        ({"type": "OBJECT", "additionalProperties": False}, 200),
        ({"type": "INTEGER", "enum": ["1"]}, 200),
        ({"anyOf": [{"type": "STRING"}]}, 200),
        ({"anyOf": [{"type": "STRING"}], "description": "d"}, 400),
        ({"type": "STRING", "properties": {}}, 400),
    ):
        config = {"responseMimeType": "application/json", "responseSchema": schema}
        assert post(server, {"contents": [say("Hi")], "generationConfig": config}, path).status == status, schema


def test_counters_take_a_whole_request_or_its_parts(server):
    whole = {"model": f"models/{NEW}", "contents": [say("one two")], "systemInstruction": {"parts": [{"text": "three"}]}}
    path = f"/v1beta/models/{NEW}:countTokens"
    assert post(server, {"generateContentRequest": whole}, path).json["totalTokens"] == 3
    other = {"generateContentRequest": {**whole, "model": "models/other"}}
    assert post(server, other, path).status == 400
    parts = {name: whole[name] for name in ("contents", "systemInstruction")}
    assert "Cannot find field" in post(server, parts, path).json["error"]["message"]
    place = f"{VERTEX}/publishers/google/models/{NEW}:countTokens"
    assert post(server, parts, place).json["totalTokens"] == 3
    assert post(server, {**parts, "toolConfig": {}}, place).status == 400


def test_labels_are_vertex_s(server):
    body = {"contents": [say("Hi")], "labels": {"team": "a"}}
    assert post(server, body, f"{VERTEX}/publishers/google/models/{NEW}:generateContent").status == 200


def test_callers_must_show_something(server):
    path = f"/v1beta/models/{NEW}:generateContent"
    assert ask(server.port, "POST", path, {"contents": [say("Hi")]}).status == 403
    assert ask(server.port, "POST", f"{path}?key=double-key", {"contents": [say("Hi")]}).status == 200
    assert post(server, {}, "/v1beta/other").status == 404


def post(server, body, path=f"/v1beta/models/{NEW}:generateContent"):
    headers = {"x-goog-api-key": "double-key", "content-type": "application/json"}
    return ask(server.port, "POST", path, body, headers)
