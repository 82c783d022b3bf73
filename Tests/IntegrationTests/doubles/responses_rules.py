# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's Responses wire: what a request may say, the rules between the fields, and the memory that only the server
has that made a response."""

import base64

from . import chat_rules, shapes
from .faults import Refusal
from .shapes import either, integer, list_of, one_of, record, tagged, text

# Requests, field by field

_state = {"id": text(min=1), "status": one_of("in_progress", "completed", "incomplete")}
_input_part = {
    "input_text": record({"text": text()}),
    "input_image": record(
        optional={
            "image_url": text(min=1),
            "file_id": text(min=1),
            "detail": one_of("auto", "low", "high", "original"),
        },
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
    "role",
    **{
        role: record({"content": content}, {**_state, "phase": text()}, nulls=True)
        for role, content in _content.items()
    },
)
_item = tagged(
    "type",
    message=_message,
    function_call=record(
        {"call_id": text(min=1), "name": text(pattern=chat_rules.TOOL_NAME), "arguments": text()}, _state, nulls=True
    ),
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
        {"name": text(pattern=chat_rules.TOOL_NAME), "schema": shapes.json_object},
        {"description": text(), "strict": shapes.boolean},
        nulls=True,
    ),
)
HOSTED_TOOLS = ("web_search", "file_search", "code_interpreter", "image_generation", "mcp", "custom", "local_shell")
_tool = tagged(
    "type",
    function=record(
        {"name": text(pattern=chat_rules.TOOL_NAME)},
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
_required = {"model": text(min=1), "input": either(text(min=1), list_of(_any_item, min=1))}
_optional = {
    **chat_rules.COMMON,
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
            "effort": chat_rules.EFFORT,
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
}
REQUEST = record(_required, _optional, nulls=True)
# What its counter takes (openai-python's types, read 2026-11).
_COUNTED = ("conversation", "instructions", "parallel_tool_calls", "previous_response_id", "reasoning", "text") + (
    "tool_choice",
    "tools",
    "truncation",
)
COUNT = record(_required, {name: _optional[name] for name in _COUNTED}, nulls=True)


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
            raise Refusal(
                "invalid", "Only one of 'previous_response_id' and 'conversation' may be set.", "conversation"
            )
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
            raise Refusal(
                "not_found", f"Response with id '{identity}' not found.", param="response_id", code="not_found"
            )
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
                raise Refusal(
                    "not_found", f"Item with id '{item.get('id')}' not found.", param="input", code="not_found"
                )
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


def judge(body, memory, shape=REQUEST):
    """- Returns: the items of the whole conversation."""
    shape(body, ())
    items = memory.recall(body)
    _judge_calls(items)
    chat_rules.judge_model(body, body["model"])
    names = [tool["name"] for tool in body.get("tools") or [] if tool["type"] == "function"]
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] == "function" and choice["name"] not in names:
        raise Refusal("invalid", f"Tool choice '{choice['name']}' not found in 'tools' parameter.", param="tool_choice")
    if body.get("background") and body.get("store") is False:
        raise Refusal("invalid", "Background mode requires 'store' to be true.", param="background")
    wanted = (body.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_schema" and wanted.get("strict"):
        chat_rules.judge_strict_schema(wanted["schema"], wanted["name"], "text.format")
    for tool in body.get("tools") or []:
        if tool["type"] == "function" and tool.get("strict"):
            chat_rules.judge_strict_schema(tool.get("parameters") or {}, tool["name"], "tools")
    return items


def _judge_calls(items):
    calls, results = (
        [item["call_id"] for item in items if item.get("type") == kind]
        for kind in ("function_call", "function_call_output")
    )
    for call in results:
        if call not in calls:
            raise Refusal("invalid", f"No tool call found for function call output with call_id {call}.", param="input")
    for call in calls:
        if call not in results:
            raise Refusal("invalid", f"No tool output found for function call {call}.", param="input")
