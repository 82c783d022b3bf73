# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Every source of AWS's keys, through one gateway: Bedrock's double signs each request again, with botocore, and
refuses any other signature."""

import contextlib

import pytest

from access import Doctor, ask_model, credential_of, each_its_model, expect_hidden, written_by
from configurations import chat
from doubles.aws_tokens import AWSTokens
from doubles.bedrock import Bedrock
from providers import ProviderEndpoint
from traffic import EventStream, content_of

pytestmark = pytest.mark.sdks

ROLE = "arn:aws:iam::123456789012:role/double"
OWN = ("AKIDCALLER0000001", "caller-secret/of+nobody")
TEMPORARY = ("ASIACALLER0000002", "temporary-caller-secret", "caller//session+token==")
AWS = {"scheme": "aws", "region": "us-east-1"}


class Sources:
    """A gateway with an endpoint for every source, in the environment that each of them expects."""

    def __init__(self, double, workshop, directory):
        self.directory = directory
        self.tokens = double(AWSTokens)
        self.tokens.credentials.add(*OWN)
        self.tokens.credentials.add(*TEMPORARY)
        self.bedrock = double(Bedrock, credentials=self.tokens.credentials)
        self.environment = {
            "AWS_ACCESS_KEY_ID": OWN[0],
            "AWS_SECRET_ACCESS_KEY": OWN[1],
            "AWS_SESSION_TOKEN": "",
            "AWS_SHARED_CREDENTIALS_FILE": self.write("credentials", PROFILES),
            "AWS_CONFIG_FILE": self.write("config", CONFIGURATION),
            "AWS_ROLE_ARN": ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": self.write("web-identity", "web-identity-token"),
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.tokens.url}/v2/credentials/one",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": self.write("container", self.tokens.container_token),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{self.tokens.url}/",
            "AWS_ENDPOINT_URL_STS": self.tokens.url,
            "BEDROCK_KEY": "double-key",
        }
        secret = "file:" + self.write("secret", TEMPORARY[1] + "\n")
        session = "file:" + self.write("session", TEMPORARY[2] + "\n")
        id_ = "file:" + self.write("id", TEMPORARY[0] + "\n")
        self.credentials = {
            "environment": {**AWS, "source": "environment"},
            "static": {
                **AWS,
                "source": "static",
                "accessKeyID": id_,
                "secretAccessKey": secret,
                "sessionToken": session,
            },
            "profile": {**AWS, "source": "profile", "profile": "own"},
            "profile-role": {**AWS, "source": "profile", "profile": "in-a-role"},
            "web-identity": {**AWS, "source": "web-identity"},
            "container": {**AWS, "source": "container"},
            "instance": {**AWS, "source": "instance"},
            "assumed-role": {**AWS, "source": "environment", "roleARN": ROLE},
            "instance-role": {**AWS, "source": "instance", "roleARN": ROLE, "externalID": "agreed"},
            "api-key": {"scheme": "bearer", "secret": "env:BEDROCK_KEY"},
        }
        endpoints = [
            ProviderEndpoint(name, "bedrock", self.bedrock, credential=one) for name, one in self.credentials.items()
        ]
        self.gateway = workshop.gateway(each_its_model(*endpoints), environment=self.environment)
        self.asked = list(self.tokens.requests)

    def write(self, name, content):
        path = self.directory / name
        path.write_text(content)
        return str(path)

    @property
    def secrets(self):
        temporary = [f"temporary-secret/{number}+" for number in range(1, 10)]
        return [
            OWN[1],
            *TEMPORARY[1:],
            *temporary,
            *self.tokens.given,
            self.tokens.container_token,
            "web-identity-token",
        ]


PROFILES = f"""
[own]
aws_access_key_id = {TEMPORARY[0]}
aws_secret_access_key = {TEMPORARY[1]}
aws_session_token = {TEMPORARY[2]}
[source]
aws_access_key_id = {OWN[0]}
aws_secret_access_key = {OWN[1]}
"""
CONFIGURATION = f"""
[profile in-a-role]
role_arn = {ROLE}
source_profile = source
"""

# Whose key each source's requests are signed with; None: one that a service gave.
SIGNED_BY = {
    "environment": OWN[0],
    "static": TEMPORARY[0],
    "profile": TEMPORARY[0],
    "profile-role": None,
    "web-identity": None,
    "container": None,
    "instance": None,
    "assumed-role": None,
    "instance-role": None,
}


@pytest.fixture(scope="module")
def sources(shared_workshop, tmp_path_factory):
    with contextlib.ExitStack() as doubles:
        start = lambda kind, **options: doubles.enter_context(kind(**options))
        yield Sources(start, shared_workshop, tmp_path_factory.mktemp("aws"))


@pytest.mark.parametrize("name", SIGNED_BY)
def test_a_request_is_signed_with_the_source_s_key(sources, name):
    answer = ask_model(sources.gateway, name)
    assert answer.status == 200, (answer.body, sources.gateway.status()["credentials"])
    assert answer.json["choices"][0]["message"]["content"] == "Say something."
    signed_by = sources.bedrock.last.credential
    assert signed_by == SIGNED_BY[name] if SIGNED_BY[name] else signed_by.startswith("ASIADOUBLE")
    sent = sources.bedrock.last.header("authorization")
    assert sent.startswith(f"AWS4-HMAC-SHA256 Credential={signed_by}/") and "/us-east-1/bedrock/aws4_request" in sent
    with EventStream(sources.gateway.port, {**chat(), "model": name}) as stream:
        assert content_of(list(stream)) == "Say something."
    assert sources.bedrock.last.path.endswith("/converse-stream")


@pytest.mark.parametrize("name", [name for name, key in SIGNED_BY.items() if key is None])
def test_a_key_that_a_service_gave_ends_in_an_hour_and_is_known_to(sources, name):
    held = credential_of(sources.gateway, name)
    assert (held["is_held"], held["last_error"]) == (True, None)
    assert 3000 < held["expires_in_seconds"] <= 3600


def test_an_api_key_is_sent_as_it_is(sources):
    assert ask_model(sources.gateway, "api-key").status == 200
    assert sources.bedrock.last.header("authorization") == "Bearer double-key"


def test_each_service_was_asked_once_for_each_identity(sources):
    asked = [(request.method, request.path) for request in sources.asked]
    # The two of the instance: a session, the role's name, its key.
    assert asked.count(("PUT", "/latest/api/token")) == 2
    assert asked.count(("GET", "/v2/credentials/one")) == 1
    assert asked.count(("POST", "/")) == 4, "profile-role, web-identity, assumed-role, instance-role"
    assert {request.status for request in sources.asked} == {200}


def test_the_doctor_signs_too(sources):
    doctor = Doctor(sources.gateway.configuration, sources.environment)
    assert doctor.code == 0, doctor.text
    assert {one["health"] for one in doctor.seen.values()} == {"ok"}
    expect_hidden(doctor.written, sources.secrets)


def test_no_secret_is_written_or_shown(sources):
    expect_hidden(written_by(sources.gateway), sources.secrets)


# What goes wrong, one endpoint each: what is said of it.
TROUBLES = {
    "no-such-profile": (
        {"source": "profile", "profile": "nobody"},
        ["no profile nobody in ", "add it, or name another"],
    ),
    "not-this-role": (
        {"source": "environment", "roleARN": f"{ROLE}-of-others"},
        ["answered 403 AccessDenied", f"may this key assume {ROLE}-of-others"],
    ),
    "wrong-secret": (
        {"source": "static", "accessKeyID": "env:OWN_ID", "secretAccessKey": "env:WRONG", "roleARN": ROLE},
        ["answered 403 SignatureDoesNotMatch", "is the secret access key right?"],
    ),
    "no-token-file": (
        {"source": "web-identity", "tokenFile": "/nowhere/token"},
        ["cannot read the token file /nowhere/token: No such file or directory"],
    ),
    "not-this-container": ({"source": "container"}, ["answered 401"]),
}


def test_troubles_are_told_in_words(double, workshop, tmp_path):
    tokens = double(AWSTokens)
    tokens.credentials.add(*OWN)
    bedrock = double(Bedrock, credentials=tokens.credentials)
    files = {name: tmp_path / name for name in ("credentials", "config", "container")}
    for name, content in (("credentials", PROFILES), ("config", CONFIGURATION), ("container", "of-another-container")):
        files[name].write_text(content)
    environment = {
        "AWS_ACCESS_KEY_ID": OWN[0],
        "AWS_SECRET_ACCESS_KEY": OWN[1],
        "OWN_ID": OWN[0],
        "WRONG": "wrong-secret-of-nobody",
        "AWS_ROLE_ARN": ROLE,
        "AWS_SHARED_CREDENTIALS_FILE": str(files["credentials"]),
        "AWS_CONFIG_FILE": str(files["config"]),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{tokens.url}/v2/credentials/one",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(files["container"]),
        "AWS_ENDPOINT_URL_STS": tokens.url,
    }
    endpoints = [
        ProviderEndpoint(name, "bedrock", bedrock, credential={**AWS, **source})
        for name, (source, _) in TROUBLES.items()
    ]
    gateway = workshop.gateway(each_its_model(*endpoints), environment=environment)
    doctor = Doctor(gateway.configuration, environment)
    for name, (_, words) in TROUBLES.items():
        assert ask_model(gateway, name).status == 503
        for told in (credential_of(gateway, name)["last_error"], doctor.paragraph(name)):
            assert all(word in told for word in words), told
    assert not bedrock.requests
    expect_hidden([*written_by(gateway), *doctor.written], [OWN[1], "wrong-secret-of-nobody", "of-another-container"])
