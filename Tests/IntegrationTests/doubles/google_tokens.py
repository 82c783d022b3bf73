# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Where Google's tokens come from: service accounts, a machine's metadata, the exchange of other clouds' identities."""

import base64
import json
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .faults import Refusal
from .federation import Untrusted
from .server import Whole
from .tokens import TokenServer

# Google's own clients name it in their assertions wherever the endpoint is.
PUBLIC_TOKEN_URL = "https://oauth2.googleapis.com/token"


class ServiceAccount:
    """A service account with a key of its own.

    - document: what its key file says.
    """

    def __init__(self, token_url):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.document = {
            "type": "service_account",
            "project_id": "double",
            "private_key_id": "double-key-id",
            "private_key": self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            "client_email": "double@double.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": token_url,
        }

    def judge(self, assertion, now):
        """Refuses an assertion that this account did not make, or not for this."""
        try:
            head, claims, signature = (_unpadded(part) for part in assertion.split("."))
            head, claims = json.loads(head), json.loads(claims)
            signed = assertion.rpartition(".")[0].encode()
            self.key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            raise Refusal("invalid", "Invalid JWT Signature.", code="invalid_grant") from None
        if head.get("alg") != "RS256" or head.get("kid") != self.document["private_key_id"]:
            raise Refusal("invalid", "Invalid JWT: algorithm or key id.", code="invalid_grant")
        if claims.get("iss") != self.document["client_email"] or claims.get("sub", claims["iss"]) != claims["iss"]:
            raise Refusal("invalid", "Invalid grant: account not found", code="invalid_grant")
        if claims.get("aud") not in (self.document["token_uri"], PUBLIC_TOKEN_URL):
            raise Refusal("invalid", "Invalid JWT: wrong audience.", code="invalid_grant")
        _judge_times(claims, now)
        if "https://www.googleapis.com/auth/cloud-platform" not in claims.get("scope", "").split():
            raise Refusal("invalid", "Invalid OAuth scope or ID token audience provided.", code="invalid_scope")


def _judge_times(claims, now):
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int) or expires - issued > 3600:
        raise Refusal("invalid", "Invalid JWT: Token must be a short-lived token (60 minutes).", code="invalid_grant")
    if issued > now + 300 or expires < now:
        raise Refusal("invalid", "Invalid JWT: check your iat and exp values.", code="invalid_grant")


def _unpadded(text):
    if "=" in text:
        raise ValueError("padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class GoogleTokens(TokenServer):
    """The token endpoint, the metadata of a machine, and the exchange of other clouds' identities.

    - account: the service account it knows. - subjects: tokens of others that may be exchanged, where there is no
      `trust`: whose tokens may, if they are good.
    - tokens: what was given; share it with a `Gemini`.
    """

    routes = [
        ("POST", "/token", "token"),
        ("GET", "/computeMetadata/v1/instance/service-accounts/(?P<account>[^/]+)/token", "machine"),
        ("GET", "/computeMetadata/v1/instance/service-accounts/(?P<account>[^/]+)/", "describe"),
        ("GET", "/computeMetadata/v1/project/project-id", "project"),
        ("GET", "/", "probe"),
        ("POST", "/v1/token", "exchange"),
        ("POST", "/v1/projects/-/serviceAccounts/(?P<account>[^/:]+):generateAccessToken", "impersonate"),
    ]
    audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/double/providers/double"
    JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
    ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

    def __init__(self, **options):
        self.subjects = {"foreign-token"}
        self.tokens = set()
        self.trust = None
        super().__init__(**options)
        self.account = ServiceAccount(f"{self.url}/token")

    def token(self, request):
        form = self.form(request)
        if form.get("grant_type") != self.JWT_GRANT:
            raise Refusal("invalid", "Invalid grant_type", code="unsupported_grant_type")
        self.account.judge(form.get("assertion", ""), self.now())
        return Whole({"access_token": self._new_token(), "expires_in": self.life, "token_type": "Bearer"})

    # Metadata

    def machine(self, request, account):
        self._expect_flavor(request)
        if account not in ("default", self.account.document["client_email"]):
            raise Refusal("not_found")
        body = {"access_token": self._new_token(), "expires_in": self.life, "token_type": "Bearer"}
        return Whole(body, headers={"metadata-flavor": "Google"})

    def describe(self, request, account):
        self._expect_flavor(request)
        email = self.account.document["client_email"]
        return Whole({"aliases": ["default"], "email": email, "scopes": []}, headers={"metadata-flavor": "Google"})

    def project(self, request):
        self._expect_flavor(request)
        return Whole(b"double", headers={"metadata-flavor": "Google"}, content_type="text/plain")

    def probe(self, request):
        self._expect_flavor(request)
        return Whole(b"computeMetadata/", headers={"metadata-flavor": "Google"}, content_type="text/plain")

    def _expect_flavor(self, request):
        if request.header("metadata-flavor") != "Google" or request.header("x-forwarded-for"):
            raise Refusal("forbidden", "Missing Metadata-Flavor:Google header.")

    # Federation

    def exchange(self, request):
        form = self.form(request)
        if form.get("grant_type") != self.EXCHANGE_GRANT or form.get("requested_token_type") != self.ACCESS_TOKEN:
            raise Refusal("invalid", "Invalid grant_type or requested_token_type", code="invalid_request")
        if form.get("audience") != self.audience:
            raise Refusal("invalid", "Invalid value for audience.", code="invalid_target")
        if not form.get("subject_token_type", "").startswith("urn:ietf:params:"):
            raise Refusal("invalid", "Invalid subject_token_type", code="invalid_request")
        self._judge(form.get("subject_token", ""))
        return Whole(
            {
                "access_token": self._new_token(),
                "issued_token_type": self.ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": self.life,
            }
        )

    def _judge(self, subject):
        if self.trust is None:
            if subject not in self.subjects:
                raise Refusal("invalid", REJECTED, code="invalid_grant")
            return
        try:
            self.trust.judge(subject)
        except Untrusted as untrusted:
            code, message = UNTRUSTED[untrusted.reason]
            raise Refusal("invalid", message.format(**untrusted.claims), code=code) from None

    def impersonate(self, request, account):
        if request.bearer not in self.tokens:
            raise Refusal("unauthenticated", "Request had invalid authentication credentials.", code="UNAUTHENTICATED")
        if urllib.parse.unquote(account) != self.account.document["client_email"] or not request.json.get("scope"):
            raise Refusal(
                "forbidden", "Permission 'iam.serviceAccounts.getAccessToken' denied.", code="PERMISSION_DENIED"
            )
        return Whole({"accessToken": self._new_token(), "expireTime": self.expiry().strftime("%Y-%m-%dT%H:%M:%SZ")})

    def _new_token(self):
        token = self.give("ya29.double")
        self.tokens.add(token)
        return token

    def refused(self, refusal, request):
        status = {
            "unauthenticated": 401,
            "forbidden": 403,
            "not_found": 404,
            "rate": 429,
            "internal": 500,
            "unavailable": 503,
        }.get(refusal.kind, 400)
        if "generateAccessToken" in request.path:
            error = {"code": status, "message": refusal.message, "status": refusal.code or "UNAVAILABLE"}
            return Whole({"error": error}, status)
        return Whole({"error": refusal.code or "temporarily_unavailable", "error_description": refusal.message}, status)


# What the exchange says of a token that it does not believe. That an issuer cannot be reached it says of bad keys too.
REJECTED = "The given credential is rejected by the attribute condition."
UNTRUSTED = {
    "malformed": ("invalid_request", "Invalid JWT."),
    "key": ("invalid_grant", "Error connecting to the given credential's issuer."),
    "issuer": ("invalid_grant", "The issuer in ID Token {iss} does not match the expected one."),
    "audience": ("invalid_grant", "The audience in ID Token [{aud}] does not match the expected audience."),
    "expired": ("invalid_grant", "ID Token issued at {iat} is stale to sign-in."),
    "subject": ("unauthorized_client", REJECTED),
}
