# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's chat wire: what a request may say, field by field, and the rules between the fields."""

import json

from . import shapes
from .faults import Refusal
from .shapes import Wrong, either, integer, list_of, map_of, number, one_of, record, tagged, text

TOOL_NAME = "[a-zA-Z0-9_-]{1,64}"

# Requests, field by field

_cache = {"prompt_cache_breakpoint": record({"mode": one_of("explicit")})}
_text = record({"text": text()}, _cache)
_user_part = tagged(
    "type",
    text=_text,
    image_url=record(
        {
            "image_url": record(
                {"url": text(pattern="(https?://|data:image/).+")}, {"detail": one_of("auto", "low", "high")}
            )
        },
        _cache,
    ),
    input_audio=record(
        {"input_audio": record({"data": shapes.standard_base64, "format": one_of("wav", "mp3")})}, _cache
    ),
    file=record(
        {"file": record(optional={"filename": text(), "file_data": text(min=1), "file_id": text(min=1)})}, _cache
    ),
)
_texts = either(text(), list_of(tagged("type", text=_text), min=1))
_name = {"name": text(min=1)}
_call = tagged(
    "type",
    function=record({"id": text(min=1), "function": record({"name": text(pattern=TOOL_NAME), "arguments": text()})}),
    custom=record({"id": text(min=1), "custom": record({"name": text(min=1), "input": text()})}),
)
_message = tagged(
    "role",
    developer=record({"content": _texts}, _name),
    system=record({"content": _texts}, _name),
    user=record({"content": either(text(), list_of(_user_part, min=1))}, _name),
    assistant=record(
        optional={
            **_name,
            "content": either(text(), list_of(tagged("type", text=_text, refusal=record({"refusal": text()})), min=1)),
            "refusal": text(),
            "audio": record({"id": text(min=1)}),
            # Clients send an answer's message back as it came.
            "annotations": list_of(shapes.json_object),
            "tool_calls": list_of(_call, min=1),
        },
        nulls=True,
    ),
    tool=record({"content": _texts, "tool_call_id": text(min=1)}),
)
_function = record(
    {"name": text(pattern=TOOL_NAME)},
    {"description": text(), "parameters": shapes.json_object, "strict": shapes.boolean},
    nulls=True,
)
_named_function = tagged(
    "type", function=record({"function": record({"name": text(min=1)})}), custom=record({"custom": shapes.json_object})
)
_format = tagged(
    "type",
    text=record(),
    json_object=record(),
    json_schema=record(
        {
            "json_schema": record(
                {"name": text(pattern=TOOL_NAME)},
                {"description": text(), "schema": shapes.json_object, "strict": shapes.boolean},
                nulls=True,
            )
        }
    ),
)
EFFORT = one_of("none", "minimal", "low", "medium", "high", "xhigh", "max")
TIER = one_of("auto", "default", "flex", "scale", "priority", "fast")
METADATA = map_of(text(max=512), max=16)
COMMON = {
    "metadata": METADATA,
    "parallel_tool_calls": shapes.boolean,
    "prompt_cache_key": text(),
    "prompt_cache_options": shapes.json_object,
    "prompt_cache_retention": one_of("in_memory", "24h"),
    "safety_identifier": text(max=64),
    "service_tier": TIER,
    "store": shapes.boolean,
    "stream": shapes.boolean,
    "temperature": number(0, 2),
    "top_logprobs": integer(0, 20),
    "top_p": number(0, 1),
    "user": text(),
}
_request = {
    **COMMON,
    "audio": shapes.json_object,
    "frequency_penalty": number(-2, 2),
    "function_call": shapes.anything,
    "functions": list_of(shapes.json_object, min=1),
    "logit_bias": map_of(integer(-100, 100)),
    "logprobs": shapes.boolean,
    "max_completion_tokens": integer(min=1),
    "max_tokens": integer(min=1),
    "modalities": list_of(one_of("text", "audio"), min=1),
    "moderation": shapes.json_object,
    "n": integer(1, 128),
    "prediction": shapes.json_object,
    "presence_penalty": number(-2, 2),
    "reasoning_effort": EFFORT,
    "response_format": _format,
    "seed": integer(),
    "stop": either(list_of(text(min=1), min=1, max=4), text(min=1)),
    "stream_options": record(optional={"include_usage": shapes.boolean, "include_obfuscation": shapes.boolean}),
    "tool_choice": either(
        one_of("none", "auto", "required"),
        tagged(
            "type",
            function=record({"function": record({"name": text(min=1)})}),
            custom=record({"custom": record({"name": text(min=1)})}),
            allowed_tools=record(
                {
                    "allowed_tools": record(
                        {"mode": one_of("auto", "required"), "tools": list_of(_named_function, min=1)}
                    )
                }
            ),
        ),
    ),
    "tools": list_of(
        tagged("type", function=record({"function": _function}), custom=record({"custom": shapes.json_object})), min=1
    ),
    "verbosity": one_of("low", "medium", "high"),
    "web_search_options": shapes.json_object,
}
REQUEST = record({"model": text(min=1), "messages": list_of(_message, min=1)}, _request, nulls=True)

# The rules between fields


def judge(body, extensions=()):
    """- extensions: members of the body that this host takes beyond OpenAI's own."""
    REQUEST({name: value for name, value in body.items() if name not in extensions}, ())
    judge_turns(body["messages"])
    _judge_options(body)
    judge_model(body, body["model"])


def judge_turns(messages):
    """Each call is answered by a tool message right after it, and nothing else is."""
    open_calls, calls_at = [], None
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Refusal(
                    "invalid",
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'.",
                    param=f"messages[{index}].role",
                )
            open_calls.remove(message["tool_call_id"])
            continue
        _expect_answered(open_calls, calls_at)
        if message["role"] == "assistant":
            open_calls, calls_at = [call["id"] for call in message.get("tool_calls") or []], index
            if (
                not open_calls
                and message.get("content") is None
                and not (message.get("refusal") or message.get("audio"))
            ):
                raise Wrong(("messages", index, "content"), "Expected a string, got null", "type")
    _expect_answered(open_calls, calls_at)


def _expect_answered(calls, index):
    if calls:
        raise Refusal(
            "invalid",
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(calls)}",
            param=f"messages.[{index}].role",
        )


def _judge_options(body):
    names = [tool["function"]["name"] for tool in body.get("tools") or [] if tool["type"] == "function"]
    if len(set(names)) != len(names):
        raise Refusal("invalid", "Tool names must be unique.", param="tools")
    for name in ("tool_choice", "parallel_tool_calls"):
        if body.get(name) is not None and not body.get("tools"):
            raise Refusal("invalid", f"'{name}' is only allowed when 'tools' are specified.", param=name)
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] == "function" and choice["function"]["name"] not in names:
        raise Refusal(
            "invalid", f"Tool choice '{choice['function']['name']}' not found in 'tools'.", param="tool_choice"
        )
    if body.get("stream_options") and not body.get("stream"):
        raise Refusal(
            "invalid", "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
        )
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise Refusal("invalid", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise Refusal("invalid", "'logprobs' must be set to true if 'top_logprobs' is used.", param="top_logprobs")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema" and wanted["json_schema"].get("strict"):
        judge_strict_schema(wanted["json_schema"].get("schema") or {}, wanted["json_schema"]["name"], "response_format")
    if wanted.get("type") == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        raise Refusal("invalid", "'messages' must contain the word 'json' in some form.", param="messages")
    for tool in body.get("tools") or []:
        if tool["type"] == "function" and tool["function"].get("strict"):
            judge_strict_schema(tool["function"].get("parameters") or {}, tool["function"]["name"], "tools")


def judge_strict_schema(schema, name, param):
    """A strict schema says of each object that it is closed and that each member is required."""
    if schema.get("type") == "object":
        members = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            raise Refusal(
                "invalid",
                f"Invalid schema for {param} '{name}': 'additionalProperties' is required to be supplied and to be "
                "false.",
                param=param,
            )
        if set(schema.get("required") or []) != set(members):
            raise Refusal(
                "invalid",
                f"Invalid schema for {param} '{name}': 'required' must include every key in properties.",
                param=param,
            )
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), *schema.get("anyOf", [])]
    inner += (schema.get("$defs") or {}).values()
    for one in inner:
        if isinstance(one, dict):
            judge_strict_schema(one, name, param)


REASONERS = ("o1", "o3", "o4", "gpt-5")


def judge_model(body, model):
    """What only reasoning models refuse."""
    name = model.rsplit("/", 1)[-1]
    if not name.startswith(REASONERS) or name.startswith("gpt-5-chat"):
        return
    if body.get("max_tokens") is not None:
        raise Refusal(
            "invalid",
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    samples = name.startswith("gpt-5.") and body.get("reasoning_effort") == "none"
    for parameter, default in (("temperature", 1), ("top_p", 1), ("presence_penalty", 0), ("frequency_penalty", 0)):
        if not samples and body.get(parameter) not in (None, default):
            raise Refusal(
                "invalid",
                f"Unsupported value: '{parameter}' does not support {body[parameter]} with this model.",
                param=parameter,
                code="unsupported_value",
            )
    for parameter in ("logprobs", "logit_bias") + (("stop",) if name.startswith(("o3", "o4")) else ()):
        if body.get(parameter):
            raise Refusal(
                "invalid",
                f"Unsupported parameter: '{parameter}' is not supported with this model.",
                param=parameter,
                code="unsupported_parameter",
            )
