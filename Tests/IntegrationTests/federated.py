# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Clouds that trust OpenBao's tokens: a token service that verifies them, a provider that takes what it gives, and how
an endpoint says so."""

import json

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from doubles.aws_tokens import AWSTokens
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from doubles.bedrock import Bedrock
from doubles.federation import Trust
from doubles.gemini import Gemini
from doubles.google_tokens import GoogleTokens
from openbao import TokenFile, claims_of, head_of
from providers import ProviderEndpoint

ROLE = "arn:aws:iam::123456789012:role/double"


class Federated:
    """One cloud. Subclasses say `audience` (what its tokens must be for), `words` (what is said of a token that is
    refused, by reason), and the rest below.

    - tokens, provider: doubles.
    """

    def __init__(self, openbao, double, directory):
        self.openbao, self.directory = openbao, directory
        self.tokens = double(self.token_server)
        self.tokens.trust = Trust(openbao.issuer, self.audience, openbao.subject())
        self.provider = self.provider_of(double)

    def file(self, name="token", key="workload"):
        return TokenFile(self.directory / name, self.openbao, self.audience, key)

    def endpoint(self, name, file):
        """An endpoint that states everything itself."""
        return ProviderEndpoint(name, self.flavor, self.provider, credential=self.stated(file))

    def ambient(self, name, file):
        """An endpoint that leaves all it can to the platform's variables. - Returns: it, and the variables."""
        credential, variables = self.from_variables(file)
        return ProviderEndpoint(name, self.flavor, self.provider, credential=credential), variables


class FederatedAWS(Federated):
    token_server, flavor, audience = AWSTokens, "bedrock", "sts.amazonaws.com"
    words = {
        "audience": [
            "answered 400 InvalidIdentityToken: Incorrect token audience",
            "trust the token's issuer and audience?",
        ],
        "expired": ["answered 400 ExpiredTokenException: Token expired", "still renewed?"],
        "key": ["answered 400 InvalidIdentityToken: Couldn't retrieve verification key", "trust the token's issuer"],
        "subject": [
            "answered 403 AccessDenied: Not authorized",
            f"does the trust policy of {ROLE} allow this token's subject?",
        ],
    }

    def provider_of(self, double):
        return double(Bedrock, credentials=self.tokens.credentials)

    def stated(self, file):
        return {
            "scheme": "aws",
            "region": "us-east-1",
            "source": "web-identity",
            "roleARN": ROLE,
            "tokenFile": str(file.path),
            "stsURL": self.tokens.url,
        }

    def from_variables(self, file):
        variables = {
            "AWS_ROLE_ARN": ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(file.path),
            "AWS_ENDPOINT_URL_STS": self.tokens.url,
        }
        return {"scheme": "aws", "region": "us-east-1", "source": "web-identity"}, variables

    def is_given(self, credential):
        return credential.startswith("ASIADOUBLE")


class FederatedEntra(Federated):
    token_server, flavor, audience = AzureTokens, "azure", "api://AzureADTokenExchange"
    words = {
        "audience": ["answered 401 invalid_client: AADSTS700212", "must be that of the federated credential"],
        "expired": [
            "answered 401 invalid_client: AADSTS700024",
            "the federated token has expired: is its file still renewed?",
        ],
        "key": ["answered 401 invalid_client: AADSTS700027", "were the keys rotated?"],
        "subject": [
            "answered 401 invalid_client: AADSTS700213",
            "no federated credential of the application has this subject",
        ],
    }

    def provider_of(self, double):
        provider = double(Azure)
        provider.tokens = self.tokens.tokens
        return provider

    def stated(self, file):
        return {
            "scheme": "entra",
            "source": "federated",
            "tenant": self.tokens.tenant,
            "client": "double-client",
            "tokenFile": str(file.path),
            "authorityURL": self.tokens.url,
        }

    def from_variables(self, file):
        variables = {
            "AZURE_TENANT_ID": self.tokens.tenant,
            "AZURE_CLIENT_ID": "double-client",
            "AZURE_FEDERATED_TOKEN_FILE": str(file.path),
            "AZURE_AUTHORITY_HOST": f"{self.tokens.url}/",
        }
        return {"scheme": "entra", "source": "federated"}, variables

    def is_given(self, credential):
        return credential in self.tokens.given


class FederatedGoogle(Federated):
    token_server, flavor = GoogleTokens, "vertex"
    audience = f"https:{GoogleTokens.audience}"
    words = {
        "audience": ["answered 400 invalid_grant: The audience in ID Token", "one that the pool's provider allows"],
        "expired": ["answered 400 invalid_grant: ID Token issued at", "the subject token has expired"],
        "key": ["answered 400 invalid_grant: Error connecting to the given credential's issuer", "signature"],
        "subject": ["answered 400 unauthorized_client", "attribute condition refuses this subject"],
    }

    def provider_of(self, double):
        provider = double(Gemini)
        provider.tokens = self.tokens.tokens
        return provider

    def stated(self, file):
        described = file.path.with_suffix(".json")
        described.write_text(json.dumps(self.described(file)))
        return {"scheme": "google", "source": "federation", "file": str(described)}

    def from_variables(self, file):
        path = self.stated(file).pop("file")
        return {"scheme": "google", "source": "federation"}, {"GOOGLE_APPLICATION_CREDENTIALS": path}

    def described(self, file):
        return {
            "type": "external_account",
            "audience": self.tokens.audience,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{self.tokens.url}/v1/token",
            "credential_source": {"file": str(file.path)},
        }

    def is_given(self, credential):
        return credential in self.tokens.given


class ImpersonatingGoogle(FederatedGoogle):
    """The same, speaking for a service account."""

    def described(self, file):
        email = self.tokens.account.document["client_email"]
        url = f"{self.tokens.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
        return {**super().described(file), "service_account_impersonation_url": url}


CLOUDS = {"aws": FederatedAWS, "entra": FederatedEntra, "google": FederatedGoogle}
EVERY_WAY = {**CLOUDS, "google-impersonating": ImpersonatingGoogle}


# Tokens that no cloud takes, each written to its file.


def forged(token):
    """The same claims under the same key's name, signed by somebody else."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims_of(token), key, algorithm="RS256", headers={"kid": head_of(token)["kid"]})


REASONS = {
    "audience": lambda file: file.renew(audience="https://somebody.else.example"),
    "expired": lambda file: file.renew(seconds=1),
    "key": lambda file: file.write(forged(file.renew())),
    "subject": lambda file: file.renew(workload="stranger"),
}
