# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Where Azure's tokens come from: Entra, and a machine's metadata."""

import urllib.parse

from .faults import Refusal
from .federation import Untrusted
from .server import Whole
from .tokens import TokenServer


class AzureTokens(TokenServer):
    """Entra's token endpoint, and the metadata of a machine.

    - clients: secrets by client. - assertions: tokens of a federated identity, with the client they speak for.
    - trust: whose tokens, if they are good, speak for `double-client`.
    - tokens: what was given, with the audience it was made for; share it with an `Azure`.
    """

    routes = [
        ("POST", "/(?P<tenant>[^/]+)/oauth2/v2.0/token", "entra"),
        ("GET", "/(?P<tenant>[^/]+)/v2.0/.well-known/openid-configuration", "discover"),
        ("GET", "/metadata/identity/oauth2/token", "machine"),
    ]
    tenant = "double-tenant"
    ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    def __init__(self, **options):
        self.clients = {"double-client": "double-client-secret"}
        self.assertions = {"federated-token": "double-client"}
        self.tokens = {}
        self.trust = None
        super().__init__(**options)

    def entra(self, request, tenant):
        form = self.form(request)
        if tenant != self.tenant:
            raise Refusal("invalid", f"AADSTS90002: Tenant '{tenant}' not found.", code="invalid_request")
        if form.get("grant_type") != "client_credentials":
            raise Refusal("invalid", "AADSTS70003: The grant type is not supported.", code="unsupported_grant_type")
        audience = form.get("scope", "").removesuffix("/.default")
        if audience == form.get("scope") or not audience.startswith("https://"):
            raise Refusal("invalid", "AADSTS1002012: The provided value for scope is not valid.", code="invalid_scope")
        if not self._knows(form):
            raise Refusal("unauthenticated", "AADSTS7000215: Invalid client secret provided.", code="invalid_client")
        token = self._new_token(audience)
        return Whole(
            {"token_type": "Bearer", "expires_in": self.life, "ext_expires_in": self.life, "access_token": token}
        )

    def discover(self, request, tenant):
        """Where the endpoint is. Clients insist on TLS, whatever is behind the name."""
        base = f"https://127.0.0.1:{self.port}/{tenant}"
        return Whole(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    def _knows(self, form):
        client = form.get("client_id")
        if "client_assertion" in form:
            is_typed = form.get("client_assertion_type") == self.ASSERTION_TYPE and "client_secret" not in form
            return is_typed and client is not None and self._client_of(form["client_assertion"]) == client
        return client in self.clients and form.get("client_secret") == self.clients[client]

    def _client_of(self, assertion):
        if self.trust is None:
            return self.assertions.get(assertion)
        try:
            self.trust.judge(assertion)
        except Untrusted as untrusted:
            message = UNTRUSTED[untrusted.reason].format(now=int(self.now()), **untrusted.claims)
            raise Refusal("unauthenticated", message, code="invalid_client") from None
        return "double-client"

    def machine(self, request):
        if request.header("metadata") != "true" or request.header("x-forwarded-for"):
            raise Refusal("invalid", "Required metadata header not specified", code="invalid_request")
        if request.query.get("api-version") != "2018-02-01" or not request.query.get("resource"):
            raise Refusal("invalid", "Required query variable is missing", code="invalid_request")
        if request.query.get("client_id", "double-client") not in self.clients:
            raise Refusal("invalid", "Identity not found", code="invalid_request")
        resource = request.query["resource"]
        token = self._new_token(resource.rstrip("/"))
        # All of them are strings here, unlike at Entra.
        return Whole(
            {
                "access_token": token,
                "client_id": request.query.get("client_id", "double-client"),
                "expires_in": str(self.life),
                "expires_on": str(int(self.now()) + self.life),
                "ext_expires_in": str(self.life),
                "not_before": str(int(self.now())),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    def _new_token(self, audience):
        token = self.give("entra-token")
        self.tokens[token] = audience
        return token

    def credential_of(self, request):
        form = urllib.parse.parse_qs(request.body.decode(errors="replace"))
        return form.get("client_id", [None])[0]

    def refused(self, refusal, request):
        status = {"unauthenticated": 401, "not_found": 404, "rate": 429, "internal": 500, "unavailable": 503}.get(
            refusal.kind, 400
        )
        return Whole({"error": refusal.code or "temporarily_unavailable", "error_description": refusal.message}, status)


# What Entra says of a federated token that it does not believe.
UNTRUSTED = {
    "malformed": "AADSTS50027: JWT token is invalid or malformed.",
    "key": "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found.]",
    "issuer": "AADSTS700211: No matching federated identity record found for presented assertion issuer '{iss}'.",
    "audience": "AADSTS700212: No matching federated identity record found for presented assertion audience '{aud}'.",
    "subject": "AADSTS700213: No matching federated identity record found for presented assertion subject '{sub}'.",
    "expired": (
        "AADSTS700024: Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        "{iat}, expiry time of assertion {exp}."
    ),
}
