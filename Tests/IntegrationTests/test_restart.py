# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Two gateways may share a port, so a restart under load fails no request."""

import signal

from configurations import Endpoint, chat, configuration
from processes import wait_until
from traffic import Load


def test_a_restart_under_load_fails_no_request(workshop):
    """Callers keep their connections unless an answer says `connection: close`, and others open one per request:
    neither may notice."""
    servers = [workshop.model_server() for _ in range(2)]
    text = configuration(*[Endpoint(f"e{number}", server.port) for number, server in enumerate(servers)])
    current = workshop.gateway(text)
    with Load(current.port, threads=4, new_connection_threads=4, body=chat(max_tokens=8)) as load:
        for _ in range(3):
            answered = load.tally.answered
            wait_until(lambda: load.tally.answered >= answered + 100, "traffic before the restart")
            successor = workshop.gateway(text, port=current.port)
            current.signal(signal.SIGTERM)
            assert current.wait(10) == 0, current.log_text
            answered = load.tally.answered
            wait_until(lambda: load.tally.answered >= answered + 100, "traffic after the restart")
            current = successor
    load.tally.expect_no_failure()
    assert load.tally.broken_after_start == 0
    assert load.tally.closes >= 4, "the first gateway did not ask its callers to move"
