# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The list of models, in the words of whoever asks for it: three official SDKs and one gateway."""

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from configurations import document
from doubles.anthropic import Anthropic
from doubles.gemini import Gemini
from processes import KEY, ask
from providers import SECRETS, ProviderEndpoint, over_doubles

pytestmark = pytest.mark.sdks

# Public names, one with a colon and a slash in it; a key of its own may use only some.
NAMES = ["fast", "slow", "team/model:8b"]
NARROW = "narrow-key"


@pytest.fixture(scope="module")
def gateway(shared_workshop):
    with Anthropic() as server, Gemini() as google:
        other = ProviderEndpoint("google", "gemini", google)
        more = [
            *other.documents("other"),
            document("Model", "other", {"contextTokensMax": 1000}),
            document(
                "Route",
                "other",
                {"models": ["other"], "model": "other", "tiers": [{"name": "t", "endpoints": ["google"]}]},
            ),
            document("Key", "narrow", {"tenant": "tester", "secret": "env:NARROW_KEY", "routes": ["other"]}),
        ]
        text = over_doubles(ProviderEndpoint("anthropic", "anthropic", server), models=NAMES, more=more)
        yield shared_workshop.gateway(text, environment={**SECRETS, "NARROW_KEY": NARROW})


def url(gateway):
    return gateway.base_url.removesuffix("/v1")


def google(gateway, key=KEY, version="v1beta"):
    options = types.HttpOptions(base_url=url(gateway), api_version=version, timeout=20_000)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def claude(gateway, key=KEY):
    return anthropic.Anthropic(base_url=url(gateway), api_key=key, max_retries=0, timeout=20)


# Google's


@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_google_s_client_lists_models(gateway, version):
    with google(gateway, version=version) as client:
        listed = list(client.models.list())
        assert [one.name for one in listed] == [f"models/{name}" for name in [*NAMES, "other"]]
        assert listed[0].display_name == "fast" and listed[0].input_token_limit == 8192
        assert listed[0].supported_actions == ["generateContent", "streamGenerateContent", "countTokens"]
        assert client.models.get(model="other").input_token_limit == 1000


def test_google_s_client_turns_pages(gateway):
    with google(gateway) as client:
        pager = client.models.list(config={"page_size": 3})
        assert [one.name for one in pager.page] == [f"models/{name}" for name in NAMES]
        assert [one.name for one in pager] == [f"models/{name}" for name in [*NAMES, "other"]]


def test_google_s_client_learns_of_an_unknown_model_and_key(gateway):
    with google(gateway) as client, pytest.raises(errors.ClientError) as error:
        client.models.get(model="nobody")
    assert (error.value.code, error.value.status) == (404, "NOT_FOUND")
    with google(gateway, key="wrong") as client, pytest.raises(errors.ClientError) as error:
        client.models.list()
    assert (error.value.code, error.value.status) == (401, "UNAUTHENTICATED")


def test_a_key_in_the_query_is_google_s_too(gateway):
    listed = ask(gateway.port, "GET", f"/v1beta/models?key={KEY}").json
    assert len(listed["models"]) == 4 and "nextPageToken" not in listed
    assert ask(gateway.port, "GET", f"/v1/models/fast?key={KEY}").json["name"] == "models/fast"
    # A token that nobody gave out leads to an end, not to the beginning.
    assert ask(gateway.port, "GET", f"/v1beta/models?key={KEY}&pageToken=x").json == {"models": []}


# Anthropic's


def test_anthropic_s_client_lists_models(gateway):
    with claude(gateway) as client:
        assert [one.id for one in client.models.list()] == [*NAMES, "other"]
        one = client.models.retrieve("fast")
        assert (one.id, one.display_name, one.type) == ("fast", "fast", "model")


def test_anthropic_s_client_turns_pages_both_ways(gateway):
    with claude(gateway) as client:
        first = client.models.list(limit=2)
        assert ([one.id for one in first.data], first.has_more) == (NAMES[:2], True)
        assert [one.id for one in first] == [*NAMES, "other"], "the SDK goes on by itself"
        before = client.models.list(before_id="other", limit=2)
        assert ([one.id for one in before.data], before.has_more) == (NAMES[1:], True)
        assert client.models.list(after_id="nobody").data == []


def test_anthropic_s_client_learns_of_an_unknown_model_and_key(gateway):
    with claude(gateway) as client, pytest.raises(anthropic.NotFoundError) as error:
        client.models.retrieve("nobody")
    assert error.value.body["error"]["type"] == "not_found_error"
    with claude(gateway, key="wrong") as client, pytest.raises(anthropic.AuthenticationError) as error:
        client.models.list()
    assert error.value.body["type"] == "error"


# OpenAI's, and everybody's


def test_openai_s_client_lists_models_as_before(gateway):
    with openai.OpenAI(base_url=gateway.base_url, api_key=KEY, max_retries=0, timeout=20) as client:
        assert [one.id for one in client.models.list()] == [*NAMES, "other"]
        assert client.models.retrieve("team/model:8b").id == "team/model:8b"


def test_a_key_sees_what_it_may_use(gateway):
    with google(gateway, key=NARROW) as client:
        assert [one.name for one in client.models.list()] == ["models/other"]
    with claude(gateway, key=NARROW) as client:
        assert [one.id for one in client.models.list()] == ["other"]
        with pytest.raises(anthropic.NotFoundError):
            client.models.retrieve("fast")


@pytest.mark.parametrize("path", ["/v1beta/models/", "/v1beta/modelsx", "/v1beta", "/v1/modelsx", "/V1/models"])
def test_paths_beside_these_are_unknown(gateway, path):
    assert ask(gateway.port, "GET", path, headers={"x-goog-api-key": KEY}).status == 404
