# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Configurations of the gateways under test, as text. JSON is YAML, so each document is written as one line of it."""

import dataclasses
import json

# What callers say, and what endpoints are told: different on purpose, so that every test sees the translation.
PUBLIC_MODEL = "public-model"
UPSTREAM_MODEL = "demo"


@dataclasses.dataclass
class Endpoint:
    """One endpoint in a region and at a provider of its own."""

    name: str
    port: int
    tier: str = "default"
    host: str = "127.0.0.1"
    scheme: str = "http"
    flavor: str = "vllm"
    options: dict = dataclasses.field(default_factory=dict)

    def documents(self):
        spec = {
            "region": self.name,
            "url": f"{self.scheme}://{self.host}:{self.port}/v1",
            "serves": [
                {
                    "model": UPSTREAM_MODEL,
                    "prices": {"currency": "USD", "inputPerMillionTokens": "0.50", "outputPerMillionTokens": "1.50"},
                }
            ],
        }
        return [
            document("Provider", self.name, {"flavor": self.flavor}),
            document("Region", self.name, {"provider": self.name, "jurisdiction": "IN"}),
            document("Endpoint", self.name, {**spec, **self.options}),
        ]


def document(kind, name, spec):
    return {"apiVersion": "isobar/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def text(documents):
    return "\n---\n".join(json.dumps(one) for one in documents) + "\n"


def configuration(*endpoints, retry=None, overflow=None, hedge=None, models=(PUBLIC_MODEL,), more=()):
    """One route over tiers in the order in which endpoints name them, one tenant, one key.

    - more: further documents.
    """
    tiers = {}
    for endpoint in endpoints:
        tiers.setdefault(endpoint.tier, []).append(endpoint.name)
    route = {
        "models": list(models),
        "model": UPSTREAM_MODEL,
        "tiers": [{"name": name, "endpoints": members} for name, members in tiers.items()],
    }
    for name, value in (("retry", retry), ("overflow", overflow), ("hedge", hedge)):
        if value is not None:
            route[name] = value
    documents = [one for endpoint in endpoints for one in endpoint.documents()]
    documents += [
        document("Model", UPSTREAM_MODEL, {"contextTokensMax": 8192}),
        document("Route", "main", route),
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
        *more,
    ]
    return text(documents)


def chat(content="Say something.", **members):
    """Body of a chat request."""
    return {"model": PUBLIC_MODEL, "messages": [{"role": "user", "content": content}], **members}
