# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What sound, images and ranks used is counted in their own units, priced exactly, and told in the log, the status and
the metrics; what nobody counted has no price rather than a price of nothing."""

import json

import pytest

import prometheus
from doubles.openai import OpenAI
from media_routes import ENDPOINT_KEY, ENVIRONMENT, SERVED, Place, media_configuration
from processes import ask, wait_until
from test_media import AUDIO, through

pytestmark = pytest.mark.openai_client

MICRO = 1_000_000


@pytest.fixture
def provider(double):
    return double(OpenAI, keys=[ENDPOINT_KEY])


@pytest.fixture
def gateway(workshop, provider):
    return workshop.gateway(media_configuration(Place("only", provider.port)), environment=ENVIRONMENT)


def record_of(gateway, asked):
    """The line of the access log about one request."""
    before = len(gateway.log_lines())
    with through(gateway) as caller:
        asked(caller)
    wait_until(lambda: len(gateway.log_lines()) > before, "the request is logged")
    return gateway.log_lines()[before]


def expect(record, **expected):
    """- expected: members of the line; `cost_pico=None` for an unknown price, and what is not named is not there."""
    counts = ("input_tokens", "output_tokens", "audio_ms", "images", "searches", "characters", "cost_pico", "estimated")
    told = {name: record.get(name) for name in counts if record.get(name)}
    assert told == {name: value for name, value in expected.items() if value}, record


def test_tokens_of_a_transcript(gateway):
    # 30 tokens of sound at 2.50 and 3 of text at 10 per million.
    record = record_of(gateway, lambda caller: caller.transcribe())
    assert (record["operation"], record["route"]) == ("transcription", "public-transcriber")
    expect(record, input_tokens=30, output_tokens=3, cost_pico=105 * MICRO)


def test_tokens_of_a_streamed_transcript(gateway):
    record = record_of(gateway, lambda caller: list(caller.transcribe(stream=True)))
    assert record["stream"] is True
    expect(record, input_tokens=30, output_tokens=3, cost_pico=105 * MICRO)


def test_seconds_of_sound(gateway):
    # 3 s at 0.006 a minute.
    expect(
        record_of(gateway, lambda caller: caller.transcribe(model="listener")), audio_ms=3_000, cost_pico=300 * MICRO
    )


def test_a_transcript_in_a_format_without_counts_has_no_price(gateway):
    record = record_of(gateway, lambda caller: caller.transcribe(model="listener", response_format="text"))
    expect(record, estimated=True)
    assert "cost_pico" not in record


def test_seconds_at_an_endpoint_priced_by_tokens_have_no_price(gateway, provider):
    # The model of tokens answers this format in seconds.
    record = record_of(gateway, lambda caller: caller.transcribe(response_format="verbose_json"))
    expect(record, audio_ms=3_000)
    assert "cost_pico" not in record


def test_characters_spoken(gateway):
    # 8 scalars at 15 per million: Tamil counts by scalars, not by bytes.
    words = "நல்ல மழை"
    assert len(words) == 8
    expect(record_of(gateway, lambda caller: caller.speak(words)), characters=8, cost_pico=120 * MICRO)


def test_images_by_tokens_and_by_number(gateway):
    # 2 tokens at 2.50 and 200 at 10 per million; 2 images at 0.04.
    expect(
        record_of(gateway, lambda caller: caller.draw(n=2)),
        input_tokens=2, output_tokens=200, images=2, cost_pico=2_005 * MICRO,
    )  # fmt: skip
    record = record_of(gateway, lambda caller: caller.draw(n=2, model="poster"))
    expect(record, input_tokens=2, output_tokens=200, images=2, cost_pico=80_000 * MICRO)


def test_searches_as_billed_and_one_where_nobody_bills_them(gateway, provider):
    provider.rank_counts = "cohere"
    expect(record_of(gateway, lambda caller: caller.rank()), searches=1, cost_pico=2_000 * MICRO)
    provider.rank_counts = "vllm"
    expect(record_of(gateway, lambda caller: caller.rank()), input_tokens=7, searches=1, cost_pico=2_000 * MICRO)
    provider.rank_counts = "jina"
    expect(record_of(gateway, lambda caller: caller.rank()), input_tokens=7, searches=1, cost_pico=2_000 * MICRO)


def test_more_searches_than_one_are_billed_as_such(workshop):
    body = {"results": [], "meta": {"billed_units": {"search_units": 3}}}
    upstream = workshop.upstream(lambda call: call.respond(body=json.dumps(body).encode()))
    gateway = workshop.gateway(media_configuration(Place("only", upstream.port)), environment=ENVIRONMENT)
    expect(record_of(gateway, lambda caller: caller.rank()), searches=3, cost_pico=6_000 * MICRO)


def test_a_refused_request_costs_nothing(gateway):
    def asked(caller):
        with pytest.raises(Exception, match="nonsense"):
            caller.transcribe(model="listener", response_format="nonsense")

    expect(record_of(gateway, asked))


def test_status_and_metrics_add_up(gateway):
    record_of(gateway, lambda caller: caller.transcribe(model="listener"))
    record_of(gateway, lambda caller: caller.audio.translations.create(model="public-listener", file=AUDIO))
    record_of(gateway, lambda caller: caller.speak("abc"))
    record_of(gateway, lambda caller: caller.draw(n=2, model="poster"))
    record_of(gateway, lambda caller: caller.rank())
    expected = {"audio_seconds": 6, "images": 2, "searches": 1, "characters": 3}
    status = gateway.status()
    assert status["keys"][0]["media"] == expected
    totals = [endpoint["media"] for endpoint in status["endpoints"]]
    assert {name: sum(one[name] for one in totals) for name in expected} == expected
    # 600 + 45 + 80,000 + 2,000 millionths.
    assert status["keys"][0]["spend"] == "0.082645"
    page = prometheus.parse(ask(gateway.admin, "GET", "/metrics").body.decode())
    assert prometheus.value(page, "isobar_audio_seconds_total", gen_ai_response_model="whisper-1") == 6
    assert prometheus.value(page, "isobar_images_total", gen_ai_response_model="dall-e-3") == 2
    assert prometheus.value(page, "isobar_searches_total", gen_ai_response_model="rerank-v3.5") == 1
    assert prometheus.value(page, "isobar_spoken_characters_total", gen_ai_response_model="tts-1") == 3


PRICES = {
    "listener": ("perAudioMinute", "0.006", "0.003", lambda caller: caller.transcribe(model="listener")),
    "voice": ("perMillionCharacters", "30", "15", lambda caller: caller.speak("abc")),
    "poster": ("perImage", "0.08", "0.04", lambda caller: caller.draw(model="poster")),
    "ranker": ("perThousandSearches", "2.00", "1.00", lambda caller: caller.rank()),
}


@pytest.mark.parametrize("model", PRICES)
def test_where_cost_decides_the_cheaper_endpoint_serves(workshop, double, model):
    name, dear, cheap, asked = PRICES[model]
    doubles = {"dear": double(OpenAI, keys=[ENDPOINT_KEY]), "cheap": double(OpenAI, keys=[ENDPOINT_KEY])}

    def place(endpoint, price):
        served = {"model": model, **SERVED[model], "prices": {"currency": "USD", name: price}}
        return Place(endpoint, doubles[endpoint].port, (model,), options={"serves": [served]})

    tiers = [{"name": "all", "endpoints": ["dear", "cheap"], "objective": {"latency": 0, "cost": 1}}]
    routes = {f"public-{model}": {"model": model, "tiers": tiers}}
    configuration = media_configuration(place("dear", dear), place("cheap", cheap), routes=routes)
    with through(workshop.gateway(configuration, environment=ENVIRONMENT)) as caller:
        for _ in range(8):
            asked(caller)
    assert (len(doubles["dear"].requests), len(doubles["cheap"].requests)) == (0, 8)
