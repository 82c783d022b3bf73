# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's chat wire, as OpenAI, Azure, Bedrock and Vertex speak it: what is asked, and answers and streams built."""

import base64
import json

from . import shapes
from .model import Prompt, ToolResult, fragments, pieces
from .server import Piece

CREATED = 1_790_000_000


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
