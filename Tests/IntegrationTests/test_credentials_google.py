# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Every source of Google's tokens, and AI Studio's keys, through one gateway: the doubles verify what a service account
signed, and take only tokens that were given."""

import collections
import contextlib
import json

import pytest

from access import Doctor, ask_model, each_its_model, expect_hidden, expect_told, served, token_of, written_by
from doubles.gemini import Gemini
from doubles.google_tokens import GoogleTokens
from providers import ProviderEndpoint

pytestmark = pytest.mark.sdks


def described(tokens, directory):
    """The file of a federation, and that of the token which it names."""
    token = directory / "token"
    token.write_text("foreign-token")
    return {
        "type": "external_account",
        "audience": tokens.audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{tokens.url}/v1/token",
        "credential_source": {"file": str(token)},
    }


def impersonating(tokens, description):
    email = tokens.account.document["client_email"]
    url = f"{tokens.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    return {**description, "service_account_impersonation_url": url}


class Sources:
    """A gateway with an endpoint for every source."""

    def __init__(self, double, workshop, directory):
        self.directory = directory
        self.tokens = double(GoogleTokens)
        self.gemini = double(Gemini)
        self.gemini.tokens = self.tokens.tokens
        federation = described(self.tokens, directory)
        account = self.write("account", self.tokens.account.document)
        self.environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": account,
            "GCE_METADATA_HOST": f"127.0.0.1:{self.tokens.port}",
            "STUDIO_KEY": "double-key",
        }
        google = {"scheme": "google"}
        self.credentials = {
            "service-account": {**google, "source": "service-account"},
            "billed-elsewhere": {**google, "source": "service-account", "file": account, "quotaProject": "payer"},
            "metadata": {**google, "source": "metadata"},
            "federation": {**google, "source": "federation", "file": self.write("federation", federation)},
            "impersonation": {
                **google,
                "source": "federation",
                "file": self.write("impersonation", impersonating(self.tokens, federation)),
            },
        }
        endpoints = [
            ProviderEndpoint(name, "vertex", self.gemini, credential=one) for name, one in self.credentials.items()
        ]
        studio = ProviderEndpoint(
            "studio", "gemini", self.gemini, credential={"scheme": "x-goog-api-key", "secret": "env:STUDIO_KEY"}
        )
        self.gateway = workshop.gateway(each_its_model(*endpoints, studio), environment=self.environment)
        self.asked = list(self.tokens.requests)

    def write(self, name, value):
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(value))
        return str(path)

    @property
    def secrets(self):
        key = self.tokens.account.document["private_key"].splitlines()[1]
        assertions = [request.body.decode().partition("assertion=")[2] for request in self.tokens.requests]
        return [key, "foreign-token", "double-key", *self.tokens.given, *filter(None, assertions)]


@pytest.fixture(scope="module")
def sources(shared_workshop, tmp_path_factory):
    with contextlib.ExitStack() as doubles:
        start = lambda kind, **options: doubles.enter_context(kind(**options))
        yield Sources(start, shared_workshop, tmp_path_factory.mktemp("google"))


@pytest.mark.parametrize("name", ["service-account", "billed-elsewhere", "metadata", "federation", "impersonation"])
def test_a_request_has_a_token_that_google_gave(sources, name):
    token = token_of(sources.gateway, sources.gemini, name)
    assert token in sources.tokens.given
    assert sources.gemini.last.header("x-goog-user-project") == ("payer" if name == "billed-elsewhere" else None)


def test_a_key_of_ai_studio_goes_into_its_own_header(sources):
    assert ask_model(sources.gateway, "studio").status == 200
    assert (sources.gemini.last.header("x-goog-api-key"), sources.gemini.last.bearer) == ("double-key", None)


def test_each_service_was_asked_once_for_each_identity(sources):
    asked = collections.Counter(
        request.path.rsplit("/", 1)[-1].partition(":")[2] or request.path for request in sources.asked
    )
    machine = "/computeMetadata/v1/instance/service-accounts/default/token"
    assert asked == {"/token": 2, machine: 1, "/v1/token": 2, "generateAccessToken": 1}


def test_the_doctor_gets_in_too(sources):
    doctor = Doctor(sources.gateway.configuration, sources.environment)
    assert doctor.code == 0, doctor.text
    expect_hidden(doctor.written, sources.secrets)


def test_no_secret_is_written_or_shown(sources):
    expect_hidden(written_by(sources.gateway), sources.secrets)


def test_troubles_are_told_in_words_and_mended_without_a_restart(double, workshop, tmp_path):
    tokens, gemini, stranger = double(GoogleTokens), double(Gemini), double(GoogleTokens)
    gemini.tokens = tokens.tokens
    federation = described(tokens, tmp_path)

    def source(name, kind, value):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(value))
        return {"scheme": "google", "source": kind, "file": str(path)}

    good = tokens.account.document
    forged = {**good, "private_key": stranger.account.document["private_key"]}
    nobody = {
        "service_account_impersonation_url": impersonating(tokens, federation)[
            "service_account_impersonation_url"
        ].replace("double@", "nobody@")
    }
    credentials = {
        "forged-key": source("forged-key", "service-account", forged),
        "not-an-account": source("not-an-account", "service-account", federation),
        "other-pool": source("other-pool", "federation", {**federation, "audience": "//iam.googleapis.com/other"}),
        "not-this-account": source("not-this-account", "federation", {**federation, **nobody}),
        "no-machine": {"scheme": "google", "source": "metadata", "metadataURL": "http://127.0.0.1:1"},
    }
    words = {
        "forged-key": ["400 invalid_grant: Invalid JWT Signature.", "still active, and this machine's clock right?"],
        "not-an-account": ["is of type external_account, not service_account", "choose the source that fits"],
        "other-pool": ["400 invalid_target", "check audience: it names the pool's provider"],
        "not-this-account": ["403 PERMISSION_DENIED", "grant the federated principal roles/iam.workloadIdentityUser"],
        "no-machine": ["127.0.0.1:1", "does this process run where that service is?"],
    }
    endpoints = [ProviderEndpoint(name, "vertex", gemini, credential=one) for name, one in credentials.items()]
    gateway = workshop.gateway(each_its_model(*endpoints))
    written = expect_told(gateway, words)
    assert not gemini.requests
    # A key file that is put right is used as soon as it is seen to have changed.
    source("forged-key", "service-account", good)
    served(gateway, "forged-key")
    keys = [document["private_key"].splitlines()[1] for document in (good, forged)]
    expect_hidden([*written_by(gateway), *written], [*keys, "foreign-token", *tokens.given])
