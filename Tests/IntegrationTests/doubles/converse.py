# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Bedrock's Converse wire: what is asked, and answers and event streams built."""

import base64
import json

from .converse_rules import MEDIA, schema_text
from .eventstream import event
from .faults import Refusal
from .messages_rules import SIGNER
from .model import Prompt, ToolResult, fragments, pieces, signature
from .server import Piece

# What is asked


def prompt_of(body):
    turns = body["messages"]
    asked = next(turn for turn in reversed(turns) if turn["role"] == "user")["content"]
    config = body.get("toolConfig") or {}
    choice = config.get("toolChoice") or {"auto": {}}
    names = {
        one["toolUse"]["toolUseId"]: one["toolUse"]["name"]
        for turn in turns
        for one in turn["content"]
        if "toolUse" in one
    }
    schema = schema_text(body)
    limits, extra = body.get("inferenceConfig") or {}, body.get("additionalModelRequestFields") or {}
    return Prompt(
        text="\n".join(block["text"] for block in asked if "text" in block),
        system="\n".join(block["text"] for block in body.get("system") or [] if "text" in block),
        turns=len(turns),
        results=[_result(block["toolResult"], names) for block in asked if "toolResult" in block],
        media=[_medium(block) for block in asked if set(block) & set(MEDIA)],
        tools={
            tool["toolSpec"]["name"]: tool["toolSpec"]["inputSchema"]["json"]
            for tool in config.get("tools", [])
            if "toolSpec" in tool
        },
        choice="required" if "any" in choice else choice["tool"]["name"] if "tool" in choice else "auto",
        parallel=not (extra.get("tool_choice") or {}).get("disable_parallel_tool_use", False),
        schema=json.loads(schema) if schema is not None else None,
        thinks=(extra.get("thinking") or {}).get("type") in ("enabled", "adaptive"),
        tokens_max=limits.get("maxTokens"),
        stops=limits.get("stopSequences") or [],
        tokens=count_tokens(body),
    )


def count_tokens(body):
    blocks = [*(body.get("system") or []), *(block for turn in body["messages"] for block in turn["content"])]
    return sum(len(pieces(block.get("text", ""))) for block in blocks)


def _result(result, names):
    told = [
        one["text"] if "text" in one else json.dumps(one["json"]) if "json" in one else f"[{_medium(one)}]"
        for one in result["content"]
    ]
    return ToolResult(names[result["toolUseId"]], " ".join(told), result.get("status") == "error")


def _medium(block):
    kind = next(name for name in block if name in MEDIA)
    source, format = block[kind]["source"], block[kind].get("format", "")
    if "bytes" in source:
        return f"{kind}/{format}, {len(base64.b64decode(source['bytes']))} bytes"
    return f"{kind}/{format}, {json.dumps(source)}"


# What is answered


def finish_of(reply):
    words = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "filtered": "content_filtered"}
    return words.get(reply.finish, reply.finish)


def whole(reply, body):
    answer = {
        "output": {"message": {"role": "assistant", "content": _content(reply)}},
        "stopReason": finish_of(reply),
        "usage": _usage(reply.usage),
        "metrics": {"latencyMs": 7},
    }
    return {**answer, **_additional(reply, body)}


def events(reply, body):
    """- Returns: pieces; text blocks have no start, as at Bedrock, and usage comes after the stop."""
    sent = 0

    def piece(name, data, is_content=False):
        nonlocal sent
        sent += 1
        return Piece(event(name, {**data, "p": "abcdefghijklmnopqrstuvwxyz"[: 1 + sent % 26]}), is_content)

    yield piece("messageStart", {"role": "assistant"})
    for index, block in enumerate(_content(reply)):
        place = {"contentBlockIndex": index}
        if "toolUse" in block:
            start = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
            yield piece("contentBlockStart", {**place, "start": {"toolUse": start}}, True)
        for delta, is_content in _deltas(block):
            yield piece("contentBlockDelta", {**place, "delta": delta}, is_content)
        yield piece("contentBlockStop", place)
    yield piece("messageStop", {"stopReason": finish_of(reply), **_additional(reply, body)})
    yield piece("metadata", {"usage": _usage(reply.usage), "metrics": {"latencyMs": 7}})


def _deltas(block):
    if "text" in block:
        return [({"text": word}, True) for word in pieces(block["text"])]
    if "toolUse" in block:
        return [({"toolUse": {"input": one}}, True) for one in fragments(block["toolUse"]["input"])]
    thought = block["reasoningContent"]
    if "redactedContent" in thought:
        return [({"reasoningContent": thought}, False)]
    words = [({"reasoningContent": {"text": word}}, True) for word in pieces(thought["reasoningText"]["text"])]
    return [*words, ({"reasoningContent": {"signature": thought["reasoningText"]["signature"]}}, False)]


def _content(reply):
    blocks = []
    if reply.thinking:
        signed = signature(SIGNER, reply.thinking)
        blocks.append({"reasoningContent": {"reasoningText": {"text": reply.thinking, "signature": signed}}})
    if reply.redacted:
        blocks.append({"reasoningContent": {"redactedContent": signature(SIGNER, "redacted")}})
    if reply.text:
        blocks.append({"text": reply.text})
    for call in reply.calls:
        identity = f"tooluse_{call.id.removeprefix('call_')}"
        blocks.append({"toolUse": {"toolUseId": identity, "name": call.name, "input": call.arguments}})
    return blocks


def _additional(reply, body):
    """Members asked for by pointer; unknown ones are ignored."""
    paths = body.get("additionalModelResponseFieldPaths") or []
    if any(not path.startswith("/") for path in paths):
        raise Refusal("invalid", "additionalModelResponseFieldPaths must be JSON pointers.")
    if "/stop_sequence" in paths and reply.stop_sequence:
        return {"additionalModelResponseFields": {"stop_sequence": reply.stop_sequence}}
    return {}


def _usage(usage):
    """Input leaves the caches out; the total takes them in."""
    counted = {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "totalTokens": usage.all_input + usage.output,
    }
    if usage.cache_read or usage.cache_write:
        lives = [("1h", usage.cache_write_1h), ("5m", usage.cache_write_5m)]
        counted["cacheReadInputTokens"] = usage.cache_read
        counted["cacheWriteInputTokens"] = usage.cache_write
        counted["cacheDetails"] = [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in lives if tokens]
    return counted
