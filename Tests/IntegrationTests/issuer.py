# SPDX-License-Identifier: Apache-2.0
# Isobar
"""An issuer of tokens that can do everything wrong: PyJWT signs, a small server shows keys."""

import http.server
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from processes import free_port

CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
AUDIENCE = "isobar"


class Issuer:
    """- keys: by key id, (algorithm, private key); `published` is what it shows of them, when it is open."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys, self.hidden, self.asked = {}, set(), []
        self.named = self.url
        self._server = None
        self.add("first", "RS256")

    def add(self, kid, algorithm):
        if algorithm in CURVES:
            key = ec.generate_private_key(CURVES[algorithm]())
        elif algorithm == "EdDSA":
            key = ed25519.Ed25519PrivateKey.generate()
        else:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.keys[kid] = (algorithm, key)

    def key_set(self):
        shown = [self._public(kid) for kid in self.keys if kid not in self.hidden]
        return {"keys": shown}

    def _public(self, kid):
        algorithm, key = self.keys[kid]
        described = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
        return {**described, "kid": kid, "alg": algorithm, "use": "sig"}

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid="first", headers=None, **changes):
        algorithm, key = self.keys[kid]
        return jwt.encode(self.claims(**changes), key, algorithm=algorithm, headers={"kid": kid, **(headers or {})})

    # The server

    def open(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                body = {
                    "/.well-known/openid-configuration": {"issuer": issuer.named, "jwks_uri": f"{issuer.url}/keys"},
                    "/keys": issuer.key_set(),
                }.get(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Cache-Control", "public, max-age=3600")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def close(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
