# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's Responses wire: requests judged, answers, event streams, and the memory that only the server has that
made a response."""

import base64
import json

from . import chat, shapes
from .faults import Refusal
from .model import Prompt, ToolResult, fragments, pieces
from .server import Piece
from .shapes import either, integer, list_of, one_of, record, tagged, text

# Requests, field by field

_state = {"id": text(min=1), "status": one_of("in_progress", "completed", "incomplete")}
_input_part = {
    "input_text": record({"text": text()}),
    "input_image": record(
        optional={"image_url": text(min=1), "file_id": text(min=1), "detail": one_of("auto", "low", "high", "original")},
        nulls=True,
    ),
    "input_file": record(
        optional={name: text(min=1) for name in ("file_data", "file_id", "file_url", "filename")}, nulls=True
    ),
}
_output_part = {
    "output_text": record({"text": text()}, {"annotations": list_of(shapes.anything), "logprobs": shapes.anything}),
    "refusal": record({"refusal": text()}),
}
_content = {
    "user": either(text(), list_of(tagged("type", **_input_part), min=1)),
    "system": either(text(), list_of(tagged("type", **_input_part), min=1)),
    "developer": either(text(), list_of(tagged("type", **_input_part), min=1)),
    "assistant": either(text(), list_of(tagged("type", **_output_part), min=1)),
}
_message = tagged(
    "role", **{role: record({"content": content}, {**_state, "phase": text()}, nulls=True) for role, content in _content.items()}
)
_item = tagged(
    "type",
    message=_message,
    function_call=record({"call_id": text(min=1), "name": text(pattern=chat.TOOL_NAME), "arguments": text()}, _state, nulls=True),
    function_call_output=record(
        {"call_id": text(min=1), "output": either(text(), list_of(tagged("type", **_input_part)))}, _state, nulls=True
    ),
    reasoning=record(
        {"summary": list_of(tagged("type", summary_text=record({"text": text()})))},
        {
            **_state,
            "encrypted_content": text(min=1),
            "content": list_of(tagged("type", reasoning_text=record({"text": text()}))),
        },
        nulls=True,
    ),
    item_reference=record({"id": text(min=1)}),
)


def _any_item(value, path):
    """A message may leave out that it is one."""
    shapes.json_object(value, path)
    (_item if "type" in value else _message)(value, path)


_format = tagged(
    "type",
    text=record(),
    json_object=record(),
    json_schema=record(
        {"name": text(pattern=chat.TOOL_NAME), "schema": shapes.json_object},
        {"description": text(), "strict": shapes.boolean},
        nulls=True,
    ),
)
HOSTED_TOOLS = ("web_search", "file_search", "code_interpreter", "image_generation", "mcp", "custom", "local_shell")
_tool = tagged(
    "type",
    function=record(
        {"name": text(pattern=chat.TOOL_NAME)},
        {"description": text(), "parameters": shapes.json_object, "strict": shapes.boolean},
        nulls=True,
    ),
    **dict.fromkeys(HOSTED_TOOLS, shapes.json_object),
)
INCLUDABLE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
REQUEST = record(
    {"model": text(min=1), "input": either(text(min=1), list_of(_any_item, min=1))},
    {
        **chat.COMMON,
        "background": shapes.boolean,
        "context_management": list_of(shapes.json_object),
        "conversation": either(text(min=1), record({"id": text(min=1)})),
        "include": list_of(one_of(*INCLUDABLE)),
        "instructions": text(),
        "max_output_tokens": integer(min=16),
        "max_tool_calls": integer(min=1),
        "moderation": shapes.json_object,
        "previous_response_id": text(min=1),
        "prompt": shapes.json_object,
        "reasoning": record(
            optional={
                "effort": chat.EFFORT,
                "summary": one_of("auto", "concise", "detailed"),
                "context": text(),
                "mode": text(),
            },
            nulls=True,
        ),
        "stream_options": record(optional={"include_obfuscation": shapes.boolean}),
        "text": record(optional={"format": _format, "verbosity": one_of("low", "medium", "high")}, nulls=True),
        "tool_choice": either(
            one_of("none", "auto", "required"),
            tagged(
                "type",
                function=record({"name": text(min=1)}),
                allowed_tools=record({"mode": one_of("auto", "required"), "tools": list_of(shapes.json_object, min=1)}),
                **dict.fromkeys(HOSTED_TOOLS, shapes.json_object),
            ),
        ),
        "tools": list_of(_tool),
        "truncation": one_of("auto", "disabled"),
    },
    nulls=True,
)


class Memory:
    """Responses that a server stored, and what only it can read again.

    - owner: the name in everything it encrypts.
    """

    def __init__(self, owner):
        self.owner = owner
        # Response by id, and the items of the conversation up to its end.
        self.responses, self.items = {}, {}

    def recall(self, body):
        """- Returns: the items of the whole conversation that a request continues."""
        previous = body.get("previous_response_id")
        if previous and body.get("conversation"):
            raise Refusal("invalid", "Only one of 'previous_response_id' and 'conversation' may be set.", "conversation")
        if previous and previous not in self.items:
            raise Refusal(
                "invalid",
                f"Previous response with id '{previous}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        given = body["input"]
        given = [{"role": "user", "content": given}] if isinstance(given, str) else given
        return self.items.get(previous, []) + [self._resolve(item) for item in given]

    def keep(self, response, items):
        self.responses[response["id"]] = response
        self.items[response["id"]] = items + response["output"]

    def find(self, identity):
        if identity not in self.responses:
            raise Refusal("not_found", f"Response with id '{identity}' not found.", param="response_id", code="not_found")
        return self.responses[identity]

    def forget(self, identity):
        self.find(identity)
        del self.responses[identity], self.items[identity]

    def encrypt(self, words):
        return base64.b64encode(f"{self.owner}\n{words}".encode()).decode()

    def _resolve(self, item):
        """The item itself, or the stored one that it stands for."""
        known = {one["id"]: one for items in self.items.values() for one in items if "id" in one}
        kind = item.get("type", "message")
        if kind == "item_reference" or (kind == "reasoning" and not item.get("encrypted_content")):
            if item.get("id") not in known:
                raise Refusal("not_found", f"Item with id '{item.get('id')}' not found.", param="input", code="not_found")
            return known[item["id"]]
        if kind == "reasoning":
            self._expect_own(item)
        return item

    def _expect_own(self, item):
        try:
            owner = base64.b64decode(item["encrypted_content"], validate=True).decode().partition("\n")[0]
        except ValueError:
            owner = None
        if owner != self.owner:
            raise Refusal(
                "invalid",
                f"The encrypted content for item {item.get('id')} could not be verified.",
                param="input",
                code="invalid_encrypted_content",
            )


# The rules between fields


def judge(body, memory):
    """- Returns: the items of the whole conversation."""
    REQUEST(body, ())
    items = memory.recall(body)
    _judge_calls(items)
    chat.judge_model(body, body["model"])
    names = [tool["name"] for tool in body.get("tools") or [] if tool["type"] == "function"]
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] == "function" and choice["name"] not in names:
        raise Refusal("invalid", f"Tool choice '{choice['name']}' not found in 'tools' parameter.", param="tool_choice")
    if body.get("background") and body.get("store") is False:
        raise Refusal("invalid", "Background mode requires 'store' to be true.", param="background")
    wanted = (body.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_schema" and wanted.get("strict"):
        chat.judge_strict_schema(wanted["schema"], wanted["name"], "text.format")
    for tool in body.get("tools") or []:
        if tool["type"] == "function" and tool.get("strict"):
            chat.judge_strict_schema(tool.get("parameters") or {}, tool["name"], "tools")
    return items


def _judge_calls(items):
    calls, results = (
        [item["call_id"] for item in items if item.get("type") == kind] for kind in ("function_call", "function_call_output")
    )
    for call in results:
        if call not in calls:
            raise Refusal("invalid", f"No tool call found for function call output with call_id {call}.", param="input")
    for call in calls:
        if call not in results:
            raise Refusal("invalid", f"No tool output found for function call {call}.", param="input")


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
    tools = {tool["name"]: tool.get("parameters") or {} for tool in body.get("tools") or [] if tool["type"] == "function"}
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
            yield {"id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
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
