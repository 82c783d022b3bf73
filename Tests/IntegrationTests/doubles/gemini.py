# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Google: Gemini in AI Studio and on Vertex, embeddings, Claude on Vertex, and the wire of OpenAI on both."""

import json

from . import chat, chat_rules, generate_content, generate_content_rules, messages, messages_rules, shapes
from .anthropic import answer_messages
from .faults import Refusal
from .model import pieces, vector
from .server import Double, Piece, Stream, Whole
from .shapes import integer, list_of, one_of, record, text

STUDIO = "/v1(?:beta)?/(?:models|tunedModels)/(?P<model>[^/:]+)"
PROJECT = "/v1(?:beta1)?/projects/[^/]+/locations/[^/]+"
VERTEX = f"{PROJECT}/publishers/google/models/(?P<model>[^/:]+)"
CLAUDE = f"{PROJECT}/publishers/anthropic/models/(?P<model>[^/:]+)"
DIMENSIONS = 768

_task = one_of(
    "RETRIEVAL_QUERY",
    "RETRIEVAL_DOCUMENT",
    "SEMANTIC_SIMILARITY",
    "CLASSIFICATION",
    "CLUSTERING",
    "QUESTION_ANSWERING",
    "FACT_VERIFICATION",
    "CODE_RETRIEVAL_QUERY",
)
_embed_options = {
    "taskType": _task,
    "title": text(),
    "outputDimensionality": integer(min=1),
    "autoTruncate": shapes.boolean,
}
_embedded = record({"parts": list_of(record({"text": text(min=1)}), min=1)}, {"role": text()})
EMBED = record(
    {"content": _embedded},
    {**_embed_options, "model": text(min=1), "embedContentConfig": record(optional=_embed_options)},
)
BATCH = record({"requests": list_of(EMBED, min=1, max=100)})
PREDICT = record(
    {"instances": list_of(record({"content": text(min=1)}, {"task_type": _task, "title": text()}), min=1, max=250)},
    {"parameters": record(optional={"autoTruncate": shapes.boolean, "outputDimensionality": integer(min=1)})},
)


class Gemini(Double):
    """`generativelanguage.googleapis.com` and `aiplatform.googleapis.com` in one.

    - keys: API keys. - tokens: access tokens.
    """

    routes = [
        *[
            ("POST", f"{prefix}:{method}", name)
            for prefix in (STUDIO, VERTEX)
            for method, name in (
                ("generateContent", "generate"),
                ("streamGenerateContent", "stream"),
                ("countTokens", "count"),
                ("embedContent", "embed"),
            )
        ],
        ("POST", f"{STUDIO}:batchEmbedContents", "embed_batch"),
        ("POST", f"{VERTEX}:predict", "predict"),
        ("POST", f"{CLAUDE}:rawPredict", "claude"),
        ("POST", f"{CLAUDE}:streamRawPredict", "claude"),
        ("POST", f"{PROJECT}/endpoints/openapi/chat/completions", "chat"),
        ("POST", "/v1(?:beta)?/openai/chat/completions", "chat"),
    ]

    def __init__(self, tokens=("double-token",), **options):
        super().__init__(**options)
        self.tokens = set(tokens)

    # Gemini

    def generate(self, request, model):
        body = self._open(request, model)
        reply = self.ask(generate_content.prompt_of(body))
        return Whole(generate_content.whole(reply, body, model, self.number()))

    def stream(self, request, model):
        body = self._open(request, model)
        if (body.get("generationConfig") or {}).get("candidateCount", 1) != 1:
            raise Refusal("invalid", "Streaming answers one candidate only.")
        chunks = generate_content.chunks(self.ask(generate_content.prompt_of(body)), model, self.number())
        return self._streamed(request, chunks)

    def count(self, request, model):
        self.authenticate(request)
        self.know(model)
        body = generate_content_rules.counted(
            generate_content_rules.camel(request.json), model, _is_vertex(request)
        )
        tokens = generate_content.count_tokens(body)
        return Whole({"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]})

    def _open(self, request, model):
        self.authenticate(request)
        body = generate_content_rules.camel(request.json)
        self.know(model)
        generate_content_rules.judge(body, model, _is_vertex(request))
        return body

    def _streamed(self, request, chunks):
        """As an event stream, or as one JSON array."""
        if request.query.get("alt") == "sse":
            return Stream((Piece(_event(chunk), is_content) for chunk, is_content in chunks), self._fail_sse(request))
        return Stream(_array(chunks), self._fail_array(request), content_type="application/json")

    def _fail_sse(self, request):
        def fail(refusal, fault):
            _, error = _error(refusal, _is_vertex(request))
            if fault.bare:
                return [json.dumps({"error": error}, indent=2).encode() + b"\r\n"]
            return [_event({"error": error})]

        return fail

    def _fail_array(self, request):
        def fail(refusal, fault):
            _, error = _error(refusal, _is_vertex(request))
            return [(",\r\n" if fault.after else "[").encode() + json.dumps({"error": error}).encode() + b"]"]

        return fail

    # Embeddings

    def embed(self, request, model):
        self.authenticate(request)
        self.know(model)
        body = generate_content_rules.camel(request.json)
        EMBED(body, ())
        answer = {"embedding": {"values": _vector_of(body)}}
        if _is_vertex(request):
            answer["usageMetadata"] = {"promptTokenCount": len(pieces(_words_of(body)))}
        return Whole(answer)

    def embed_batch(self, request, model):
        self.authenticate(request)
        self.know(model)
        body = generate_content_rules.camel(request.json)
        BATCH(body, ())
        if any(one.get("model") != f"models/{model}" for one in body["requests"]):
            raise Refusal("invalid", "* BatchEmbedContentsRequest.requests: model must be that of the path\n")
        return Whole({"embeddings": [{"values": _vector_of(one)} for one in body["requests"]]})

    def predict(self, request, model):
        self.authenticate(request)
        self.know(model)
        body = request.json
        PREDICT(body, ())
        size = (body.get("parameters") or {}).get("outputDimensionality") or DIMENSIONS
        predictions = [
            {
                "embeddings": {
                    "values": vector(one["content"], size),
                    "statistics": {"token_count": len(pieces(one["content"])), "truncated": False},
                }
            }
            for one in body["instances"]
        ]
        return Whole({"predictions": predictions})

    # The wires of others

    def claude(self, request, model):
        self.authenticate(request)
        body = request.json
        if model == "count-tokens":
            messages_rules.judge(body, "vertex count", body.get("model"))
            return Whole({"input_tokens": messages.count_tokens(body)})
        messages_rules.judge(body, "vertex", model)
        self.know(model)
        is_stream = request.path.endswith(":streamRawPredict")
        if bool(body.get("stream")) != is_stream:
            raise Refusal("invalid", "stream: must be true for streamRawPredict, and only for it")
        return answer_messages(self, body, model.replace("@", "-"), is_stream)

    def chat(self, request):
        self.authenticate(request)
        body = request.json
        chat_rules.judge(body, extensions=("extra_body", "google"))
        if _is_vertex(request) and "/" not in body["model"]:
            raise Refusal("invalid", f"Malformed publisher model `{body['model']}`; expected google/MODEL.")
        self.know(body["model"].rsplit("/", 1)[-1])
        reply, number = self.ask(chat.prompt_of(body)), self.number()
        if not body.get("stream"):
            return Whole(chat.whole(reply, body, number))

        def fail(refusal, fault):
            _, error = _error(refusal, _is_vertex(request))
            return [chat.event([{"error": error}])]

        return Stream(chat.sse(chat.chunks(reply, body, number)), fail)

    # Double

    def credential_of(self, request):
        return request.header("x-goog-api-key") or request.query.get("key") or request.bearer

    def authenticate(self, request):
        if request.credential is None:
            raise Refusal(
                "forbidden", "Method doesn't allow unregistered callers. Please use API Key or other credentials."
            )
        keys = self.keys | (self.tokens if request.bearer else set())
        if request.credential not in keys:
            raise Refusal("unauthenticated")

    def wording(self, wrong, request):
        if "/publishers/anthropic/" in request.path:
            return messages.wording(wrong)
        if request.path.endswith("/chat/completions"):
            return chat.wording(wrong)
        if wrong.kind == "unknown":
            place = shapes.Wrong(wrong.path[:-1], "").bracketed
            at = f" at '{place}'" if place else ""
            return f'Invalid JSON payload received. Unknown name "{wrong.path[-1]}"{at}: Cannot find field.'
        return f"* GenerateContentRequest.{wrong.bracketed}: {wrong.detail}\n"

    def refused(self, refusal, request):
        if refusal.kind == "content_filter":
            return self._blocked(request)
        if "/publishers/anthropic/" in request.path and refusal.kind not in ("unauthenticated", "forbidden"):
            status, body = messages.error_body(refusal, self.number())
            return Whole(body, status)
        status, error = _error(refusal, _is_vertex(request))
        is_array = request.path.endswith("/chat/completions") or (
            request.path.endswith(":streamGenerateContent") and request.query.get("alt") != "sse"
        )
        return Whole([{"error": error}] if is_array else {"error": error}, status)

    def _blocked(self, request):
        model = request.path.rsplit("/", 1)[-1].partition(":")[0]
        chunk = generate_content.blocked(self.number(), model)
        if ":stream" in request.path:
            return self._streamed(request, [(chunk, False)])
        return Whole(chunk)


def _is_vertex(request):
    return "/projects/" in request.path


def _event(data):
    return f"data: {json.dumps(data, ensure_ascii=False)}\r\n\r\n".encode()


def _array(chunks):
    lead = "["
    for chunk, is_content in chunks:
        yield Piece(f"{lead}{json.dumps(chunk, ensure_ascii=False, indent=1)}".encode(), is_content)
        lead = ",\r\n"
    yield Piece(b"]", False)


def _words_of(body):
    return " ".join(part["text"] for part in body["content"]["parts"])


def _vector_of(body):
    size = body.get("outputDimensionality") or (body.get("embedContentConfig") or {}).get("outputDimensionality")
    return vector(_words_of(body), size or DIMENSIONS)


# Errors

ERRORS = {
    "invalid": (400, "INVALID_ARGUMENT"),
    "context": (400, "INVALID_ARGUMENT"),
    "unauthenticated": (401, "UNAUTHENTICATED"),
    "expired": (401, "UNAUTHENTICATED"),
    "billing": (400, "FAILED_PRECONDITION"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "model_not_found": (404, "NOT_FOUND"),
    "conflict": (409, "ABORTED"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "rate": (429, "RESOURCE_EXHAUSTED"),
    "exhausted": (429, "RESOURCE_EXHAUSTED"),
    "internal": (500, "INTERNAL"),
    "unavailable": (503, "UNAVAILABLE"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}
KIND = "type.googleapis.com/google.rpc."


def _error(refusal, is_vertex):
    """Status and `error` of a refusal. AI Studio calls a bad key an invalid argument; Vertex calls a full model a
    used-up resource."""
    status, word = ERRORS[refusal.kind]
    message, details = refusal.message, []
    if refusal.kind in ("unauthenticated", "expired") and not is_vertex:
        status, word, message = 400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."
        details.append({"@type": f"{KIND}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})
    if refusal.kind == "overloaded" and is_vertex:
        status, word, message = 429, "RESOURCE_EXHAUSTED", "Resource exhausted, please try again later."
    if refusal.kind in ("rate", "exhausted"):
        span = "PerMinute" if refusal.kind == "rate" else "PerDay"
        violation = {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
            "quotaId": f"GenerateRequests{span}PerProjectPerModel",
            "quotaDimensions": {"location": "global"},
            "quotaValue": "10",
        }
        details.append({"@type": f"{KIND}QuotaFailure", "violations": [violation]})
    if refusal.hint and refusal.hint.form == "detail":
        details.append({"@type": f"{KIND}RetryInfo", "retryDelay": f"{refusal.hint.seconds:g}s"})
    if refusal.hint and refusal.hint.form == "text":
        message = f"{message} Please retry in {refusal.hint.seconds:g}s."
    return status, {"code": status, "message": message, "status": word, **({"details": details} if details else {})}
