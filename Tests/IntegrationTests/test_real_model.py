# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The official SDKs over a real model server, llama.cpp's own with a small real model: what its chat API does, every
caller gets in the words of its own API. Doubles say what the references say; this one says what it does."""

import json
import subprocess

import pytest

from callers import CALLERS
from callers.words import Call, Heard, Inexpressible, Question, Result, Tool
from configurations import PUBLIC_MODEL, Endpoint, configuration
from processes import KEY, REPOSITORY, ask, free_port

pytestmark = pytest.mark.sdks

PYTHON = REPOSITORY / ".venv/models/bin/python"
SCRIPT = REPOSITORY / "scripts/llama-model-server"

FRANCE = "What is the capital of France? Answer with one word."
# Short for a model that has to say all of it, and nothing that it would say of itself.
REVIEW = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["good", "bad"]}, "isShort": {"type": "boolean"}},
    "required": ["verdict", "isShort"],
    "additionalProperties": False,
}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Weather of a city.", CITY)
PARIS = {"city": "Paris"}
PARIS_TEXT = json.dumps(PARIS, separators=(",", ":"))
# The model is too small to call a tool, so its turn with a call is made up: in the form that each SDK sends back.
CALL_TURNS = {
    "chat": {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": WEATHER.name, "arguments": PARIS_TEXT}}
        ],
    },
    "responses": [
        {"type": "function_call", "call_id": "call_1", "name": WEATHER.name, "arguments": PARIS_TEXT}
    ],
    "messages": [{"type": "tool_use", "id": "call_1", "name": WEATHER.name, "input": PARIS}],
    "generateContent": {
        "role": "model",
        "parts": [{"function_call": {"id": "call_1", "name": WEATHER.name, "args": PARIS}}],
    },
}


@pytest.fixture(scope="module")
def gateway(shared_workshop):
    if not PYTHON.exists() or subprocess.run([PYTHON, SCRIPT, "--check"], capture_output=True).returncode != 0:
        pytest.skip("the real model cannot be installed here (scripts/setup)")
    port = free_port()
    server = shared_workshop.process([PYTHON, SCRIPT, port, "demo"], "llama-model-server")
    server.wait_until_ready(lambda: ask(port, "GET", "/health").status == 200, "llama.cpp's server", seconds=60)
    endpoint = Endpoint("llama", port, flavor="llama.cpp")
    gateway = shared_workshop.gateway(configuration(endpoint, retry={"attemptsMax": 1}))
    gateway.model_port = port
    return gateway


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.openai_client) for name in CALLERS])
def caller(request, gateway):
    caller = CALLERS[request.param](gateway, KEY)
    yield caller
    caller.close()


def both(caller, question):
    """The whole answer and the streamed one. A real model need not say the same twice."""
    whole = caller.ask(PUBLIC_MODEL, question)
    streamed = caller.stream(PUBLIC_MODEL, question)
    assert streamed.text == "".join(streamed.deltas)
    return whole, streamed


def prompt_tokens(gateway, messages):
    """What the model server itself counts."""
    body = {"model": "demo", "messages": messages, "max_tokens": 1}
    return ask(gateway.model_port, "POST", "/v1/chat/completions", body).json["usage"]["prompt_tokens"]


def all_input(heard):
    return heard.usage.input + heard.usage.cache_read + heard.usage.cache_write


def test_text_comes_whole_and_streamed(caller):
    for heard in both(caller, Question([FRANCE], tokens_max=24, temperature=0)):
        assert "Paris" in heard.text
        assert heard.finish == "stop"
    assert len(heard.deltas) > 3


def test_a_system_prompt_and_earlier_turns_reach_the_model(caller, gateway):
    system = "Be brief."
    first = caller.ask(PUBLIC_MODEL, Question([FRANCE], system=system, tokens_max=16, temperature=0))
    second = Question([FRANCE, first, "And of Italy?"], system=system, tokens_max=8, temperature=0)
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": FRANCE},
        {"role": "assistant", "content": first.text},
        {"role": "user", "content": "And of Italy?"},
    ]
    assert all_input(caller.ask(PUBLIC_MODEL, second)) == prompt_tokens(gateway, messages)


def test_a_limit_on_tokens_ends_the_answer_and_says_so(caller):
    for heard in both(caller, Question(["Tell me a long story."], tokens_max=5, temperature=0)):
        assert heard.finish == "length"
        assert heard.usage.output == 5
        assert heard.text


def test_tokens_are_counted_as_the_model_server_counts_them(caller, gateway):
    told = prompt_tokens(gateway, [{"role": "user", "content": FRANCE}])
    for heard in both(caller, Question([FRANCE], tokens_max=4, temperature=0)):
        assert all_input(heard) == told
        assert heard.usage.output == 4


def test_an_answer_of_a_schema_is_of_that_schema(caller):
    for heard in both(caller, Question(["Review: 'It works.'"], schema=REVIEW, tokens_max=64, temperature=0)):
        assert_review(heard.text)
        assert heard.finish == "stop"


def assert_review(text):
    review = json.loads(text)
    assert set(review) == {"verdict", "isShort"}
    assert review["verdict"] in ("good", "bad") and isinstance(review["isShort"], bool)


def test_a_stop_sequence_ends_the_answer_before_it(caller):
    question = Question([FRANCE], stops=["Paris"], tokens_max=24, temperature=0)
    if caller.name == "responses":
        with pytest.raises(Inexpressible):
            caller.ask(PUBLIC_MODEL, question)
        return
    for heard in both(caller, question):
        assert heard.text and "Paris" not in heard.text
        assert heard.finish == "stop"


def test_a_request_with_tools_is_served(caller):
    for heard in both(caller, Question(["Say hello."], tools=[WEATHER], choice="auto", tokens_max=8, temperature=0)):
        assert heard.text or heard.calls
        assert heard.finish in ("stop", "length", "tool_calls")


def test_a_tool_s_result_reaches_the_model_and_is_answered(caller, gateway):
    asked, result = "What is the weather in Paris?", "Sunny, 21 degrees."
    call = Call("call_1", WEATHER.name, PARIS)
    turns = [asked, Heard(turn=CALL_TURNS[caller.name]), [Result(call, result)]]
    messages = [
        {"role": "user", "content": asked},
        CALL_TURNS["chat"],
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]
    told = prompt_tokens(gateway, messages)
    for heard in both(caller, Question(turns, tools=[WEATHER], tokens_max=16, temperature=0)):
        assert all_input(heard) == told
        assert heard.text


def test_gemini_s_own_form_of_a_schema_is_kept_too(gateway):
    """`response_schema` is Google's subset with types in capitals; the caller above sends `response_json_schema`."""
    genai = pytest.importorskip("google.genai")
    types = genai.types
    options = types.HttpOptions(base_url=gateway.base_url.removesuffix("/v1"), api_version="v1beta", timeout=30_000)
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        response_schema=types.Schema(
            type="OBJECT",
            properties={
                "verdict": types.Schema(type="STRING", enum=["good", "bad"]),
                "isShort": types.Schema(type="BOOLEAN"),
            },
            required=["verdict", "isShort"],
        ),
        max_output_tokens=64,
        temperature=0,
    )
    with genai.Client(api_key=KEY, vertexai=False, http_options=options) as client:
        answer = client.models.generate_content(model=PUBLIC_MODEL, contents="Review: 'It works.'", config=config)
    assert_review(answer.text)
