# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's client for sound and images works unchanged through the gateway, and what it gets is what it gets from the
provider's double without one. Ranks are asked for by plain HTTP, in the words of Cohere, Jina and vLLM."""

import base64
import hashlib
import json
import threading

import openai
import pytest

from doubles import media
from doubles.openai import OpenAI
from doubles.server import Piece, Stream
from media_routes import ENDPOINT_KEY, ENVIRONMENT, SERVED, Place, media_configuration
from processes import KEY, ask

pytestmark = pytest.mark.openai_client

WORDS = b"hello wide world"
AUDIO = ("speech.wav", WORDS)
FIVE_MEGABYTES = 5_000_000


class Caller:
    """OpenAI's client and the names its models have where it asks."""

    def __init__(self, url, key, names):
        self.client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)
        self.names = names

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    @property
    def audio(self):
        return self.client.audio

    def transcribe(self, file=AUDIO, model="transcriber", **members):
        return self.audio.transcriptions.create(model=self.names[model], file=file, **members)

    def speak(self, words, **members):
        return self.audio.speech.create(model=self.names["voice"], input=words, voice="alloy", **members)

    def draw(self, prompt="A pixel", model="painter", **members):
        return self.client.images.generate(model=self.names[model], prompt=prompt, **members)

    def rank(self, **members):
        """- Returns: the answer's body."""
        body = {"model": self.names["ranker"], "query": "wet city", "documents": ["dry land", "a wet city"], **members}
        fields = {"Authorization": f"Bearer {self.client.api_key}", "Content-Type": "application/json"}
        answer = ask(self.client.base_url.port, "POST", "/v1/rerank", body, fields)
        assert answer.status == 200, answer.body
        return answer.body


def through(gateway):
    return Caller(gateway.base_url, KEY, {name: f"public-{name}" for name in SERVED})


def directly(double):
    return Caller(f"{double.url}/v1", ENDPOINT_KEY, {name: spec["as"] for name, spec in SERVED.items()})


@pytest.fixture(scope="module")
def provider():
    with OpenAI(keys=[ENDPOINT_KEY]) as double:
        yield double


@pytest.fixture(scope="module")
def gateway(shared_workshop, provider):
    return shared_workshop.gateway(media_configuration(Place("only", provider.port)), environment=ENVIRONMENT)


@pytest.fixture(params=["through the gateway", "directly"])
def caller(request, gateway, provider):
    caller = through(gateway) if request.param == "through the gateway" else directly(provider)
    with caller:
        yield caller


@pytest.fixture
def pair(gateway, provider):
    """The same client through the gateway and without it."""
    with through(gateway) as ours, directly(provider) as theirs:
        yield ours, theirs


# What the client gets


def test_speech_becomes_text_in_every_format(caller):
    answer = caller.transcribe()
    assert answer.text == "hello wide world"
    assert (answer.usage.type, answer.usage.input_tokens, answer.usage.output_tokens) == ("tokens", 30, 3)
    assert caller.transcribe(model="listener").usage.seconds == 3
    assert caller.transcribe(response_format="text") == "hello wide world\n"
    assert caller.transcribe(response_format="srt").startswith("1\n00:00:00,000 --> ")
    assert caller.transcribe(response_format="vtt").startswith("WEBVTT\n")
    verbose = caller.transcribe(model="listener", response_format="verbose_json", language="en", temperature=0.1)
    assert (verbose.text, verbose.usage.seconds) == ("hello wide world", 3)


def test_speech_becomes_text_as_a_stream(caller):
    events = list(caller.transcribe(stream=True))
    assert [event.type for event in events] == ["transcript.text.delta"] * 3 + ["transcript.text.done"]
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == "hello wide world"
    assert events[-1].usage.total_tokens == 33


def test_speech_is_translated(caller):
    answer = caller.audio.translations.create(model=caller.names["listener"], file=AUDIO)
    assert answer.text == "hello wide world"


def test_text_becomes_speech(caller):
    assert caller.speak("நல்ல மழை").content == "நல்ல மழை".encode()
    with caller.audio.speech.with_streaming_response.create(
        model=caller.names["voice"], input="Heavy rain", voice="alloy", response_format="pcm"
    ) as response:
        assert response.headers["content-type"] == "audio/pcm"
        assert b"".join(response.iter_bytes()) == b"Heavy rain"


def test_speech_comes_as_events_where_that_is_asked_for(caller):
    with caller.audio.speech.with_streaming_response.create(
        model=caller.names["voice"], input="Heavy rain", voice="alloy", stream_format="sse"
    ) as response:
        lines = [line for line in response.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [event["type"] for event in events] == ["speech.audio.delta"] * 2 + ["speech.audio.done"]
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == b"Heavy rain"


def test_images_are_made(caller):
    answer = caller.draw(n=2)
    assert [base64.b64decode(one.b64_json) for one in answer.data] == [b"A pixel", b"A pixel"]
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (2, 200)
    events = list(caller.draw(stream=True, partial_images=2))
    assert [event.type.rpartition(".")[2] for event in events] == ["partial_image", "partial_image", "completed"]
    assert events[-1].usage.output_tokens == 100


@pytest.mark.parametrize("counts", media.RANK_COUNTS)
def test_documents_are_ranked_in_each_way_of_counting(caller, provider, counts):
    provider.rank_counts = counts
    results = json.loads(caller.rank(top_n=1, return_documents=True))["results"]
    assert results == [{"index": 1, "relevance_score": 1.0, "document": {"text": "a wet city"}}]


def test_refusals_of_the_provider_are_the_callers_own(caller):
    with pytest.raises(openai.BadRequestError) as error:
        caller.transcribe(response_format="nonsense")
    assert error.value.param == "response_format" and "nonsense" in error.value.message


# Bytes


def file_of(request):
    return media.form_of(request, media.TRANSCRIPTION_FIELDS, ["file"])[1]["file"]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_five_megabytes_of_sound_arrive_as_they_were_sent(pair, provider):
    payload = b"".join(media.noise(FIVE_MEGABYTES))
    for caller in pair:
        assert caller.transcribe(file=("moon.wav", payload)).text.startswith("5000000 bytes of")
        assert sha256(file_of(provider.last)[1]) == sha256(payload)


def test_five_megabytes_of_sound_come_as_they_were_made(pair):
    for caller in pair:
        with caller.audio.speech.with_streaming_response.create(
            model=caller.names["voice"], input=f"noise {FIVE_MEGABYTES}", voice="alloy"
        ) as response:
            digest = hashlib.sha256()
            for piece in response.iter_bytes():
                digest.update(piece)
        assert digest.hexdigest() == sha256(b"".join(media.noise(FIVE_MEGABYTES)))


def form(model, boundary=b"0123456789abcdef"):
    """A form with everything that a gateway might be tempted to tidy up."""
    parts = [
        b'Content-Disposition: form-data; name="prompt"\r\n\r\nmodel=public-listener\r\nname="model"\r\n',
        b'content-disposition: form-data; name=file; filename="a b.wav"; filename*=utf-8\'\'a%20b.wav\r\n'
        b"Content-Type: audio/wav\r\nX-Odd:  kept \r\n\r\n" + bytes(range(256)) + b"\r\n--0123456789abcdeX\n",
        b'Content-Disposition: form-data; name="model"\r\nContent-Length: 15\r\n\r\n' + model,
        b'Content-Disposition: form-data; name="timestamp_granularities[]"\r\n\r\nword',
        b'Content-Disposition: form-data; name="timestamp_granularities[]"\r\n\r\nsegment',
    ]
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def test_only_the_models_name_differs_in_a_form(workshop):
    upstream = workshop.upstream(lambda call: call.respond(body=b'{"text":"heard"}'))
    gateway = workshop.gateway(media_configuration(Place("recorder", upstream.port)), environment=ENVIRONMENT)
    kind = 'multipart/form-data; charset=utf-8; boundary="0123456789abcdef"'
    answer = gateway.post(form(b"public-listener"), "/v1/audio/transcriptions", Content_Type=kind, X_Custom="kept")
    assert answer.body == b'{"text":"heard"}'
    received = upstream.calls[-1]
    assert received.body == form(b"whisper-1")
    assert received.headers["content-type"] == kind
    assert received.headers["x-custom"] == "kept"


@pytest.mark.parametrize("path", ["speech", "images", "rerank"])
def test_only_the_models_name_differs_in_other_requests(workshop, path):
    upstream = workshop.upstream(lambda call: call.respond(body=b'{ "odd" : [ 1.50 ] }'))
    gateway = workshop.gateway(media_configuration(Place("recorder", upstream.port)), environment=ENVIRONMENT)
    body = b' {"input":"\\u0bae \xe0\xae\xb4", "x": 1.50e0,\n"model" : "public-%s", "prompt":"p", "n":2,"model_":1 }\r\n'
    name, path, told = {
        "speech": (b"voice", "/v1/audio/speech", b"tts-1"),
        "images": (b"painter", "/v1/images/generations", b"gpt-image-1"),
        "rerank": (b"ranker", "/v1/rerank", b"rerank-v3.5"),
    }[path]
    answer = gateway.post(body % name, path)
    assert answer.body == b'{ "odd" : [ 1.50 ] }'
    assert (upstream.calls[-1].path, upstream.calls[-1].body) == (path, (body % name).replace(b"public-" + name, told))


# Time


class Measured(OpenAI):
    """Makes the second half of what it says only once the first was heard."""

    def __init__(self, **options):
        super().__init__(**options)
        self.heard = threading.Event()
        self.was_heard = None

    def speak(self, request, model=None):
        return Stream(self._halves(), None, content_type="audio/mpeg")

    def _halves(self):
        yield Piece(b"first half, ", True)
        self.was_heard = self.heard.wait(10)
        yield Piece(b"second half", True)


def test_sound_is_heard_while_it_is_made(workshop, double):
    provider = double(Measured, keys=[ENDPOINT_KEY])
    gateway = workshop.gateway(media_configuration(Place("only", provider.port)), environment=ENVIRONMENT)
    with (
        through(gateway) as caller,
        caller.audio.speech.with_streaming_response.create(model="public-voice", input="x", voice="alloy") as response,
    ):
        pieces = response.iter_bytes()
        first = next(pieces)
        provider.heard.set()
        assert first + b"".join(pieces) == b"first half, second half"
    assert provider.was_heard
