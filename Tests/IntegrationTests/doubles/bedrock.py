# SPDX-License-Identifier: Apache-2.0
# Isobar
"""AWS Bedrock: Converse, InvokeModel for Claude and for embeddings, token counts, and OpenAI's wire; signed requests or
API keys."""

import base64
import json
import re
import urllib.parse

from . import chat, chat_rules, converse, converse_rules, eventstream, messages, messages_rules, shapes, signatures
from .anthropic import answer_messages
from .faults import Refusal
from .model import pieces, vector
from .server import Double, Piece, Stream, Whole
from .shapes import integer, list_of, one_of, record, text

MODEL = "/model/(?P<model>[^/]+)"

TITAN = record(
    {"inputText": text(min=1)},
    {
        "dimensions": one_of(256, 512, 1024),
        "normalize": shapes.boolean,
        "embeddingTypes": list_of(one_of("float", "binary"), min=1),
    },
)
COHERE = record(
    {
        "texts": list_of(text(min=1), min=1, max=96),
        "input_type": one_of("search_document", "search_query", "classification", "clustering"),
    },
    {"truncate": one_of("NONE", "START", "END", "LEFT", "RIGHT"), "output_dimension": one_of(256, 512, 1024, 1536)},
)
NOVA = record(
    {
        "taskType": one_of("SINGLE_EMBEDDING"),
        "singleEmbeddingParams": record(
            {
                "embeddingPurpose": text(min=1),
                "text": record({"truncationMode": one_of("NONE", "START", "END"), "value": text(min=1)}),
            },
            {"embeddingDimension": integer(min=1)},
        ),
    },
    {"schemaVersion": text()},
)


class Bedrock(Double):
    """`bedrock-runtime` in one region.

    - keys: API keys, sent as bearer tokens. - credentials: access keys, whose requests are signed.
    - service: what signatures are made for; `bedrock-mantle` for the host of that name.
    - clock_ahead: seconds by which AWS's clock is ahead of ours.
    """

    routes = [
        ("POST", f"{MODEL}/converse", "converse"),
        ("POST", f"{MODEL}/converse-stream", "converse_stream"),
        ("POST", f"{MODEL}/invoke", "invoke"),
        ("POST", f"{MODEL}/invoke-with-response-stream", "invoke_stream"),
        ("POST", f"{MODEL}/count-tokens", "count_tokens"),
        ("POST", "/openai/v1/chat/completions", "chat"),
        ("POST", "/anthropic/v1/messages", "message"),
    ]

    def __init__(self, region="us-east-1", service="bedrock", credentials=None, **options):
        self.region, self.service = region, service
        self.clock_ahead = 0
        self.credentials = credentials or signatures.CredentialStore()
        if credentials is None:
            self.credentials.add("AKIDDOUBLE000000", "double-secret")
        super().__init__(**options)

    # Converse

    def converse(self, request, model):
        reply, body = self._converse(request, model, "Converse")
        return Whole(converse.whole(reply, body), headers=_counts(reply.usage))

    def converse_stream(self, request, model):
        reply, body = self._converse(request, model, "ConverseStream")
        return _stream(converse.events(reply, body))

    def _converse(self, request, model, operation):
        model, body = self._open(request, model)
        converse_rules.judge(body, operation, model)
        return self.ask(converse.prompt_of(body)), body

    # InvokeModel

    def invoke(self, request, model):
        model, body = self._open(request, model)
        if "embed" in model:
            return _embed(model, body)
        _judge_claude(model, body)
        reply = self.ask(messages.prompt_of(body))
        return Whole(messages.whole(reply, _bare(model), self.number()), headers=_counts(reply.usage))

    def invoke_stream(self, request, model):
        model, body = self._open(request, model)
        _judge_claude(model, body)
        reply = self.ask(messages.prompt_of(body))
        return _stream(
            _chunks(messages.events(reply, _bare(model), self.number()), reply.usage),
            {"x-amzn-bedrock-content-type": "application/json"},
        )

    def count_tokens(self, request, model):
        model, body = self._open(request, model)
        if GEOGRAPHY.match(model):
            raise Refusal("invalid", "The provided model doesn't support counting tokens.")
        converse_rules.judge_fields(body, "CountTokens")
        given = body["input"]
        if "converse" in given:
            converse_rules.judge_conversation(given["converse"], model)
            return Whole({"inputTokens": converse.count_tokens(given["converse"])})
        inner = json.loads(base64.b64decode(given["invokeModel"]["body"]))
        _judge_claude(model, inner)
        return Whole({"inputTokens": messages.count_tokens(inner)})

    # The wires of others

    def chat(self, request):
        self.authenticate(request)
        body = request.json
        chat_rules.judge(body)
        if self.service == "bedrock" and not re.match(r"(us|eu|apac|global)\.", body["model"]):
            raise Refusal("invalid", f"The model '{body['model']}' isn't supported on this route.", param="model")
        self.know(body["model"])
        reply, number = self.ask(chat.prompt_of(body)), self.number()
        if body.get("stream"):
            return Stream(chat.sse(chat.chunks(reply, body, number)), chat.fail)
        return Whole(chat.whole(reply, body, number))

    def message(self, request):
        self.authenticate(request)
        if self.service != "bedrock-mantle":
            raise Refusal("not_found")
        body = request.json
        messages_rules.judge(body, "anthropic", body.get("model"), request.header("anthropic-version"))
        self.know(body["model"])
        return answer_messages(self, body, body["model"], body.get("stream"))

    def _open(self, request, segment):
        """- Returns: the model that one segment of the path names, and the body."""
        self.authenticate(request)
        # The SDK names no type for what InvokeModel takes unless told to.
        kinds = ("application/json",) + ((None, "application/octet-stream") if "/invoke" in request.path else ())
        if request.header("content-type") not in kinds:
            raise Refusal("invalid", "The content type must be application/json.")
        model = urllib.parse.unquote(segment)
        if model in ("", ".", ".."):
            raise Refusal("invalid", "The provided model identifier is invalid.")
        self.know(model)
        return model, request.json

    # Double

    def now(self):
        return super().now() + self.clock_ahead

    def credential_of(self, request):
        return request.bearer or signatures.access_key_of(request)

    def authenticate(self, request):
        if request.bearer is None:
            signatures.verify(request, self.credentials, self.service, self.region, self.now())
        elif request.bearer not in self.keys:
            raise Refusal("forbidden", "Authentication failed: Please make sure your API Key is valid.")

    def wording(self, wrong, request):
        if request.path.startswith("/openai"):
            return chat.wording(wrong)
        if wrong.kind == "unknown":
            place = "/".join(["#", *map(str, wrong.path[:-1])])
            return (
                f"Malformed input request: {place}: extraneous key [{wrong.path[-1]}] is not permitted, "
                "please reformat your input and try again."
            )
        return f"{wrong.dotted}: {wrong.detail}"

    def refused(self, refusal, request):
        if request.path.startswith("/openai"):
            status, body = chat.error_body(refusal)
            return Whole(body, status)
        if request.path.startswith("/anthropic"):
            status, body = messages.error_body(refusal, self.number())
            return Whole(body, status)
        kind = refusal.code if refusal.code in STATUSES else KINDS[refusal.kind]
        # Some of AWS's services spell the member with a capital letter.
        name = "Message" if kind in ("UnrecognizedClientException", "RequestExpired") else "message"
        headers = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
        return Whole({name: refusal.message}, STATUSES[kind], headers)

    def headers(self, request):
        return {"x-amzn-requestid": f"00000000-0000-4000-8000-{self.number():012}"}


# An inference profile that AWS defines; tokens are counted for models only.
GEOGRAPHY = re.compile(r"(us|us-gov|eu|apac|global|jp|au|ca)\.")

# Errors: types by kind of refusal, and their statuses. A fault's `code` may name any other type listed.
KINDS = {
    "invalid": "ValidationException",
    "context": "ValidationException",
    "content_filter": "ValidationException",
    "unauthenticated": "UnrecognizedClientException",
    "expired": "ExpiredTokenException",
    "forbidden": "AccessDeniedException",
    "not_found": "UnknownOperationException",
    "model_not_found": "ResourceNotFoundException",
    "too_large": "RequestEntityTooLargeException",
    "conflict": "ConflictException",
    "rate": "ThrottlingException",
    "exhausted": "ServiceQuotaExceededException",
    "billing": "AccessDeniedException",
    "overloaded": "ServiceUnavailableException",
    "internal": "InternalServerException",
    "unavailable": "ServiceUnavailableException",
    "timeout": "ModelTimeoutException",
}
STATUSES = {
    "ValidationException": 400,
    "ServiceQuotaExceededException": 400,
    "ConflictException": 400,
    "IncompleteSignature": 400,
    "RequestExpired": 400,
    "UnrecognizedClientException": 403,
    "ExpiredTokenException": 403,
    "AccessDeniedException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnknownOperationException": 404,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "RequestEntityTooLargeException": 413,
    "ModelErrorException": 424,
    "ModelStreamErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
}
STREAM_EXCEPTIONS = {
    "invalid": "validationException",
    "rate": "throttlingException",
    "internal": "internalServerException",
    "overloaded": "serviceUnavailableException",
    "unavailable": "serviceUnavailableException",
    "timeout": "modelStreamErrorException",
}


def _stream(stream_pieces, headers=None):
    return Stream(
        stream_pieces,
        _fail,
        content_type="application/vnd.amazon.eventstream",
        headers=headers or {},
        corrupt=eventstream.corrupt,
    )


def _fail(refusal, fault):
    """An exception in the stream, or, with `bare`, an error without a payload."""
    if fault.bare:
        return [eventstream.error("InternalError", "An internal server error occurred")]
    return [eventstream.exception(STREAM_EXCEPTIONS[refusal.kind], {"message": refusal.message})]


def _counts(usage):
    return {
        "x-amzn-bedrock-input-token-count": usage.input,
        "x-amzn-bedrock-output-token-count": usage.output,
        "x-amzn-bedrock-invocation-latency": 7,
    }


# Claude


def _judge_claude(model, body):
    if "claude" not in model and "arn:" not in model:
        raise Refusal("invalid", "This model is not answered by this double through InvokeModel.")
    if body.get("anthropic_version") == messages_rules.NEW and not is_recent(model):
        raise Refusal("invalid", f"anthropic_version: {messages_rules.NEW} is not available for this model")
    messages_rules.judge(body, "bedrock", model)


def is_recent(model):
    """Whether a Claude is of 4.7 or later, the ones that know the newer version on Bedrock."""
    match = re.search(r"claude-(?:[a-z]+-)?(\d+)(?:-(\d{1,2}))?(?!\d)", model)
    return match is None or (int(match[1]), int(match[2] or 0)) >= (4, 7)


def _bare(model):
    """`us.anthropic.claude-3-haiku-20240307-v1:0` as Claude names itself."""
    return re.sub(r"(-v\d+)?(:\d+)?$", "", model.rsplit("anthropic.", 1)[-1])


def _chunks(events, usage):
    """Anthropic's events in Amazon's frames, without pings; the last one counts."""
    for name, data, is_content in events:
        if name == "ping":
            continue
        data = {"type": name, **data}
        if name == "message_stop":
            data["amazon-bedrock-invocationMetrics"] = {
                "inputTokenCount": usage.input,
                "outputTokenCount": usage.output,
                "invocationLatency": 7,
                "firstByteLatency": 3,
            }
        inner = base64.b64encode(json.dumps(data, ensure_ascii=False).encode()).decode()
        yield Piece(eventstream.event("chunk", {"bytes": inner, "p": "abcdefgh"}), is_content)


# Embeddings


def _embed(model, body):
    build = {"titan": _titan, "cohere": _cohere, "nova": _nova}
    family = next((family for family in build if family in model), None)
    if family is None:
        raise Refusal("invalid", "This model makes no embeddings here.")
    return build[family](body)


def _titan(body):
    TITAN(body, ())
    values = vector(body["inputText"], body.get("dimensions") or 1024)
    tokens = len(pieces(body["inputText"]))
    answer = {"inputTextTokenCount": tokens, "embeddingsByType": {"float": values}}
    types = body.get("embeddingTypes")
    if types is None:
        answer["embedding"] = values
    else:
        kinds = {"float": values, "binary": [int(value > 0) for value in values]}
        answer["embeddingsByType"] = {kind: kinds[kind] for kind in types}
    return Whole(answer, headers={"x-amzn-bedrock-input-token-count": tokens})


def _cohere(body):
    COHERE(body, ())
    values = [vector(one, body.get("output_dimension") or 1024) for one in body["texts"]]
    tokens = sum(len(pieces(one)) for one in body["texts"])
    answer = {"id": "embed-1", "response_type": "embeddings_floats", "embeddings": values, "texts": body["texts"]}
    return Whole(answer, headers={"x-amzn-bedrock-input-token-count": tokens})


def _nova(body):
    NOVA(body, ())
    given = body["singleEmbeddingParams"]
    values = vector(given["text"]["value"], given.get("embeddingDimension") or 1024)
    answer = {"embeddings": [{"embeddingType": "TEXT", "embedding": values}]}
    return Whole(answer, headers={"x-amzn-bedrock-input-token-count": len(pieces(given["text"]["value"]))})
