# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What nobody acts on reaches the endpoint byte for byte. Only the value of `model` and the question for usage may
differ."""

import json

import pytest

from configurations import PUBLIC_MODEL, UPSTREAM_MODEL, Endpoint, configuration
from processes import KEY
from upstreams import Call

# Odd on purpose: spacing, escapes, number spellings, duplicate-looking names and fields of other vendors must all survive.
BODY = r"""  {
	"custom_vendor_field" : {"deep": [1, 2.50, 1e3, -0, null, true], "text": "\u00e9\ud83d\ude00 \\ \/"},
  "messages":[{"role":"user","content":[{"type":"text","text":"caf\u00e9 – 日本"},
    {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],
  "model"  :   "public-model"  , "logprobs":true,"top_logprobs":5,
  "tools":[{"type":"function","function":{"name":"f","parameters":{"model":"public-model","stream":true}}}],
  "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}},
  "seed": 18446744073709551615, "user":"" %s}
"""


@pytest.fixture(scope="module")
def upstream(shared_workshop):
    return shared_workshop.upstream()


@pytest.fixture(scope="module")
def gateway(shared_workshop, upstream):
    return shared_workshop.gateway(configuration(Endpoint("recorder", upstream.port)))


def sent(gateway, upstream, body):
    answer = gateway.post(body)
    assert answer.status == 200, answer.body
    return answer, upstream.calls[-1].body


def test_only_the_model_differs_in_a_request_that_is_no_stream(gateway, upstream):
    body = (BODY % "").encode()
    _, received = sent(gateway, upstream, body)
    assert received == body.replace(b'"public-model"  ,', b'"demo"  ,')


def test_only_the_model_and_stream_options_differ_in_a_stream(gateway, upstream):
    body = (BODY % ',"stream":true').encode()
    _, received = sent(gateway, upstream, body)
    addition = b'"stream_options":{"include_usage":true},'
    assert received.count(addition) == 1
    assert received.replace(addition, b"") == body.replace(b'"public-model"  ,', b'"demo"  ,')


@pytest.mark.parametrize(
    "written, told",
    [
        ('"stream_options":{"include_usage":true}', '"stream_options":{"include_usage":true}'),
        ('"stream_options":{"include_usage":false}', '"stream_options":{"include_usage":true}'),
        ('"stream_options":{}', '"stream_options":{"include_usage":true}'),
        ('"stream_options":null', '"stream_options":{"include_usage":true}'),
        ('"stream_options":{"other":1}', '"stream_options":{"include_usage":true,"other":1}'),
    ],
)
def test_stream_options_keep_what_the_caller_wrote_in_them(gateway, upstream, written, told):
    body = (BODY % f',"stream":true,{written}').encode()
    _, received = sent(gateway, upstream, body)
    assert received == body.replace(b'"public-model"  ,', b'"demo"  ,').replace(written.encode(), told.encode())


def test_an_answer_passes_byte_for_byte(gateway, upstream):
    body = b'{"id":"x", "choices":[{"vendor":{"a":1.50}}]  ,"usage":{"prompt_tokens":1,"completion_tokens":1},"\\u0065xtra":[ ]}'
    upstream.script = lambda call: call.respond(body=body, x_vendor="kept")
    try:
        answer, _ = sent(gateway, upstream, (BODY % "").encode())
    finally:
        upstream.script = Call.complete
    assert answer.body == body
    assert answer.headers["x-vendor"] == "kept"


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_answer_too_long_to_be_held_is_metered_wherever_its_usage_stands(workshop, place, framing):
    """vLLM puts the usage of embeddings after the vectors, llama.cpp before them."""
    usage = {"usage": {"prompt_tokens": 1234, "total_tokens": 1234}}
    data = {"data": [{"index": number, "embedding": "A" * 65_536} for number in range(40)]}
    body = json.dumps({**usage, **data} if place == "first" else {**data, **usage}).encode()
    gateway = workshop.gateway(configuration(Endpoint("only", workshop.upstream(long_answer(body, framing)).port)))
    answer = gateway.post({"model": PUBLIC_MODEL, "input": "Many texts."}, path="/v1/embeddings")
    assert answer.body == body
    assert gateway.status()["keys"][0]["input_tokens"] == 1234


def long_answer(body, framing):
    def script(call):
        if framing == "length":
            return call.respond(body=body)
        call.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 100_000):
            call.write_chunk(body[start : start + 100_000])
        call.end_stream()

    return script


def test_the_callers_key_and_cookies_stay_at_the_gateway(gateway, upstream):
    gateway.post(
        BODY % "",
        cookie="session=1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        x_custom="kept",
    )
    headers = upstream.calls[-1].headers
    assert KEY not in str(headers)
    assert "cookie" not in headers
    assert headers["x-custom"] == "kept"
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


def test_an_endpoints_own_credential_is_sent(workshop):
    upstream = workshop.upstream()
    options = {"credential": {"scheme": "bearer", "secret": "env:UPSTREAM_KEY"}}
    gateway = workshop.gateway(
        configuration(Endpoint("paid", upstream.port, options=options)), environment={"UPSTREAM_KEY": "upstream-secret"}
    )
    assert gateway.post(json.loads(BODY % "")).status == 200
    assert upstream.calls[-1].headers["authorization"] == "Bearer upstream-secret"
    assert upstream.calls[-1].json["model"] == UPSTREAM_MODEL != PUBLIC_MODEL
