# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Where AWS's credentials come from: the token service, a machine's metadata, a container's."""

import datetime
import re
import xml.sax.saxutils

from . import signatures
from .faults import Refusal
from .federation import Untrusted
from .server import Whole
from .tokens import TokenServer


class AWSTokens(TokenServer):
    """The security token service, the metadata of a machine, and that of a container, in one.

    - credentials: where what is given becomes valid; share it with a `Bedrock`.
    - web_tokens: identity tokens that may assume a role, where there is no `trust`: whose tokens may, if they are good.
    - roles: ARNs that may be assumed.
    - container_token: what a container must show.
    """

    routes = [
        ("POST", "/", "service"),
        ("PUT", "/latest/api/token", "session"),
        ("GET", "/latest/meta-data/iam/security-credentials/(?P<role>[^/]*)", "machine"),
        ("GET", "/latest/meta-data/placement/region", "placement"),
        ("GET", "/v2/credentials/(?P<identity>[^/]+)", "container"),
    ]
    role = "double-role"
    container_token = "container-token"

    def __init__(self, region="us-east-1", credentials=None, **options):
        self.region = region
        self.credentials = credentials or signatures.CredentialStore()
        self.web_tokens = {"web-identity-token"}
        self.trust = None
        self.roles = {"arn:aws:iam::123456789012:role/double"}
        self.sessions = set()
        super().__init__(**options)

    # The security token service

    def service(self, request):
        form = self.form(request)
        actions = {"AssumeRoleWithWebIdentity": self._by_web_identity, "AssumeRole": self._by_role}
        action = actions.get(form.get("Action"))
        if action is None or form.get("Version") != "2011-06-15":
            raise Refusal("invalid", f"Could not find operation {form.get('Action')}", code="InvalidAction")
        action(request, form)
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", form.get("RoleSessionName", "")):
            raise Refusal("invalid", "RoleSessionName must satisfy its pattern.", code="ValidationError")
        if form.get("RoleArn") not in self.roles:
            message = f"Not authorized to perform: sts:{form['Action']}"
            raise Refusal("forbidden", message, code="AccessDenied")
        return self._assumed(form["Action"], form["RoleArn"], form["RoleSessionName"])

    def _by_web_identity(self, request, form):
        """Unsigned: the token is the proof."""
        if request.header("authorization"):
            raise Refusal("invalid", "This operation is not signed.", code="InvalidRequest")
        if self.trust:
            return self._judge(form.get("WebIdentityToken", ""))
        if form.get("WebIdentityToken") not in self.web_tokens:
            raise Refusal("invalid", "No OpenIDConnect provider found for this token.", code="InvalidIdentityToken")

    def _judge(self, token):
        try:
            self.trust.judge(token)
        except Untrusted as untrusted:
            code, message = UNTRUSTED[untrusted.reason]
            kind = "forbidden" if code == "AccessDenied" else "invalid"
            raise Refusal(kind, message.format(now=int(self.now()), **untrusted.claims), code=code) from None

    def _by_role(self, request, form):
        signatures.verify(request, self.credentials, "sts", self.region, self.now())

    def _assumed(self, action, role, session):
        key, secret, token, expiry = self._new_credentials()
        fields = {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": expiry}
        inner = "".join(f"<{name}>{xml.sax.saxutils.escape(value)}</{name}>" for name, value in fields.items())
        user = f"<AssumedRoleId>AROADOUBLE:{session}</AssumedRoleId><Arn>{role}/{session}</Arn>"
        body = (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials>{inner}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser></{action}Result>"
            f"<ResponseMetadata><RequestId>{self.number():06}</RequestId></ResponseMetadata></{action}Response>"
        )
        return Whole(body.encode(), content_type="text/xml")

    def _new_credentials(self):
        token = self.give("session-token")
        number = len(self.given)
        key, secret = f"ASIADOUBLE{number:06}", f"temporary-secret/{number}+"
        self.credentials.add(key, secret, token=token, expires=self.now() + self.life)
        return key, secret, token, self.expiry().strftime("%Y-%m-%dT%H:%M:%SZ")

    # Metadata of a machine, of the second version only

    def session(self, request):
        seconds = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
        if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
            raise Refusal("invalid", "The time to live must be between 1 and 21600 seconds.")
        if request.header("x-forwarded-for"):
            raise Refusal("forbidden", "The request came through a proxy.")
        token = self.give("metadata-session")
        self.sessions.add(token)
        return Whole(
            token.encode(), headers={"x-aws-ec2-metadata-token-ttl-seconds": seconds}, content_type="text/plain"
        )

    def machine(self, request, role):
        self._expect_session(request)
        if not role:
            return Whole(self.role.encode(), content_type="text/plain")
        if role != self.role:
            raise Refusal("not_found")
        key, secret, token, expiry = self._new_credentials()
        now = datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Whole(
            {
                "Code": "Success",
                "LastUpdated": now,
                "Type": "AWS-HMAC",
                "AccessKeyId": key,
                "SecretAccessKey": secret,
                "Token": token,
                "Expiration": expiry,
            },
            content_type="text/plain",
        )

    def placement(self, request):
        self._expect_session(request)
        return Whole(self.region.encode(), content_type="text/plain")

    def _expect_session(self, request):
        if request.header("x-aws-ec2-metadata-token") not in self.sessions:
            raise Refusal("unauthenticated", "Unauthorized")

    # Metadata of a container

    def container(self, request, identity):
        if request.header("authorization") != self.container_token:
            raise Refusal("unauthenticated", "Unauthorized")
        key, secret, token, expiry = self._new_credentials()
        return Whole(
            {"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "Expiration": expiry, "RoleArn": ""}
        )

    # Double

    def credential_of(self, request):
        return signatures.access_key_of(request)

    def refused(self, refusal, request):
        statuses = {
            "unauthenticated": 401,
            "forbidden": 403,
            "not_found": 404,
            "expired": 403,
            "rate": 429,
            "internal": 500,
        }
        status = statuses.get(refusal.kind, 503 if refusal.kind in ("unavailable", "overloaded") else 400)
        if request.path != "/":
            return Whole(refusal.message.encode(), status, content_type="text/plain")
        code = refusal.code or {"unauthenticated": "InvalidClientTokenId", "rate": "Throttling"}.get(
            refusal.kind, "InternalFailure"
        )
        status = 403 if code == "InvalidClientTokenId" else status
        code = CODES.get(code, code.removesuffix("Exception"))
        message = xml.sax.saxutils.escape(refusal.message)
        body = (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
            f"<Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{self.number():06}</RequestId></ErrorResponse>"
        )
        return Whole(body.encode(), status, content_type="text/xml")


# What this service calls otherwise than AWS's newer ones do.
CODES = {"InvalidSignatureException": "SignatureDoesNotMatch", "ExpiredTokenException": "ExpiredTokenException"}

# What the service says of an identity token that it does not believe.
UNTRUSTED = {
    "malformed": ("InvalidIdentityToken", "The web identity token that was passed could not be validated."),
    "key": ("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"),
    "issuer": ("InvalidIdentityToken", "No OpenIDConnect provider found in your account for {iss}"),
    "audience": ("InvalidIdentityToken", "Incorrect token audience"),
    "expired": (
        "ExpiredTokenException",
        "Token expired: current date/time {now} must be before the expiration date/time {exp}",
    ),
    "subject": ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
}
