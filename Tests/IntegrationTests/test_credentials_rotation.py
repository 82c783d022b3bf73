# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Credentials that end, are refused, used up or replaced, through the gateway: which one is sent next, and that no
request fails for it."""

import concurrent.futures
import signal
import threading

import pytest

from access import ask_model, credential_of, each_its_model, expect_hidden, served, written_by
from configurations import Endpoint, chat, configuration
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from doubles.faults import Hint, Refuse
from doubles.openai import OpenAI
from processes import wait_until
from providers import ProviderEndpoint
from traffic import Load
from upstreams import refuse_with

pytestmark = pytest.mark.sdks

NAME = "only"
# What one loop has learned another has not.
ONE_LOOP = ("--loops", "1")
OLD, NEW = "key-old-0123456789", "key-new-0123456789"
ENVIRONMENT = {"CLIENT_SECRET": "double-client-secret", "AZURE_KEY": "double-key", "OLD": OLD, "NEW": NEW}
AZURE_KEY = {"scheme": "api-key", "secret": "env:AZURE_KEY"}
OLD_KEY, NEW_KEY = ({"scheme": "bearer", "secret": f"env:{name}"} for name in ("OLD", "NEW"))


class Entra(AzureTokens):
    """Entra's token endpoint, and how an endpoint names it."""

    @property
    def credential(self):
        stated = {"tenant": self.tenant, "client": "double-client", "authorityURL": self.url}
        return {"scheme": "entra", "source": "client-secret", "secret": "env:CLIENT_SECRET", **stated}

    def revoke(self, token):
        """The endpoint no longer takes it."""
        self.tokens.pop(token)


@pytest.fixture
def entra(double):
    """Its tokens last six seconds."""
    return double(Entra, life=6)


@pytest.fixture
def azure(double, entra):
    server = double(Azure)
    server.tokens = entra.tokens
    return server


@pytest.fixture
def openai_double(double):
    return double(OpenAI, keys=[OLD, NEW])


@pytest.fixture
def over(workshop):
    """Starts a gateway of one loop over one endpoint that has these credentials, in this order."""

    def start(flavor, server, *credentials):
        endpoint = ProviderEndpoint(NAME, flavor, server, credential=list(credentials))
        return workshop.gateway(each_its_model(endpoint), environment=ENVIRONMENT, options=ONE_LOOP)

    return start


def sent(server, since=0):
    """The credentials of the requests that came."""
    return [request.credential for request in server.requests[since:]]


# Tokens that end


def test_a_token_is_renewed_before_its_end_once_for_fifty_requests(over, azure, entra):
    gateway = over("azure", azure, entra.credential)
    assert len(entra.requests) == 1
    entra.gate.clear()
    wait_until(lambda: len(entra.requests) == 2, "half of the token's life is over and the next one asked for")
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ask_model(gateway, NAME), range(50)))
    assert {answer.status for answer in answers} == {200}
    first = entra.given[0]
    assert set(sent(azure)) == {first}, "the old one is good until its end"
    assert len(entra.requests) == 2, "one fetch, whoever wants it"
    entra.gate.set()
    wait_until(lambda: ask_model(gateway, NAME).status == 200 and sent(azure)[-1] != first, "the new one is in use")
    assert len(entra.requests) == 2 and {request.status for request in azure.requests} == {200}
    assert credential_of(gateway, NAME)["failures"] == 0
    expect_hidden(written_by(gateway), [*entra.given, "double-client-secret"])


# Credentials that are refused


def test_a_refused_token_is_followed_by_the_next_credential_in_the_same_request(over, azure, entra):
    entra.life = 3600
    gateway = over("azure", azure, entra.credential, AZURE_KEY)
    assert ask_model(gateway, NAME).status == 200 and sent(azure) == entra.given
    entra.revoke(entra.given[0])
    assert ask_model(gateway, NAME).status == 200
    assert sent(azure) == [entra.given[0], entra.given[0], "double-key"]
    assert gateway.endpoint(NAME)["state"] == "up"
    # The refused one is left alone: no request tries it first.
    for _ in range(5):
        assert ask_model(gateway, NAME).status == 200
    assert sent(azure, since=3) == ["double-key"] * 5


def test_each_credential_is_tried_once_where_all_are_refused(over, openai_double):
    openai_double.keys.clear()
    gateway = over("openai", openai_double, OLD_KEY, NEW_KEY)
    answer = ask_model(gateway, NAME)
    assert (answer.status, answer.json["error"]["message"]) == (502, "The endpoint failed: it refused our credential.")
    assert sent(openai_double) == [OLD, NEW]
    expect_hidden([*written_by(gateway), answer.body.decode()], [OLD, NEW])


def test_a_fresh_token_is_used_at_once_however_long_the_old_one_was_to_be_left_alone(over, azure, entra):
    gateway = over("azure", azure, entra.credential)
    entra.revoke(entra.given[0])
    assert ask_model(gateway, NAME).status == 502
    assert gateway.endpoint(NAME)["state"] == "cool-down"
    # The next one comes in three seconds; without it the endpoint would be out for a minute.
    served(gateway, NAME)
    assert sent(azure)[-1] == entra.given[1]


def test_a_used_up_quota_is_not_asked_for_again_but_the_next_credential_is(over, openai_double):
    openai_double.faults.add(Refuse("exhausted"), times=None, key=OLD)
    gateway = over("openai", openai_double, OLD_KEY, NEW_KEY)
    for _ in range(5):
        assert ask_model(gateway, NAME).status == 200
    assert sent(openai_double) == [OLD, *[NEW] * 5]
    openai_double.faults.add(Refuse("exhausted"), times=None, key=NEW)
    answer = ask_model(gateway, NAME)
    assert (answer.status, answer.json["error"]["code"]) == (429, "insufficient_quota")
    assert sent(openai_double, since=6) == [NEW]


def test_an_overloaded_endpoint_is_not_asked_again_with_another_credential(over, openai_double):
    openai_double.faults.add(Refuse("overloaded", hint=Hint("seconds", 9)))
    gateway = over("openai", openai_double, OLD_KEY, NEW_KEY)
    answer = ask_model(gateway, NAME)
    assert (answer.status, answer.headers["retry-after"]) == (503, "9")
    assert sent(openai_double) == [OLD]


@pytest.mark.parametrize("flavor", ["openai", "azure"])
def test_an_error_that_repeats_the_credential_does_not_reach_the_caller(flavor, over, double):
    server = double({"openai": OpenAI, "azure": Azure}[flavor], keys=[OLD])
    scheme = {"openai": "bearer", "azure": "api-key"}[flavor]
    gateway = over(flavor, server, {"scheme": scheme, "secret": "env:OLD"})
    server.faults.add(Refuse("invalid", f"Seven is not a colour, says the bearer of {OLD}."))
    answer = ask_model(gateway, NAME)
    assert answer.status == 400 and "carries no message" in answer.json["error"]["message"]
    server.faults.add(Refuse("invalid", "Seven is not a colour."))
    other = ask_model(gateway, NAME)
    assert other.status == 400 and "Seven is not a colour." in other.json["error"]["message"]
    expect_hidden([*written_by(gateway), answer.body.decode()], [OLD])


# Credentials that are replaced


@pytest.fixture
def key_file(tmp_path):
    """A file with a key, and how it is replaced as a whole."""

    class KeyFile:
        path = tmp_path / "key"
        credential = {"scheme": "bearer", "secret": f"file:{path}"}

        def write(self, key):
            new = self.path.with_suffix(".new")
            new.write_text(f"{key}\n")
            new.rename(self.path)

    file = KeyFile()
    file.write(OLD)
    return file


def test_a_key_file_that_is_replaced_is_used_without_a_failed_request(over, openai_double, key_file):
    gateway = over("openai", openai_double, key_file.credential)
    with Load(gateway.port, threads=2, body={**chat(), "model": NAME}) as load:
        wait_until(lambda: len(openai_double.requests) > 20, "traffic flows")
        key_file.write(NEW)
        wait_until(lambda: sent(openai_double)[-20:] == [NEW] * 20, "the new key is in use")
        openai_double.keys.remove(OLD)
        count = len(openai_double.requests)
        wait_until(lambda: len(openai_double.requests) > count + 50, "traffic goes on")
    load.tally.expect_no_failure()
    assert set(sent(openai_double)) == {OLD, NEW}
    expect_hidden(written_by(gateway), [OLD, NEW])


def test_a_key_that_is_replaced_after_it_was_refused_is_used_at_once(over, openai_double, key_file):
    openai_double.keys.remove(OLD)
    gateway = over("openai", openai_double, key_file.credential)
    assert ask_model(gateway, NAME).status == 502
    assert ask_model(gateway, NAME).status == 503, "the endpoint is left alone for a minute"
    key_file.write(NEW)
    served(gateway, NAME)
    assert sent(openai_double) == [OLD, NEW]


def test_a_refusal_that_comes_after_the_key_was_replaced_is_not_held_against_the_new_one(workshop, key_file):
    replaced = threading.Event()

    def script(call):
        if call.headers["Authorization"] == f"Bearer {NEW}":
            return call.complete()
        replaced.wait(10)
        refuse_with(401)(call)

    upstream = workshop.upstream(script)
    endpoint = Endpoint("a", upstream.port, options={"credential": key_file.credential})
    gateway = workshop.gateway(configuration(endpoint))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gateway.post, chat())
        wait_until(lambda: len(upstream.calls) == 1, "the request is at the endpoint")
        version = gateway.status()["configuration"]["version"]
        key_file.write(NEW)
        wait_until(lambda: gateway.status()["configuration"]["version"] > version, "the new key is in force")
        replaced.set()
        assert answer.result().status == 200
    assert gateway.post(chat()).status == 200
    assert [call.headers["Authorization"] for call in upstream.calls] == [f"Bearer {OLD}", *[f"Bearer {NEW}"] * 2]


def test_an_endpoint_that_turns_from_a_key_to_an_identity_fails_no_request(over, azure, entra, workshop):
    """The configuration waits for the identity's first token."""
    gateway = over("azure", azure, AZURE_KEY)
    with Load(gateway.port, threads=2, body={**chat(), "model": NAME}) as load:
        wait_until(lambda: len(azure.requests) > 10, "traffic flows")
        entra.gate.clear()
        new = each_its_model(ProviderEndpoint(NAME, "azure", azure, credential=entra.credential))
        replacement = gateway.configuration.with_suffix(".new")
        replacement.write_text(new)
        replacement.rename(gateway.configuration)
        gateway.signal(signal.SIGHUP)
        wait_until(lambda: entra.requests, "the token is asked for")
        count = len(azure.requests)
        wait_until(lambda: len(azure.requests) > count + 20, "the key serves meanwhile")
        entra.gate.set()
        wait_until(lambda: sent(azure)[-1] in entra.given, "the token is in use")
    load.tally.expect_no_failure()
    assert {request.status for request in azure.requests} == {200}
