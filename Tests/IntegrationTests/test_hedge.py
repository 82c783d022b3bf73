# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A hedge: when the first content is later than usual, one backup request goes to another provider; the faster one
answers, the loser is cancelled and accounted."""

import time

import pytest

import prometheus
from configurations import Endpoint, chat, configuration
from processes import ask, wait_until
from traffic import EventStream, content_of
from upstreams import Call, black_hole

# Enough savings after few requests, and no wait for an estimate that a test cannot have yet.
HEDGE = {"extraRequestsPercentMax": 100, "delayMin": "50ms"}


@pytest.fixture
def hedged(workshop):
    """A gateway that has seen its primary answer quickly some times, and then sees it fall silent."""

    def make(hedge=HEDGE):
        primary, backup = workshop.upstream(), workshop.upstream()
        gateway = workshop.gateway(
            configuration(
                Endpoint("primary", primary.port), Endpoint("backup", backup.port, tier="backup"), hedge=hedge
            )
        )
        for _ in range(30):
            assert gateway.post(chat()).headers["x-isobar-endpoint"] == "primary"
        primary.calls.clear()
        primary.script = black_hole
        return gateway, primary, backup

    return make


@pytest.mark.parametrize("streamed", [False, True])
def test_a_slow_primary_is_hedged_at_the_other_provider_and_cancelled(hedged, streamed):
    gateway, primary, backup = hedged()
    if streamed:
        with EventStream(gateway.port, chat()) as stream:
            headers = stream.headers
            assert content_of(list(stream)) == "Ananswer."
    else:
        answer = gateway.post(chat())
        headers = answer.headers
        assert answer.status == 200
    assert (headers["x-isobar-endpoint"], headers["x-isobar-attempts"]) == ("backup", "2")
    assert len(primary.calls) == len(backup.calls) == 1
    wait_until(lambda: primary.calls[0].closed_at, "the loser is cancelled", seconds=1)
    wait_until(lambda: gateway.endpoint("primary")["in_flight"] == 0, "the loser is accounted", seconds=1)
    families = prometheus.parse(ask(gateway.admin, "GET", "/metrics").body.decode())
    hedges = next(name for name in families if "hedge" in name)
    assert prometheus.value(families, hedges, endpoint="backup") == 1


def test_the_primary_wins_when_it_is_faster_than_the_backup(hedged):
    gateway, primary, backup = hedged()
    backup.script = black_hole

    def late(call):
        wait_until(lambda: backup.calls, "the hedge is at the backup")
        call.complete("The primary's answer.")

    primary.script = late
    answer = gateway.post(chat())
    assert (answer.headers["x-isobar-endpoint"], answer.headers["x-isobar-attempts"]) == ("primary", "2")
    assert answer.json["choices"][0]["message"]["content"] == "The primary's answer."
    wait_until(lambda: backup.calls[0].closed_at, "the loser is cancelled", seconds=1)


def test_hedges_stay_under_their_cap(workshop):
    """At 10 % a primary that is always late gets at most one hedge in ten requests."""

    def late(call):
        time.sleep(0.05)
        call.complete()

    primary, backup = workshop.upstream(late), workshop.upstream()
    gateway = workshop.gateway(
        configuration(
            Endpoint("primary", primary.port),
            Endpoint("backup", backup.port, tier="backup"),
            hedge={"extraRequestsPercentMax": 10, "delayMin": "1ms"},
        )
    )
    # Its estimate begins lower than that, so that hedges are due.
    primary.script = Call.complete
    for _ in range(30):
        gateway.post(chat())
    primary.script = late
    for _ in range(30):
        assert gateway.post(chat()).status == 200
    assert 1 <= len(backup.calls) <= 6


def test_a_refusal_by_the_primary_is_not_dodged_by_its_hedge(hedged):
    gateway, primary, backup = hedged()
    backup.script = black_hole

    def refuse(call):
        wait_until(lambda: backup.calls, "the hedge is at the backup")
        call.respond(
            400, b'{"error":{"message":"No.","type":"invalid_request_error","param":null,"code":"content_filter"}}'
        )

    primary.script = refuse
    assert gateway.post(chat()).status == 400
    wait_until(lambda: backup.calls[0].closed_at, "the hedge is cancelled", seconds=1)


def test_without_a_hedge_policy_there_is_none(hedged):
    gateway, primary, backup = hedged(hedge=None)

    def late(call):
        time.sleep(0.5)
        call.complete()

    primary.script = late
    assert gateway.post(chat()).headers["x-isobar-attempts"] == "1"
    assert backup.calls == []
