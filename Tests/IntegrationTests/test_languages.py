# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Requests reach models that speak their language: named in a form's field or in a header, declared by models,
required by routes, explained where it keeps an endpoint out, and refused before anything runs where nobody can."""

import os
import subprocess

import openai
import pytest

from doubles.faults import Refuse
from doubles.openai import OpenAI
from media_routes import ENDPOINT_KEY, ENVIRONMENT, Place, media_configuration
from processes import BINARY, KEY, ask, wait_until

pytestmark = pytest.mark.openai_client

AUDIO = ("speech.wav", b"hello wide world")
MODELS = {
    "indic-asr": {"modalities": ["audio"], "languages": ["hi", "ta", "bn-IN"]},
    "english-asr": {"modalities": ["audio"], "languages": ["en"]},
    "indic-voice": {"modalities": ["speech"], "languages": ["ta", "hi"]},
    "english-voice": {"modalities": ["speech"], "languages": ["en"]},
    "indic-chat": {"languages": ["hi", "ta"]},
    "english-chat": {"languages": ["en"]},
    "any-chat": {},
}
ROUTES = {
    "transcribe": {"model": ["indic-asr", "english-asr"]},
    "speak": {"model": ["indic-voice", "english-voice"]},
    "chat": {"model": ["indic-chat", "english-chat"]},
    "open-chat": {"model": ["indic-chat", "english-chat", "any-chat"]},
    "tamil-speech": {
        "model": ["indic-voice", "english-voice"],
        "require": {"modalities": ["speech"], "languages": ["ta"]},
    },
}


def places(chennai, london, pune):
    return [
        Place("chennai", chennai.port, ("indic-asr", "indic-voice", "indic-chat")),
        Place("london", london.port, ("english-asr", "english-voice", "english-chat")),
        Place("pune", pune.port, ("any-chat",)),
    ]


@pytest.fixture(scope="module")
def doubles():
    with OpenAI(keys=[ENDPOINT_KEY]) as chennai, OpenAI(keys=[ENDPOINT_KEY]) as london, OpenAI(keys=[ENDPOINT_KEY]) as pune:
        yield chennai, london, pune


@pytest.fixture(scope="module")
def gateway(shared_workshop, doubles):
    text = media_configuration(*places(*doubles), models=MODELS, routes=ROUTES)
    return shared_workshop.gateway(text, environment=ENVIRONMENT)


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=0, timeout=30) as client:
        yield client


def answered_by(response):
    """The endpoint of a raw response, without the model behind its name."""
    return response.headers["x-isobar-endpoint"].partition("/")[0]


def transcribed_by(client, header=None, **members):
    headers = {"X-Isobar-Language": header} if header else {}
    raw = client.audio.transcriptions.with_raw_response
    return answered_by(raw.create(model="transcribe", file=AUDIO, extra_headers=headers, **members))


def spoken_by(client, model, language):
    raw = client.audio.speech.with_raw_response
    headers = {"X-Isobar-Language": language} if language else {}
    return answered_by(raw.create(model=model, input="x", voice="alloy", extra_headers=headers))


def chat_by(client, model, language):
    messages = [{"role": "user", "content": "Hi"}]
    raw = client.chat.completions.with_raw_response
    headers = {"X-Isobar-Language": language} if language else {}
    return answered_by(raw.create(model=model, messages=messages, extra_headers=headers))


# Where requests go


@pytest.mark.parametrize(
    "language, endpoint",
    [("ta", "chennai"), ("hi-IN", "chennai"), ("HI", "chennai"), ("bn", "chennai"), ("ta_IN", "chennai"),
     ("en", "london"), ("en-GB", "london")],
)  # fmt: skip
def test_a_forms_language_decides(client, language, endpoint):
    assert {transcribed_by(client, language=language) for _ in range(5)} == {endpoint}


@pytest.mark.parametrize("language, endpoint", [("ta", "chennai"), ("en-IN", "london")])
def test_a_header_decides_for_any_operation(client, language, endpoint):
    assert {transcribed_by(client, header=language) for _ in range(5)} == {endpoint}
    assert {spoken_by(client, "speak", language) for _ in range(5)} == {endpoint}
    assert {chat_by(client, "chat", language) for _ in range(5)} == {endpoint}


def test_the_header_wins_over_the_form(client, doubles):
    assert transcribed_by(client, header="en", language="ta") == "london"
    assert b'name="language"\r\n\r\nta\r\n' in doubles[1].last.body
    assert "x-isobar-language" not in doubles[1].last.headers


@pytest.mark.parametrize("language", [None, "auto", "english", "und", "und-Deva"])
def test_what_names_no_language_keeps_nobody_out(client, language):
    members = {} if language is None else {"language": language}
    raw = client.audio.transcriptions.with_raw_response
    answer = raw.create(model="transcribe", file=AUDIO, extra_headers={"X-Isobar-Explain": "1"}, **members)
    lines = answer.headers.get_list("x-isobar-explain")
    assert sum(": eligible" in line for line in lines) == 2, lines


def test_a_model_that_declares_nothing_serves_every_language(client, gateway):
    assert {chat_by(client, "open-chat", "fr") for _ in range(5)} == {"pune"}
    asked = verdicts(explained(gateway, model="open-chat", language="ta").json)
    assert asked == {"chennai": "eligible", "pune": "eligible", "london": "does not declare language ta"}


def test_a_language_nobody_declares_is_refused_before_anything_runs(client, doubles, gateway):
    before = [len(double.requests) for double in doubles]
    with pytest.raises(openai.BadRequestError) as error:
        transcribed_by(client, language="de")
    assert (error.value.code, error.value.param) == ("unsupported_language", "language")
    assert "`de`" in error.value.message
    with pytest.raises(openai.BadRequestError) as error:
        chat_by(client, "chat", "de-AT")
    assert error.value.code == "unsupported_language"
    assert [len(double.requests) for double in doubles] == before
    wait_until(lambda: gateway.log_lines()[-1].get("language") == "de", "the language is logged")


@pytest.mark.parametrize("language", ["tamil", "ta,hi", "*", "ta;q=1", "t", "தமிழ்".encode().decode("latin-1")])
def test_a_header_that_is_no_tag_is_refused(gateway, doubles, language):
    before = [len(double.requests) for double in doubles]
    body = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}
    answer = gateway.post(body, X_Isobar_Language=language)
    assert (answer.status, answer.json["error"]["code"]) == (400, "invalid_language")
    assert [len(double.requests) for double in doubles] == before


def test_a_failure_does_not_send_tamil_to_a_model_of_english(workshop, double):
    chennai, london, pune = (double(OpenAI, keys=[ENDPOINT_KEY]) for _ in range(3))
    retry = {"attemptsMax": 2, "totalTimeout": "5s"}
    text = media_configuration(*places(chennai, london, pune), models=MODELS, routes=ROUTES, retry=retry)
    gateway = workshop.gateway(text, environment=ENVIRONMENT)
    chennai.faults.add(Refuse("model_not_found"), times=None)
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=0, timeout=30) as client:
        with pytest.raises(openai.APIStatusError) as error:
            transcribed_by(client, language="ta")
    assert error.value.status_code in (404, 502, 503)
    assert chennai.requests and not london.requests


# What routes require


def test_a_route_that_requires_serves_only_from_those_that_have_it(client):
    assert {spoken_by(client, "tamil-speech", None) for _ in range(20)} == {"chennai"}
    with pytest.raises(openai.BadRequestError) as error:
        spoken_by(client, "tamil-speech", "en")
    assert error.value.code == "unsupported_language"


def explained(gateway, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return ask(gateway.admin, "GET", f"/explain?{text}")


def verdicts(explanation):
    return {one["endpoint"].partition("/")[0]: one["verdict"] for tier in explanation["tiers"] for one in tier["candidates"]}


def test_explanations_say_who_lacks_what(gateway):
    required = explained(gateway, model="tamil-speech").json
    assert verdicts(required)["london"] == "does not declare language ta"
    asked = explained(gateway, model="transcribe", language="ta-IN").json
    assert verdicts(asked)["london"] == "does not declare language ta"
    assert verdicts(asked)["chennai"] == "eligible"
    assert asked["picked"].startswith("chennai")
    assert explained(gateway, model="transcribe", operation="speech").json["picked"] is None
    assert explained(gateway, model="transcribe", language="tamil").status == 400
    assert "transcriptions" in explained(gateway, model="transcribe", operation="x").json["error"]["message"]


def test_a_caller_may_ask_for_the_explanation(client):
    raw = client.audio.transcriptions.with_raw_response
    answer = raw.create(model="transcribe", file=AUDIO, language="hi", extra_headers={"X-Isobar-Explain": "1"})
    lines = answer.headers.get_list("x-isobar-explain")
    assert any("london" in line and "does not declare language hi" in line for line in lines), lines


def run(*arguments):
    environment = {**os.environ, **ENVIRONMENT, "ISOBAR_TEST_KEY": KEY}
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=30, env=environment)


def test_the_command_line_explains(gateway):
    command = ["route", "explain", "--admin", f"127.0.0.1:{gateway.admin}", "--model", "transcribe", "--language", "ta"]
    shown = run(*command)
    assert shown.returncode == 0, shown.stderr
    assert "london" in shown.stdout and "does not declare language ta" in shown.stdout
    refused = run(*command[:-1], "tamil")
    assert refused.returncode != 0 and "BCP 47" in refused.stderr


def checked(tmp_path, require, routes=None):
    """What `isobar check` says of the same configuration with another requirement."""
    ports = [type("Port", (), {"port": 1})] * 3
    routes = routes or {"tamil-speech": {**ROUTES["tamil-speech"], "require": require}}
    path = tmp_path / "isobar.yaml"
    path.write_text(media_configuration(*places(*ports), models=MODELS, routes=routes))
    return run("check", path)


def test_check_finds_what_nobody_can_serve(tmp_path):
    answer = checked(tmp_path, {"languages": ["tm"]})
    assert answer.returncode == 2
    assert "Route tamil-speech, spec.require.languages[0]: none of the route's models declares \"tm\"" in answer.stderr
    assert "indic-voice has hi, ta; english-voice has en" in answer.stderr
    assert 'did you mean "ta"?' in answer.stderr
    answer = checked(tmp_path, {"modalities": ["rerank"]})
    assert "spec.require.modalities[0]: none of the route's models declares rerank" in answer.stderr
    answer = checked(tmp_path, {"modalities": ["spech"]})
    assert 'did you mean "speech"?' in answer.stderr
    answer = checked(tmp_path, {"languages": ["ta", "en"]})
    assert "nothing that serves the route meets all of it" in answer.stderr


def test_check_warns_of_an_endpoint_that_never_serves(tmp_path):
    answer = checked(tmp_path, {"languages": ["ta"]})
    assert answer.returncode == 0, answer.stderr
    assert "Endpoint london never serves this route: its model does not declare language ta" in answer.stderr


def test_languages_change_while_running(workshop, doubles):
    def text(languages):
        models = {**MODELS, "english-asr": {"modalities": ["audio"], "languages": languages}}
        return media_configuration(*places(*doubles), models=models, routes=ROUTES)

    gateway = workshop.gateway(text(["en"]), environment=ENVIRONMENT)
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=0, timeout=30) as client:
        with pytest.raises(openai.BadRequestError):
            transcribed_by(client, language="mr")
        gateway.reload(text(["en", "mr"]))
        assert transcribed_by(client, language="mr") == "london"
