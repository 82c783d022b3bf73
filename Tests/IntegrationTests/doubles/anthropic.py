# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Anthropic's own API."""

import datetime

from . import messages, messages_rules
from .faults import Refusal
from .server import Double, Stream, Whole


class Anthropic(Double):
    """`/v1/messages`, whole and streamed, and its token counter.

    - demands_closed_schemas: whether a schema for the answer must say `additionalProperties: false` for each object.
    """

    routes = [
        ("POST", "/v1/messages", "create"),
        ("POST", "/v1/messages/count_tokens", "count"),
        ("GET", "/v1/models", "list_models"),
    ]
    demands_closed_schemas = False

    def create(self, request):
        version, body = self._admit(request), request.json
        messages_rules.judge(body, "anthropic", body.get("model"), version)
        self.know(body["model"])
        if self.demands_closed_schemas:
            _expect_closed(((body.get("output_config") or {}).get("format") or {}).get("schema") or {})
        return answer_messages(self, body, body["model"], body.get("stream"))

    def count(self, request):
        version, body = self._admit(request), request.json
        messages_rules.judge(body, "count", body.get("model"), version)
        self.know(body["model"])
        return Whole({"input_tokens": messages.count_tokens(body)})

    def list_models(self, request):
        self._admit(request)
        created = "2026-01-01T00:00:00Z"
        listed = [
            {"type": "model", "id": name, "display_name": name, "created_at": created}
            for name in sorted(self.models or {"claude-double"})
        ]
        return Whole({"data": listed, "has_more": False, "first_id": listed[0]["id"], "last_id": listed[-1]["id"]})

    def _admit(self, request):
        """- Returns: the version of the wire."""
        self.authenticate(request)
        version = request.header("anthropic-version")
        if version not in messages_rules.VERSIONS:
            raise Refusal("invalid", f"anthropic-version: {version!r} is not a valid version")
        return version

    # Double

    def credential_of(self, request):
        return request.header("x-api-key") or request.bearer

    def authenticate(self, request):
        if request.credential is None:
            raise Refusal("unauthenticated", "x-api-key header is required")
        if request.credential not in self.keys:
            raise Refusal("unauthenticated", "invalid x-api-key")

    def refused(self, refusal, request):
        status, body = messages.error_body(refusal, self.number())
        return Whole(body, status, self._limits(refusal) if refusal.kind == "rate" else {})

    def headers(self, request):
        counters = {**self._counter("requests", 49, 1), **self._counter("tokens", 9000, 1)}
        return {"request-id": f"req_{self.number():06}", **counters}

    def _limits(self, refusal):
        """What the counters say when one of them is used up: its own, and that of tokens, which tells the tightest."""
        hint = refusal.hint
        seconds = hint.seconds if hint and hint.form == "reset" else 60
        return {**self._counter("tokens", 0, seconds), **self._counter("input-tokens", 0, seconds)}

    def _counter(self, name, remaining, seconds):
        reset = datetime.datetime.fromtimestamp(self.now() + seconds, datetime.timezone.utc)
        prefix = f"anthropic-ratelimit-{name}"
        return {
            f"{prefix}-limit": "50" if name == "requests" else "10000",
            f"{prefix}-remaining": str(remaining),
            f"{prefix}-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def answer_messages(double, body, model, is_stream):
    """A judged Messages request, answered by the double's model, whole or as an event stream."""
    reply, number = double.ask(messages.prompt_of(body)), double.number()
    if not is_stream:
        return Whole(messages.whole(reply, model, number))
    return Stream(messages.sse(messages.events(reply, model, number)), messages.fail(number))


def _expect_closed(schema):
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        raise Refusal(
            "invalid",
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        )
    for member in [*(schema.get("properties") or {}).values(), schema.get("items")]:
        if isinstance(member, dict):
            _expect_closed(member)
