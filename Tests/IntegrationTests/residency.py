# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Configurations with two tenants, one of European and one of Indian subjects, over endpoints that state where they are."""

import datetime
import json

from configurations import PUBLIC_MODEL, Endpoint, configuration, document

SOURCE = {"source": "test", "readOn": "2026-11-21"}
EU_KEY, IN_KEY, OPEN_KEY = "a-key-of-the-clinic-for-tests", "a-key-of-the-bank-for-tests", "a-key-of-the-blog-for-tests"
SECRETS = {"EU_KEY": EU_KEY, "IN_KEY": IN_KEY, "OPEN_KEY": OPEN_KEY}
FACETS = ("process", "store", "humanReview", "supportAccess", "legalControl", "keyCustody")


def moment(unix_seconds):
    """RFC 3339, to the second."""
    return datetime.datetime.fromtimestamp(int(unix_seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def stated(*places, **changes):
    """What an endpoint states: every facet within these places, nothing kept; `None` leaves a field out."""
    fields = {facet: list(places) for facet in FACETS}
    fields |= {"processor": "p", "retention": "0s", "notAfter": "open", **SOURCE, **changes}
    return {name: value for name, value in fields.items() if value is not None}


def endpoint(name, port, *places, tier="default", options=None, **changes):
    residency = stated(*places, **changes) if places else None
    return Endpoint(name, port, tier=tier, options={**(options or {}), **({"residency": residency} if residency else {})})


def tenant(name, secret, subjects, classes, **more):
    residency = {"subjects": subjects, "classes": classes, **more}
    return [
        document("Tenant", name, {"residency": residency}),
        document("Key", name, {"tenant": name, "secret": f"env:{secret}"}),
    ]


def clauses(until, name="clauses", to=("US",), **changes):
    """A mechanism of the European tenant's, until a moment."""
    fields = {
        "regime": "eu-gdpr", "kind": "scc", "to": list(to), "facets": "any", "classes": "any", "purposes": "any",
        "processors": "any", "retentionMax": "unlimited", "notBefore": "2020-01-01", "notAfter": until,
        "evidence": "assessment 7", **SOURCE,
    }
    return document("TransferMechanism", name, {**fields, **changes})


def restricted(*endpoints, more=(), mechanisms=(), until="open", bundle=None, **options):
    """`configuration` with residency on: the clinic, the bank, the blog."""
    text = configuration(
        *endpoints,
        more=[
            document("PolicyBundle", "test-bundle", {"notAfter": until, "clockErrorMax": "0s", **(bundle or {})}),
            *tenant("clinic", "EU_KEY", ["DE"], ["personal"], **({"mechanisms": list(mechanisms)} if mechanisms else {})),
            *tenant("bank", "IN_KEY", ["IN"], ["payment"]),
            *tenant("blog", "OPEN_KEY", "anyone", ["public"]),
            *more,
        ],
        **options,
    )
    documents = [json.loads(part) for part in text.split("\n---\n")]
    for one in documents:
        if one["kind"] == "Model":
            one["spec"] = {"rights": "none", **one["spec"]}
        if (one["kind"], one["metadata"]["name"]) == ("Tenant", "tester"):
            one["spec"] = {"residency": {"subjects": "anyone", "classes": ["public"]}}
    return "\n---\n".join(json.dumps(one) for one in documents) + "\n"


def marked(marker, **members):
    """A chat request that carries a mark through every wire."""
    return {"model": PUBLIC_MODEL, "messages": [{"role": "user", "content": f"mark:{marker}"}], **members}


def marks(upstream):
    """The marks of all requests that an upstream has seen."""
    found = []
    for call in list(upstream.calls):
        found += [part.split('"')[0] for part in call.body.decode().split("mark:")[1:]]
    return found
