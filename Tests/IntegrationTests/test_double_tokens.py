# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The clouds' own clients fetch credentials from the doubles, and use them at the doubles of their providers."""

import json
import time
import urllib.parse

import azure.identity
import boto3
import botocore.config
import botocore.credentials
import botocore.exceptions
import botocore.utils
import google.auth.compute_engine
import google.auth.compute_engine._metadata
import google.auth.exceptions
import google.auth.identity_pool
import google.auth.transport.requests
import google.oauth2.service_account
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport

from doubles.aws_tokens import AWSTokens
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from doubles.bedrock import Bedrock
from doubles.faults import Refuse
from doubles.gemini import Gemini
from doubles.google_tokens import GoogleTokens
from processes import ask

pytestmark = pytest.mark.sdks

ROLE = "arn:aws:iam::123456789012:role/double"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
QUESTION = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


def post_form(server, path, **headers):
    return lambda fields: ask(
        server.port,
        "POST",
        path,
        urllib.parse.urlencode(fields),
        {"content-type": "application/x-www-form-urlencoded", **headers},
    )


# AWS


@pytest.fixture
def aws(double):
    return double(AWSTokens)


@pytest.fixture
def ask_bedrock(double, aws):
    """Asks a Bedrock that takes what the token service gave."""
    server = double(Bedrock, credentials=aws.credentials)

    def ask_with(key, secret, token):
        client = connect("bedrock-runtime", server, key, secret, token)
        return client.converse(**QUESTION)["stopReason"]

    return ask_with


def connect(service, server, key="unused", secret="unused", token=None):
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def test_a_web_identity_assumes_a_role(aws, ask_bedrock):
    given = connect("sts", aws).assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="isobar", WebIdentityToken="web-identity-token"
    )["Credentials"]
    assert ask_bedrock(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]) == "end_turn"
    assert 3500 < given["Expiration"].timestamp() - time.time() <= 3600


def test_a_signed_caller_assumes_a_role(aws, ask_bedrock):
    aws.credentials.add("AKIDCALLER", "caller-secret")
    client = connect("sts", aws, "AKIDCALLER", "caller-secret")
    given = client.assume_role(RoleArn=ROLE, RoleSessionName="isobar")["Credentials"]
    assert ask_bedrock(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]) == "end_turn"
    for key, secret, code in (("AKIDCALLER", "wrong", "SignatureDoesNotMatch"), ("AKIDOTHER", "x", "InvalidClientTokenId")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            connect("sts", aws, key, secret).assume_role(RoleArn=ROLE, RoleSessionName="isobar")
        assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"WebIdentityToken": "other"}, "InvalidIdentityToken"),
        ({"RoleArn": f"{ROLE}-other"}, "AccessDenied"),
        ({"RoleSessionName": "not a name"}, "ValidationError"),
    ],
)
def test_a_role_is_not_for_everybody(aws, change, code):
    fields = {"RoleArn": ROLE, "RoleSessionName": "isobar", "WebIdentityToken": "web-identity-token", **change}
    with pytest.raises(botocore.exceptions.ClientError) as error:
        connect("sts", aws).assume_role_with_web_identity(**fields)
    assert error.value.response["Error"]["Code"] == code


def test_a_machine_s_metadata_gives_its_role_s_credentials(aws, ask_bedrock):
    fetcher = botocore.utils.InstanceMetadataFetcher(base_url=f"{aws.url}/", num_attempts=1)
    credentials = (
        botocore.credentials.InstanceMetadataProvider(iam_role_fetcher=fetcher).load().get_frozen_credentials()
    )
    assert ask_bedrock(credentials.access_key, credentials.secret_key, credentials.token) == "end_turn"


def test_metadata_wants_a_session(aws):
    path = "/latest/meta-data/iam/security-credentials/"
    assert ask(aws.port, "GET", path).status == 401
    for seconds, status in ((None, 400), ("0", 400), ("21601", 400), ("60", 200)):
        headers = {"x-aws-ec2-metadata-token-ttl-seconds": seconds} if seconds else {}
        answer = ask(aws.port, "PUT", "/latest/api/token", headers=headers)
        assert answer.status == status
    headers = {"x-aws-ec2-metadata-token": answer.body.decode()}
    assert ask(aws.port, "GET", path, headers=headers).body == b"double-role"
    assert ask(aws.port, "GET", f"{path}other", headers=headers).status == 404
    assert ask(aws.port, "GET", "/latest/meta-data/placement/region", headers=headers).body == b"us-east-1"


def test_a_container_s_metadata_wants_its_token(aws, ask_bedrock):
    fetcher = botocore.utils.ContainerMetadataFetcher()
    url = f"{aws.url}/v2/credentials/one"
    given = fetcher.retrieve_full_uri(url, headers={"Authorization": "container-token"})
    assert ask_bedrock(given["AccessKeyId"], given["SecretAccessKey"], given["Token"]) == "end_turn"
    assert ask(aws.port, "GET", "/v2/credentials/one").status == 401


def test_what_was_given_expires(double, aws, ask_bedrock):
    aws.life = -1
    given = connect("sts", aws).assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="isobar", WebIdentityToken="web-identity-token"
    )["Credentials"]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ask_bedrock(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert error.value.response["Error"]["Code"] == "ExpiredTokenException"


def test_the_token_service_fails_on_demand(aws):
    aws.faults.add(Refuse("rate"))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        connect("sts", aws).assume_role_with_web_identity(
            RoleArn=ROLE, RoleSessionName="isobar", WebIdentityToken="web-identity-token"
        )
    assert error.value.response["Error"]["Code"] == "Throttling"


# Azure

COGNITIVE = "https://cognitiveservices.azure.com/.default"


class PlainTransport(RequestsTransport):
    """Azure's clients insist on TLS; behind this one there is none."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


@pytest.fixture
def entra(double):
    return double(AzureTokens)


def entra_options(server):
    return {
        "authority": f"https://127.0.0.1:{server.port}",
        "disable_instance_discovery": True,
        "transport": PlainTransport(),
        "retry_total": 0,
    }


def ask_azure(double, tokens, token):
    server = double(Azure, tokens=tokens)
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return ask(server.port, "POST", "/openai/v1/chat/completions", body, headers).status


def test_a_client_secret_buys_a_token_for_its_audience(double, entra):
    credential = azure.identity.ClientSecretCredential(
        "double-tenant", "double-client", "double-client-secret", **entra_options(entra)
    )
    token = credential.get_token(COGNITIVE)
    assert ask_azure(double, entra.tokens, token.token) == 200
    assert 3500 < token.expires_on - time.time() <= 3600
    other = credential.get_token("https://ai.azure.com/.default")
    assert ask_azure(double, entra.tokens, other.token) == 401


def test_a_federated_token_is_a_client_s_word_too(double, entra, tmp_path):
    file = tmp_path / "token"
    file.write_text("federated-token")
    credential = azure.identity.WorkloadIdentityCredential(
        tenant_id="double-tenant", client_id="double-client", token_file_path=str(file), **entra_options(entra)
    )
    assert ask_azure(double, entra.tokens, credential.get_token(COGNITIVE).token) == 200


def test_a_wrong_secret_buys_nothing(entra):
    credential = azure.identity.ClientSecretCredential(
        "double-tenant", "double-client", "wrong", **entra_options(entra)
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(COGNITIVE)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "https://cognitiveservices.azure.com"}, "invalid_scope"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_assertion": "federated-token"}, "invalid_client"),
    ],
)
def test_entra_s_forms_are_judged(entra, change, word):
    fields = {
        "grant_type": "client_credentials",
        "client_id": "double-client",
        "client_secret": "double-client-secret",
        "scope": COGNITIVE,
    }
    send = post_form(entra, "/double-tenant/oauth2/v2.0/token")
    assert send(fields).json["token_type"] == "Bearer"
    assert send({**fields, **change}).json["error"] == word


def test_a_machine_of_azure_s_has_an_identity(double, entra, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", entra.url)
    token = azure.identity.ManagedIdentityCredential(retry_total=0).get_token(COGNITIVE)
    assert ask_azure(double, entra.tokens, token.token) == 200
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://ai.azure.com"
    assert ask(entra.port, "GET", path).status == 400
    assert ask(entra.port, "GET", path, headers={"Metadata": "true"}).json["expires_in"] == "3600"


# Google


@pytest.fixture
def google_tokens(double):
    return double(GoogleTokens)


def ask_gemini(double, tokens, token):
    server = double(Gemini, tokens=())
    server.tokens = tokens
    path = "/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro:generateContent"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return ask(server.port, "POST", path, {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}, headers).status


def refresh(credentials):
    credentials.refresh(google.auth.transport.requests.Request())
    return credentials.token


def test_a_service_account_signs_for_a_token(double, google_tokens):
    credentials = google.oauth2.service_account.Credentials.from_service_account_info(
        google_tokens.account.document, scopes=[SCOPE]
    )
    assert ask_gemini(double, google_tokens.tokens, refresh(credentials)) == 200


def test_another_s_signature_buys_nothing(double, google_tokens):
    stranger = double(GoogleTokens)
    document = {**google_tokens.account.document, "private_key": stranger.account.document["private_key"]}
    credentials = google.oauth2.service_account.Credentials.from_service_account_info(document, scopes=[SCOPE])
    with pytest.raises(google.auth.exceptions.RefreshError, match="Invalid JWT Signature"):
        refresh(credentials)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://elsewhere.example/token"},
        {"iss": "other@double.iam.gserviceaccount.com"},
        {"exp": 7200},
        {"iat": -7200, "exp": -3600},
        {"scope": "openid"},
    ],
)
def test_an_assertion_s_claims_are_judged(google_tokens, change):
    account, now = google_tokens.account, int(time.time())
    times = {name: now + value for name, value in {"iat": 0, "exp": 3600, **change}.items() if name in ("iat", "exp")}
    claims = {
        "iss": account.document["client_email"],
        "aud": account.document["token_uri"],
        "scope": SCOPE,
        **{name: value for name, value in change.items() if name not in times},
        **times,
    }
    signer = google.auth.crypt.RSASigner.from_service_account_info(account.document)
    send = post_form(google_tokens, "/token")
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert send({"grant_type": grant, "assertion": google.auth.jwt.encode(signer, claims).decode()}).status == 400
    good = {**claims, "iss": account.document["client_email"], "aud": account.document["token_uri"], "scope": SCOPE}
    good.update(iat=now, exp=now + 3600)
    assert send({"grant_type": grant, "assertion": google.auth.jwt.encode(signer, good).decode()}).status == 200


def test_a_machine_of_google_s_has_an_account(double, google_tokens, monkeypatch):
    metadata = google.auth.compute_engine._metadata
    monkeypatch.setattr(metadata, "_GCE_METADATA_HOST", f"127.0.0.1:{google_tokens.port}")
    assert ask_gemini(double, google_tokens.tokens, refresh(google.auth.compute_engine.Credentials())) == 200
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    assert ask(google_tokens.port, "GET", path).status == 403


def test_a_foreign_identity_is_exchanged_and_impersonates(double, google_tokens, tmp_path):
    file = tmp_path / "token"
    file.write_text("foreign-token")
    email = google_tokens.account.document["client_email"]
    described = {
        "type": "external_account",
        "audience": google_tokens.audience,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{google_tokens.url}/v1/token",
        "credential_source": {"file": str(file)},
    }
    direct = google.auth.identity_pool.Credentials.from_info(described, scopes=[SCOPE])
    assert ask_gemini(double, google_tokens.tokens, refresh(direct)) == 200
    impersonation = f"{google_tokens.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    indirect = google.auth.identity_pool.Credentials.from_info(
        {**described, "service_account_impersonation_url": impersonation}, scopes=[SCOPE]
    )
    assert ask_gemini(double, google_tokens.tokens, refresh(indirect)) == 200
    file.write_text("unknown-token")
    with pytest.raises(google.auth.exceptions.OAuthError, match="invalid_grant"):
        refresh(google.auth.identity_pool.Credentials.from_info(described, scopes=[SCOPE]))


def test_every_token_is_another(google_tokens):
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    tokens = [
        json.loads(ask(google_tokens.port, "GET", path, headers={"Metadata-Flavor": "Google"}).body)["access_token"]
        for _ in range(2)
    ]
    assert len(set(tokens)) == 2
