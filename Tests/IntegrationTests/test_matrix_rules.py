# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Rules that hold beside the table: reasons to stop that only one provider has, hints of when to come back, events
split anywhere, and what must never be written down."""

import pytest

from callers import CALLERS
from callers.words import Question, Tool
from configurations import PUBLIC_MODEL
from doubles.faults import ErrorInStream, Hint, Refuse
from doubles.model import Reply
from expectations import FRONTS, UPSTREAMS, is_passed_through
from judging import WEATHER_SCHEMA
from matrix import CREDENTIALS, KINDS, REASONS, SECRECY, Recorder, cells, endpoint_of
from processes import KEY, ask
from providers import SECRETS, over_doubles

pytestmark = pytest.mark.sdks

WEATHER = Tool("get_weather", "Weather of a city.", WEATHER_SCHEMA)
SCRIPTS = "naïve दिल्ली 北京 👩🏽‍🚀"


@cells(None)
def test_events_may_be_split_at_every_byte(cell):
    cell.double.dribbles = True
    order = 'call get_weather {"city": "पुणे", "note": "🇮🇳"}'
    assert cell.stream(Question([SCRIPTS])).text == SCRIPTS
    [call] = cell.stream(Question([order], tools=[WEATHER])).calls
    assert call.arguments == {"city": "पुणे", "note": "🇮🇳"}


# Reasons to stop


def reasons(*rows):
    """Parametrises over fronts, upstreams and words; where nothing is translated, the word is passed on as it is."""
    pairs = [
        pytest.param((front, upstream, REASONS), word, id=f"{front}-{upstream}-{word}")
        for front in FRONTS
        for upstreams, words in rows
        for upstream in upstreams
        for word in words
        if not is_passed_through(front, upstream)
    ]
    return lambda test: pytest.mark.parametrize(("failing", "word"), pairs, indirect=["failing"])(test)


CLAUDE = ("anthropic", "bedrock-invoke")
GEMINI = ("gemini",)
CONVERSE = ("bedrock-converse",)


@reasons(
    (CLAUDE, ["refusal"]),
    (CONVERSE, ["content_filtered", "guardrail_intervened"]),
    (GEMINI, ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"]),
)
def test_what_was_filtered_is_told_as_filtered(failing, word):
    failing.recorder.reply = lambda prompt: Reply("one", finish=word)
    for ask_ in (failing.caller.ask, failing.caller.stream):
        assert ask_(failing.model_of_failures, Question(["Hi"])).finish == "filtered"


@reasons((CLAUDE + CONVERSE, ["model_context_window_exceeded"]))
def test_a_full_context_is_an_end_for_length(failing, word):
    failing.recorder.reply = lambda prompt: Reply("one", finish=word)
    for ask_ in (failing.caller.ask, failing.caller.stream):
        assert ask_(failing.model_of_failures, Question(["Hi"])).finish == "length"


@reasons(
    (CONVERSE, ["malformed_model_output", "malformed_tool_use"]),
    (GEMINI, ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "OTHER"]),
)
def test_a_broken_answer_is_an_error_and_never_an_end(failing, word):
    failing.recorder.reply = lambda prompt: Reply("one", finish=word)
    with pytest.raises(failing.caller.stream_errors):
        failing.caller.stream(failing.model_of_failures, Question(["Hi"]))
    assert failing.caller.so_far.finish is None


@cells(REASONS, "failing", upstreams=("gemini", "vertex-gemini"))
def test_a_prompt_that_was_blocked_is_told_as_filtered(failing):
    if failing.front == "generateContent":
        # Passed on as it is: no candidates, and the reason in `promptFeedback`.
        failing.double.faults.add(Refuse("content_filter"))
        assert failing.caller.ask(failing.model_of_failures, Question(["Hi"])).text == ""
        return
    for ask_ in (failing.caller.ask, failing.caller.stream):
        failing.double.faults.add(Refuse("content_filter"))
        assert ask_(failing.model_of_failures, Question(["Hi"])).finish == "filtered"


# When to come back, and when not


@pytest.fixture
def alone(workshop, double):
    """One endpoint at one provider, which may be tried three times."""

    def make(upstream):
        server = double(KINDS[upstream].double, model=Recorder())
        text = over_doubles(endpoint_of(upstream, server), retry={"attemptsMax": 3})
        gateway = workshop.gateway(text, environment=SECRETS)
        return server, CALLERS["chat"](gateway, KEY)

    return make


HINTS = {
    "openai": ["seconds", "fraction", "milliseconds", "date", "reset"],
    "azure": ["seconds", "azure-milliseconds", "reset"],
    "anthropic": ["seconds", "date", "reset"],
    "bedrock-converse": ["seconds"],
    "gemini": ["detail", "text"],
    "vertex-gemini": ["detail"],
}


@pytest.mark.parametrize(
    ("upstream", "form"), [(upstream, form) for upstream, forms in HINTS.items() for form in forms]
)
def test_a_hint_of_when_to_come_back_is_understood_in_every_form(alone, upstream, form):
    server, caller = alone(upstream)
    server.faults.add(Refuse("rate", hint=Hint(form, 600)), times=None)
    with pytest.raises(caller.errors["rate"]) as error:
        caller.ask(PUBLIC_MODEL, Question(["Hi"]))
    # Too long to wait: told at once, and nobody else may come earlier either.
    assert len(server.requests) == 1
    assert 590 <= int(caller.failure(error.value).retry_after) <= 661
    caller.close()


@pytest.mark.parametrize("upstream", ["openai", "anthropic", "bedrock-converse", "gemini"])
def test_a_used_up_quota_is_not_asked_again(alone, upstream):
    server, caller = alone(upstream)
    server.faults.add(Refuse("exhausted"), times=None)
    with pytest.raises(caller.errors["exhausted"]):
        caller.ask(PUBLIC_MODEL, Question(["Hi"]))
    assert len(server.requests) == 1
    caller.close()


@pytest.mark.parametrize("upstream", ["openai", "anthropic", "bedrock-converse", "gemini"])
def test_a_passing_fault_is_tried_again(alone, upstream):
    server, caller = alone(upstream)
    server.faults.add(Refuse("internal"), times=2)
    assert caller.ask(PUBLIC_MODEL, Question(["one"])).text == "one"
    assert len(server.requests) == 3
    caller.close()


# What must not be written down


@cells(CREDENTIALS, "failing")
def test_a_provider_s_words_about_our_credential_stay_with_us(failing):
    """Some providers repeat a part of the key."""
    failing.double.faults.add(Refuse("unauthenticated", "Incorrect API key provided: sk-live-7d1."))
    with pytest.raises(failing.caller.errors["credential"]) as error:
        failing.caller.ask(failing.model_of_failures, Question(["Hi"]))
    assert "sk-live-7d1" not in failing.caller.failure(error.value).message


def test_no_secret_and_no_prompt_is_in_any_log_or_metric(failing_matrix):
    """Over every pair: a prompt that is answered, one that is refused in its own words, and one whose stream breaks."""
    prompt = "xyzzy-prompt-of-nobody"
    for front in FRONTS:
        for upstream in UPSTREAMS:
            failing = failing_matrix.cell(front, upstream, SECRECY)
            question = Question([prompt], system=prompt, tools=[Tool("xyzzy_tool")])
            failing.caller.ask(failing.model_of_failures, question)
            failing.double.faults.add(Refuse("invalid", f"What is {prompt}?"))
            with pytest.raises(failing.caller.errors["invalid"]):
                failing.caller.ask(failing.model_of_failures, question)
            failing.double.faults.add(ErrorInStream("overloaded", after=1, message=prompt))
            with pytest.raises(Exception):
                failing.caller.stream(failing.model_of_failures, Question([f"{prompt} again"]))
    gateway = failing_matrix.gateway
    written = [gateway.access_log.read_text(), gateway.log_text]
    written += [ask(gateway.admin, "GET", path).body.decode() for path in ("/metrics", "/status")]
    for text in written:
        for secret in ("xyzzy", KEY, *SECRETS.values()):
            assert secret not in text
