# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's chat wire, as OpenAI, Azure, Bedrock and Vertex speak it: requests judged, answers and streams built."""

import base64
import json

from . import shapes
from .faults import Refusal
from .model import Prompt, ToolResult, fragments, pieces
from .server import Piece
from .shapes import Wrong, either, integer, list_of, map_of, number, one_of, record, tagged, text

TOOL_NAME = "[a-zA-Z0-9_-]{1,64}"
CREATED = 1_790_000_000

# Requests, field by field

_cache = {"prompt_cache_breakpoint": record({"mode": one_of("explicit")})}
_text = record({"text": text()}, _cache)
_user_part = tagged(
    "type",
    text=_text,
    image_url=record(
        {"image_url": record({"url": text(pattern="(https?://|data:image/).+")}, {"detail": one_of("auto", "low", "high")})},
        _cache,
    ),
    input_audio=record({"input_audio": record({"data": shapes.standard_base64, "format": one_of("wav", "mp3")})}, _cache),
    file=record({"file": record(optional={"filename": text(), "file_data": text(min=1), "file_id": text(min=1)})}, _cache),
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
                {"allowed_tools": record({"mode": one_of("auto", "required"), "tools": list_of(_named_function, min=1)})}
            ),
        ),
    ),
    "tools": list_of(tagged("type", function=record({"function": _function}), custom=record({"custom": shapes.json_object})), min=1),
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
            if not open_calls and message.get("content") is None and not (message.get("refusal") or message.get("audio")):
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
        raise Refusal("invalid", f"Tool choice '{choice['function']['name']}' not found in 'tools'.", param="tool_choice")
    if body.get("stream_options") and not body.get("stream"):
        raise Refusal("invalid", "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
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
                f"Invalid schema for {param} '{name}': 'additionalProperties' is required to be supplied and to be false.",
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
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
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


# What is asked


def prompt_of(body):
    messages = body["messages"]
    spoken = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    asked = messages[spoken[-1] + 1 if spoken else 0 :]
    calls = {
        call["id"]: call["function"]["name"]
        for message in messages
        if message["role"] == "assistant"
        for call in message.get("tool_calls") or []
        if call["type"] == "function"
    }
    parts = [part for message in asked if message["role"] == "user" for part in _parts(message["content"])]
    wanted = body.get("response_format") or {}
    return Prompt(
        text="\n".join(part["text"] for part in parts if part["type"] == "text"),
        system="\n".join(_plain(one["content"]) for one in messages if one["role"] in ("system", "developer")),
        turns=len(messages),
        results=[
            ToolResult(calls[one["tool_call_id"]], _plain(one["content"])) for one in asked if one["role"] == "tool"
        ],
        media=[_medium(part) for part in parts if part["type"] != "text"],
        schema=(wanted["json_schema"].get("schema") or {}) if wanted.get("type") == "json_schema" else None,
        wants_json=wanted.get("type") == "json_object",
        thinks=body.get("reasoning_effort") not in (None, "none"),
        tokens_max=body.get("max_completion_tokens") or body.get("max_tokens"),
        stops=[body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or [],
        tokens=sum(len(pieces(_plain(message.get("content") or ""))) for message in messages),
        **_tools_of(body),
    )


def _tools_of(body):
    tools = {
        tool["function"]["name"]: tool["function"].get("parameters") or {}
        for tool in body.get("tools") or []
        if tool["type"] == "function"
    }
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        allowed = [one["function"]["name"] for one in choice["allowed_tools"]["tools"]]
        tools = {name: schema for name, schema in tools.items() if name in allowed}
        choice = choice["allowed_tools"]["mode"]
    if isinstance(choice, dict):
        choice = choice.get("function", {}).get("name", "auto")
    return {"tools": tools, "choice": choice, "parallel": body.get("parallel_tool_calls") is not False}


def _parts(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _plain(content):
    return "\n".join(part.get("text", "") for part in _parts(content))


def _medium(part):
    if part["type"] == "image_url":
        url = part["image_url"]["url"]
        return of_data_url(url) if url.startswith("data:") else url
    if part["type"] == "input_audio":
        return f"audio/{part['input_audio']['format']}, {_size(part['input_audio']['data'])} bytes"
    file = part["file"]
    return of_data_url(file["file_data"]) if "file_data" in file else file.get("file_id", "")


def of_data_url(url):
    kind, _, data = url.removeprefix("data:").partition(";base64,")
    return f"{kind}, {_size(data)} bytes"


def _size(data):
    shapes.standard_base64(data, ("data",))
    return len(base64.b64decode(data))


# What is answered


def finish_of(reply):
    return {"filtered": "content_filter", "stop_sequence": "stop"}.get(reply.finish, reply.finish)


def usage_of(usage):
    return {
        "prompt_tokens": usage.all_input,
        "completion_tokens": usage.output,
        "total_tokens": usage.all_input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def whole(reply, body, number, extra=None, reasoning=None):
    """- extra: members that a host adds to each choice. - reasoning: the member that tells thoughts, where there is
    one, as there is none at OpenAI."""
    message = {"role": "assistant", "content": reply.text or None, "refusal": None, "annotations": []}
    if reasoning and reply.thinking:
        message[reasoning] = reply.thinking
    if reply.calls:
        message["tool_calls"] = [_call_of(call, json.dumps(call.arguments)) for call in reply.calls]
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": finish_of(reply), **(extra or {})}
        for index in range(body.get("n") or 1)
    ]
    return {
        **_envelope(body, number, "chat.completion"),
        "choices": choices,
        "usage": usage_of(reply.usage),
        "service_tier": "default",
    }


def chunks(reply, body, number, extra=None, reasoning=None):
    """- Returns: chunks, and whether they carry content. The rest is as in `whole`."""
    options = body.get("stream_options") or {}
    envelope = {**_envelope(body, number, "chat.completion.chunk"), "service_tier": "default"}
    if options.get("include_usage"):
        envelope["usage"] = None
    for delta, finish, is_content in _deltas(reply, reasoning):
        for index in range(body.get("n") or 1):
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish, **(extra or {})}
            chunk = {**envelope, "choices": [choice]}
            if options.get("include_obfuscation") is not False:
                chunk["obfuscation"] = "x" * (1 + len(json.dumps(delta)) % 7)
            yield chunk, is_content
    if options.get("include_usage"):
        yield {**envelope, "choices": [], "usage": usage_of(reply.usage)}, False


def _deltas(reply, reasoning):
    yield {"role": "assistant", "content": "" if reply.text or not reply.calls else None, "refusal": None}, None, False
    for word in pieces(reply.thinking) if reasoning else []:
        yield {reasoning: word}, None, True
    for word in pieces(reply.text):
        yield {"content": word}, None, True
    for index, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": index, **_call_of(call, "")}]}, None, True
        for fragment in fragments(call.arguments) or ["{}"]:
            yield {"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}, None, True
    yield {}, finish_of(reply), False


def _call_of(call, arguments):
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _envelope(body, number, kind):
    return {"id": f"chatcmpl-{number:06}", "object": kind, "created": CREATED, "model": body["model"]}


def sse(chunks):
    """Chunks as an event stream that ends in `[DONE]`."""
    for chunk, is_content in chunks:
        yield Piece(event(chunk), is_content)
    yield Piece(b"data: [DONE]\n\n", False)


def event(data):
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


# Errors

ERRORS = {
    "invalid": (400, "invalid_request_error", None),
    "context": (400, "invalid_request_error", "context_length_exceeded"),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "unauthenticated": (401, "invalid_request_error", "invalid_api_key"),
    "expired": (401, "invalid_request_error", "invalid_api_key"),
    "billing": (402, "insufficient_quota", "billing_hard_limit_reached"),
    "forbidden": (403, "permission_error", "unsupported_country_region_territory"),
    "not_found": (404, "invalid_request_error", "unknown_url"),
    "model_not_found": (404, "invalid_request_error", "model_not_found"),
    "conflict": (409, "invalid_request_error", "conflict"),
    "too_large": (413, "invalid_request_error", "request_too_large"),
    "rate": (429, "requests", "rate_limit_exceeded"),
    "exhausted": (429, "insufficient_quota", "insufficient_quota"),
    "internal": (500, "server_error", None),
    "unavailable": (503, "server_error", None),
    "timeout": (504, "server_error", "timeout"),
    "overloaded": (503, "service_unavailable_error", "server_is_overloaded"),
}

# Codes of broken rules, by what is wrong with the member.
CODES = {
    "missing": "missing_required_parameter",
    "unknown": "unknown_parameter",
    "type": "invalid_type",
    "value": "invalid_value",
}


def error_body(refusal):
    """Status and body of a refusal."""
    status, kind, code = ERRORS[refusal.kind]
    code = CODES.get(refusal.code, refusal.code or code)
    return status, {"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}}


def fail(refusal, fault):
    """Breaks a stream as OpenAI does, or, with `done`, as vLLM does."""
    _, body = error_body(refusal)
    return [event(body)] + ([b"data: [DONE]\n\n"] if fault.done else [])


def wording(wrong):
    """A broken rule in OpenAI's words."""
    if wrong.kind == "missing":
        return f"Missing required parameter: '{wrong.bracketed}'."
    if wrong.kind == "unknown":
        return f"Unknown parameter: '{wrong.bracketed}'."
    return f"Invalid value for '{wrong.bracketed}': {wrong.detail}."
