# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Google's generateContent wire, as AI Studio and Vertex speak it: what is asked, and answers and streams built."""

import base64
import json

from .generate_content_rules import SIGNER, call_signature, declarations, is_signed
from .model import Prompt, ToolResult, pieces, signature

# What is asked


def prompt_of(body):
    spoken = [index for index, one in enumerate(body["contents"]) if one.get("role") == "model"]
    asked = [part for one in body["contents"][spoken[-1] + 1 if spoken else 0 :] for part in one["parts"]]
    config = body.get("generationConfig") or {}
    tools = {one["name"]: one.get("parametersJsonSchema") or one.get("parameters") or {} for one in declarations(body)}
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames")
    schema = config.get("responseJsonSchema", config.get("responseSchema"))
    return Prompt(
        text="\n".join(part["text"] for part in asked if "text" in part),
        system="\n".join(part.get("text", "") for part in (body.get("systemInstruction") or {}).get("parts", [])),
        turns=len(body["contents"]),
        results=[_result(part["functionResponse"]) for part in asked if "functionResponse" in part],
        media=[_medium(part) for part in asked if "inlineData" in part or "fileData" in part],
        tools={name: schema for name, schema in tools.items() if not allowed or name in allowed},
        choice={"ANY": "required", "NONE": "none"}.get(calling.get("mode"), "auto"),
        schema=schema,
        wants_json=schema is None and config.get("responseMimeType") == "application/json",
        thinks=(config.get("thinkingConfig") or {}).get("includeThoughts", False),
        tokens_max=config.get("maxOutputTokens"),
        stops=config.get("stopSequences") or [],
        tokens=count_tokens(body),
    )


def count_tokens(body):
    texts = [part.get("text", "") for content in body["contents"] for part in content["parts"]]
    texts += [part.get("text", "") for part in (body.get("systemInstruction") or {}).get("parts", [])]
    return sum(len(pieces(one)) for one in texts)


def _result(given):
    response = given["response"]
    is_error = set(response) == {"error"}
    told = next(iter(response.values())) if set(response) in ({"output"}, {"error"}) else response
    media = [f"[{_medium(part)}]" for part in given.get("parts", [])]
    words = told if isinstance(told, str) else json.dumps(told)
    return ToolResult(given["name"], " ".join([words, *media]).strip(), is_error)


def _medium(part):
    if "fileData" in part:
        return f"{part['fileData']['mimeType']}, {part['fileData']['fileUri']}"
    data = part["inlineData"]["data"].replace("-", "+").replace("_", "/")
    return f"{part['inlineData']['mimeType']}, {len(base64.b64decode(data))} bytes"


# What is answered


def finish_of(reply):
    words = {
        "stop": "STOP",
        "stop_sequence": "STOP",
        "tool_calls": "STOP",
        "length": "MAX_TOKENS",
        "filtered": "SAFETY",
    }
    return words.get(reply.finish, reply.finish)


def whole(reply, body, model, number):
    parts = [{"text": reply.thinking, "thought": True}] if reply.thinking else []
    parts += [{"text": reply.text}] if reply.text else []
    parts += _calls(reply, model)
    if reply.text and not reply.calls and is_signed(model):
        parts[-1]["thoughtSignature"] = signature(SIGNER, reply.text)
    count = (body.get("generationConfig") or {}).get("candidateCount", 1)
    candidates = [
        {"content": {"role": "model", "parts": parts}, "finishReason": finish_of(reply), "index": index}
        for index in range(count)
    ]
    return {"candidates": candidates, "usageMetadata": usage_of(reply.usage), **_envelope(model, number)}


def chunks(reply, model, number):
    """- Returns: chunks, and whether they carry content. The reason to stop comes after the last call, and the final
    count alone."""
    said = 0
    for part in _stream_parts(reply, model):
        said += 1
        candidate = {"content": {"role": "model", "parts": [part]}, "index": 0}
        usage = {"promptTokenCount": reply.usage.all_input, "candidatesTokenCount": min(said, reply.usage.output)}
        usage["totalTokenCount"] = sum(usage.values())
        is_content = bool(part.get("text")) or "functionCall" in part
        yield {"candidates": [candidate], "usageMetadata": usage, **_envelope(model, number)}, is_content
    last = {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": finish_of(reply), "index": 0}
    if reply.text and not reply.calls and is_signed(model):
        last["content"]["parts"][0]["thoughtSignature"] = signature(SIGNER, reply.text)
    yield {"candidates": [last], **_envelope(model, number)}, False
    yield {"usageMetadata": usage_of(reply.usage), **_envelope(model, number)}, False


def blocked(number, model):
    """A prompt that was not answered at all."""
    usage = {"promptTokenCount": 1, "totalTokenCount": 1}
    return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage, **_envelope(model, number)}


def _stream_parts(reply, model):
    for word in pieces(reply.thinking):
        yield {"text": word, "thought": True}
    for word in pieces(reply.text):
        yield {"text": word}
    yield from _calls(reply, model)


def _calls(reply, model):
    """Calls whole; only the first one is signed, and only newer models name them."""
    parts = []
    for call in reply.calls:
        part = {"functionCall": {"name": call.name, "args": call.arguments}}
        if is_signed(model):
            part["functionCall"]["id"] = call.id
            if not parts:
                part["thoughtSignature"] = call_signature(part["functionCall"])
        parts.append(part)
    return parts


def usage_of(usage):
    counted = {
        "promptTokenCount": usage.all_input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.all_input + usage.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.all_input}],
    }
    if usage.reasoning:
        counted["thoughtsTokenCount"] = usage.reasoning
    if usage.cache_read:
        counted["cachedContentTokenCount"] = usage.cache_read
    return counted


def _envelope(model, number):
    return {"modelVersion": model, "responseId": f"response-{number:06}"}
