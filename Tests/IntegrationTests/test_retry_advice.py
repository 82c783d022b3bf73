# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The official clients repeat a failed request by themselves, unless they are told that it cannot help."""

import json

import openai
import pytest

from configurations import PUBLIC_MODEL, Endpoint, configuration
from processes import KEY
from upstreams import Call

QUESTION = [{"role": "user", "content": "Say something."}]
RETRIES_MAX = 2


def refuse(status, kind, **headers):
    """An error in OpenAI's form."""
    body = json.dumps({"error": {"message": "Scripted.", "type": kind, "param": None, "code": kind}}).encode()
    return lambda call: call.respond(status, body, **headers)


def once(refusal):
    """Refuses the first request, answers the others."""
    scripts = iter([refusal])
    return lambda call: next(scripts, Call.complete)(call)


EXHAUSTED = refuse(429, "insufficient_quota")
UNKNOWN_KEY = refuse(401, "invalid_api_key")


@pytest.fixture
def start(workshop):
    """A gateway that tries one endpoint per request, over endpoints that do as their scripts say."""

    def start(*scripts):
        upstreams = [workshop.upstream(script) for script in scripts]
        endpoints = [
            Endpoint(f"endpoint-{number}", upstream.port, tier=f"tier-{number}")
            for number, upstream in enumerate(upstreams)
        ]
        return workshop.gateway(configuration(*endpoints, retry={"attemptsMax": 1}))

    return start


def ask_openai(gateway):
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=RETRIES_MAX, timeout=30) as client:
        return client.chat.completions.with_raw_response.create(model=PUBLIC_MODEL, messages=QUESTION)


def retries(error):
    """How many a client had made when it gave up: it says so in each request."""
    return int(error.value.response.request.headers["x-stainless-retry-count"])


@pytest.mark.openai_client
@pytest.mark.parametrize("script, status", [(EXHAUSTED, 429), (UNKNOWN_KEY, 502)], ids=["money", "key"])
def test_what_people_must_mend_is_not_repeated(start, script, status):
    with pytest.raises(openai.APIStatusError) as error:
        ask_openai(start(script))
    assert error.value.status_code == status
    assert error.value.response.headers["x-should-retry"] == "false"
    assert retries(error) == 0


@pytest.mark.openai_client
def test_a_time_that_no_client_waits_for_is_not_waited_for(start):
    with pytest.raises(openai.RateLimitError) as error:
        ask_openai(start(refuse(429, "rate_limit_exceeded", retry_after=3600)))
    assert error.value.response.headers["x-should-retry"] == "false"
    assert error.value.response.headers["retry-after"] == "3600"
    assert retries(error) == 0


@pytest.mark.openai_client
@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param([once(refuse(429, "rate_limit_exceeded", retry_after=1))], id="limit-that-passes"),
        pytest.param([EXHAUSTED, Call.complete], id="money-of-one-endpoint"),
        pytest.param([once(refuse(500, "server_error"))], id="accident"),
    ],
)
def test_what_may_be_mended_is_repeated(start, scripts):
    raw = ask_openai(start(*scripts))
    assert raw.retries_taken == 1
    assert "x-should-retry" not in raw.headers


@pytest.mark.openai_client
def test_nothing_is_said_of_what_may_be_mended(start):
    with pytest.raises(openai.InternalServerError) as error:
        ask_openai(start(refuse(500, "server_error")))
    assert "x-should-retry" not in error.value.response.headers
    assert retries(error) == RETRIES_MAX


@pytest.mark.sdks
def test_anthropic_s_client_obeys_too(start):
    anthropic = pytest.importorskip("anthropic")
    url = start(EXHAUSTED).base_url.removesuffix("/v1")
    with anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=RETRIES_MAX, timeout=30) as client:
        with pytest.raises(anthropic.RateLimitError) as error:
            client.messages.create(model=PUBLIC_MODEL, messages=QUESTION, max_tokens=9)
    assert error.value.body["error"]["type"] == "rate_limit_error"
    assert retries(error) == 0
