# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Azure: OpenAI's wires under `v1` and under deployments, and Claude on Foundry."""

import re

from . import chat, messages, messages_rules
from .anthropic import answer_messages
from .faults import Refusal
from .openai import IDENTITY, OpenAIWires
from .server import Whole

PROJECT = "(?:/api/projects/[^/]+)?"
DEPLOYMENT = "/openai/deployments/(?P<model>[^/]+)"
SAFE = {kind: {"filtered": False, "severity": "safe"} for kind in ("hate", "self_harm", "sexual", "violence")}

# What a token must be made for, by the path it is used on.
AUDIENCES = {"/openai": "https://cognitiveservices.azure.com", "/anthropic": "https://ai.azure.com"}


class Azure(OpenAIWires):
    """A resource with deployments.

    - models: names of deployments. - tokens: Entra's tokens it takes, each with the audience it was made for.
    - provisioned: whether the deployments are provisioned, so that answers tell their utilisation.
    """

    routes = [
        *[
            ("POST", f"{prefix}{path}", name)
            for prefix in (f"{PROJECT}/openai/v1", DEPLOYMENT)
            for path, name in (
                ("/chat/completions", "chat"),
                ("/completions", "complete"),
                ("/embeddings", "embed"),
                ("/audio/transcriptions", "transcribe"),
                ("/audio/translations", "translate"),
                ("/audio/speech", "speak"),
                ("/images/generations", "draw"),
                ("/images/edits", "edit"),
            )
        ],
        ("POST", f"{PROJECT}/openai/(?:v1/)?responses", "respond"),
        ("GET", f"{PROJECT}/openai/(?:v1/)?responses/{IDENTITY}", "read_response"),
        ("DELETE", f"{PROJECT}/openai/(?:v1/)?responses/{IDENTITY}", "delete_response"),
        ("GET", "/openai/v1/models", "list_models"),
        ("POST", "/anthropic/v1/messages", "create_message"),
        ("POST", "/anthropic/v1/messages/count_tokens", "count_message"),
    ]

    def __init__(self, tokens=None, provisioned=False, **options):
        super().__init__(**options)
        self.tokens = dict(tokens or {})
        self.provisioned = provisioned

    # What Azure adds

    def chat(self, request, model=None):
        reply = super().chat(request, model)
        if isinstance(reply, Whole):
            reply.body["prompt_filter_results"] = _prompt_filter()
        return reply

    def choice_extra(self, request):
        return {"content_filter_results": SAFE}

    def first_chunks(self, request, body):
        empty = {"id": "", "object": "", "created": 0, "model": "", "choices": []}
        return [{**empty, "prompt_filter_results": _prompt_filter()}]

    def know(self, model):
        if self.models is not None and model not in self.models:
            raise Refusal("model_not_found", "The API deployment for this resource does not exist.")

    # Claude on Foundry

    def create_message(self, request):
        version, body = self._message_body(request)
        messages_rules.judge(body, "anthropic", body.get("model"), version)
        self.know(body["model"])
        return answer_messages(self, body, body["model"], body.get("stream"))

    def count_message(self, request):
        version, body = self._message_body(request)
        messages_rules.judge(body, "count", body.get("model"), version)
        return Whole({"input_tokens": messages.count_tokens(body)})

    def _message_body(self, request):
        self.authenticate(request)
        version = request.header("anthropic-version")
        if version not in messages_rules.VERSIONS:
            raise Refusal("invalid", f"anthropic-version: {version!r} is not a valid version")
        return version, request.json

    # Double

    def credential_of(self, request):
        is_claude = request.path.startswith("/anthropic")
        return request.header("api-key") or (is_claude and request.header("x-api-key")) or request.bearer

    def authenticate(self, request):
        _judge_version(request)
        is_claude = request.path.startswith("/anthropic")
        keys = {request.header(name) for name in ("api-key", "x-api-key" if is_claude else "api-key")} - {None}
        if len(keys) + (request.bearer is not None) != 1:
            raise Refusal("unauthenticated", "Exactly one of an API key and a bearer token is needed.")
        if request.bearer is None:
            return super().authenticate(request)
        if request.bearer in self.keys and "/openai/v1/" in request.path:
            # OpenAI's own client sends a key like that, and Azure takes it there.
            return
        audience = self.tokens.get(request.bearer)
        if audience is None or audience != AUDIENCES["/anthropic" if is_claude else "/openai"]:
            raise Refusal("unauthenticated", "The token is not valid here, or its audience is another.")

    def wording(self, wrong, request):
        return messages.wording(wrong) if request.path.startswith("/anthropic") else chat.wording(wrong)

    def refused(self, refusal, request):
        if request.path.startswith("/anthropic") and refusal.kind not in ("model_not_found", "unauthenticated"):
            status, body = messages.error_body(refusal, self.number())
            return Whole(body, status)
        status, error = _error(refusal)
        headers = {}
        if refusal.kind == "rate":
            seconds = refusal.hint.seconds if refusal.hint and refusal.hint.form == "reset" else 60
            headers = {"x-ratelimit-remaining-tokens": 0, "x-ratelimit-reset-tokens": int(seconds)}
        if refusal.kind == "rate" and self.provisioned:
            headers = {"azure-openai-deployment-utilization": "104.2%"}
        return Whole({"error": error}, status, headers)

    def headers(self, request):
        number = f"{self.number():06}"
        headers = {
            "apim-request-id": f"apim-{number}",
            "x-request-id": f"req-{number}",
            "x-ms-region": "Double West",
            "x-ms-rai-invoked": "true",
            "x-ratelimit-limit-requests": "100",
            "x-ratelimit-remaining-requests": "99",
            "x-ratelimit-limit-tokens": "100000",
            "x-ratelimit-remaining-tokens": "99990",
        }
        deployment = re.match(DEPLOYMENT, request.path)
        if deployment:
            headers["x-ms-deployment-name"] = deployment["model"]
        if self.provisioned:
            headers["azure-openai-deployment-utilization"] = "42.5%"
        return headers


def _judge_version(request):
    """A path with a version needs no other; one without needs a date."""
    version = request.query.get("api-version")
    if "/v1/" in request.path:
        if version not in (None, "preview", "latest"):
            raise Refusal(
                "invalid", "api-version query parameter is not allowed when using /v1 path", code="BadRequest"
            )
    elif not re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", version or ""):
        raise Refusal("not_found", "Resource not found")


def _prompt_filter():
    return [{"prompt_index": 0, "content_filter_results": SAFE}]


# Where Azure's words are not OpenAI's: status, code, message.
WORDS = {
    "unauthenticated": (
        401,
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an "
        "active subscription and use a correct regional API endpoint for your resource.",
    ),
    "expired": (401, "401", "Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."),
    "forbidden": (403, "403", "Public access is disabled. Please configure private endpoint."),
    "not_found": (404, "404", "Resource not found"),
    "model_not_found": (404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
    "rate": (429, "RateLimitReached", "Your requests have exceeded token rate limit of your current pricing tier."),
    "overloaded": (
        429,
        "too_many_requests",
        "The system is currently experiencing high demand and cannot process your request.",
    ),
    "unavailable": (503, "ServiceUnavailable", "The service is temporarily unable to process your request."),
    "timeout": (408, "Timeout", "The operation was timeout."),
}


def _error(refusal):
    if refusal.kind in WORDS:
        status, code, message = WORDS[refusal.kind]
        return status, {"code": code, "message": message}
    status, body = chat.error_body(refusal)
    if refusal.kind == "content_filter":
        hate = {**SAFE, "hate": {"filtered": True, "severity": "high"}}
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": hate}
        return status, {**body["error"], "type": None, "param": "prompt", "status": 400, "innererror": inner}
    return status, body["error"]
