# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Every source of Entra's tokens, and Azure's keys, through one gateway: Azure's double takes only tokens that were
made for it."""

import contextlib

import pytest

from access import Doctor, ask_model, credential_of, each_its_model, expect_hidden, expect_told, served, token_of, written_by
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from providers import ProviderEndpoint

pytestmark = pytest.mark.sdks

SECRET = "double-client-secret"
FOUNDRY = "https://ai.azure.com/.default"
COGNITIVE = "https://cognitiveservices.azure.com"


class Sources:
    """A gateway with an endpoint for every source."""

    def __init__(self, double, workshop, directory):
        self.tokens = double(AzureTokens)
        self.azure = double(Azure)
        self.azure.tokens = self.tokens.tokens
        file = directory / "token"
        file.write_text("federated-token")
        self.environment = {
            "AZURE_TENANT_ID": self.tokens.tenant,
            "AZURE_CLIENT_ID": "double-client",
            "AZURE_FEDERATED_TOKEN_FILE": str(file),
            "AZURE_AUTHORITY_HOST": f"{self.tokens.url}/",
            "CLIENT_SECRET": SECRET,
            "AZURE_KEY": "double-key",
        }
        stated = {"tenant": self.tokens.tenant, "client": "double-client", "authorityURL": self.tokens.url}
        machine = {"scheme": "entra", "source": "managed-identity", "metadataURL": self.tokens.url}
        secret = {"scheme": "entra", "source": "client-secret", "secret": "env:CLIENT_SECRET", **stated}
        self.credentials = {
            "client-secret": secret,
            "federated": {"scheme": "entra", "source": "federated"},
            "system-identity": machine,
            "user-identity": {**machine, "client": "double-client"},
            "api-key": {"scheme": "api-key", "secret": "env:AZURE_KEY"},
        }
        endpoints = [
            ProviderEndpoint(name, "azure", self.azure, credential=one) for name, one in self.credentials.items()
        ]
        foundry = ProviderEndpoint(
            "claude",
            "azure",
            self.azure,
            api="messages",
            base="/anthropic/v1",
            model="claude-double",
            credential={**secret, "scope": FOUNDRY},
        )
        other = ProviderEndpoint("other-audience", "azure", self.azure, credential={**secret, "scope": FOUNDRY})
        self.gateway = workshop.gateway(each_its_model(*endpoints, foundry, other), environment=self.environment)
        self.asked = list(self.tokens.requests)

    @property
    def secrets(self):
        return [SECRET, "federated-token", "double-key", *self.tokens.given]


@pytest.fixture(scope="module")
def sources(shared_workshop, tmp_path_factory):
    with contextlib.ExitStack() as doubles:
        start = lambda kind, **options: doubles.enter_context(kind(**options))
        yield Sources(start, shared_workshop, tmp_path_factory.mktemp("entra"))


@pytest.mark.parametrize("name", ["client-secret", "federated", "system-identity", "user-identity", "claude"])
def test_a_request_has_a_token_for_its_audience(sources, name):
    token = token_of(sources.gateway, sources.azure, name)
    assert sources.tokens.tokens[token] == ("https://ai.azure.com" if name == "claude" else COGNITIVE)
    assert sources.azure.last.header("api-key") is None


def test_a_key_goes_into_its_own_header(sources):
    assert ask_model(sources.gateway, "api-key").status == 200
    assert (sources.azure.last.header("api-key"), sources.azure.last.bearer) == ("double-key", None)


def test_a_token_for_another_audience_is_refused_by_the_endpoint_and_the_doctor_says_so(sources):
    answer = ask_model(sources.gateway, "other-audience")
    assert (answer.status, answer.json["error"]["message"]) == (502, "The endpoint failed: it refused our credential.")
    assert credential_of(sources.gateway, "other-audience")["is_held"], "Entra gave one, it is only the wrong one"
    doctor = Doctor(sources.gateway.configuration, sources.environment)
    assert [name for name, seen in doctor.seen.items() if seen["health"] != "ok"] == ["other-audience"]
    assert "the scope is https://cognitiveservices.azure.com/.default" in doctor.paragraph("other-audience")
    expect_hidden(doctor.written, sources.secrets)


def test_one_identity_is_asked_for_once_whoever_uses_it(sources):
    """The client secret has two scopes, one of them for two endpoints; the machine has two identities."""
    methods = [request.method for request in sources.asked]
    assert (methods.count("POST"), methods.count("GET")) == (3, 2)


def test_no_secret_is_written_or_shown(sources):
    expect_hidden(written_by(sources.gateway), sources.secrets)


def test_troubles_are_told_in_words_and_mended_without_a_restart(double, workshop, tmp_path):
    tokens, azure = double(AzureTokens), double(Azure)
    azure.tokens = tokens.tokens
    secret = tmp_path / "secret"
    secret.write_text("wrong-secret-of-nobody\n")
    stated = {"scheme": "entra", "source": "client-secret", "authorityURL": tokens.url, "secret": f"file:{secret}"}
    identities = {
        "wrong-secret": {**stated, "tenant": tokens.tenant, "client": "double-client"},
        "no-such-tenant": {**stated, "tenant": "nowhere", "client": "double-client"},
        "no-such-scope": {**stated, "tenant": tokens.tenant, "client": "double-client", "scope": "plain-scope"},
        "no-identity": {"scheme": "entra", "source": "managed-identity", "client": "no", "metadataURL": tokens.url},
    }
    words = {
        "wrong-secret": [
            "401 invalid_client: AADSTS7000215",
            "the client secret is wrong: state its value, not its id",
        ],
        "no-such-tenant": ["AADSTS90002", "there is no such tenant"],
        "no-such-scope": ["AADSTS1002012", "scope must be a resource followed by /.default"],
        "no-identity": ["Identity not found", "assign a managed identity to the machine"],
    }
    endpoints = [ProviderEndpoint(name, "azure", azure, credential=one) for name, one in identities.items()]
    gateway = workshop.gateway(each_its_model(*endpoints))
    written = expect_told(gateway, words)
    expect_hidden([*written_by(gateway), *written], ["wrong-secret-of-nobody"])
    assert not azure.requests
    # A secret that is put right is used as soon as its file is seen to have changed.
    secret.write_text(SECRET)
    served(gateway, "wrong-secret")
    expect_hidden(written_by(gateway), [SECRET, *tokens.given])
