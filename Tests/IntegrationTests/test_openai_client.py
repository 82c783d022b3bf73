# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The official openai client works unchanged: against `isobar up` with the real model, and against scripted
endpoints for what a small model cannot be made to do on demand."""

import asyncio
import json
import subprocess
import sys
import textwrap

import openai
import pytest

from configurations import PUBLIC_MODEL, UPSTREAM_MODEL, Endpoint, configuration
from processes import KEY, ask

pytestmark = pytest.mark.openai_client

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}
CITY = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "population": {"type": "integer"}, "coastal": {"type": "boolean"}},
    "required": ["name", "population", "coastal"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def stack_client(up):
    with openai.OpenAI(base_url=up["address"], api_key=up["key"], max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def reference(shared_workshop):
    """A gateway over one reference model server that fails at once instead of trying again."""
    server = shared_workshop.model_server()
    gateway = shared_workshop.gateway(configuration(Endpoint("only", server.port), retry={"attemptsMax": 1}))
    gateway.model_server = server
    return gateway


@pytest.fixture
def faults(workshop):
    """A gateway of its own, because a fault leaves its endpoint with a reputation."""
    server = workshop.model_server()
    gateway = workshop.gateway(configuration(Endpoint("only", server.port), retry={"attemptsMax": 1}))
    gateway.set_faults = server.set_faults
    return gateway


# The real model


def test_a_chat_completion_answers_and_counts_its_tokens(stack_client, up):
    answer = stack_client.chat.completions.create(model=up["model"], messages=QUESTION, max_tokens=32, temperature=0)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.prompt_tokens > 0 and 0 < answer.usage.completion_tokens <= 32
    assert answer.choices[0].message.content.strip()


def test_a_stream_adds_up_to_the_whole_answer(stack_client, up):
    question = {"model": up["model"], "messages": QUESTION, "max_tokens": 24, "temperature": 0, "seed": 7}
    chunks = list(stack_client.chat.completions.create(stream=True, **question))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert len(chunks) > 3
    assert text.strip()
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")


def test_an_async_client_asks_and_streams_at_the_same_time(up):
    async def ask_all():
        async with openai.AsyncOpenAI(base_url=up["address"], api_key=up["key"], max_retries=0, timeout=60) as client:

            async def stream():
                chunks = await client.chat.completions.create(
                    model=up["model"], messages=QUESTION, max_tokens=16, stream=True
                )
                return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

            whole = client.chat.completions.create(model=up["model"], messages=QUESTION, max_tokens=16)
            return await asyncio.gather(whole, stream(), stream())

    whole, *streams = asyncio.run(ask_all())
    assert whole.choices[0].message.content.strip()
    assert all(text.strip() for text in streams)


def test_stop_and_token_limits_hold_and_temperature_zero_repeats(stack_client, up):
    question = {
        "model": up["model"],
        "messages": [{"role": "user", "content": "Count: one, two, three, four,"}],
        "temperature": 0,
        "seed": 1,
    }
    plain = stack_client.chat.completions.create(max_tokens=24, **question).choices[0]
    again = stack_client.chat.completions.create(max_tokens=24, **question).choices[0]
    if not up["real"]:
        assert plain.message.content == again.message.content
    word = plain.message.content.split()[1]
    stopped = stack_client.chat.completions.create(max_tokens=24, stop=[word], **question).choices[0]
    assert word not in stopped.message.content
    assert stopped.finish_reason == "stop"
    short = stack_client.chat.completions.create(max_tokens=3, **question)
    assert short.usage.completion_tokens <= 3


def test_a_json_schema_gives_an_answer_of_that_schema(stack_client, up):
    answer = stack_client.chat.completions.create(
        model=up["model"],
        messages=[{"role": "user", "content": "Describe Mumbai."}],
        max_tokens=160,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": True}},
    )
    city = json.loads(answer.choices[0].message.content)
    assert set(city) == {"name", "population", "coastal"}
    assert isinstance(city["name"], str) and type(city["population"]) is int and isinstance(city["coastal"], bool)


def test_tools_reach_the_real_model(stack_client, up):
    answer = stack_client.chat.completions.create(model=up["model"], messages=QUESTION, tools=[WEATHER], max_tokens=32)
    message = answer.choices[0].message
    assert message.content or message.tool_calls


TEXTS = [
    "Quarterly revenue grew by twelve percent.",
    "Profits rose strongly in the last quarter.",
    "The cat sits on the mat.",
]


def test_embeddings_put_similar_texts_near_each_other_and_count_their_tokens(stack_client, up):
    before = ask(admin_port(up), "GET", "/status").json["keys"][0]
    answer = stack_client.embeddings.create(model=up["embedding_model"], input=TEXTS)
    after = ask(admin_port(up), "GET", "/status").json["keys"][0]

    vectors = [one.embedding for one in answer.data]
    assert [one.index for one in answer.data] == [0, 1, 2]
    assert len({len(vector) for vector in vectors}) == 1 and len(vectors[0]) > 100
    assert all(dot(vector, vector) == pytest.approx(1, abs=1e-3) for vector in vectors)
    assert max(dot(vectors[0], vectors[1]), dot(vectors[0], vectors[2]), dot(vectors[1], vectors[2])) < 0.99
    if up["real"]:
        assert dot(vectors[0], vectors[1]) > dot(vectors[0], vectors[2]) + 0.1
        assert dot(vectors[0], vectors[1]) > dot(vectors[1], vectors[2]) + 0.1
    assert answer.usage.prompt_tokens >= sum(len(text.split()) for text in TEXTS)
    assert after["input_tokens"] - before["input_tokens"] == answer.usage.prompt_tokens
    assert after["output_tokens"] == before["output_tokens"]


def test_the_same_text_gets_the_same_vector_in_either_encoding(stack_client, up):
    # Without a format the client asks for base64 and decodes it.
    decoded = stack_client.embeddings.create(model=up["embedding_model"], input=TEXTS[0])
    floats = stack_client.embeddings.create(model=up["embedding_model"], input=TEXTS[0], encoding_format="float")
    assert decoded.data[0].embedding == pytest.approx(floats.data[0].embedding, abs=1e-4)


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def admin_port(up):
    return int(up["admin"].rsplit(":", 1)[1])


def test_the_stack_lists_its_models(stack_client, up):
    assert {model.id for model in stack_client.models.list()} == {up["model"], up["embedding_model"]}
    assert stack_client.models.retrieve(up["model"]).id == up["model"]


def test_the_printed_python_snippet_works_when_pasted(up):
    banner = up["log"].read_text()
    snippet = textwrap.dedent(banner[banner.index("  from openai import OpenAI") : banner.index("Data that may")])
    run = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_the_printed_requests_work_when_pasted(up):
    banner = up["log"].read_text()
    lines = textwrap.dedent(banner[banner.index("  curl ") : banner.index("Python (pip")])
    chat, embeddings = [json.loads(pasted(command)) for command in lines.strip().split("\n\n")]
    assert chat["choices"][0]["message"]["content"].strip()
    assert len(embeddings["data"]) == 2


def pasted(command):
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


# The reference model server


def test_several_choices_come_back(reference, openai_client, ask_openai):
    client = openai_client(reference)
    answer = client.chat.completions.create(n=3, max_tokens=8, **ask_openai)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    chunks = list(client.chat.completions.create(n=2, max_tokens=8, stream=True, **ask_openai))
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1}


def test_completions_answer_and_stream(reference, openai_client):
    client = openai_client(reference)
    whole = client.completions.create(model=PUBLIC_MODEL, prompt="Once upon a time", max_tokens=12)
    assert whole.choices[0].text
    chunks = list(client.completions.create(model=PUBLIC_MODEL, prompt="Once upon a time", max_tokens=12, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)


def test_a_forced_tool_is_called_with_arguments_of_its_schema(reference, openai_client, ask_openai):
    choice = {"type": "function", "function": {"name": "get_weather"}}
    answer = openai_client(reference).chat.completions.create(tools=[WEATHER], tool_choice=choice, **ask_openai)
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert set(json.loads(call.function.arguments)) == {"city", "days"}
    assert answer.choices[0].finish_reason == "tool_calls"


def test_a_streamed_tool_call_adds_up(reference, openai_client, ask_openai):
    chunks = openai_client(reference).chat.completions.create(
        tools=[WEATHER], tool_choice="required", stream=True, **ask_openai
    )
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert calls[0].function.name == "get_weather"
    assert set(json.loads("".join(call.function.arguments or "" for call in calls))) == {"city", "days"}


def test_log_probabilities_come_whole_and_streamed(reference, openai_client, ask_openai):
    client = openai_client(reference)
    question = {**ask_openai, "max_tokens": 8, "logprobs": True, "top_logprobs": 2}
    whole = client.chat.completions.create(**question).choices[0]
    tokens = whole.logprobs.content
    assert "".join(token.token for token in tokens) == whole.message.content
    assert all(token.logprob < 0 and len(token.top_logprobs) == 2 for token in tokens)
    choices = [chunk.choices[0] for chunk in client.chat.completions.create(stream=True, **question)]
    assert [entry for choice in choices if choice.logprobs for entry in choice.logprobs.content] == tokens


def test_an_echoed_completion_begins_with_its_prompt(reference, openai_client):
    question = {"model": PUBLIC_MODEL, "prompt": "Once upon a time", "max_tokens": 4, "echo": True, "logprobs": 1}
    client = openai_client(reference)
    whole = client.completions.create(**question).choices[0]
    assert whole.text.startswith("Once upon a time")
    assert "".join(whole.logprobs.tokens) == whole.text
    assert whole.logprobs.token_logprobs[0] is None
    chunks = client.completions.create(stream=True, **question)
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.text


def test_embeddings_come_as_floats_and_as_base64(reference, openai_client):
    client = openai_client(reference)
    # Without a format the client asks for base64 and decodes it.
    decoded = client.embeddings.create(model=PUBLIC_MODEL, input=["one", "two"])
    floats = client.embeddings.create(model=PUBLIC_MODEL, input=["one", "two"], encoding_format="float")
    assert len(decoded.data) == len(floats.data) == 2
    assert decoded.data[0].embedding == pytest.approx(floats.data[0].embedding, rel=1e-6)
    assert decoded.usage.prompt_tokens > 0


def test_models_are_listed_by_public_name(reference, openai_client):
    client = openai_client(reference)
    assert [model.id for model in client.models.list()] == [PUBLIC_MODEL]
    assert client.models.retrieve(PUBLIC_MODEL).id == PUBLIC_MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_decision_headers_say_who_answered(reference, openai_client, ask_openai):
    raw = openai_client(reference).chat.completions.with_raw_response.create(max_tokens=4, **ask_openai)
    assert raw.headers["x-isobar-endpoint"] == "only"
    assert raw.headers["x-isobar-attempts"] == "1"
    assert len(raw.headers["x-isobar-request-id"]) == 16


# Errors


def test_a_forged_key_raises_authentication_error(reference, openai_client, ask_openai):
    with pytest.raises(openai.AuthenticationError) as error:
        openai_client(reference, key=KEY + "x").chat.completions.create(**ask_openai)
    assert error.value.code == "invalid_api_key"
    assert KEY not in str(error.value)


def test_an_unknown_model_raises_not_found(reference, openai_client):
    with pytest.raises(openai.NotFoundError) as error:
        openai_client(reference).chat.completions.create(model="gpt-none", messages=QUESTION)
    assert error.value.code == "model_not_found"
    assert error.value.param == "model"


def test_the_upstream_name_is_not_a_public_name(reference, openai_client):
    with pytest.raises(openai.NotFoundError):
        openai_client(reference).chat.completions.create(model=UPSTREAM_MODEL, messages=QUESTION)


def test_a_refused_parameter_raises_bad_request_naming_it(reference, openai_client, ask_openai):
    with pytest.raises(openai.BadRequestError) as error:
        openai_client(reference).chat.completions.create(n=1000, **ask_openai)
    assert error.value.param == "n"


def test_a_wrong_type_raises_bad_request(reference, openai_client):
    with pytest.raises(openai.BadRequestError) as error:
        openai_client(reference).chat.completions.create(model=PUBLIC_MODEL, messages="not a list")
    assert error.value.body["type"]


def test_a_rate_limit_raises_rate_limit_error_with_retry_after(faults, openai_client, ask_openai):
    faults.set_faults({"kind": "status", "status": 429, "retry_after": {"form": "seconds", "value": 7}})
    with pytest.raises(openai.RateLimitError) as error:
        openai_client(faults).chat.completions.create(**ask_openai)
    assert error.value.response.headers["retry-after"] == "7"


def test_a_failing_endpoint_raises_internal_server_error(faults, openai_client, ask_openai):
    faults.set_faults({"kind": "status", "status": 500})
    with pytest.raises(openai.InternalServerError):
        openai_client(faults).chat.completions.create(**ask_openai)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "cut", "after_chunks": 3}, {"kind": "error_event", "after_chunks": 3}],
    ids=lambda fault: fault["kind"],
)
def test_a_stream_that_breaks_raises_api_error_after_its_content(faults, openai_client, ask_openai, fault):
    faults.set_faults(fault)
    received = []
    with pytest.raises(openai.APIError) as error:
        for chunk in openai_client(faults).chat.completions.create(stream=True, max_tokens=64, **ask_openai):
            received += [choice.delta.content for choice in chunk.choices if choice.delta.content]
            assert not any(choice.finish_reason for choice in chunk.choices)
    assert len(received) == 3
    # Told by an event, not found out by waiting.
    assert not isinstance(error.value, openai.APIConnectionError)


# Usage


def test_stream_usage_comes_only_when_asked_for(reference, openai_client, ask_openai):
    client = openai_client(reference)
    asked = list(
        client.chat.completions.create(stream=True, stream_options={"include_usage": True}, max_tokens=6, **ask_openai)
    )
    assert asked[-1].choices == [] and asked[-1].usage.completion_tokens == 6
    for options in ({}, {"stream_options": {"include_usage": False}}):
        unasked = list(client.chat.completions.create(stream=True, max_tokens=6, **ask_openai, **options))
        assert all(chunk.choices for chunk in unasked)
        assert all(not chunk.usage for chunk in unasked)


def test_usage_is_metered_whether_or_not_it_was_asked_for(workshop, openai_client, ask_openai):
    gateway = workshop.gateway(configuration(Endpoint("only", workshop.model_server().port)))
    list(openai_client(gateway).chat.completions.create(stream=True, max_tokens=6, **ask_openai))
    key = gateway.status()["keys"][0]
    assert (key["requests"], key["output_tokens"]) == (1, 6)
    # 0.50 and 1.50 dollars per million tokens, exactly.
    spend = (key["input_tokens"] * 500_000 + 6 * 1_500_000) / 1e12
    assert float(key["spend"]) == pytest.approx(spend, abs=1e-6)
