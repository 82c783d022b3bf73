# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Gateways for sound, images and ranks: models that declare what they can do, routes over several of them, doubles of
OpenAI's media wires behind."""

import dataclasses

from configurations import document, text

ENDPOINT_KEY = "double-key"
ENVIRONMENT = {"DOUBLE_KEY": ENDPOINT_KEY}

# A word a second at 0.006 a minute, and so on: prices whose products are easy to see.
PER_TOKEN = {"currency": "USD", "inputPerMillionTokens": "2.50", "outputPerMillionTokens": "10"}
SERVED = {
    "transcriber": {"as": "gpt-4o-transcribe", "prices": PER_TOKEN},
    "listener": {"as": "whisper-1", "prices": {"currency": "USD", "perAudioMinute": "0.006"}},
    "voice": {"as": "tts-1", "prices": {"currency": "USD", "perMillionCharacters": "15"}},
    "painter": {"as": "gpt-image-1", "prices": PER_TOKEN},
    "poster": {"as": "dall-e-3", "prices": {"currency": "USD", "perImage": "0.04"}},
    "ranker": {"as": "rerank-v3.5", "prices": {"currency": "USD", "perThousandSearches": "2.00"}},
}
MODELS = {
    "transcriber": {"modalities": ["audio"]},
    "listener": {"modalities": ["audio"]},
    "voice": {"modalities": ["speech"]},
    "painter": {"modalities": ["image-generation"]},
    "poster": {"modalities": ["image-generation"]},
    "ranker": {"modalities": ["rerank"]},
}


@dataclasses.dataclass
class Place:
    """One endpoint with a region and a provider of its own.

    - serves: models it has, each as in `SERVED` or under its own name.
    - tier: routes try places of the first tier named first.
    """

    name: str
    port: int
    serves: tuple = tuple(SERVED)
    tier: str = "default"
    options: dict = dataclasses.field(default_factory=dict)

    def documents(self):
        spec = {
            "region": self.name,
            "url": f"http://127.0.0.1:{self.port}/v1",
            "credential": {"secret": "env:DOUBLE_KEY"},
            "serves": [{"model": model, **SERVED.get(model, {})} for model in self.serves],
            **self.options,
        }
        return [
            document("Provider", self.name, {"flavor": "openai"}),
            document("Region", self.name, {"provider": self.name, "jurisdiction": "IN"}),
            document("Endpoint", self.name, spec),
        ]


def one_each(places):
    """A route per model, of the model's own name with `public-` before it."""
    names = dict.fromkeys(model for place in places for model in place.serves)
    return {f"public-{name}": {"model": name} for name in names}


def media_configuration(*places, models=None, routes=None, retry=None):
    """- models: specs by name. - routes: specs by public name, without tiers: each place that has one of the route's
    models stands in it."""
    models = models or MODELS
    used = {model for place in places for model in place.serves}
    documents = [one for place in places for one in place.documents()]
    documents += [document("Model", name, models[name]) for name in sorted(used)]
    documents += [document("Route", name, _route(name, spec, places, retry)) for name, spec in (routes or one_each(places)).items()]
    documents += [
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
    ]
    return text(documents)


def _route(name, spec, places, retry):
    wanted = [spec["model"]] if isinstance(spec["model"], str) else spec["model"]
    tiers = {}
    for place in places:
        if set(wanted) & set(place.serves):
            tiers.setdefault(place.tier, []).append(place.name)
    tiers = [{"name": tier, "endpoints": members} for tier, members in tiers.items()]
    return {"models": [name], "tiers": tiers, **({"retry": retry} if retry else {}), **spec}
