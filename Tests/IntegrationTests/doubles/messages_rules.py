# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Anthropic's Messages wire: what a request may say, field by field, and the rules between the fields."""

from . import shapes
from .faults import Refusal
from .model import signature
from .shapes import Wrong, integer, list_of, number, one_of, record, tagged, text

SIGNER = "anthropic"
IDENTIFIER = "[a-zA-Z0-9_-]+"
MARKS_MAX = 4

# Requests, field by field

_mark = record({"type": one_of("ephemeral")}, {"ttl": one_of("5m", "1h")})
_marked = {"cache_control": _mark}
_text = record({"text": text()}, {**_marked, "citations": shapes.anything}, nulls=True)
_image = record(
    {
        "source": tagged(
            "type",
            base64=record(
                {
                    "media_type": one_of("image/jpeg", "image/png", "image/gif", "image/webp"),
                    "data": shapes.standard_base64,
                }
            ),
            url=record({"url": text(pattern="https?://.+")}),
        )
    },
    _marked,
)
_document = record(
    {
        "source": tagged(
            "type",
            base64=record({"media_type": one_of("application/pdf"), "data": shapes.standard_base64}),
            text=record({"media_type": one_of("text/plain"), "data": text(min=1)}),
            content=record({"content": shapes.either(text(min=1), list_of(shapes.anything, min=1))}),
            url=record({"url": text(pattern="https?://.+")}),
        )
    },
    {
        **_marked,
        "title": text(max=500),
        "context": text(),
        "citations": record(optional={"enabled": shapes.boolean}),
    },
    nulls=True,
)
_search_result = record(
    {"source": text(min=1), "title": text(min=1), "content": list_of(shapes.anything, min=1)},
    {**_marked, "citations": shapes.anything},
)
_result_block = tagged(
    "type",
    text=_text,
    image=_image,
    document=_document,
    search_result=_search_result,
    tool_reference=record({"tool_name": text(min=1)}),
)
_blocks = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "thinking": record({"thinking": text(), "signature": text(min=1)}),
    "redacted_thinking": record({"data": text(min=1)}),
    "tool_use": record(
        {
            "id": text(min=1, pattern=IDENTIFIER),
            "name": text(min=1, max=200, pattern=IDENTIFIER),
            "input": shapes.json_object,
        },
        {**_marked, "caller": shapes.json_object},
    ),
    "tool_result": record(
        {"tool_use_id": text(min=1, pattern=IDENTIFIER)},
        {**_marked, "content": shapes.either(text(), list_of(_result_block)), "is_error": shapes.boolean},
    ),
}
_allowed_blocks = {
    "user": {"text", "image", "document", "search_result", "tool_result"},
    "assistant": {"text", "thinking", "redacted_thinking", "tool_use"},
}
_message = record(
    {"role": one_of("user", "assistant"), "content": shapes.either(text(), list_of(tagged("type", **_blocks)))}
)
_own_tool = record(
    {"name": text(min=1, max=128, pattern=IDENTIFIER), "input_schema": shapes.schema_of_object},
    {
        **_marked,
        "type": one_of("custom"),
        "description": text(),
        "strict": shapes.boolean,
        "defer_loading": shapes.boolean,
        "eager_input_streaming": shapes.boolean,
        "allowed_callers": list_of(text()),
        "input_examples": list_of(shapes.json_object),
    },
    nulls=True,
)
_effort = one_of("low", "medium", "high", "xhigh", "max")
_choice_options = {"disable_parallel_tool_use": shapes.boolean}


def _tool(value, path):
    """A tool of the caller's, or one of the dated ones that run at Anthropic."""
    shapes.json_object(value, path)
    if value.get("type") not in (None, "custom"):
        return text(pattern=r"[a-z_]+_\d{8}")(value["type"], (*path, "type"))
    _own_tool(value, path)


_conversation = {
    "system": shapes.either(text(), list_of(tagged("type", text=_text))),
    "tools": list_of(_tool),
    "tool_choice": tagged(
        "type",
        auto=record(optional=_choice_options),
        any=record(optional=_choice_options),
        tool=record({"name": text(min=1)}, _choice_options),
        none=record(),
    ),
    "thinking": tagged(
        "type",
        enabled=record(
            {"budget_tokens": integer(min=1024)},
            {"display": one_of("summarized", "omitted")},
        ),
        adaptive=record(optional={"display": one_of("summarized", "omitted")}),
        disabled=record(),
    ),
    "output_config": record(
        optional={
            "effort": _effort,
            "format": tagged("type", json_schema=record({"schema": shapes.json_object})),
        },
        nulls=True,
    ),
    "cache_control": _mark,
    "context_management": shapes.json_object,
    "mcp_servers": list_of(shapes.json_object),
}
_sampling = {
    "temperature": number(0, 1),
    "top_p": number(0, 1),
    "top_k": integer(min=0),
}
_limits = {
    "stop_sequences": list_of(text(blank=False)),
    "metadata": record(optional={"user_id": text(max=256)}, nulls=True),
    "service_tier": one_of("auto", "standard_only"),
    "speed": one_of("standard", "fast"),
    "container": shapes.anything,
    "inference_geo": text(),
    "diagnostics": shapes.json_object,
}
_messages = list_of(_message, min=1, max=100_000)
_created = {"max_tokens": integer(min=0), "messages": _messages}
_streams = {"stream": shapes.boolean}

# Versions of the wire. The newer one knows no sampling parameters, whatever the model, and takes no citations from
# users (platform.claude.com, "Migrating to API version 2026-10-21", read 2026-11). The Python SDK speaks it since 2.0.
OLD, NEW = VERSIONS = "2023-06-01", "2026-10-21"

# Where the wire is spoken, what names the old version there, and what the body of a request must and may say.
_HOSTS = {
    "anthropic": (None, {"model": text(min=1), **_created}, {**_conversation, **_limits, **_streams}),
    "vertex": (
        "vertex-2023-10-16",
        _created,
        {**_conversation, **_limits, **_streams, "anthropic_beta": list_of(text())},
    ),
    "bedrock": ("bedrock-2023-05-31", _created, {**_conversation, **_limits, "anthropic_beta": list_of(text())}),
    "count": (None, {"model": text(min=1), "messages": _messages}, _conversation),
    "vertex count": ("vertex-2023-10-16", {"model": text(min=1), "messages": _messages}, _conversation),
}


def _request(body, host, version):
    """Judges the fields of a body. Where the body says the version, `version` is None."""
    old, required, optional = _HOSTS[host]
    if old:
        said = body.get("anthropic_version")
        required = {"anthropic_version": one_of(old, NEW), **required}
        version = NEW if said == NEW else OLD
    if version == OLD and "count" not in host:
        optional = {**optional, **_sampling}
    record(required, optional, nulls=True)(body, ())
    return version


# The rules between fields


def judge(body, host, model, version=None):
    """Refuses what Anthropic refuses, in the order in which it looks.

    - host: one of `_HOSTS`. - version: what the header says, where it is the header that says it.
    """
    version = _request(body, host, version)
    turns = turns_of(body)
    if version == NEW:
        _judge_citations(turns)
    _judge_texts(body)
    _judge_blocks(turns)
    _judge_tool_turns(turns)
    _judge_tools(body)
    _judge_thinking(body, turns)
    _judge_marks(body)
    _judge_model(body, turns, model)


def turns_of(body):
    """Messages with neighbours of one role combined, each content as blocks, as the server reads them."""
    turns = []
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] = turns[-1]["content"] + blocks
        else:
            turns.append({"role": message["role"], "content": blocks})
    return turns


def _judge_texts(body):
    last = len(body["messages"]) - 1
    for index, message in enumerate(body["messages"]):
        content = message["content"]
        may_be_empty = index == last and message["role"] == "assistant"
        if not content and not may_be_empty:
            raise Refusal("invalid", f"messages.{index}: all messages must have non-empty content")
        for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            inner = block.get("content") if block["type"] == "tool_result" else None
            for one in [block, *(inner if isinstance(inner, list) else [])]:
                if one["type"] == "text" and not one["text"].strip() and content:
                    raise Refusal("invalid", "messages: text content blocks must contain non-whitespace text")
    for block in body["system"] if isinstance(body.get("system"), list) else []:
        if not block["text"].strip():
            raise Refusal("invalid", "system: text content blocks must contain non-whitespace text")
    final = body["messages"][last]
    content = final["content"]
    words = content if isinstance(content, str) else content[-1].get("text", "") if content else ""
    if final["role"] == "assistant" and words != words.rstrip():
        raise Refusal("invalid", "messages: final assistant content cannot end with trailing whitespace")


def _judge_blocks(turns):
    for index, turn in enumerate(turns):
        for position, block in enumerate(turn["content"]):
            path = ("messages", index, "content", position)
            if block["type"] not in _allowed_blocks[turn["role"]]:
                raise Wrong(path, f"`{block['type']}` blocks are not permitted in `{turn['role']}` messages")
            if block["type"] == "thinking" and block["signature"] != signature(SIGNER, block["thinking"]):
                raise Wrong(path, "Invalid `signature` in `thinking` block")
            if block["type"] == "redacted_thinking" and block["data"] != signature(SIGNER, "redacted"):
                raise Wrong(path, "Invalid `data` in `redacted_thinking` block")


def _judge_citations(turns):
    for index, turn in enumerate(turns):
        for position, block in enumerate(turn["content"]):
            inner = block["content"] if block["type"] == "search_result" else []
            if turn["role"] == "user" and any(one.get("citations") for one in [*inner, block] if one["type"] == "text"):
                path = ("messages", index, "content", position, "citations")
                raise Wrong(path, "Extra inputs are not permitted", "unknown")


def _judge_tool_turns(turns):
    """Every call is answered in the next message, first of all, and nothing else is."""
    calls = []
    for index, turn in enumerate(turns):
        blocks = turn["content"]
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        stray = next((one for one in results if one not in calls), None)
        if stray:
            raise Refusal(
                "invalid",
                f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {stray}. Each "
                "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
            )
        _expect_answered(index - 1, [call for call in calls if call not in results])
        if len(set(results)) != len(results):
            raise Refusal("invalid", f"messages.{index}: each tool_use must have a single result")
        if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            raise Refusal("invalid", f"messages.{index}: `tool_result` blocks must come before other content")
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if len(set(calls)) != len(calls):
            raise Refusal("invalid", f"messages.{index}: `tool_use` ids must be unique")
    _expect_answered(len(turns) - 1, calls)


def _expect_answered(index, unanswered):
    if unanswered:
        raise Refusal(
            "invalid",
            f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(unanswered)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
            "message.",
        )


def _judge_tools(body):
    names = [tool["name"] for tool in body.get("tools") or [] if "name" in tool]
    choice = body.get("tool_choice") or {}
    if len(set(names)) != len(names):
        raise Refusal("invalid", "tools: Tool names must be unique.")
    if choice and not body.get("tools"):
        raise Refusal("invalid", "tool_choice may only be specified while providing tools")
    if choice.get("type") == "tool" and choice["name"] not in names:
        raise Refusal("invalid", f"tool_choice: Tool '{choice['name']}' not found in provided tools")


def _judge_thinking(body, turns):
    thinking = body.get("thinking") or {}
    for index, turn in enumerate(turns):
        kinds = [block["type"] for block in turn["content"]]
        if "tool_use" in kinds and any("thinking" in kind for kind in kinds[kinds.index("tool_use") :]):
            raise Refusal("invalid", f"messages.{index}: thinking blocks must come before `tool_use` blocks")
    if thinking.get("type") not in ("enabled", "adaptive"):
        return
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise Refusal("invalid", "Thinking may not be enabled when tool_choice forces tool use.")
    if thinking["type"] == "enabled":
        if "max_tokens" in body and thinking["budget_tokens"] >= body["max_tokens"]:
            raise Refusal("invalid", "`max_tokens` must be greater than `thinking.budget_tokens`.")
        _judge_thinking_sampling(body)
        _expect_thinking_first(turns)


def _judge_thinking_sampling(body):
    if body.get("temperature") not in (None, 1):
        raise Refusal("invalid", "`temperature` may only be set to 1 when thinking is enabled.")
    if body.get("top_k") is not None:
        raise Refusal("invalid", "`top_k` must be unset when thinking is enabled.")
    if body.get("top_p") is not None and body["top_p"] < 0.95:
        raise Refusal("invalid", "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")


def _expect_thinking_first(turns):
    """The turn whose tools have just answered still belongs to the thought that called them."""
    if len(turns) < 2 or not any(block["type"] == "tool_result" for block in turns[-1]["content"]):
        return
    first = turns[-2]["content"][0]["type"]
    if first not in ("thinking", "redacted_thinking"):
        raise Refusal(
            "invalid",
            f"messages.{len(turns) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
        )


def _judge_marks(body):
    """At most four marks, longer-lived ones first: tools, then system, then messages."""
    listed = [*(body.get("tools") or []), *(body["system"] if isinstance(body.get("system"), list) else [])]
    for message in body["messages"]:
        listed += message["content"] if isinstance(message["content"], list) else []
    marks = [block["cache_control"] for block in listed if block.get("cache_control")]
    if len(marks) + bool(body.get("cache_control")) > MARKS_MAX:
        raise Refusal("invalid", f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.")
    lives = [mark.get("ttl", "5m") for mark in marks]
    if "1h" in lives[lives.index("5m") :] if "5m" in lives else False:
        raise Refusal("invalid", "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")


def _judge_model(body, turns, model):
    """What only some models refuse. Names as on Anthropic, Bedrock or Vertex."""
    is_adaptive_only = any(name in model for name in ("opus-4-7", "opus-4-8"))
    if is_adaptive_only:
        for name in ("temperature", "top_p", "top_k"):
            if body.get(name) is not None:
                raise Refusal("invalid", f"`{name}` is deprecated for this model.")
        if (body.get("thinking") or {}).get("type") == "enabled":
            raise Refusal("invalid", '"thinking.type.enabled" is not supported for this model. Use "adaptive".')
    if (is_adaptive_only or "-4-6" in model) and turns[-1]["role"] == "assistant":
        raise Refusal("invalid", "This model does not support assistant message prefill.")
    if any(name in model for name in ("opus-4-1", "-4-5")) and None not in (body.get("temperature"), body.get("top_p")):
        raise Refusal("invalid", "`temperature` and `top_p` cannot both be specified for this model.")
