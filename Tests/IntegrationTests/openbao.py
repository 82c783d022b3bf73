# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenBao as a platform's issuer of identity tokens (OpenID Connect): a real one, whose tokens others verify."""

import base64
import json
import os
import pathlib

from processes import REPOSITORY, Process, ask, free_port

BINARY = pathlib.Path(os.environ.get("OPENBAO_BINARY", REPOSITORY / ".venv/openbao/bin/bao"))
ROOT = "root"
POLICY = 'path "identity/oidc/token/*" { capabilities = ["read"] }'


class OpenBao(Process):
    """A development server: everything in memory, open within a second.

    - issuer: as its tokens name it; the discovery document is below.
    """

    def __init__(self, directory):
        assert BINARY.exists(), f"{BINARY} is missing; scripts/setup --tests installs it, OPENBAO_BINARY names another"
        directory.mkdir(parents=True, exist_ok=True)
        # The port above is its cluster's.
        self.port = free_port(2)
        address = f"127.0.0.1:{self.port}"
        options = [f"-dev-listen-address={address}", f"-dev-root-token-id={ROOT}", "-dev-no-store-token"]
        super().__init__([BINARY, "server", "-dev", *options], directory / "openbao.log", {"HOME": str(directory)})
        self.wait_until_ready(lambda: ask(self.port, "GET", "/v1/sys/health").status == 200, "OpenBao")
        self.issuer = f"http://{address}/v1/identity/oidc"
        self._sessions = {}
        self._keys = set()
        self._post("identity/oidc/config", {"issuer": f"http://{address}"})
        self._post("sys/auth/userpass", {"type": "userpass"})
        self._post("sys/policies/acl/workload", {"policy": POLICY})

    # Tokens

    def token(self, audience, seconds=300, key="workload", workload="gateway"):
        """A signed token of a workload for an audience.

        - key: the named key that signs; made at its first use.
        """
        self._ensure_key(key)
        role = base64.b32encode(f"{key} {seconds} {audience}".encode()).decode().strip("=").lower()
        self._post(
            f"identity/oidc/role/{role}", {"key": key, "client_id": audience, "ttl": f"{seconds}s", "template": "{}"}
        )
        return self._call("GET", f"identity/oidc/token/{role}", token=self._session(workload))["token"]

    def subject(self, workload="gateway"):
        """What the tokens of a workload say it is."""
        return claims_of(self.token("nobody", workload=workload))["sub"]

    def rotate(self, key):
        """A new key signs from now on, and nobody believes the old one any more."""
        self._post(f"identity/oidc/key/{key}/rotate", {"verification_ttl": 0})

    # Calls

    def _ensure_key(self, key):
        if key not in self._keys:
            rules = {"algorithm": "RS256", "allowed_client_ids": ["*"], "verification_ttl": "1h"}
            self._post(f"identity/oidc/key/{key}", rules)
            self._keys.add(key)

    def _session(self, workload):
        """Only who has logged in has an identity that tokens can be about."""
        if workload not in self._sessions:
            self._post(f"auth/userpass/users/{workload}", {"password": workload, "token_policies": "default,workload"})
            answer = ask(self.port, "POST", f"/v1/auth/userpass/login/{workload}", {"password": workload})
            self._sessions[workload] = answer.json["auth"]["client_token"]
        return self._sessions[workload]

    def _post(self, path, body):
        return self._call("POST", path, body)

    def _call(self, method, path, body=None, token=ROOT):
        answer = ask(self.port, method, f"/v1/{path}", body, {"X-Vault-Token": token})
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body}"
        return answer.json["data"] if answer.body else None


class TokenFile:
    """The file in which a platform keeps a workload's token, replaced as a whole whenever it is renewed."""

    def __init__(self, path, openbao, audience, key="workload"):
        self.path, self.openbao, self.audience, self.key = path, openbao, audience, key
        self.written = []

    def renew(self, audience=None, **options):
        """- Returns: the new token."""
        return self.write(self.openbao.token(audience or self.audience, key=self.key, **options))

    def write(self, token):
        self.written.append(token)
        new = self.path.with_suffix(".new")
        new.write_text(token)
        new.rename(self.path)
        return token


def claims_of(token):
    """Read, not verified."""
    return _json_of(token.split(".")[1])


def head_of(token):
    return _json_of(token.split(".")[0])


def _json_of(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
