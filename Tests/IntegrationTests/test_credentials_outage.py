# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A token service that is down, through the gateway: everything else goes on, the reason is told in words, and nobody
has to restart anything."""

import concurrent.futures
import time

import pytest

from access import Doctor, ask_model, credential_of, each_its_model, expect_hidden, served, status_text, written_by
from configurations import PUBLIC_MODEL, Endpoint, chat, configuration
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from doubles.openai import OpenAI
from processes import ask, free_port, wait_until
from providers import SECRETS, ProviderEndpoint, over_doubles
from traffic import Load

pytestmark = pytest.mark.sdks

ENVIRONMENT = {**SECRETS, "CLIENT_SECRET": "double-client-secret"}


class Service:
    """Entra's token endpoint at a port of its own, which is up at times."""

    def __init__(self):
        self.port = free_port()
        self.server = None
        self.tokens = {}

    def up(self, **options):
        self.server = AzureTokens(port=self.port, **options)
        self.server.tokens = self.tokens
        return self.server

    def down(self):
        if self.server:
            self.server.close()
            self.server = None

    def credential(self, **more):
        return {
            "scheme": "entra",
            "source": "client-secret",
            "tenant": AzureTokens.tenant,
            "client": "double-client",
            "secret": "env:CLIENT_SECRET",
            "authorityURL": f"http://127.0.0.1:{self.port}",
            **more,
        }


@pytest.fixture
def service():
    service = Service()
    yield service
    service.down()


@pytest.fixture
def world(service, double):
    """An endpoint that needs the service's tokens, preferred to one that needs none."""
    azure = double(Azure)
    azure.tokens = service.tokens
    return azure, [
        ProviderEndpoint("cloud", "azure", azure, tier="preferred", credential=service.credential()),
        ProviderEndpoint("spare", "openai", double(OpenAI), tier="spare"),
    ]


def endpoint_that_serves(gateway):
    answer = gateway.post(chat())
    assert answer.status == 200, answer.body
    return answer.headers["x-isobar-endpoint"]


def test_a_gateway_starts_without_its_token_service_and_takes_it_up_when_it_comes(service, world, workshop):
    azure, endpoints = world
    gateway = workshop.gateway(over_doubles(*endpoints), environment=ENVIRONMENT)
    assert {endpoint_that_serves(gateway) for _ in range(10)} == {"spare"}
    assert not azure.requests
    # Why, in words, wherever an operator looks.
    words = [f"POST http://127.0.0.1:{service.port}/double-tenant/oauth2/v2.0/token", "cannot connect"]
    assert gateway.endpoint("cloud")["state"] == "no-credential"
    line = next(
        line
        for line in status_text(gateway).splitlines()
        if line.startswith("cloud: no credential (Entra client secret")
    )
    doctor = Doctor(gateway.configuration, ENVIRONMENT)
    assert [name for name, seen in doctor.seen.items() if seen["health"] != "ok"] == ["cloud"]
    for told in (credential_of(gateway, "cloud")["last_error"], line, doctor.paragraph("cloud")):
        assert all(word in told for word in words), told
    explained = ask(gateway.admin, "GET", f"/explain?model={PUBLIC_MODEL}").json
    candidate = explained["tiers"][0]["candidates"][0]
    assert (candidate["endpoint"], candidate["verdict"]) == ("cloud", "has no credential at the moment")
    # It comes up, and that is all.
    service.up()
    wait_until(lambda: endpoint_that_serves(gateway) == "cloud", "the endpoint is in use")
    assert credential_of(gateway, "cloud")["last_error"] is None
    expect_hidden([*written_by(gateway), *doctor.written], ["double-client-secret", *service.server.given])


def test_an_endpoint_whose_credential_never_came_is_used_when_it_needs_it_no_longer(service, double, workshop):
    azure = double(Azure)
    endpoint = ProviderEndpoint("only", "azure", azure, credential=service.credential())
    gateway = workshop.gateway(each_its_model(endpoint), environment=ENVIRONMENT)
    assert ask_model(gateway, "only").status == 503
    endpoint.credential = {"scheme": "api-key", "secret": "env:DOUBLE_KEY"}
    assert gateway.reload(each_its_model(endpoint))["last_error"] is None
    served(gateway, "only")
    # And one that needs none at all.
    upstream = workshop.upstream()
    plain = Endpoint("only", upstream.port, options={"credential": service.credential()})
    gateway = workshop.gateway(configuration(plain), environment=ENVIRONMENT)
    assert gateway.post(chat()).status == 503
    assert gateway.reload(configuration(Endpoint("only", upstream.port)))["last_error"] is None
    assert gateway.post(chat()).status == 200


def test_a_token_service_that_goes_away_costs_no_request(service, world, workshop):
    azure, endpoints = world
    service.up(life=4)
    gateway = workshop.gateway(over_doubles(*endpoints), environment=ENVIRONMENT)
    with Load(gateway.port, threads=2) as load:
        wait_until(lambda: load.tally.endpoints["cloud"] > 10, "the endpoint is in use")
        service.down()
        status = wait_until(lambda: _failing(gateway), "a renewal fails")
        if status["is_held"]:
            assert "cloud: not renewed, the old one ends in" in status_text(gateway)
        wait_until(lambda: gateway.endpoint("cloud")["state"] == "no-credential", "the token has ended")
        before = load.tally.endpoints["spare"]
        wait_until(lambda: load.tally.endpoints["spare"] > before + 10, "the other endpoint serves")
        service.up()
        before = load.tally.endpoints["cloud"]
        wait_until(lambda: load.tally.endpoints["cloud"] > before + 10, "the endpoint is in use again")
    load.tally.expect_no_failure()
    # Nobody sent a token that had ended.
    assert {request.status for request in azure.requests} == {200}


def _failing(gateway):
    status = credential_of(gateway, "cloud")
    return status if status["last_error"] else None


def test_a_silent_token_service_delays_the_start_for_three_seconds_and_is_asked_once(service, double, workshop):
    server = service.up()
    server.gate.clear()
    azure = double(Azure)
    azure.tokens = service.tokens
    silent = ProviderEndpoint("silent", "azure", azure, credential=service.credential())
    other = ProviderEndpoint("other", "azure", azure)
    started = time.monotonic()
    gateway = workshop.gateway(each_its_model(silent, other), environment=ENVIRONMENT)
    assert 2.5 < time.monotonic() - started < 6
    assert ask_model(gateway, "other").status == 200
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask_model(gateway, "silent"), range(50)))
    assert {answer.status for answer in answers} == {503}
    server.gate.set()
    served(gateway, "silent")
    assert len(server.requests) == 1, "one fetch, whoever wants it"
