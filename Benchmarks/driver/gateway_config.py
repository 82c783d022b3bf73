# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The gateway's configuration for measurements: three regions, every part of a score on, all endpoints at the benchmark's upstream."""

import hmac
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Wires:
    """What the caller and what the upstream speak."""
    name: str
    title: str
    #: The load generator's `--wire`.
    caller: str = "chat"
    #: Of the providers.
    flavor: str = "openai"
    #: Where the provider's base URLs end.
    base_path: str = "/v1"
    #: The header of the upstream's key.
    scheme: str = "bearer"


PASS_THROUGH = Wires("isobar", "OpenAI → OpenAI (pass-through)")
TRANSLATIONS = (
    Wires("openai-to-anthropic", "OpenAI → Anthropic", flavor="anthropic", scheme="x-api-key"),
    Wires("openai-to-bedrock", "OpenAI → Bedrock (Converse)", flavor="bedrock", base_path=""),
    Wires("openai-to-gemini", "OpenAI → Gemini", flavor="gemini", base_path="/v1beta"),
    Wires("anthropic-to-openai", "Anthropic → OpenAI", caller="messages"),
)

# Name, provider, jurisdiction, price per million tokens in and out. The prices differ so that cost has something to decide.
REGIONS = (
    ("us-east", "azure", "US", 0.15, 0.60),
    ("us-central", "google", "US", 0.14, 0.62),
    ("mumbai", "sovereign", "IN", 0.16, 0.58),
)
MODEL = "bench-model"
KEY_VARIABLE = "ISOBAR_BENCH_KEY"
UPSTREAM_KEY_VARIABLE = "ISOBAR_BENCH_UPSTREAM_KEY"
PEPPER_VARIABLE = "ISOBAR_BENCH_PEPPER"
PEPPER = "0123456789abcdef" * 4
#: A virtual key, of which the gateway has a hash.
VIRTUAL_KEY = "isb_Bench001_" + "0" * 43 + "000000"


def documents(urls, authority_file=None, wires=PASS_THROUGH):
    """The documents; region i's endpoint is at `urls[i]`, a base URL up to and including the version."""
    for _, provider, *_ in REGIONS:
        yield _document("Provider", provider, flavor=wires.flavor)
    for name, provider, jurisdiction, *_ in REGIONS:
        trips = {other: "60ms" for other, *_ in REGIONS if other > name}
        yield _document("Region", name, provider=provider, jurisdiction=jurisdiction, **({"roundTrips": trips} if trips else {}))
    yield _document("Model", MODEL, contextTokensMax=131072)
    for (name, _, _, price_in, price_out), url in zip(REGIONS, urls):
        yield _document("Endpoint", f"{name}-1", **_endpoint(name, url, price_in, price_out, authority_file, wires.scheme))
    yield _document("Route", MODEL, models=[MODEL], model=MODEL, tiers=[{
        "name": "default", "endpoints": [f"{name}-1" for name, *_ in REGIONS], "objective": {"latency": 1, "cost": 1, "affinity": 1}}])
    yield _document("Tenant", "bench", region="us-east")
    yield _document("Key", "bench", tenant="bench", secret=f"env:{KEY_VARIABLE}")
    digest = hmac.digest(PEPPER.encode(), VIRTUAL_KEY[13:].encode(), "sha256").hex()
    hashed = {"prefix": VIRTUAL_KEY[:12], "hmac": digest, "pepper": f"env:{PEPPER_VARIABLE}"}
    yield _document("Key", "virtual", tenant="bench", hashed=[hashed])


def text(urls, authority_file=None, wires=PASS_THROUGH):
    """YAML; every document in its JSON subset, so that the standard library can write it."""
    return "".join(f"---\n{json.dumps(document, indent=2)}\n" for document in documents(urls, authority_file, wires))


def _document(kind, name, **spec):
    return {"apiVersion": "isobar/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _endpoint(region, url, price_in, price_out, authority_file, scheme):
    prices = {"currency": "USD", "inputPerMillionTokens": price_in, "outputPerMillionTokens": price_out}
    endpoint = {
        "region": region, "url": url, "credential": {"scheme": scheme, "secret": f"env:{UPSTREAM_KEY_VARIABLE}"},
        "serves": [{"model": MODEL, "prices": prices}], "limits": {"inFlightMax": 100000},
    }
    return {**endpoint, "certificateAuthorityFile": authority_file} if authority_file else endpoint
