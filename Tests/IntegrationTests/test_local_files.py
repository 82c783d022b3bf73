# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Addresses of local files are refused by the name of their member, on every wire and towards every endpoint, whether
the request would pass as it is or be translated: a model server may open what they name."""

import json

import pytest

from configurations import PUBLIC_MODEL, Endpoint, configuration

URL = "file:///etc/passwd"


def chat(part):
    content = [{"type": "text", "text": "Look."}, part]
    return "/v1/chat/completions", {"messages": [{"role": "user", "content": content}]}


def responses(part):
    return "/v1/responses", {"input": [{"role": "user", "content": [part]}]}


def messages(block):
    return "/v1/messages", {"max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}


def generate_content(part):
    path = f"/v1beta/models/{PUBLIC_MODEL}:generateContent"
    return path, {"contents": [{"role": "user", "parts": [part]}]}


REQUESTS = [
    (chat({"type": "image_url", "image_url": {"url": URL}}), "messages[0].content[1].image_url.url"),
    (chat({"type": "input_audio", "input_audio": {"data": URL}}), "messages[0].content[1].input_audio.data"),
    (chat({"type": "file", "file": {"file_data": URL}}), "messages[0].content[1].file.file_data"),
    (responses({"type": "input_image", "image_url": URL}), "input[0].content[0].image_url"),
    (responses({"type": "input_file", "file_url": URL}), "input[0].content[0].file_url"),
    (messages({"type": "image", "source": {"type": "url", "url": URL}}), "messages[0].content[0].source.url"),
    (generate_content({"fileData": {"fileUri": URL}}), "contents[0].parts[0].fileData.fileUri"),
]
FLAVORS = ("llama.cpp", "vllm", "openai", "anthropic", "gemini")


@pytest.fixture(scope="module")
def upstream(shared_workshop):
    return shared_workshop.upstream()


@pytest.fixture(scope="module")
def gateways(shared_workshop, upstream):
    started = {}

    def of(flavor):
        if flavor not in started:
            started[flavor] = shared_workshop.gateway(configuration(Endpoint("only", upstream.port, flavor=flavor)))
        return started[flavor]

    return of


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("asked, member", REQUESTS, ids=[member for _, member in REQUESTS])
def test_the_address_of_a_local_file_is_refused_by_name_and_never_forwarded(gateways, upstream, flavor, asked, member):
    path, body = asked
    answer = gateways(flavor).post({"model": PUBLIC_MODEL, **body}, path=path)
    assert answer.status == 400
    assert member in answer.json["error"]["message"]
    assert answer.json["error"].get("param", member) == member
    assert not upstream.calls


def test_escapes_do_not_hide_it(gateways, upstream):
    path, body = chat({"type": "image_url", "image_url": {"url": "ADDRESS"}})
    text = json.dumps({"model": PUBLIC_MODEL, **body}).replace("ADDRESS", r" F\u0069le:\/\/etc/passwd")
    assert gateways("llama.cpp").post(text, path=path).status == 400
    assert not upstream.calls


def test_text_that_begins_so_passes_as_it_is(gateways, upstream):
    body = {
        "model": PUBLIC_MODEL,
        "messages": [
            {"role": "user", "content": f"{URL} is what?"},
            {"role": "user", "content": [{"type": "text", "text": "file: a.py"}]},
        ],
    }
    text = json.dumps(body)
    assert gateways("llama.cpp").post(text).status == 200
    assert upstream.calls.pop().body.decode() == text.replace(PUBLIC_MODEL, "demo")
