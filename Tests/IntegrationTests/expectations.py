# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the gateway promises for every caller's API over every provider's, feature by feature: the one table.

The tests (test_matrix_*.py) hold the gateway to it cell by cell, and docs/guides/providers.md is written from it, so
neither can say what the other does not. A cell that is not listed below is supported.
"""

import dataclasses

# Callers' APIs, in the page's order.
FRONTS = {
    "chat": "OpenAI chat completions",
    "responses": "OpenAI Responses",
    "messages": "Anthropic Messages",
    "generateContent": "Gemini generateContent",
}

# Providers' APIs: title, and the wire spoken there.
UPSTREAMS = {
    "openai": ("OpenAI", "chat"),
    "openai-responses": ("OpenAI Responses", "responses"),
    "azure": ("Azure v1", "chat"),
    "azure-deployments": ("Azure deployments", "chat"),
    "foundry-claude": ("Claude on Foundry", "messages"),
    "anthropic": ("Anthropic", "messages"),
    "bedrock-converse": ("Bedrock Converse", "converse"),
    "bedrock-invoke": ("Claude on Bedrock (InvokeModel)", "messages"),
    "bedrock-openai": ("Bedrock's OpenAI API", "chat"),
    "gemini": ("Gemini (AI Studio)", "generateContent"),
    "vertex-gemini": ("Gemini on Vertex AI", "generateContent"),
    "vertex-claude": ("Claude on Vertex AI", "messages"),
    "vertex-openai": ("Vertex AI's OpenAI API", "chat"),
    "compatible": ("vLLM, SGLang, llama.cpp, Ollama, TGI", "chat"),
}


def speaks(wire):
    return {name for name, (_, spoken) in UPSTREAMS.items() if spoken == wire}


EVERY_FRONT, EVERY_UPSTREAM = set(FRONTS), set(UPSTREAMS)
CHAT, RESPONSES, MESSAGES = speaks("chat"), speaks("responses"), speaks("messages")
CONVERSE, GEMINI = speaks("converse"), speaks("generateContent")
# Claude in other clouds is spoken to without `model` in the body, so its requests are always written anew.
REWRITTEN = {"bedrock-invoke", "vertex-claude"}


def is_passed_through(front, upstream):
    """Whether the request reaches the provider byte for byte, but for the model's name."""
    return UPSTREAMS[upstream][1] == front and upstream not in REWRITTEN


# Outcomes


@dataclasses.dataclass(frozen=True)
class Supported:
    """It arrives, and what it brings comes back.

    - why: what else is to be said, where the column stands for several providers.
    """

    why: str = ""


@dataclasses.dataclass(frozen=True)
class Refused:
    """A 400 that names `fields`, before anything is sent; a route with `onUnsupported: drop` serves the request without
    it and names it in `x-isobar-dropped`.

    - by_provider: passed on as it is, and the provider refuses it; `drop` changes nothing then.
    """

    why: str
    fields: list
    by_provider: bool = False


@dataclasses.dataclass(frozen=True)
class Unserved:
    """A 400 that says so, before anything is sent: the provider has no such call, and no route can change that."""

    why: str


@dataclasses.dataclass(frozen=True)
class Dropped:
    """The request is served without it, on every route: a hint that changes no answer, or told by other means."""

    why: str


@dataclasses.dataclass(frozen=True)
class Absent:
    """One side has no words for it, so there is nothing to lose.

    - side: `caller` when it cannot be asked, `provider` when it is never told.
    """

    why: str
    side: str


# Features: name, group on the page, title.
FEATURES = {}
_RULES = {}


def feature(name, group, title):
    FEATURES[name] = (group, title)
    _RULES[name] = []


def rule(name, outcome, fronts=EVERY_FRONT, upstreams=EVERY_UPSTREAM):
    """The first rule that fits a cell decides; none: supported."""
    _RULES[name].append((set(fronts), set(upstreams), outcome))


def cannot_ask(name, fronts, why):
    rule(name, Absent(why, "caller"), fronts)


def expected(name, front, upstream):
    for fronts, upstreams, outcome in _RULES[name]:
        if front in fronts and upstream in upstreams:
            return outcome(front) if callable(outcome) else outcome
    return Supported()


def refused(why, **fields):
    """- fields: the caller's own names for it, by front."""

    def outcome(front):
        return Refused(why, fields[front].split(", "))

    return outcome


def passed_through(name, fronts=EVERY_FRONT):
    """Where nothing is rewritten, nothing is lost."""
    for front in FRONTS:
        if front in fronts:
            rule(name, Supported(), {front}, {one for one in UPSTREAMS if is_passed_through(front, one)})


# Text

feature("text", "Text", "answer in one piece")
feature("stream", "Text", "answer as a stream")
feature("array", "Text", "answer as one JSON array, element by element")
cannot_ask(
    "array",
    EVERY_FRONT - {"generateContent"},
    "Only Gemini's API streams so: for clients that do not ask for events with `alt=sse`.",
)
feature("system", "Text", "system prompt")
feature("turns", "Text", "conversation of several turns")
feature("multibyte", "Text", "text of every script")

# Media

feature("image", "Images and documents", "image inline")
feature("image-url", "Images and documents", "image by URL")
passed_through("image-url")
rule(
    "image-url",
    refused(
        "Converse takes bytes or S3 objects; the gateway downloads nothing for a caller.",
        chat="messages[].content[].image_url",
        responses="input[].content[].image_url",
        messages="messages[].content[].source (image)",
        generateContent="contents[].parts[].fileData",
    ),
    upstreams=CONVERSE,
)
rule(
    "image-url",
    refused(
        "Gemini takes bytes, Cloud Storage objects or files uploaded to it; the gateway downloads nothing for a caller.",
        chat="messages[].content[].image_url",
        responses="input[].content[].image_url",
        messages="messages[].content[].source (image)",
        generateContent="contents[].parts[].fileData",
    ),
    upstreams=GEMINI,
)
feature("document", "Images and documents", "PDF inline")

# Tools

feature("tool-call", "Tools", "one call")
feature("tool-calls", "Tools", "several calls at once")
feature("tool-stream", "Tools", "arguments as a stream")
rule(
    "tool-stream",
    Absent("This API has no pieces of arguments: calls come whole, once they are complete.", "caller"),
    {"generateContent"},
)
feature("tool-empty", "Tools", "call without arguments (`{}`)")
feature("tool-results", "Tools", "results in the next turn")
feature("tool-error", "Tools", "result marked as an error")
cannot_ask("tool-error", {"chat", "responses"}, "OpenAI's tool results have no mark for errors; the text says so.")
rule(
    "tool-error",
    Dropped("OpenAI's tool results have no mark for errors; the text of the result is all that arrives."),
    upstreams=CHAT | RESPONSES,
)
feature("tool-image", "Tools", "image in a result")
cannot_ask("tool-image", {"chat"}, "OpenAI's tool messages are text.")
rule(
    "tool-image",
    refused(
        "OpenAI's tool messages are text.",
        responses="messages[].content (image in a tool result)",
        messages="messages[].content[].content (image in a tool result)",
        generateContent="contents[].parts[].functionResponse.parts",
    ),
    upstreams=CHAT,
)
feature("choice-none", "Tools", "choice: none")
feature("choice-any", "Tools", "choice: any tool")
feature("choice-named", "Tools", "choice: a named tool")
feature("one-call", "Tools", "at most one call")
cannot_ask("one-call", {"generateContent"}, "This API has no such switch.")
rule(
    "one-call",
    refused(
        "This API has no such switch.",
        chat="parallel_tool_calls",
        responses="parallel_tool_calls",
        messages="tool_choice.disable_parallel_tool_use",
    ),
    upstreams=CONVERSE | GEMINI,
)

# Output

feature("json-schema", "Output", "JSON of a schema")
feature("json-object", "Output", "JSON of any shape")
cannot_ask("json-object", {"messages"}, "Anthropic's API takes schemas only.")
feature("stop", "Output", "stop sequences")
cannot_ask("stop", {"responses"}, "OpenAI's Responses have no stop sequences.")
rule(
    "stop",
    refused(
        "OpenAI's Responses have no stop sequences.",
        chat="stop",
        messages="stop_sequences",
        generateContent="generationConfig.stopSequences",
    ),
    upstreams=RESPONSES,
)
feature("stop-told", "Output", "which stop sequence it was")
cannot_ask("stop-told", {"chat", "responses", "generateContent"}, "Only Anthropic's API tells which one it was.")
rule("stop-told", refused("OpenAI's Responses have no stop sequences.", messages="stop_sequences"), upstreams=RESPONSES)
rule(
    "stop-told",
    Absent("The provider does not tell which one it was; the answer ends as any finished one.", "provider"),
    upstreams=CHAT | GEMINI,
)
feature("length", "Output", "limit on tokens, and its reason told")

# Sampling

feature("sampling", "Sampling", "temperature, top-p")
feature("top-k", "Sampling", "top-k")
cannot_ask("top-k", {"responses"}, "OpenAI's Responses have no top-k.")
rule("top-k", Supported(), upstreams={"compatible"})
rule("top-k", Refused("OpenAI's API has no top-k.", ["top_k"], by_provider=True), {"chat"}, CHAT)
rule(
    "top-k",
    refused("OpenAI's API has no top-k.", chat="top_k", messages="top_k", generateContent="generationConfig.topK"),
    upstreams=CHAT | RESPONSES,
)
feature("seed", "Sampling", "seed")
cannot_ask("seed", {"responses", "messages"}, "This API has no seed.")
rule(
    "seed",
    refused("This API has no seed.", chat="seed", generateContent="generationConfig.seed"),
    upstreams=MESSAGES | CONVERSE | RESPONSES,
)
feature("penalties", "Sampling", "penalties for presence and frequency")
cannot_ask("penalties", {"responses", "messages"}, "This API has no penalties.")
rule(
    "penalties",
    refused(
        "This API has no penalties.",
        chat="presence_penalty, frequency_penalty",
        generateContent="generationConfig.presencePenalty, generationConfig.frequencyPenalty",
    ),
    upstreams=MESSAGES | CONVERSE | RESPONSES,
)

# Thinking

feature("thinking", "Thinking", "how much to think")
feature("thoughts", "Thinking", "thoughts shown")
rule("thoughts", Supported(), upstreams={"compatible"})
rule("thoughts", Absent("OpenAI's chat completions never show thoughts.", "provider"), upstreams=CHAT)
rule(
    "thoughts",
    Absent("OpenAI shows thoughts to those who ask for them, which its chat completions have no words for.", "provider"),
    {"chat"},
    RESPONSES,
)
feature("signatures", "Thinking", "signed thoughts and calls sent back in the next turn")
rule("signatures", Absent("Nothing is signed on this API.", "provider"), upstreams=CHAT | {"vertex-gemini"})

# Caching and usage

feature("cache-marks", "Caching and usage", "what to cache")
cannot_ask("cache-marks", {"responses", "generateContent"}, "This API caches on its own.")
passed_through("cache-marks", {"chat", "messages"})
rule("cache-marks", Dropped("OpenAI caches prefixes on its own; a mark is a hint."), upstreams=CHAT | RESPONSES)
rule(
    "cache-marks",
    refused(
        "Gemini caches prefixes on its own; kept contents are objects made in advance.",
        chat="cache_control",
        messages="cache_control",
    ),
    upstreams=GEMINI,
)
feature("cache-usage", "Caching and usage", "cached tokens counted, once")
feature("usage", "Caching and usage", "tokens counted, whole and streamed")

feature("count", "Caching and usage", "tokens counted beforehand, without an answer")
cannot_ask("count", {"chat"}, "OpenAI counts on Responses only.")
rule(
    "count",
    Unserved("This API has no counter."),
    upstreams={"azure", "azure-deployments", "bedrock-openai", "vertex-openai"},
)
rule("count", Supported("By vLLM and llama.cpp; the others have no counter for conversations."), upstreams={"compatible"})

# The rest

feature("user", "The rest", "the caller's own name of its user")
cannot_ask("user", {"generateContent"}, "Gemini's API has no name of a user.")
rule(
    "user",
    refused("Gemini's API has no name of a user.", chat="user", responses="user", messages="metadata.user_id"),
    upstreams=GEMINI,
)
feature("metadata", "The rest", "metadata")
cannot_ask("metadata", {"messages"}, "Anthropic's metadata is the name of a user and nothing else.")
cannot_ask("metadata", {"generateContent"}, "The SDK sends labels to Vertex AI only.")
rule(
    "metadata",
    refused("Anthropic's metadata is the name of a user and nothing else.", chat="metadata", responses="metadata"),
    upstreams=MESSAGES,
)
rule(
    "metadata",
    refused("AI Studio has no labels.", chat="metadata", responses="metadata"),
    upstreams={"gemini"},
)
feature("own-member", "The rest", "a member that only the caller's API has")
passed_through("own-member")
rule(
    "own-member",
    refused(
        "It means nothing elsewhere, so the caller learns of it.",
        chat="logit_bias",
        responses="max_tool_calls",
        messages="container",
        generateContent="safetySettings",
    ),
)

# Errors: what the caller gets when the provider fails. Every cell is supported: the rows say what is promised.

feature("error-invalid", "Errors", "a bad request is a 400 in the caller's form")
feature("error-context", "Errors", "a prompt that is too long is a 400 that says so")
feature("error-rate", "Errors", "a rate limit is a 429 with `retry-after`")
feature("error-exhausted", "Errors", "a used-up quota is a 429")
feature("error-overloaded", "Errors", "an overloaded provider is a 503 (529 on Messages)")
feature("error-credential", "Errors", "a refused credential of ours is a 502")
feature("error-early", "Errors", "an error inside a stream before its content fails over")
feature("error-late", "Errors", "an error after content ends the stream with an error")
feature("error-cut", "Errors", "a stream that is cut off ends with an error")

ERRORS = tuple(name for name, (group, _) in FEATURES.items() if group == "Errors")
