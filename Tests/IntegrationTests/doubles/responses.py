# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's Responses wire: what is asked, and answers and event streams built."""

import json

from . import chat
from .model import Prompt, ToolResult, fragments, pieces
from .server import Piece

# What is asked


def prompt_of(body, items):
    spoken = [
        index
        for index, item in enumerate(items)
        if item.get("type") == "function_call" or item.get("role") == "assistant"
    ]
    asked = items[spoken[-1] + 1 if spoken else 0 :]
    names = {item["call_id"]: item["name"] for item in items if item.get("type") == "function_call"}
    parts = [part for item in asked if item.get("role") == "user" for part in _parts(item["content"])]
    wanted = (body.get("text") or {}).get("format") or {}
    systems = [body["instructions"]] if body.get("instructions") else []
    systems += [_plain(item["content"]) for item in items if item.get("role") in ("system", "developer")]
    tools = {
        tool["name"]: tool.get("parameters") or {} for tool in body.get("tools") or [] if tool["type"] == "function"
    }
    return Prompt(
        text="\n".join(part["text"] for part in parts if "text" in part),
        system="\n".join(systems),
        turns=len(items),
        results=[_result(item, names) for item in asked if item.get("type") == "function_call_output"],
        media=[_medium(part) for part in parts if "text" not in part],
        schema=wanted.get("schema"),
        wants_json=wanted.get("type") == "json_object",
        thinks=(body.get("reasoning") or {}).get("effort") not in (None, "none"),
        tokens_max=body.get("max_output_tokens"),
        tokens=sum(len(pieces(_plain(item.get("content") or ""))) for item in items),
        parallel=body.get("parallel_tool_calls") is not False,
        **_choice(body, tools),
    )


def _choice(body, tools):
    choice = body.get("tool_choice") or "auto"
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        allowed = [tool.get("name") for tool in choice["tools"]]
        return {"tools": {name: tools[name] for name in tools if name in allowed}, "choice": choice["mode"]}
    return {"tools": tools, "choice": choice.get("name", "auto") if isinstance(choice, dict) else choice}


def _parts(content):
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else content


def _plain(content):
    return "\n".join(part.get("text", "") for part in _parts(content))


def _result(item, names):
    parts = _parts(item["output"])
    media = [f"[{_medium(part)}]" for part in parts if "text" not in part]
    return ToolResult(names[item["call_id"]], " ".join([_plain(parts), *media]).strip())


def _medium(part):
    value = part.get("image_url") or part.get("file_data") or part.get("file_url") or part.get("file_id") or ""
    return chat.of_data_url(value) if value.startswith("data:") else value


# What is answered


class Answer:
    """One response, whole or as events.

    - number: what its ids are made from.
    """

    def __init__(self, reply, body, memory, number):
        self.reply, self.body, self.number = reply, body, number
        self.sequence = -1
        self.output = list(self._items(memory))

    def _items(self, memory):
        reply, number = self.reply, f"{self.number:06}"
        if reply.thinking:
            summarised = (self.body.get("reasoning") or {}).get("summary")
            item = {"id": f"rs_{number}", "type": "reasoning", "summary": []}
            if summarised:
                item["summary"] = [{"type": "summary_text", "text": reply.thinking}]
            if "reasoning.encrypted_content" in (self.body.get("include") or []):
                item["encrypted_content"] = memory.encrypt(reply.thinking)
            yield item
        if reply.text:
            part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
            yield {
                "id": f"msg_{number}",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [part],
            }
        for index, call in enumerate(reply.calls):
            yield {
                "id": f"fc_{number}_{index}",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.name,
                "arguments": json.dumps(call.arguments, ensure_ascii=False),
            }

    def whole(self, status=None, output=None):
        """The response object; in progress it has neither output nor usage."""
        body = self.body
        reasons = {"length": "max_output_tokens", "filtered": "content_filter"}
        reason = reasons.get(self.reply.finish)
        status = status or ("incomplete" if reason else "completed")
        is_done = status in ("completed", "incomplete")
        return {
            "id": f"resp_{self.number:06}",
            "object": "response",
            "created_at": chat.CREATED,
            "status": status,
            "background": bool(body.get("background")),
            "error": None,
            "incomplete_details": {"reason": reason} if status == "incomplete" else None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "model": body["model"],
            "output": (self.output if is_done else []) if output is None else output,
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "previous_response_id": body.get("previous_response_id"),
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
            "service_tier": "default",
            "store": body.get("store") is not False,
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
            "top_p": body.get("top_p", 1.0),
            "truncation": body.get("truncation") or "disabled",
            "usage": self._usage() if is_done else None,
            "user": body.get("user"),
            "metadata": body.get("metadata") or {},
        }

    def _usage(self):
        usage = self.reply.usage
        return {
            "input_tokens": usage.all_input,
            "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.all_input + usage.output,
        }

    def stream(self):
        for name, data, is_content in self._events():
            yield Piece(self._event(name, data), is_content)

    def fail(self, refusal, fault):
        """Breaks the stream: before its content with an `error` event, after it with a failed response."""
        _, body = chat.error_body(refusal)
        error = {"code": body["error"]["code"] or "server_error", "message": refusal.message}
        if fault.after == 0:
            return [self._event("error", {**error, "param": None})]
        return [self._event("response.failed", {"response": {**self.whole("failed"), "error": error}})]

    def _event(self, name, data):
        self.sequence += 1
        data = {"type": name, "sequence_number": self.sequence, **data}
        return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()

    def _events(self):
        started = {"response": self.whole("in_progress")}
        yield "response.created", started, False
        yield "response.in_progress", started, False
        for index, item in enumerate(self.output):
            build = {"reasoning": _reasoning, "message": _message_events, "function_call": _call_events}[item["type"]]
            for name, data, is_content in build(item):
                yield name, {"output_index": index, **data}, is_content
        final = self.whole()
        yield f"response.{final['status']}", {"response": final}, False


def _reasoning(item):
    yield "response.output_item.added", {"item": {**item, "summary": []}}, False
    for index, part in enumerate(item["summary"]):
        place = {"item_id": item["id"], "summary_index": index}
        yield "response.reasoning_summary_part.added", {**place, "part": {**part, "text": ""}}, False
        for word in pieces(part["text"]):
            yield "response.reasoning_summary_text.delta", {**place, "delta": word}, True
        yield "response.reasoning_summary_text.done", {**place, "text": part["text"]}, False
        yield "response.reasoning_summary_part.done", {**place, "part": part}, False
    yield "response.output_item.done", {"item": item}, False


def _message_events(item):
    part = item["content"][0]
    place = {"item_id": item["id"], "content_index": 0}
    yield "response.output_item.added", {"item": {**item, "status": "in_progress", "content": []}}, False
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}, False
    for word in pieces(part["text"]):
        yield "response.output_text.delta", {**place, "delta": word, "logprobs": [], "obfuscation": "xxx"}, True
    yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}, False
    yield "response.content_part.done", {**place, "part": part}, False
    yield "response.output_item.done", {"item": item}, False


def _call_events(item):
    place = {"item_id": item["id"]}
    yield "response.output_item.added", {"item": {**item, "status": "in_progress", "arguments": ""}}, True
    for fragment in fragments(json.loads(item["arguments"])) or ["{}"]:
        yield "response.function_call_arguments.delta", {**place, "delta": fragment}, True
    done = {**place, "name": item["name"], "arguments": item["arguments"]}
    yield "response.function_call_arguments.done", done, False
    yield "response.output_item.done", {"item": item}, False
