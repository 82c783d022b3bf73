# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Sound, images and ranks fail over before their first byte, their uploads with them; after it a broken answer is
known to be broken."""

import json
import socket
import struct
import threading

import openai
import pytest

from doubles import media
from doubles.faults import Cut, ErrorInStream, Page, Refuse
from doubles.openai import OpenAI
from media_routes import ENDPOINT_KEY, ENVIRONMENT, Place, media_configuration
from processes import wait_until
from test_media import AUDIO, FIVE_MEGABYTES, file_of, sha256, through
from upstreams import black_hole

pytestmark = pytest.mark.openai_client

# Each way to ask, and what the double answers to it.
ASKED = {
    "transcription": (lambda caller: caller.transcribe().text, "hello wide world"),
    "transcription stream": (lambda caller: list(caller.transcribe(stream=True))[-1].text, "hello wide world"),
    "translation": (
        lambda caller: caller.audio.translations.create(model="public-listener", file=AUDIO).text,
        "hello wide world",
    ),
    "speech": (lambda caller: caller.speak("Heavy rain").content, b"Heavy rain"),
    "images": (lambda caller: len(caller.draw(n=2).data), 2),
    "image stream": (lambda caller: list(caller.draw(stream=True, partial_images=1))[-1].usage.output_tokens, 100),
    "rerank": (lambda caller: json.loads(caller.rank())["results"][0]["index"], 1),
}
STREAMED = ["transcription stream", "image stream"]
BROKEN_AT_ONCE = {
    "internal error": Refuse("internal"),
    "overloaded": Refuse("overloaded"),
    "rate limit": Refuse("rate"),
    "not known there": Refuse("model_not_found"),
    "a proxy's page": Page(200, b"<html>Log in</html>"),
    "closed inside the answer": Cut(0),
    "reset inside the answer": Cut(0, how="reset"),
}


@pytest.fixture
def failing(double):
    return double(OpenAI, keys=[ENDPOINT_KEY])


@pytest.fixture
def healthy(double):
    return double(OpenAI, keys=[ENDPOINT_KEY])


def over(workshop, first, second=None, **arguments):
    places = [Place("first", first.port)]
    if second:
        places.append(Place("second", second.port, tier="spare"))
    return workshop.gateway(media_configuration(*places, **arguments), environment=ENVIRONMENT)


@pytest.mark.parametrize("broken", BROKEN_AT_ONCE)
def test_what_breaks_before_its_first_byte_is_answered_elsewhere(workshop, failing, healthy, broken):
    gateway = over(workshop, failing, healthy)
    for name, (asked, expected) in ASKED.items():
        failing.faults.add(BROKEN_AT_ONCE[broken])
        before = len(failing.requests)
        with through(gateway) as caller:
            assert asked(caller) == expected, name
        # A breaker or a cool-down may have kept later ones away; whoever got through was asked once.
        assert len(failing.requests) <= before + 1
        failing.faults.clear()
    assert len(failing.requests) >= 1 and len(healthy.requests) == len(ASKED)


@pytest.mark.parametrize("name", STREAMED)
def test_an_error_at_the_beginning_of_a_stream_is_answered_elsewhere(workshop, failing, healthy, name):
    gateway = over(workshop, failing, healthy)
    failing.faults.add(ErrorInStream("overloaded"))
    asked, expected = ASKED[name]
    with through(gateway) as caller:
        assert asked(caller) == expected
    assert (len(failing.requests), len(healthy.requests)) == (1, 1)


def test_an_endpoint_that_says_nothing_is_left_for_another(workshop, healthy):
    silent = workshop.upstream(black_hole)
    places = [
        Place("first", silent.port, options={"timeouts": {"firstByte": "300ms"}}),
        Place("second", healthy.port, tier="spare"),
    ]
    gateway = workshop.gateway(media_configuration(*places), environment=ENVIRONMENT)
    with through(gateway) as caller:
        assert caller.transcribe().text == "hello wide world"
    assert silent.calls[0].body == healthy.requests[0].body


# Uploads


class Turnstile:
    """Takes a connection, reads some of what comes, and resets it."""

    def __init__(self, reads):
        self.reads = reads
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            left = self.reads
            while left > 0 and (data := connection.recv(min(left, 65_536))):
                left -= len(data)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.mark.parametrize("reads", [1, 1_000_000, FIVE_MEGABYTES])
def test_an_upload_is_repeated_whole_at_another_endpoint(workshop, healthy, reads):
    payload = b"".join(media.noise(FIVE_MEGABYTES))
    with Turnstile(reads) as turnstile:
        gateway = over(workshop, turnstile, healthy)
        with through(gateway) as caller:
            answer = caller.transcribe(file=("long.wav", payload))
        assert turnstile.connections >= 1
    assert answer.text.startswith("5000000 bytes of")
    assert sha256(file_of(healthy.last)[1]) == sha256(payload)


def test_an_upload_that_nobody_takes_fails_and_says_so(workshop):
    payload = b"".join(media.noise(FIVE_MEGABYTES))
    with Turnstile(1_000_000) as turnstile:
        gateway = over(workshop, turnstile, retry={"attemptsMax": 2, "totalTimeout": "20s"})
        with through(gateway) as caller, pytest.raises(openai.InternalServerError) as error:
            caller.transcribe(file=("long.wav", payload))
    assert error.value.status_code == 502 and error.value.type == "upstream_error"


# After the first byte


def test_sound_that_breaks_is_known_to_be_broken(workshop, failing, healthy):
    gateway = over(workshop, failing, healthy)
    failing.faults.add(Cut(1))
    with through(gateway) as caller, pytest.raises(Exception) as error:
        caller.speak("Heavy rain is coming")
    assert not isinstance(error.value, openai.APIStatusError)
    assert not healthy.requests
    assert [line["outcome"] for line in logged(gateway, 1)] == ["truncated"]


def test_a_transcript_that_breaks_between_events_ends_with_an_error_event(workshop, failing, healthy):
    gateway = over(workshop, failing, healthy)
    failing.faults.add(Cut(1))
    heard = []
    with through(gateway) as caller, pytest.raises(openai.APIError) as error:
        for event in caller.transcribe(stream=True):
            heard.append(event.delta)
    assert heard == ["hello "]
    assert error.value.code == "stream_interrupted"
    assert not healthy.requests


def test_a_transcript_that_breaks_inside_an_event_is_cut_there(workshop):
    def script(call):
        call.begin_stream()
        call.event({"type": "transcript.text.delta", "delta": "hello "})
        call.write_chunk(b'data: {"type":"transcript.te')
        call.close()

    gateway = over(workshop, workshop.upstream(script))
    heard = []
    with through(gateway) as caller, pytest.raises(Exception) as error:
        for event in caller.transcribe(stream=True):
            heard.append(event.delta)
    assert heard == ["hello "]
    # Neither half an event nor one of ours after it.
    assert not isinstance(error.value, json.JSONDecodeError)


def logged(gateway, count):
    wait_until(lambda: len(gateway.log_lines()) >= count, f"{count} lines in the access log")
    return gateway.log_lines()
