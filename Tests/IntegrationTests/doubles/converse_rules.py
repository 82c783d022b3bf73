# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Bedrock's Converse wire: requests judged by AWS's own published model, and by the rules beside it."""

import json
import re

import botocore.session

from .faults import Refusal
from .messages_rules import SIGNER
from .model import signature
from .shapes import Wrong, standard_base64

SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")
IMAGES_MAX, DOCUMENTS_MAX = 20, 5
MEDIA = ("image", "document", "video", "audio")


# Fields: a walk along the published model


def judge_fields(body, operation):
    """Judges a body against the input of an operation, its members of the URI left out."""
    shape = SERVICE.operation_model(operation).input_shape
    _check(
        body, shape, (), leave_out={name for name, one in shape.members.items() if one.serialization.get("location")}
    )


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
    _expect(
        not pattern or re.fullmatch(pattern, value), path, f"Member must satisfy regular expression pattern: {pattern}"
    )
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
        raise Refusal(
            "invalid",
            "A conversation must start with a user message.",
        )
    for before, after in zip(turns, turns[1:]):
        if before["role"] == after["role"]:
            raise Refusal("invalid", "A conversation must alternate between user and assistant roles.")
    for index, turn in enumerate(turns):
        _judge_content(turn, ("messages", index))
    _judge_tool_turns(turns)
    _judge_tools(body, turns, model)
    _judge_fields_of_model(body, model)
    _expect_thinking_first(body, turns)


def _expect_thinking_first(body, turns):
    """With a budget, the turn whose tools have just answered begins with the thought that called them."""
    thinking = (body.get("additionalModelRequestFields") or {}).get("thinking") or {}
    if thinking.get("type") != "enabled" or not any("toolResult" in block for block in turns[-1]["content"]):
        return
    if "reasoningContent" not in turns[-2]["content"][0]:
        raise Refusal(
            "invalid",
            "The model returned the following errors: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
        )


def _judge_content(turn, path):
    if not turn["content"]:
        raise Refusal(
            "invalid",
            f"The content field in the Message object at {'.'.join(map(str, path))} is empty.",
        )
    kinds = [next(iter(block)) for block in turn["content"]]
    if turn["role"] == "assistant" and set(kinds) & {*MEDIA, "toolResult"}:
        raise Refusal(
            "invalid", f"{path[0]}.{path[1]}: images, documents and tool results may only be in a user message."
        )
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
                "parentheses, and square brackets, and not more than one whitespace character in a row.",
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
        raise Refusal(
            "invalid", "The text field in the ContentBlock object is blank. Add text to the text field, and try again."
        )
    if "toolUse" in block and not isinstance(block["toolUse"]["input"], dict):
        raise Refusal(
            "invalid", "The format of the value at toolUse.input is invalid. Provide a json object for the field."
        )
    thought = block.get("reasoningContent", {}).get("reasoningText")
    if thought and thought.get("signature") != signature(SIGNER, thought["text"]):
        raise Refusal("invalid", "The model returned the following errors: Invalid `signature` in `thinking` block")
    sealed = block.get("reasoningContent", {}).get("redactedContent")
    if sealed and sealed != signature(SIGNER, "redacted"):
        raise Refusal("invalid", "The model returned the following errors: Invalid `data` in `redacted_thinking` block")


def _judge_tool_turns(turns):
    calls = []
    for index, turn in enumerate(turns):
        results = [block["toolResult"]["toolUseId"] for block in turn["content"] if "toolResult" in block]
        if sorted(results) != sorted(calls) and (results or calls):
            if set(results) - set(calls):
                message = f"The toolResult blocks at messages.{index}.content are more than the toolUse blocks before."
            else:
                message = f"Expected toolResult blocks at messages.{index}.content for these Ids: {', '.join(calls)}"
            raise Refusal("invalid", message)
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
            raise Refusal(
                "invalid",
                "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
            )
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
    schema = schema_text(body)
    if schema is not None:
        try:
            json.loads(schema)
        except ValueError:
            raise Refusal("invalid", "outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.") from None
    if (body.get("outputConfig") or {}).get("effort") not in (None, "low", "medium", "high", "xhigh", "max"):
        raise Refusal("invalid", "outputConfig.effort must be one of low, medium, high, xhigh, max.")


def schema_text(body):
    form = (body.get("outputConfig") or {}).get("textFormat") or {}
    return form.get("structure", {}).get("jsonSchema", {}).get("schema")
