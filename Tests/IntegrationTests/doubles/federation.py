# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Trust in another's tokens, as the clouds have it: keys found by discovery, tokens verified by PyJWT."""

import dataclasses
import json
import urllib.request

import jwt

MEMBERS = ["iss", "sub", "aud", "exp", "iat"]


class Untrusted(Exception):
    """Why a token is not believed: `malformed`, `key`, `issuer`, `audience`, `expired` or `subject`."""

    def __init__(self, reason, claims=None):
        super().__init__(reason)
        self.reason, self.claims = reason, claims or {}


@dataclasses.dataclass
class Trust:
    """What a cloud has been told about an issuer: whom it may speak for, and to whom.

    - accepted: heads of the tokens that were believed, in order.
    """

    issuer: str
    audience: str
    subject: str
    accepted: list = dataclasses.field(default_factory=list)

    def judge(self, token):
        """- Returns: the claims of a token that is believed."""
        try:
            head = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token,
                self._key(head),
                algorithms=["RS256"],
                audience=self.audience,
                issuer=self.issuer,
                options={"require": MEMBERS},
            )
        except jwt.ExpiredSignatureError:
            raise Untrusted("expired", _unverified(token)) from None
        except jwt.InvalidAudienceError:
            raise Untrusted("audience", _unverified(token)) from None
        except jwt.InvalidIssuerError:
            raise Untrusted("issuer", _unverified(token)) from None
        except jwt.InvalidSignatureError:
            raise Untrusted("key", _unverified(token)) from None
        except jwt.InvalidTokenError:
            raise Untrusted("malformed") from None
        if claims["sub"] != self.subject:
            raise Untrusted("subject", claims)
        self.accepted.append(head)
        return claims

    def _key(self, head):
        """Looked up for every token: nothing here may hide that keys were rotated."""
        document = _fetch(f"{self.issuer}/.well-known/openid-configuration")
        assert document["issuer"] == self.issuer, document
        for key in _fetch(document["jwks_uri"])["keys"]:
            if key["kid"] == head.get("kid"):
                return jwt.PyJWK(key)
        raise jwt.InvalidSignatureError("no such key")


def _fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def _unverified(token):
    return jwt.decode(token, options={"verify_signature": False})
