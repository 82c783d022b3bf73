# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The guide's example of every cloud: `isobar check` has nothing against it, and it works as it stands at the cloud's
double, but for the host of its addresses."""

import json
import os
import re
import subprocess

import pytest

from access import Doctor, ask_model
from configurations import document, text
from doubles.anthropic import Anthropic
from doubles.azure import Azure
from doubles.azure_tokens import AzureTokens
from doubles.bedrock import Bedrock
from doubles.gemini import Gemini
from doubles.google_tokens import GoogleTokens
from doubles.openai import OpenAI
from processes import BINARY, KEY, REPOSITORY
from test_credentials_google import described

pytestmark = pytest.mark.sdks

PAGE = "docs/guides/providers.md"
EXAMPLE = re.compile(r"^```yaml\n# flavor: ([^\n;]+)(?:; ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOUBLES = {"openai": OpenAI, "azure": Azure, "anthropic": Anthropic, "gemini": Gemini, "vertex": Gemini}
CLOUDS = {"openai", "azure", "anthropic", "bedrock", "gemini", "vertex", "vllm", "sglang", "llama.cpp", "ollama", "tgi"}


class Open(OpenAI):
    """A server of one's own, that asks for no key."""

    def authenticate(self, request):
        assert request.header("authorization") is None


def examples():
    """(flavor, spec) of every example; one that is for several flavors comes once for each."""
    for flavors, note, spec in EXAMPLE.findall((REPOSITORY / PAGE).read_text()):
        for flavor in re.split(r", | or ", flavors):
            yield pytest.param(flavor, spec, id=f"{flavor} {note}".strip()[:40])


def configuration(flavor, spec):
    """The example as a reader would use it, with what belongs around an endpoint."""
    [region], [model] = re.findall(r"^region: (\S+)$", spec, re.MULTILINE), re.findall(r"{model: ([^,}]+)", spec)
    endpoint = "apiVersion: isobar/v1\nkind: Endpoint\nmetadata: {name: example}\nspec:\n"
    endpoint += "".join(f"  {line}\n" for line in spec.splitlines())
    around = [
        document("Provider", "cloud", {"flavor": flavor}),
        document("Region", region, {"provider": "cloud", "jurisdiction": "IN"}),
        document("Model", model, {"contextTokensMax": 8192}),
        document("Route", model, {"models": [model], "model": model, "tiers": [{"name": "all", "endpoints": ["example"]}]}),
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
    ]
    return f"{text(around)}\n---\n{endpoint}", model


def test_every_cloud_has_an_example():
    assert {one.values[0] for one in examples()} == CLOUDS


@pytest.mark.parametrize(("flavor", "spec"), list(examples()))
def test_an_example_passes_the_check(flavor, spec, tmp_path):
    (tmp_path / "isobar.yaml").write_text(configuration(flavor, spec)[0])
    names = re.findall(r"env:(\w+)", spec) + ["ISOBAR_TEST_KEY"]
    run = subprocess.run(
        [BINARY, "check", "isobar.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **dict.fromkeys(names, KEY)},
    )
    assert run.returncode == 0, run.stdout + run.stderr


class Clouds:
    """The doubles that an example may need, and the environment that their clouds would give."""

    def __init__(self, double, directory):
        self.double, self.directory = double, directory

    def open(self, flavor, spec):
        """- Returns: the double, the example with its addresses, the environment."""
        key = {name: "double-key" for name in re.findall(r"env:(\w+)", spec)}
        if flavor == "bedrock":
            double = self.double(Bedrock, region=re.search(r"^region: (\S+)$", spec, re.MULTILINE)[1])
            environment = {"AWS_ACCESS_KEY_ID": "AKIDDOUBLE000000", "AWS_SECRET_ACCESS_KEY": "double-secret"}
        else:
            double, environment = self.double(DOUBLES.get(flavor, Open)), {}
        if "scheme: entra" in spec:
            tokens = self.double(AzureTokens)
            double.tokens = tokens.tokens
            # No variable names the metadata service of a machine in Azure.
            spec = spec.replace("source: managed-identity", f"source: managed-identity, metadataURL: {tokens.url}")
        if "scheme: google" in spec:
            environment, spec = self._google(double, spec)
        return double, re.sub(r"^url: https?://[^/\s]+", f"url: {double.url}", spec, flags=re.MULTILINE), key | environment

    def _google(self, gemini, spec):
        tokens = self.double(GoogleTokens)
        gemini.tokens = tokens.tokens
        files = {"account": tokens.account.document, "federation": described(tokens, self.directory)}
        for name, value in files.items():
            (self.directory / f"{name}.json").write_text(json.dumps(value))
        environment = {
            "GCE_METADATA_HOST": f"127.0.0.1:{tokens.port}",
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.directory / "federation.json"),
        }
        return environment, spec.replace("keys/vertex.json", str(self.directory / "account.json"))


@pytest.mark.parametrize(("flavor", "spec"), list(examples()))
def test_an_example_works(double, workshop, tmp_path, flavor, spec):
    cloud, spec, environment = Clouds(double, tmp_path).open(flavor, spec)
    written, model = configuration(flavor, spec)
    gateway = workshop.gateway(written, environment=environment)
    answer = ask_model(gateway, model)
    assert answer.status == 200, (answer.body, [one.status for one in cloud.requests])
    assert cloud.last.status == 200
    doctor = Doctor(gateway.configuration, environment)
    assert doctor.code == 0, doctor.text
