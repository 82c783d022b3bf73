# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A form that two readers could divide differently is refused in OpenAI's error shape, and nothing of it is
forwarded; what clients send, however they write it, passes byte for byte."""

import time

import pytest

from media_routes import ENVIRONMENT, Place, media_configuration
from processes import KEY
from test_bad_input import exchange, expect_refusal

MEBIBYTE = 1 << 20
MEMORY_MAX = 150 * MEBIBYTE
MODEL = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\npublic-listener\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n'
END = b"--b--\r\n"
KIND = b"Content-Type: multipart/form-data; boundary=b\r\n"


@pytest.fixture(scope="module")
def upstream(shared_workshop):
    return shared_workshop.upstream(lambda call: call.respond(body=b'{"text":"heard"}'))


@pytest.fixture(scope="module")
def gateway(shared_workshop, upstream):
    return shared_workshop.gateway(media_configuration(Place("recorder", upstream.port)), environment=ENVIRONMENT)


@pytest.fixture(autouse=True)
def nothing_is_forwarded(request, gateway, upstream):
    """After each test: alive, small, and the endpoint has seen nothing but what a test sent on purpose."""
    before = len(upstream.calls)
    yield
    assert gateway.is_running and gateway.memory_bytes() < MEMORY_MAX
    if not request.node.get_closest_marker("forwards_one"):
        assert len(upstream.calls) == before, upstream.calls[-1].body[:300]


def part(head, value=b"public-listener"):
    return b"--b\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def named(name, value=b"x"):
    return part(b'Content-Disposition: form-data; name="%s"' % name, value)


def request(body, head=KIND):
    return (
        b"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer "
        + KEY.encode() + b"\r\n" + head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
    )  # fmt: skip


HOSTILE_HEADS = {
    "no content type": b"",
    "JSON": b"Content-Type: application/json\r\n",
    "another multipart": b"Content-Type: multipart/mixed; boundary=b\r\n",
    "a longer subtype": b"Content-Type: multipart/form-data-x; boundary=b\r\n",
    "no boundary": b"Content-Type: multipart/form-data\r\n",
    "an empty boundary": b"Content-Type: multipart/form-data; boundary=\r\n",
    "an empty quoted boundary": b'Content-Type: multipart/form-data; boundary=""\r\n',
    "a quote that never ends": b'Content-Type: multipart/form-data; boundary="b\r\n',
    "two boundaries": b"Content-Type: multipart/form-data; boundary=b; boundary=c\r\n",
    "a boundary in a quoted text": b'Content-Type: multipart/form-data; x="; boundary=b"\r\n',
    "another boundary than the body's": b"Content-Type: multipart/form-data; boundary=c\r\n",
    "a boundary with an escape": b'Content-Type: multipart/form-data; boundary="\\b"\r\n',
    "a boundary of 71": b"Content-Type: multipart/form-data; boundary=" + b"b" * 71 + b"\r\n",
    "a boundary with a space at its end": b'Content-Type: multipart/form-data; boundary="b "\r\n',
    "a boundary of other characters": b'Content-Type: multipart/form-data; boundary="{b}"\r\n',
    "two content types": KIND + KIND,
    "an empty content type and a good one": b"Content-Type:\r\n" + KIND,
    "a good content type and another one": KIND + b"Content-Type: application/json\r\n",
}
HOSTILE_BODIES = {
    "nothing": b"",
    "only the end": END,
    "JSON": b'{"model":"public-listener"}',
    "no model": FILE + END,
    "an empty model": named(b"model", b"") + FILE + END,
    "the model twice": MODEL + FILE + MODEL + END,
    "the model twice, once as a file": MODEL + FILE.replace(b'"file"', b'"model"') + END,
    "the model as a file": FILE.replace(b'"file"', b'"model"') + END,
    "the model too long": named(b"model", b"m" * 257) + FILE + END,
    "the model encoded": part(b'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', b"bQ==") + END,
    "the language twice": MODEL + named(b"language", b"hi") + named(b"language", b"ta") + FILE + END,
    "the language endless": MODEL + named(b"language", b"h" * 65) + FILE + END,
    "a preamble": b"hello\r\n" + MODEL + FILE + END,
    "an empty line first": b"\r\n" + MODEL + FILE + END,
    "an epilogue": MODEL + FILE + END + b"hello",
    "a second form behind": MODEL + FILE + END + MODEL.replace(b"listener", b"voice") + END,
    "no end": MODEL + FILE,
    "half an end": MODEL + FILE + b"--b-",
    "an end without its line": MODEL + FILE[:-2] + b"--b--\r\n",
    "a delimiter with a tail": MODEL + b"--bb\r\n" + FILE + END,
    "a delimiter with spaces": MODEL + FILE.replace(b"--b\r\n", b"--b \r\n") + END,
    "a bare line feed before a delimiter": FILE.replace(b"RIFF", b"RIFF\n--b\r\n" + MODEL[5:-2]) + MODEL + END,
    "a bare carriage return before a delimiter": FILE.replace(b"RIFF", b"RIFF\r--b\r\n" + MODEL[5:-2]) + MODEL + END,
    "line feeds only": (MODEL + FILE + END).replace(b"\r\n", b"\n"),
    "a part without a head": b"--b\r\n\r\nx\r\n" + MODEL + END,
    "a part without a disposition": part(b"Content-Type: text/plain") + MODEL + END,
    "two dispositions": part(b'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="model"') + MODEL + END,
    "two names": part(b'Content-Disposition: form-data; name="x"; name="model"') + MODEL + END,
    "an encoded name": part(b"Content-Disposition: form-data; name*=utf-8''model") + MODEL + END,
    "an escaped name": part(b'Content-Disposition: form-data; name="mo\\del"') + MODEL + END,
    "a name without its quote": part(b'Content-Disposition: form-data; name="model') + MODEL + END,
    "two file names": part(b'Content-Disposition: form-data; name="f"; filename=a; filename=b') + MODEL + END,
    "an attachment": part(b'Content-Disposition: attachment; name="model"') + MODEL + END,
    "a folded line": part(b'Content-Disposition: form-data;\r\n name="model"') + MODEL + END,
    "a space before the colon": part(b'Content-Disposition : form-data; name="model"') + MODEL + END,
    "a bare line feed in a head": part(b'Content-Disposition: form-data; name="x"\nX: name="model"') + MODEL + END,
    "NUL in a head": part(b'Content-Disposition: form-data; name="x\x00"') + MODEL + END,
    "a huge head": part(b'Content-Disposition: form-data; name="x"\r\nX: ' + b"x" * 5_000) + MODEL + END,
    "a head of a megabyte": part(b"X: " + b"x" * MEBIBYTE) + MODEL + END,
    "a head without an end": b"--b\r\n" + b"X: y\r\n" * 200_000,
    "many header lines": part(b"X: y\r\n" * 20 + b'Content-Disposition: form-data; name="x"') + MODEL + END,
    "many parts": named(b"x") * 65 + MODEL + END,
    "a hundred thousand parts": named(b"x", b"") * 100_000 + MODEL + END,
    "almost delimiters": FILE.replace(b"RIFF", b"\r\n--" * MEBIBYTE) + named(b"x"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_HEADS)
def test_a_head_that_frames_no_form_is_refused(gateway, name):
    expect_refusal(exchange(gateway, request(MODEL + FILE + END, HOSTILE_HEADS[name])), 400)


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_a_body_that_is_no_form_is_refused(gateway, name):
    began = time.monotonic()
    expect_refusal(exchange(gateway, request(HOSTILE_BODIES[name])), 400)
    # Megabytes made to be slow are not.
    assert time.monotonic() - began < 5


def test_refusals_blame_the_field(gateway):
    def parameter(body):
        answer = gateway.post(body, "/v1/audio/transcriptions", Content_Type="multipart/form-data; boundary=b")
        assert answer.status == 400
        return answer.json["error"]["param"]

    assert parameter(FILE + END) == "model"
    assert parameter(MODEL + MODEL + END) == "model"
    assert parameter(MODEL + named(b"language", b"hi") * 2 + END) == "language"
    assert parameter(MODEL + FILE) is None


GOOD = {
    "as it is": MODEL + FILE + END,
    "the file first": FILE + MODEL + END,
    "no line end at the end": MODEL + FILE + b"--b--",
    "no quotes": FILE + part(b"Content-Disposition: form-data; name=model") + END,
    "other case": FILE + part(b'CONTENT-DISPOSITION: Form-Data; NAME="model"') + END,
    "no spaces": FILE + part(b'Content-Disposition:form-data;name="model"') + END,
    "a type and a length": FILE + part(b'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="model"\r\nContent-Length: 15') + END,
    "said to be binary": FILE + part(b'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: binary') + END,
    "dashes in the file": FILE.replace(b"RIFF", b"x--b--\r\r\n--c\r\n-b\n--\r\n --b") + MODEL + END,
    "a form in the file": FILE.replace(b"RIFF", (MODEL + END).replace(b"--b", b"--c")) + MODEL + END,
    "an empty file": FILE.replace(b"RIFF", b"") + MODEL + END,
    "the same field twice": named(b"include[]") * 2 + FILE + MODEL + END,
}  # fmt: skip


@pytest.mark.forwards_one
@pytest.mark.parametrize("name", GOOD)
def test_what_clients_send_passes(gateway, upstream, name):
    received = exchange(gateway, request(GOOD[name]))
    assert received.startswith(b"HTTP/1.1 200 "), received
    # Of a form inside the file nothing changes.
    before, field, after = GOOD[name].rpartition(b"public-listener")
    assert upstream.calls[-1].body == before + b"whisper-1" + after


@pytest.mark.forwards_one
def test_a_form_in_chunks_passes(gateway, upstream):
    body = MODEL + FILE + END
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = request(b"", KIND).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    assert exchange(gateway, head + chunks).startswith(b"HTTP/1.1 200 ")
    assert upstream.calls[-1].body == body.replace(b"public-listener", b"whisper-1")


@pytest.mark.forwards_one
def test_a_quoted_boundary_of_every_character_passes(gateway, upstream):
    boundary = b"'()+_,-./:=? 09AZaz"
    body = (MODEL + FILE + END).replace(b"--b", b"--" + boundary)
    head = b'Content-Type: multipart/form-data; boundary="' + boundary + b'"\r\n'
    assert exchange(gateway, request(body, head)).startswith(b"HTTP/1.1 200 ")
    assert upstream.calls[-1].body == body.replace(b"public-listener", b"whisper-1")
