# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Bedrock's Converse wire: requests judged by AWS's own published model and by the rules beside it, answers and event
streams built."""

import base64
import json
import re

import botocore.session

from . import messages
from .eventstream import event
from .faults import Refusal
from .model import Prompt, ToolResult, fragments, pieces, signature
from .server import Piece
from .shapes import Wrong, standard_base64

SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
IMAGES_MAX, DOCUMENTS_MAX = 20, 5
MEDIA = ("image", "document", "video", "audio")


# Fields: a walk along the published model


def judge_fields(body, operation):
    """Judges a body against the input of an operation, its members of the URI left out."""
    shape = SERVICE.operation_model(operation).input_shape
    _check(body, shape, (), leave_out={name for name, one in shape.members.items() if one.serialization.get("location")})


def _check(value, shape, path, leave_out=frozenset()):
    kind = "document" if getattr(shape, "is_document_type", False) else shape.type_name
    check = {
        "structure": _check_structure,
        "list": _check_list,
        "map": _check_map,
        "string": _check_text,
        "blob": _check_blob,
        "document": lambda *_: None,
        "boolean": lambda one, _, at: _expect(isinstance(one, bool), at, "Expected a boolean", "type"),
    }.get(kind, _check_number)
    if leave_out:
        return _check_structure(value, shape, path, leave_out)
    check(value, shape, path)


def _check_structure(value, shape, path, leave_out=frozenset()):
    _expect(isinstance(value, dict), path, "Expected an object", "type")
    members = {name: one for name, one in shape.members.items() if name not in leave_out}
    for name in shape.required_members:
        _expect(name in value or name in leave_out, (*path, name), "Member must not be null", "missing")
    if getattr(shape, "is_tagged_union", False):
        _expect(len(value) == 1, path, f"Exactly one of {sorted(members)} must be set")
    for name, one in value.items():
        _expect(name in members, (*path, name), "extraneous key is not permitted", "unknown")
        _check(one, members[name], (*path, name))


def _check_list(value, shape, path):
    _expect(isinstance(value, list), path, "Expected an array", "type")
    _check_size(len(value), shape, path)
    for index, one in enumerate(value):
        _check(one, shape.member, (*path, index))


def _check_map(value, shape, path):
    _expect(isinstance(value, dict), path, "Expected an object", "type")
    _check_size(len(value), shape, path)
    for name, one in value.items():
        _check(name, shape.key, (*path, name))
        _check(one, shape.value, (*path, name))


def _check_text(value, shape, path):
    _expect(isinstance(value, str), path, "Expected a string", "type")
    _check_size(len(value), shape, path)
    pattern = shape.metadata.get("pattern")
    _expect(not pattern or re.fullmatch(pattern, value), path, f"Member must satisfy regular expression pattern: {pattern}")
    _expect(not shape.enum or value in shape.enum, path, f"Member must satisfy enum value set: {shape.enum}")


def _check_blob(value, shape, path):
    standard_base64(value, path)


def _check_number(value, shape, path):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    _expect(is_number, path, "Expected a number", "type")
    _expect(shape.type_name in ("float", "double") or isinstance(value, int), path, "Expected an integer", "type")
    _check_size(value, shape, path)


def _check_size(size, shape, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    _expect(low is None or size >= low, path, f"Member must be greater than or equal to {low}")
    _expect(high is None or size <= high, path, f"Member must be less than or equal to {high}")


def _expect(truth, path, detail, kind="value"):
    if not truth:
        raise Wrong(path, detail, kind)


# The rules beside the fields


def judge(body, operation, model):
    judge_fields(body, operation)
    judge_conversation(body, model)


def judge_conversation(body, model):
    turns = body.get("messages") or []
    if not turns:
        raise Refusal("invalid", "A conversation must have at least one message.")
    if any(turn["role"] == "system" for turn in turns):
        raise Refusal("invalid", "This model does not support the system role in messages. Use the system field.")
    if turns[0]["role"] != "user":
        raise Refusal("invalid", "A conversation must start with a user message. Try again with a conversation that starts with a user message.")
    for before, after in zip(turns, turns[1:]):
        if before["role"] == after["role"]:
            raise Refusal("invalid", "A conversation must alternate between user and assistant roles.")
    for index, turn in enumerate(turns):
        _judge_content(turn, ("messages", index))
    _judge_tool_turns(turns)
    _judge_tools(body, turns, model)
    _judge_fields_of_model(body, model)


def _judge_content(turn, path):
    if not turn["content"]:
        raise Refusal("invalid", f"The content field in the Message object at {'.'.join(map(str, path))} is empty. Add a ContentBlock object to the content field and try again.")
    kinds = [next(iter(block)) for block in turn["content"]]
    if turn["role"] == "assistant" and set(kinds) & {*MEDIA, "toolResult"}:
        raise Refusal("invalid", f"{path[0]}.{path[1]}: images, documents and tool results may only be in a user message.")
    if turn["role"] == "user" and set(kinds) & {"toolUse", "reasoningContent"}:
        raise Refusal("invalid", f"{path[0]}.{path[1]}: tool use and reasoning may only be in an assistant message.")
    if kinds.count("image") > IMAGES_MAX or kinds.count("document") > DOCUMENTS_MAX:
        raise Refusal("invalid", "Too many images or documents in one message.")
    if "document" in kinds and "text" not in kinds:
        raise Refusal("invalid", "A text block must be included when using documents.")
    names = [block["document"]["name"] for block in turn["content"] if "document" in block]
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9\-()\[\]]+( [A-Za-z0-9\-()\[\]]+)*", name) or names.count(name) > 1:
            raise Refusal(
                "invalid",
                "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
                "parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.",
            )
    for block in turn["content"]:
        _judge_block(block)


def _judge_block(block):
    texts = [block["text"]] if "text" in block else []
    if "toolResult" in block:
        texts += [one["text"] for one in block["toolResult"]["content"] if "text" in one]
        if not block["toolResult"]["content"]:
            raise Refusal("invalid", "The content of a toolResult must not be empty.")
    if any(not text.strip() for text in texts):
        raise Refusal("invalid", "The text field in the ContentBlock object is blank. Add text to the text field, and try again.")
    if "toolUse" in block and not isinstance(block["toolUse"]["input"], dict):
        raise Refusal("invalid", "The format of the value at toolUse.input is invalid. Provide a json object for the field.")
    thought = block.get("reasoningContent", {}).get("reasoningText")
    if thought and thought.get("signature") != signature(messages.SIGNER, thought["text"]):
        raise Refusal("invalid", "The model returned the following errors: Invalid `signature` in `thinking` block")


def _judge_tool_turns(turns):
    calls = []
    for index, turn in enumerate(turns):
        results = [block["toolResult"]["toolUseId"] for block in turn["content"] if "toolResult" in block]
        if sorted(results) != sorted(calls) and (results or calls):
            kind = "toolResult" if set(results) - set(calls) else "toolUse"
            raise Refusal(
                "invalid",
                f"Expected toolResult blocks at messages.{index}.content for the following Ids: {', '.join(calls)}"
                if kind == "toolUse"
                else f"The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of "
                "previous turn.",
            )
        calls = [block["toolUse"]["toolUseId"] for block in turn["content"] if "toolUse" in block]
    if calls:
        raise Refusal("invalid", f"Expected toolResult blocks for the following Ids: {', '.join(calls)}")


def _judge_tools(body, turns, model):
    config = body.get("toolConfig")
    has_blocks = any({"toolUse", "toolResult"} & set(block) for turn in turns for block in turn["content"])
    if has_blocks and not config:
        raise Refusal(
            "invalid", "The toolConfig field must be defined when using toolUse and toolResult content blocks."
        )
    specs = [tool["toolSpec"] for tool in (config or {}).get("tools", []) if "toolSpec" in tool]
    names = [spec["name"] for spec in specs]
    if len(set(names)) != len(names):
        raise Refusal("invalid", "The tool names in toolConfig must be unique.")
    for spec in specs:
        if spec["inputSchema"]["json"].get("type") != "object":
            raise Refusal("invalid", "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.")
    choice = (config or {}).get("toolChoice") or {}
    if "tool" in choice:
        if choice["tool"]["name"] not in names:
            raise Refusal("invalid", f"The tool {choice['tool']['name']} of toolChoice is not in tools.")
        if not any(family in model for family in ("claude", "nova", "arn")):
            raise Refusal("invalid", "This model doesn't support the toolConfig.toolChoice.tool field.")
    thinking = (body.get("additionalModelRequestFields") or {}).get("thinking") or {}
    if thinking.get("type") in ("enabled", "adaptive") and set(choice) & {"any", "tool"}:
        raise Refusal("invalid", "Thinking may not be enabled when tool_choice forces tool use.")


def _judge_fields_of_model(body, model):
    """What Claude says about what is only passed through to it."""
    extra = body.get("additionalModelRequestFields") or {}
    limits = body.get("inferenceConfig") or {}
    thinking = extra.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or budget < 1024:
            raise Refusal("invalid", "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        if limits.get("maxTokens") is not None and budget >= limits["maxTokens"]:
            raise Refusal("invalid", "`max_tokens` must be greater than `thinking.budget_tokens`.")
        if limits.get("temperature") not in (None, 1):
            raise Refusal("invalid", "`temperature` may only be set to 1 when thinking is enabled.")
    schema = _schema_text(body)
    if schema is not None:
        try:
            json.loads(schema)
        except ValueError:
            raise Refusal("invalid", "outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.") from None
    if (body.get("outputConfig") or {}).get("effort") not in (None, "low", "medium", "high", "xhigh", "max"):
        raise Refusal("invalid", "outputConfig.effort must be one of low, medium, high, xhigh, max.")


def _schema_text(body):
    form = (body.get("outputConfig") or {}).get("textFormat") or {}
    return form.get("structure", {}).get("jsonSchema", {}).get("schema")


# What is asked


def prompt_of(body):
    turns = body["messages"]
    asked = next(turn for turn in reversed(turns) if turn["role"] == "user")["content"]
    config = body.get("toolConfig") or {}
    choice = config.get("toolChoice") or {"auto": {}}
    names = {one["toolUse"]["toolUseId"]: one["toolUse"]["name"] for turn in turns for one in turn["content"] if "toolUse" in one}
    schema = _schema_text(body)
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
        signed = signature(messages.SIGNER, reply.thinking)
        blocks.append({"reasoningContent": {"reasoningText": {"text": reply.thinking, "signature": signed}}})
    if reply.redacted:
        blocks.append({"reasoningContent": {"redactedContent": signature(messages.SIGNER, "redacted")}})
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
