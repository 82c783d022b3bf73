# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What tests of credentials ask of a gateway: a model for each endpoint, the gateway's and the doctor's words, and that
no secret stands in any of them."""

import base64
import json
import os
import subprocess
import urllib.parse

from configurations import chat, document, text
from processes import BINARY, KEY, ask, wait_until
from traffic import EventStream, content_of


def each_its_model(*endpoints, retry=None):
    """A configuration in which every endpoint serves a model of its own name, and nothing else does."""
    listed = []
    for endpoint in endpoints:
        route = {"models": [endpoint.name], "model": endpoint.name, "retry": retry or {"attemptsMax": 1}}
        route["tiers"] = [{"name": "only", "endpoints": [endpoint.name]}]
        listed += endpoint.documents(endpoint.name)
        listed += [
            document("Model", endpoint.name, {"contextTokensMax": 8192}),
            document("Route", endpoint.name, route),
        ]
    listed += [
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
    ]
    return text(listed)


def ask_model(gateway, model, **members):
    return gateway.post({**chat(**members), "model": model})


def credential_of(gateway, endpoint):
    """What `/status` says of the cloud credential of an endpoint."""
    return next(one for one in gateway.status()["credentials"] if endpoint in one["endpoints"])


def served(gateway, model):
    """Waits until the endpoint is back in use."""
    wait_until(lambda: ask_model(gateway, model).status == 200, f"{model} is served")


class Doctor:
    """`isobar doctor` over the configuration of a gateway, in its environment.

    - seen: its JSON by endpoint. - text: what a person reads.
    """

    def __init__(self, configuration, environment):
        environment = {**os.environ, "ISOBAR_TEST_KEY": KEY, **environment}
        command = [BINARY, "doctor", configuration, "--timeout", "5"]
        runs = [
            subprocess.run([*command, *more], capture_output=True, text=True, timeout=60, env=environment)
            for more in ((), ("--output", "json"))
        ]
        self.code, self.text = runs[0].returncode, runs[0].stdout
        self.written = [output for run in runs for output in (run.stdout, run.stderr)]
        self.seen = {endpoint["name"]: endpoint for endpoint in json.loads(runs[1].stdout)["endpoints"]}

    def paragraph(self, endpoint):
        """What it says about one endpoint."""
        return next(part for part in self.text.split("\n\n") if part.startswith(f"{endpoint}: "))


def token_of(gateway, double, model):
    """Asks for a whole and a streamed answer; both must come with one token, which the gateway says it holds.

    - Returns: the token that the double was sent.
    """
    answer = ask_model(gateway, model)
    assert answer.status == 200, (answer.body, gateway.status()["credentials"])
    token = double.last.bearer
    held = credential_of(gateway, model)
    assert held["is_held"] and 3000 < held["expires_in_seconds"] <= 3600
    with EventStream(gateway.port, {**chat(), "model": model}) as stream:
        assert content_of(list(stream)) == "Say something."
    assert double.last.bearer == token
    return token


def expect_told(gateway, words):
    """Every endpoint is out of use, and its trouble is told in these words, by the gateway's status and by the doctor.

    - words: by endpoint. - Returns: what the doctor wrote.
    """
    doctor = Doctor(gateway.configuration, {})
    for name, expected in words.items():
        assert ask_model(gateway, name).status == 503
        for told in (credential_of(gateway, name)["last_error"], doctor.paragraph(name)):
            assert all(word in told for word in expected), told
    return doctor.written


def status_text(gateway):
    """`isobar status`, as a person reads it."""
    command = [BINARY, "status", "--once", "--admin", f"127.0.0.1:{gateway.admin}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def written_by(gateway):
    """Everything that a gateway has written or shows."""
    pages = [ask(gateway.admin, "GET", path).body.decode() for path in ("/metrics", "/status")]
    return [gateway.log_text, gateway.access_log.read_text(), status_text(gateway), *pages]


def expect_hidden(texts, secrets):
    """No text has a secret, in none of the forms that a careless writer would give it. Of a token of three parts the
    last two are looked for by themselves too."""
    parts = [
        part
        for secret in secrets
        for part in ([secret] + secret.split(".")[1:3] if secret.count(".") == 2 else [secret])
    ]
    assert parts and all(len(part) > 7 for part in parts), "there must be something to look for"
    for part in parts:
        forms = {part, urllib.parse.quote(part, safe=""), base64.b64encode(part.encode()).decode(), part.encode().hex()}
        for written in texts:
            assert not any(form in written for form in forms), f"a secret is shown: {part[:4]}…"
