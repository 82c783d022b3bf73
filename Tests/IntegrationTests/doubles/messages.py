# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Anthropic's Messages wire, as Anthropic, Bedrock's InvokeModel, Vertex and Foundry speak it: what is asked, and
answers and event streams built."""

import base64
import json

from .messages_rules import SIGNER, turns_of
from .model import Prompt, ToolResult, fragments, pieces, signature
from .server import Piece

# What is asked


def prompt_of(body):
    turns = turns_of(body)
    asked = turns[-1]["content"] if turns[-1]["role"] == "user" else turns[-2]["content"] if len(turns) > 1 else []
    names = {block["id"]: block["name"] for turn in turns for block in turn["content"] if block["type"] == "tool_use"}
    choice = body.get("tool_choice") or {"type": "auto"}
    return Prompt(
        text="\n".join(block["text"] for block in asked if block["type"] == "text"),
        system=_plain(body.get("system") or ""),
        turns=len(turns),
        results=[_result(block, names) for block in asked if block["type"] == "tool_result"],
        media=[_medium(block) for block in asked if block["type"] in ("image", "document")],
        tools={tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools") or []},
        choice={"any": "required", "tool": choice.get("name")}.get(choice["type"], choice["type"]),
        parallel=not choice.get("disable_parallel_tool_use", False),
        schema=((body.get("output_config") or {}).get("format") or {}).get("schema"),
        thinks=(body.get("thinking") or {}).get("type") in ("enabled", "adaptive"),
        tokens_max=body.get("max_tokens"),
        stops=body.get("stop_sequences") or [],
        tokens=count_tokens(body),
    )


def count_tokens(body):
    """Words of everything that is text."""
    texts = [_plain(body.get("system") or "")]
    for message in body["messages"]:
        texts.append(_plain(message["content"]))
    return sum(len(pieces(one)) for one in texts)


def _plain(content):
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or _plain(block.get("content") or "") for block in content)


def _result(block, names):
    content = block.get("content", "")
    words = _plain(content)
    if isinstance(content, list):
        words = " ".join([words, *(f"[{_medium(one)}]" for one in content if one["type"] in ("image", "document"))])
    return ToolResult(names[block["tool_use_id"]], words.strip(), block.get("is_error", False))


def _medium(block):
    source = block["source"]
    if source["type"] == "url":
        return source["url"]
    size = len(base64.b64decode(source["data"])) if source["type"] == "base64" else len(source.get("data", ""))
    return f"{source.get('media_type', source['type'])}, {size} bytes"


# What is answered

FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "filtered": "refusal",
}


def whole(reply, model, number):
    return {
        **_envelope(model, number),
        "content": _content(reply),
        **_end(reply),
        "usage": {**_input_usage(reply.usage), **_output_usage(reply.usage)},
    }


def events(reply, model, number):
    """- Returns: event names and data, and whether they carry content, in the documented order with a ping between."""
    start = {**_envelope(model, number), "content": [], "stop_reason": None, "stop_sequence": None}
    start["usage"] = {**_input_usage(reply.usage), "output_tokens": 1}
    yield "message_start", {"message": start}, False
    yield "ping", {}, False
    for index, block in enumerate(_content(reply)):
        yield from _block_events(index, block)
    usage = _output_usage(reply.usage)
    yield "message_delta", {"delta": _end(reply), "usage": usage}, False
    yield "message_stop", {}, False


def _block_events(index, block):
    kind = block["type"]
    empty = {
        "text": {"type": "text", "text": ""},
        "thinking": {"type": "thinking", "thinking": "", "signature": ""},
        "tool_use": {**block, "input": {}},
        "redacted_thinking": block,
    }[kind]
    yield "content_block_start", {"index": index, "content_block": empty}, kind == "tool_use"
    for delta in _deltas(block):
        yield "content_block_delta", {"index": index, "delta": delta}, delta["type"] != "signature_delta"
    yield "content_block_stop", {"index": index}, False


def _deltas(block):
    if block["type"] == "text":
        return [{"type": "text_delta", "text": word} for word in pieces(block["text"])]
    if block["type"] == "thinking":
        words = [{"type": "thinking_delta", "thinking": word} for word in pieces(block["thinking"])]
        return [*words, {"type": "signature_delta", "signature": block["signature"]}]
    if block["type"] == "redacted_thinking":
        return []
    return [{"type": "input_json_delta", "partial_json": one} for one in ["", *fragments(block["input"])]]


def _content(reply):
    blocks = []
    if reply.thinking:
        signed = signature(SIGNER, reply.thinking)
        blocks.append({"type": "thinking", "thinking": reply.thinking, "signature": signed})
    if reply.redacted:
        blocks.append({"type": "redacted_thinking", "data": signature(SIGNER, "redacted")})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    for call in reply.calls:
        identity = f"toolu_{call.id.removeprefix('call_')}"
        blocks.append({"type": "tool_use", "id": identity, "name": call.name, "input": call.arguments})
    return blocks


def _envelope(model, number):
    return {"id": f"msg_{number:06}", "type": "message", "role": "assistant", "model": model}


def _end(reply):
    end = {"stop_reason": FINISH.get(reply.finish, reply.finish), "stop_sequence": reply.stop_sequence}
    if end["stop_reason"] == "refusal":
        end["stop_details"] = {"type": "refusal", "category": "cyber", "explanation": "The double was told to refuse."}
    return end


def _input_usage(usage):
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "service_tier": "standard",
    }


def _output_usage(usage):
    counted = {"output_tokens": usage.output}
    if usage.reasoning:
        counted["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return counted


def sse(stream):
    """Events as an event stream."""
    for name, data, is_content in stream:
        yield Piece(event(name, data), is_content)


def event(name, data):
    return f"event: {name}\ndata: {json.dumps({'type': name, **data}, ensure_ascii=False)}\n\n".encode()


# Errors


def wording(wrong):
    """A broken rule in Anthropic's words."""
    return f"{wrong.dotted}: {wrong.detail}"


ERRORS = {
    "invalid": (400, "invalid_request_error"),
    "context": (400, "invalid_request_error"),
    "content_filter": (400, "invalid_request_error"),
    "unauthenticated": (401, "authentication_error"),
    "expired": (401, "authentication_error"),
    "billing": (402, "billing_error"),
    "forbidden": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "model_not_found": (404, "not_found_error"),
    "conflict": (409, "conflict_error"),
    "too_large": (413, "request_too_large"),
    "rate": (429, "rate_limit_error"),
    "exhausted": (429, "rate_limit_error"),
    "internal": (500, "api_error"),
    "unavailable": (503, "api_error"),
    "timeout": (504, "timeout_error"),
    "overloaded": (529, "overloaded_error"),
}


def error_body(refusal, number):
    """Status and body of a refusal."""
    status, kind = ERRORS[refusal.kind]
    error = {"type": kind, "message": refusal.message}
    if refusal.kind == "exhausted":
        error["details"] = {"error_code": "enforced_spend_limit_reached"}
    return status, {"type": "error", "error": error, "request_id": f"req_{number:06}"}


def fail(number):
    """A function that breaks a stream as Anthropic does."""

    def pieces_of(refusal, fault):
        _, body = error_body(refusal, number)
        return [f"event: error\ndata: {json.dumps(body)}\n\n".encode()]

    return pieces_of
