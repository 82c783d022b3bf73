# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The guide to languages and voice works when it is pasted, over doubles in place of its servers, and the example it
uses is valid."""

import json
import os
import re
import subprocess
import sys

import pytest

from doubles.openai import OpenAI
from processes import BINARY, REPOSITORY

pytestmark = pytest.mark.openai_client

GUIDE = (REPOSITORY / "docs/guides/languages-and-voice.md").read_text()
EXAMPLE = REPOSITORY / "Examples/indic-voice/isobar.yaml"
KEY = "a key for the guide, long enough"
WORDS = "hello wide world"
SERVERS = {
    "mumbai-ears": "http://ears.mumbai.internal:8000/v1",
    "mumbai-voice": "http://voice.mumbai.internal:8000/v1",
    "mumbai-text": "http://text.mumbai.internal:8000/v1",
    "openai": "https://api.openai.com/v1",
}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


class Own(OpenAI):
    """A server of one's own, which asks for no key."""

    def authenticate(self, request):
        pass


@pytest.fixture(scope="module")
def servers():
    doubles = {name: (OpenAI if name == "openai" else Own)(keys=["sk-guide"]) for name in SERVERS}
    yield doubles
    for double in doubles.values():
        double.close()


@pytest.fixture(scope="module")
def gateway(shared_workshop, servers):
    text = EXAMPLE.read_text()
    for name, url in SERVERS.items():
        assert url in text
        text = text.replace(url, f"{servers[name].url}/v1")
    environment = {"OPENAI_API_KEY": "sk-guide", "ISOBAR_KEY": KEY}
    return shared_workshop.gateway(text, environment=environment)


@pytest.fixture
def paste(gateway, tmp_path):
    """Runs a block of the guide in a directory with a recording."""
    (tmp_path / "question.wav").write_text(WORDS)
    (tmp_path / "Examples").symlink_to(REPOSITORY / "Examples")
    environment = {**os.environ, "ISOBAR_KEY": KEY, "PATH": f"{BINARY.parent}:{os.environ['PATH']}"}

    def run(block, *command):
        block = block.replace("127.0.0.1:8080", f"127.0.0.1:{gateway.port}")
        block = block.replace("isobar route explain", f"isobar route explain --admin 127.0.0.1:{gateway.admin}")
        done = subprocess.run(
            [*command, block], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def shell(number):
    return blocks("sh")[number], "bash", "-euo", "pipefail", "-c"


def test_the_example_is_valid_and_warns_of_nothing(paste):
    block, *command = shell(0)
    assert paste(f"{block.rstrip()} 2>&1", *command).startswith("Valid: 6 routes, 8 endpoints")


def test_a_form_in_tamil_reaches_a_model_of_tamil(paste, servers):
    before = len(servers["mumbai-ears"].requests)
    block, *command = shell(1)
    assert f'"text": "{WORDS}"' in paste(block, *command)
    assert len(servers["mumbai-ears"].requests) == before + 1
    assert b'name="model"\r\n\r\nindic-conformer\r\n' in servers["mumbai-ears"].last.body


def test_speech_and_chat_name_their_language_in_a_header(paste, servers, tmp_path):
    block, *command = shell(2)
    assert json.loads(paste(block, *command))["choices"][0]["message"]["content"] == "कल मौसम कैसा रहेगा?"
    assert (tmp_path / "answer.mp3").read_text() == "நாளை மழை பெய்யும்."
    assert servers["mumbai-voice"].last.json["model"] == "indic-parler-tts"
    assert servers["mumbai-text"].last.json["model"] == "sarvam-m"


def test_openais_client_does_the_same(paste, servers, tmp_path):
    (block,) = blocks("python")
    lines = paste(block, sys.executable, "-c").splitlines()
    assert lines[0] == WORDS and lines[-2:] == ["transcript.text.done", "1"]
    assert (tmp_path / "answer.mp3").read_text() == "நாளை மழை பெய்யும்."
    assert servers["openai"].last.path == "/v1/images/generations"


def test_documents_are_ranked(paste):
    block, *command = shell(3)
    assert '"index": 1' in paste(block, *command)


def test_explanations_say_who_does_not_speak_it(paste):
    block, *command = shell(4)
    shown = paste(block, *command)
    assert shown.count("does not declare language ta") >= 2
    assert "x-isobar-endpoint: mumbai-ears" in shown


def test_the_route_of_the_guide_is_the_examples(tmp_path):
    (route,) = blocks("yaml")
    assert route.strip() in EXAMPLE.read_text()


def test_check_says_what_the_guide_says(tmp_path):
    path = tmp_path / "isobar.yaml"
    path.write_text(EXAMPLE.read_text().replace("languages: [ta]}", "languages: [tm]}"))
    environment = {**os.environ, "OPENAI_API_KEY": "sk-guide", "ISOBAR_KEY": KEY}
    answer = subprocess.run([BINARY, "check", path], capture_output=True, text=True, timeout=30, env=environment)
    (told,) = blocks("text")
    assert answer.returncode == 2
    for line in told.strip().splitlines():
        assert line.strip() in answer.stderr
