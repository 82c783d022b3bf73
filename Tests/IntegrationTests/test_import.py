# SPDX-License-Identifier: Apache-2.0
# Isobar
"""`isobar import litellm` as a person runs it: documents that `isobar check` and a gateway take, findings beside them."""

import json
import os
import subprocess

import pytest

from configurations import chat
from processes import BINARY, KEY

SECRET = "sk-literal-0123456789abcdef"


def run(*arguments, environment=None):
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=30, env={**os.environ, **(environment or {})}
    )


@pytest.fixture
def proxy(tmp_path):
    """Writes a proxy's configuration."""

    def write(text):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write


def deployment(port, **params):
    params = {"model": "openai/demo", "api_base": f"http://127.0.0.1:{port}/v1", "api_key": SECRET, **params}
    return {"model_list": [{"model_name": "public-model", "litellm_params": params}]}


def test_a_gateway_serves_what_the_proxy_served(workshop, proxy):
    upstream = workshop.upstream()
    configuration = {**deployment(upstream.port), "general_settings": {"master_key": "os.environ/ISOBAR_TEST_KEY"}}
    found = run("import", "litellm", proxy(json.dumps(configuration)))
    assert found.returncode == 0, found.stderr
    gateway = workshop.gateway(found.stdout, environment={"OPENAI_API_KEY_1": SECRET, "ISOBAR_TEST_KEY": KEY})
    assert gateway.post(chat()).status == 200
    assert upstream.calls[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert upstream.calls[0].json["model"] == "demo"


def test_documents_and_findings_go_apart_and_hold_no_secret(proxy):
    found = run("import", "litellm", proxy(json.dumps(deployment(1, weight=3))))
    assert found.returncode == 0
    assert found.stdout.startswith("# Imported from") and "kind: Route" in found.stdout
    assert "no counterpart: model_list[0].litellm_params.weight" in found.stderr
    assert "to do: model_list[0].litellm_params.api_key" in found.stderr
    assert found.stderr.splitlines()[-1].startswith("1 routes, 1 endpoints; ")
    assert SECRET not in found.stdout + found.stderr


def test_json_is_one_object(proxy):
    path = proxy(json.dumps(deployment(1, weight=3)))
    found = run("import", "litellm", path, "--output", "json")
    document = json.loads(found.stdout)
    assert (found.returncode, found.stderr) == (0, "")
    assert "kind: Route" in document["documents"]
    weight = next(finding for finding in document["findings"] if finding["path"].endswith("weight"))
    assert weight["kind"] == "no-counterpart" and weight["file"] == str(path) and weight["line"] == 1


def test_documents_are_saved_to_a_new_file_only(proxy, tmp_path):
    path, target = proxy(json.dumps(deployment(1))), tmp_path / "isobar.yaml"
    found = run("import", "litellm", path, "--save", target)
    assert (found.returncode, found.stdout) == (0, "")
    checked = run("check", target, environment={"OPENAI_API_KEY_1": SECRET, "ISOBAR_KEY": KEY})
    assert checked.returncode == 0, checked.stderr
    again = run("import", "litellm", path, "--save", target)
    assert again.returncode == 1 and "it exists" in again.stderr


@pytest.mark.parametrize(
    "text, words",
    [
        ("model_list: [", "not YAML"),
        ("model_list: []", "no entry of model_list could be translated"),
        ("a: 1", "is this a LiteLLM proxy's config.yaml?"),
        ("a: 1\na: 2", "stated more than once"),
    ],
)
def test_what_cannot_be_imported_is_refused(proxy, text, words):
    path = proxy(text)
    found = run("import", "litellm", path)
    assert (found.returncode, found.stdout) == (2, "")
    assert words in found.stderr
    refused = json.loads(run("import", "litellm", path, "--output", "json").stdout)
    assert refused["valid"] is False and refused["problems"]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    found = run("import", "litellm", tmp_path / "nothing.yaml")
    assert found.returncode == 2 and "cannot read" in found.stderr
