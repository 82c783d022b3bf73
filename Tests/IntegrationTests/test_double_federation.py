# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The clouds' own clients trade OpenBao's tokens at the doubles, and are refused in words that these clients know."""

import azure.identity
import botocore.exceptions
import google.auth.exceptions
import google.auth.identity_pool
import google.auth.transport.requests
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError

from doubles.federation import Untrusted
from federated import CLOUDS, REASONS, ROLE
from openbao import claims_of, head_of
from processes import wait_until
from test_double_tokens import COGNITIVE, SCOPE, connect, entra_options

pytestmark = pytest.mark.sdks


def at_aws(cloud, file):
    fields = {"RoleArn": ROLE, "RoleSessionName": "double", "WebIdentityToken": file.path.read_text().strip()}
    return connect("sts", cloud.tokens).assume_role_with_web_identity(**fields)["Credentials"]["SessionToken"]


def at_entra(cloud, file):
    identity = {"tenant_id": cloud.tokens.tenant, "client_id": "double-client", "token_file_path": str(file.path)}
    credential = azure.identity.WorkloadIdentityCredential(**identity, **entra_options(cloud.tokens))
    return credential.get_token(COGNITIVE).token


def at_google(cloud, file):
    credentials = google.auth.identity_pool.Credentials.from_info(cloud.described(file), scopes=[SCOPE])
    credentials.refresh(google.auth.transport.requests.Request())
    return credentials.token


CLIENTS = {"aws": at_aws, "entra": at_entra, "google": at_google}
ERRORS = {
    "aws": (botocore.exceptions.ClientError, {"expired": "ExpiredTokenException", "subject": "AccessDenied"}),
    "entra": (ClientAuthenticationError, {"audience": "AADSTS700212", "expired": "AADSTS700024"}),
    "google": (google.auth.exceptions.OAuthError, {"subject": "unauthorized_client", "expired": "stale"}),
}
OTHERWISE = {"aws": "InvalidIdentityToken", "entra": "AADSTS7000?", "google": "invalid_grant"}


@pytest.fixture
def file(request, openbao, double, tmp_path):
    cloud = CLOUDS[request.node.callspec.params["kind"]](openbao, double, tmp_path)
    file = cloud.file()
    file.cloud = cloud
    return file


@pytest.mark.parametrize("kind", CLOUDS)
def test_a_good_token_is_traded(kind, file):
    file.renew()
    assert CLIENTS[kind](file.cloud, file) in file.cloud.tokens.given


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", CLOUDS)
def test_a_bad_one_is_not(kind, reason, file):
    REASONS[reason](file)
    token = file.written[-1]
    if reason == "expired":
        wait_until(lambda: file.cloud.tokens.now() > claims_of(token)["exp"], "the token expires")
    error, codes = ERRORS[kind]
    with pytest.raises(error, match=codes.get(reason, OTHERWISE[kind])):
        CLIENTS[kind](file.cloud, file)
    with pytest.raises(Untrusted, match=reason):
        file.cloud.tokens.trust.judge(token)
    assert not file.cloud.tokens.given


@pytest.mark.parametrize("kind", ["aws"])
def test_nothing_but_a_token_of_the_issuer_s_is_believed(kind, file):
    trust, good = file.cloud.tokens.trust, file.renew()
    claims, head = claims_of(good), head_of(good)
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": head["kid"]})
    symmetric = jwt.encode(claims, "a" * 32, algorithm="HS256", headers={"kid": head["kid"]})
    changed = ".".join([good.split(".")[0], good.split(".")[1][::-1], good.split(".")[2]])
    for bad in ("", "x", "x.y.z", good[:-4], good + ".x", unsigned, symmetric, changed):
        with pytest.raises(Untrusted):
            trust.judge(bad)
    assert trust.judge(good) == claims
