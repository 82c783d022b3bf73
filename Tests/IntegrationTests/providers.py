# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Configurations of gateways over doubles of providers: one endpoint per double, in a region and at a provider of its
own, named as the test likes."""

import dataclasses

from configurations import PUBLIC_MODEL, document, text

# What each flavor's callers send it, and what goes before the paths of its wires.
FLAVORS = {
    "openai": {"base": "/v1", "scheme": "bearer", "api": "chat"},
    "azure": {"base": "/openai/v1", "scheme": "api-key", "api": "chat"},
    "anthropic": {"base": "/v1", "scheme": "x-api-key", "api": "messages"},
    "bedrock": {"base": "", "scheme": "aws", "api": "converse"},
    "vertex": {
        "base": "/v1/projects/double/locations/us-central1",
        "scheme": "bearer",
        "api": "generate-content",
    },
    "gemini": {"base": "/v1beta", "scheme": "x-goog-api-key", "api": "generate-content"},
}

# A name that each flavor's double takes, with nothing that only one model refuses.
MODELS = {
    "openai": "gpt-double",
    "azure": "gpt-double",
    "anthropic": "claude-double",
    "bedrock": "us.anthropic.claude-double-v1:0",
    "vertex": "gemini-3-flash",
    "gemini": "gemini-3-flash",
}

# Environment of a gateway that resolves the secrets below: what the doubles take unless told otherwise.
SECRETS = {
    "DOUBLE_KEY": "double-key",
    "DOUBLE_TOKEN": "double-token",
    "DOUBLE_AWS_KEY": "AKIDDOUBLE000000",
    "DOUBLE_AWS_SECRET": "double-secret",
}


@dataclasses.dataclass
class ProviderEndpoint:
    """One endpoint at a double.

    - model: the name upstream. - api: the wire spoken upstream, where the flavor has several.
    - base: what goes before the wire's paths. - serves, options: members of `serves` and of the endpoint to add or
      replace. - credential: the whole credential, or a list of several, where it is not the flavor's usual one.
    """

    name: str
    flavor: str
    double: object
    model: str | None = None
    api: str | None = None
    base: str | None = None
    tier: str = "default"
    credential: dict | list | None = None
    serves: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)

    def documents(self, model):
        """- model: the name of the `Model` that this endpoint serves."""
        usual = FLAVORS.get(self.flavor, FLAVORS["openai"])
        spec = {
            "region": self.name,
            "url": self.double.url + (usual["base"] if self.base is None else self.base),
            **self._credentials,
            "serves": [
                {
                    "model": model,
                    "as": self.model or MODELS[self.flavor],
                    "apis": [self.api or usual["api"]],
                    "prices": {"currency": "USD", "inputPerMillionTokens": "0.50", "outputPerMillionTokens": "1.50"},
                    **self.serves,
                }
            ],
            **self.options,
        }
        return [
            document("Provider", self.name, {"flavor": self.flavor}),
            document("Region", self.name, {"provider": self.name, "jurisdiction": "IN"}),
            document("Endpoint", self.name, spec),
        ]

    @property
    def _credentials(self):
        if isinstance(self.credential, list):
            return {"credentials": self.credential}
        return {"credential": self.credential or usual_credential(self.flavor)}


def usual_credential(flavor):
    """What a flavor's double takes unless told otherwise."""
    scheme = FLAVORS[flavor]["scheme"]
    if scheme == "aws":
        return {
            "scheme": "aws",
            "region": "us-east-1",
            "source": "static",
            "accessKeyID": "env:DOUBLE_AWS_KEY",
            "secretAccessKey": "env:DOUBLE_AWS_SECRET",
        }
    return {"scheme": scheme, "secret": "env:DOUBLE_TOKEN" if flavor == "vertex" else "env:DOUBLE_KEY"}


def over_doubles(*endpoints, model="double", on_unsupported=None, retry=None, models=(PUBLIC_MODEL,), more=()):
    """One route over tiers in the order in which endpoints name them, one tenant, one key; to be started with `SECRETS`
    in its environment.

    - on_unsupported: `refuse` or `drop`: what becomes of a parameter that the upstream's wire cannot say.
    """
    tiers = {}
    for endpoint in endpoints:
        tiers.setdefault(endpoint.tier, []).append(endpoint.name)
    route = {
        "models": list(models),
        "model": model,
        "tiers": [{"name": name, "endpoints": members} for name, members in tiers.items()],
    }
    for name, value in (("onUnsupported", on_unsupported), ("retry", retry)):
        if value is not None:
            route[name] = value
    documents = [one for endpoint in endpoints for one in endpoint.documents(model)]
    documents += [
        document("Model", model, {"contextTokensMax": 8192}),
        document("Route", "main", route),
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
        *more,
    ]
    return text(documents)
