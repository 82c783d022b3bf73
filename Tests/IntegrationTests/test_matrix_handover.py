# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Conversations that one provider begins and another goes on with: thoughts, calls and their signatures are sent back
as they came, and every provider refuses what another one signed."""

import itertools

import pytest

from callers import CALLERS
from callers.words import Question, Result, Tool, is_signature
from configurations import PUBLIC_MODEL
from doubles.anthropic import Anthropic
from doubles.azure import Azure
from doubles.faults import Refuse
from doubles.gemini import Gemini
from doubles.openai import OpenAI
from expectations import FRONTS
from matrix import endpoint_of
from processes import KEY
from providers import SECRETS, over_doubles

pytestmark = pytest.mark.sdks

CLOCK = Tool("get_time", "The time.")
WORDS = "think\ncall get_time"
THOUGHT = "First a thought. Then the answer."
# One of each kind of signer, Claude on each of its platforms and in both of its styles, and two who sign nothing.
UPSTREAMS = (
    "anthropic",
    "foundry-claude",
    "bedrock-converse",
    "bedrock-invoke",
    "vertex-claude",
    "gemini",
    "vertex-gemini",
    "openai-responses",
    "openai",
    "compatible",
)
CLAUDE = {"anthropic", "foundry-claude", "bedrock-converse", "bedrock-invoke", "vertex-claude"}
# Passed through on both sides by routes of their own, so that nobody looks at what the one did not sign and the other
# asks for.
UNSEEN = {"chat": {"compatible", "openai"}}
# What a caller is told that one answer went without, by the caller's name for it.
THINKING = {
    "chat": "reasoning_effort",
    "responses": "reasoning",
    "messages": "thinking",
    "generateContent": "generationConfig.thinkingConfig",
}


def handovers():
    for front in FRONTS:
        for first, second in itertools.permutations(UPSTREAMS, 2):
            if {first, second} != UNSEEN.get(front):
                yield pytest.param(front, first, second, id=f"{front}-{first}-{second}")


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("front", "first", "second"), list(handovers()))
def test_a_conversation_goes_on_with_another_provider_and_comes_back(matrix, front, first, second, streams):
    for name in (first, second):
        matrix.cell(front, name, None)
    caller = matrix.callers[front]
    ask = caller.stream if streams else caller.ask
    turns = [WORDS]

    def say(upstream, *more):
        turns.extend(more)
        heard = ask(upstream, Question(list(turns), effort="low", tools=[CLOCK]))
        turns.append(heard)
        return heard

    [call] = say(first).calls
    # In the middle of a turn: the calls are the first one's, their results go to the second.
    between = say(second, [Result(call, "noon")])
    assert between.text == "get_time said: noon"
    assert set(between.dropped) <= {THINKING[front]}
    [call] = say(second, WORDS).calls
    back = say(first, [Result(call, "night")])
    assert back.text == "get_time said: night"
    assert set(back.dropped) <= {THINKING[front]}
    assert say(second, "one").text == "one"
    assert say(first, "two").text == "two"
    for name in (first, second):
        assert not matrix.doubles[name].mistakes


@pytest.mark.parametrize("front", FRONTS)
def test_claude_knows_its_own_thoughts_on_every_platform(matrix, front):
    """Claude's signatures hold on all of its platforms, so nothing of the turn is lost between them."""
    for first, second in itertools.permutations(sorted(CLAUDE), 2):
        caller = matrix.callers[front]
        heard = caller.ask(first, Question([WORDS], effort="low", tools=[CLOCK]))
        following = Question([WORDS, heard, [Result(heard.calls[0], "noon")]], effort="low", tools=[CLOCK])
        answer = caller.ask(second, following)
        assert (answer.text, answer.dropped) == ("get_time said: noon", [])
        sent = matrix.doubles[second].last.body
        assert b'"signature":"YW50aHJvcGlj' in sent.replace(b'": "', b'":"'), (first, second)


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("front", FRONTS)
def test_gemini_gets_the_signature_of_its_call_back(matrix, front, streams):
    """On wires without a place for it too; there it stands in front of the call."""
    caller = matrix.callers[front]
    ask = caller.stream if streams else caller.ask
    heard = ask("gemini", Question([WORDS], effort="low", tools=[CLOCK]))
    ask("gemini", Question([WORDS, heard, [Result(heard.calls[0], "noon")]], effort="low", tools=[CLOCK]))
    contents = matrix.doubles["gemini"].last.json["contents"]
    [call] = [part for one in contents for part in one["parts"] if "functionCall" in part]
    assert call["thoughtSignature"] != "skip_thought_signature_validator"


def test_a_turn_in_the_middle_goes_on_without_thinking_where_claude_would_refuse_it(matrix):
    """Claude with a budget insists on the thoughts that led to the calls; those of another it cannot read."""
    caller = matrix.callers["messages"]
    heard = caller.ask("gemini", Question([WORDS], effort="low", tools=[CLOCK]))
    following = Question([WORDS, heard, [Result(heard.calls[0], "noon")]], effort="low", tools=[CLOCK])
    for upstream in ("anthropic", "bedrock-invoke"):
        answer = caller.ask(upstream, following)
        assert (answer.text, answer.dropped) == ("get_time said: noon", ["thinking"])
        assert "thinking" not in matrix.doubles[upstream].last.json
    # The next question is another turn, with all of it again.
    later = caller.ask("anthropic", Question([*following.turns, answer, "think\nwell"], effort="low", tools=[CLOCK]))
    assert (later.thinking, later.text, later.dropped) == (THOUGHT, "well", [])


# Failover


VENDORS = {"anthropic": Anthropic, "gemini": Gemini, "openai-responses": OpenAI}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("order", list(itertools.permutations(VENDORS)), ids="-".join)
def test_failover_in_the_middle_of_a_turn(workshop, double, front, order):
    """One route over three vendors; each answers one turn, then it is overloaded and the next has to go on."""
    doubles = {name: double(VENDORS[name]) for name in order}
    endpoints = [endpoint_of(name, one) for name, one in doubles.items()]
    for endpoint in endpoints:
        endpoint.tier = endpoint.name
    gateway = workshop.gateway(over_doubles(*endpoints, retry={"attemptsMax": 3}), environment=SECRETS)
    caller = CALLERS[front](gateway, KEY)
    turns = [WORDS]
    for number, serving in enumerate(order):
        ask = (caller.ask, caller.stream)[number % 2]
        heard = ask(PUBLIC_MODEL, Question(list(turns), effort="low", tools=[CLOCK]))
        turns += [heard, [Result(heard.calls[0], "noon")], WORDS]
        assert doubles[serving].last.status == 200
        doubles[serving].faults.add(Refuse("overloaded"), times=None)
    caller.close()


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_two_organisations_of_one_api(workshop, double, streams):
    """OpenAI's reasoning is sealed for one organisation; Azure speaks the same API and refuses it. Both are passed what
    the caller says as it is, so here even native answers carry the mark."""
    doubles = {"openai-responses": double(OpenAI), "azure": double(Azure)}
    endpoints = [endpoint_of("openai-responses", doubles["openai-responses"]), endpoint_of("azure", doubles["azure"])]
    for endpoint in endpoints:
        endpoint.tier, endpoint.api = endpoint.name, "responses"
    gateway = workshop.gateway(over_doubles(*endpoints, retry={"attemptsMax": 2}), environment=SECRETS)
    caller = CALLERS["responses"](gateway, KEY)
    ask = caller.stream if streams else caller.ask
    turns = [WORDS]
    for serving in doubles.values():
        for _ in range(2):
            heard = ask(PUBLIC_MODEL, Question(list(turns), effort="low", tools=[CLOCK]))
            assert serving.last.status == 200
            sealed = [one["encrypted_content"] for one in heard.turn if one["type"] == "reasoning"]
            assert sealed and all(one.startswith("isobar-1.openai-") for one in sealed)
            turns += [heard, [Result(heard.calls[0], "noon")], WORDS]
        # Its own reasoning came back as it was, and the other's did not.
        items = [one for one in serving.last.json["input"] if one.get("type") == "reasoning"]
        assert [one["encrypted_content"] for one in items] == [serving.memory.encrypt(THOUGHT)]
        serving.faults.add(Refuse("overloaded"), times=None)
    caller.close()


def test_marks_say_whose_it_is_and_nothing_else(matrix):
    """What callers of another vendor's wire see of a signature: opaque, with the origin in front."""
    seen = {}
    for front, upstream in (("messages", "openai-responses"), ("responses", "anthropic"), ("chat", "bedrock-converse")):
        heard = matrix.callers[front].ask(upstream, Question([WORDS], effort="low", tools=[CLOCK]))
        seen[front] = str(heard.turn)
    assert "isobar-1.openai-" in seen["messages"]
    assert "isobar-1.anthropic." in seen["responses"] and "isobar-1.anthropic." in seen["chat"]
    assert not is_signature("isobar-1.google.") and is_signature("isobar-1.google.R09P")
