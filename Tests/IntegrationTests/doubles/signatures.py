# SPDX-License-Identifier: Apache-2.0
# Isobar
"""AWS's signatures, version 4: a request is signed again with botocore's own signer, and both must be equal."""

import calendar
import hashlib
import hmac
import re
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .faults import Refusal

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
SKEW_SECONDS_MAX = 300


class CredentialStore:
    """Access keys with their secrets, and the session tokens of those that are temporary."""

    def __init__(self):
        self._secrets = {}

    def add(self, key, secret, token=None, expires=None):
        """- token: without it the key is permanent. - expires: seconds of the epoch."""
        self._secrets[key] = (secret, token, expires)

    def remove(self, key):
        self._secrets.pop(key, None)

    def find(self, key):
        """- Returns: secret, token, expiry."""
        if key not in self._secrets:
            raise Refusal("unauthenticated", "The security token included in the request is invalid.")
        return self._secrets[key]


def access_key_of(request):
    match = AUTHORIZATION.fullmatch(request.header("authorization") or "")
    return match["key"] if match else None


def verify(request, store, service, region, now):
    """Refuses a request whose signature is not exactly what its key's owner would have made."""
    header = request.header("authorization")
    if not header:
        raise Refusal("forbidden", "Missing Authentication Token", code="MissingAuthenticationTokenException")
    match = AUTHORIZATION.fullmatch(header)
    if not match:
        raise Refusal(
            "invalid", f"Authorization header is malformed: {header.split(' ')[0]}", code="IncompleteSignature"
        )
    secret, token, expires = store.find(match["key"])
    _judge_scope(match, service, region)
    _judge_date(request, match, now)
    _judge_signed_headers(request, match["headers"].split(";"))
    _judge_token(request, token, expires, now)
    digest = request.header("x-amz-content-sha256")
    if digest not in (None, hashlib.sha256(request.body).hexdigest()):
        raise Refusal("forbidden", "x-amz-content-sha256 is not that of the body.", code="InvalidSignatureException")
    made = _sign(request, match, Credentials(match["key"], secret, token))
    if not hmac.compare_digest(made, match["signature"]):
        raise Refusal(
            "forbidden",
            "The request signature we calculated does not match the signature you provided.",
            code="InvalidSignatureException",
        )


def _judge_scope(match, service, region):
    if match["service"] != service:
        message = f"Credential should be scoped to correct service: '{service}'."
        raise Refusal("forbidden", message, code="InvalidSignatureException")
    if match["region"] != region:
        message = f"Credential should be scoped to a valid region, not '{match['region']}'."
        raise Refusal("forbidden", message, code="InvalidSignatureException")


def _judge_date(request, match, now):
    stamp = request.header("x-amz-date") or ""
    try:
        signed_at = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Refusal(
            "invalid", f"Date must be in ISO-8601 'basic format': {stamp!r}", code="IncompleteSignature"
        ) from None
    if stamp[:8] != match["day"]:
        raise Refusal(
            "forbidden", "Date in Credential scope does not match date of request.", code="InvalidSignatureException"
        )
    if abs(signed_at - now) > SKEW_SECONDS_MAX:
        raise Refusal("invalid", f"Signature expired or not yet current: {stamp}", code="RequestExpired")


def _judge_signed_headers(request, signed):
    """Host and everything of Amazon's must be signed, in order; what proxies change must not."""
    if signed != sorted(set(signed)):
        raise Refusal("invalid", "SignedHeaders must be sorted and unique.", code="IncompleteSignature")
    present = {name.lower() for name in request.headers.keys()}
    needed = {"host"} | {name for name in present if name.startswith("x-amz-")}
    missing = sorted(needed - set(signed))
    if missing:
        raise Refusal("forbidden", f"Header(s) must be signed: {', '.join(missing)}", code="InvalidSignatureException")
    if set(signed) - present:
        raise Refusal("forbidden", "A signed header is missing from the request.", code="InvalidSignatureException")
    unstable = sorted(set(signed) & {"connection", "user-agent", "expect", "x-amzn-trace-id", "transfer-encoding"})
    if unstable:
        raise Refusal(
            "forbidden", f"A proxy may change what was signed: {', '.join(unstable)}", code="InvalidSignatureException"
        )


def _judge_token(request, token, expires, now):
    sent = request.header("x-amz-security-token")
    if expires is not None and now > expires:
        raise Refusal("expired", "The security token included in the request is expired", code="ExpiredTokenException")
    if sent != token:
        raise Refusal("unauthenticated", "The security token included in the request is invalid.")


def _sign(request, match, credentials):
    """The signature that botocore makes for the same request."""
    rebuilt = AWSRequest(
        method=request.method,
        url=f"http://{request.header('host')}{request.target}",
        headers={name: ",".join(request.headers.get_all(name)) for name in match["headers"].split(";")},
        data=request.body,
    )
    rebuilt.context["timestamp"] = request.header("x-amz-date")
    signer = SigV4Auth(credentials, match["service"], match["region"])
    return signer.signature(signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt)), rebuilt)
