# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A full default tier sends what it cannot take to the next one, refuses nothing, and gets its traffic back when it
has room again."""

import itertools

import pytest

from configurations import Endpoint, chat, configuration
from processes import wait_until
from traffic import Load

QUICK_RETURN = {"holdMin": "100ms"}


@pytest.fixture
def slow_default(workshop):
    """A gateway whose default endpoint takes two requests at a time, a fifth of a second each."""
    default, overflow = workshop.model_server(), workshop.model_server()
    default.set_faults({"kind": "slow_first_token", "delay_ms": 200})
    return workshop.gateway(
        configuration(
            Endpoint("small", default.port, options={"limits": {"inFlightMax": 2}}),
            Endpoint("large", overflow.port, tier="overflow"),
            overflow=QUICK_RETURN,
        )
    )


def test_saturation_overflows_loses_nothing_and_comes_back(slow_default):
    gateway = slow_default
    with Load(gateway.port, threads=8, body=chat(max_tokens=8)) as load:
        wait_until(lambda: gateway.endpoint("small")["state"] == "full", "status shows the default endpoint as full")
        wait_until(
            lambda: load.tally.endpoints["small"] >= 10 and load.tally.endpoints["large"] >= 100, "both tiers answer"
        )
        seen = [gateway.endpoint("small")["in_flight"] for _ in range(20)]
    load.tally.expect_no_failure()
    assert load.tally.broken_after_start == 0
    # Loops pick at the same moment without a lock between them, so each may be one over.
    assert 0 < max(seen) <= 2 + 1
    assert gateway.endpoint("large")["requests"] == load.tally.endpoints["large"]
    wait_until(lambda: gateway.endpoint("small")["state"] == "up", "status shows room again")
    wait_until(
        lambda: gateway.post(chat(max_tokens=2)).headers["x-isobar-endpoint"] == "small", "traffic returns", seconds=5
    )
    assert all(gateway.post(chat(max_tokens=2)).headers["x-isobar-endpoint"] == "small" for _ in range(5))


def test_a_rate_limited_tier_overflows_at_once_and_returns_when_it_said(workshop):
    limited, other = workshop.model_server(), workshop.model_server()
    limited.set_faults({"kind": "status", "status": 429, "retry_after": {"form": "seconds", "value": 1}, "count": 1})
    gateway = workshop.gateway(
        configuration(
            Endpoint("limited", limited.port), Endpoint("other", other.port, tier="overflow"), overflow=QUICK_RETURN
        )
    )
    first, second = gateway.post(chat(max_tokens=2)), gateway.post(chat(max_tokens=2))
    assert (first.headers["x-isobar-endpoint"], first.headers["x-isobar-attempts"]) == ("other", "2")
    assert (second.headers["x-isobar-endpoint"], second.headers["x-isobar-attempts"]) == ("other", "1")
    wait_until(
        lambda: gateway.post(chat(max_tokens=2)).headers["x-isobar-endpoint"] == "limited", "traffic returns", seconds=5
    )


def test_remaining_requests_of_a_provider_are_headroom(workshop):
    remaining = itertools.count(3, -1)

    def script(call):
        body = b'{"id":"x","object":"chat.completion","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'
        call.respond(
            body=body,
            x_ratelimit_limit_requests="100",
            x_ratelimit_remaining_requests=str(max(0, next(remaining))),
            x_ratelimit_reset_requests="30s",
        )

    metered = workshop.upstream(script)
    gateway = workshop.gateway(
        configuration(
            Endpoint("metered", metered.port, flavor="openai"),
            Endpoint("other", workshop.model_server().port, tier="overflow"),
        )
    )
    # Each loop finds out by itself, from its own answers: enough requests for both to have had one after nothing remained.
    answers = [gateway.post(chat(max_tokens=2)) for _ in range(40)]
    assert all(answer.status == 200 for answer in answers)
    assert len(metered.calls) <= 4 + 1
    assert answers[-1].headers["x-isobar-endpoint"] == "other"
    # An account's limits are the gateway's to know, not its callers'.
    assert not any("ratelimit" in name.lower() for answer in answers for name in answer.headers)


def test_when_every_tier_is_full_the_caller_is_told_to_come_back(workshop):
    upstream = workshop.upstream(
        lambda call: call.respond(429, b'{"error":{"message":"Slow down.","type":"x"}}', retry_after="20")
    )
    gateway = workshop.gateway(configuration(Endpoint("only", upstream.port), retry={"attemptsMax": 1}))
    first, second = gateway.post(chat()), gateway.post(chat())
    assert first.status == second.status == 429
    assert first.headers["retry-after"] == "20"
    assert 1 <= int(second.headers["retry-after"]) <= 20
    assert len(upstream.calls) == 1, "an endpoint that said when to come back is asked again too early"
