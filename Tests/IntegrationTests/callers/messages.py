# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The anthropic client on Messages."""

import json

import anthropic

from .words import Call, Counted, Failure, Heard, Inexpressible, Question, User, dropped_of, is_signature

# How an effort is said as a number of tokens, which is this API's older way to say it.
BUDGETS = {"low": 1024, "medium": 2048, "high": 3000}


class MessagesCaller:
    name = "messages"
    title = "Anthropic Messages"
    own_member = {"container": "container_1"}
    own_name = "container"
    errors = {
        "invalid": anthropic.BadRequestError,
        "context": anthropic.BadRequestError,
        "rate": anthropic.RateLimitError,
        "exhausted": anthropic.RateLimitError,
        "overloaded": anthropic.InternalServerError,
        "credential": anthropic.InternalServerError,
        "internal": anthropic.InternalServerError,
        "unknown key": anthropic.AuthenticationError,
        "unknown model": anthropic.NotFoundError,
    }
    stream_errors = (anthropic.APIError,)

    def __init__(self, gateway, key):
        url = gateway.base_url.removesuffix("/v1")
        self.client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, timeout=30)

    def close(self):
        self.client.close()

    def ask(self, model, question):
        raw = self.client.messages.with_raw_response.create(model=model, **body_of(question))
        heard = _heard(raw.parse())
        heard.dropped = dropped_of(raw.headers)
        return heard

    def stream(self, model, question):
        """The SDK's own accumulator, which raises on events out of order."""
        deltas, thoughts, fragments = [], [], []
        self.so_far = Heard(deltas=deltas, thoughts=thoughts, fragments=fragments)
        with self.client.messages.stream(model=model, **body_of(question)) as stream:
            for event in stream:
                if event.type != "content_block_delta":
                    continue
                if event.delta.type == "text_delta":
                    deltas.append(event.delta.text)
                elif event.delta.type == "thinking_delta":
                    thoughts.append(event.delta.thinking)
                elif event.delta.type == "input_json_delta" and event.delta.partial_json:
                    fragments.append(event.delta.partial_json)
            heard = _heard(stream.get_final_message())
            heard.dropped = dropped_of(stream.response.headers)
        heard.deltas, heard.thoughts, heard.fragments = deltas, thoughts, fragments
        return heard

    def count(self, model, question):
        body = body_of(question)
        counted = ("messages", "system", "tools", "tool_choice", "thinking", "output_config")
        asked = {name: body[name] for name in counted if name in body}
        return self.client.messages.count_tokens(model=model, **asked).input_tokens

    @staticmethod
    def failure(error):
        body = error.body if isinstance(error.body, dict) else {}
        response = getattr(error, "response", None)
        return Failure(
            status=getattr(error, "status_code", None),
            message=str(error),
            code=(body.get("error") or {}).get("type"),
            retry_after=response.headers.get("retry-after") if response is not None else None,
        )


# A question in this API's words


def body_of(question: Question):
    lacking = {
        "seed": question.seed is not None,
        "presence_penalty": question.presence_penalty is not None,
        "frequency_penalty": question.frequency_penalty is not None,
        "metadata": question.metadata is not None,
        "json_object": question.wants_json,
    }
    if any(lacking.values()):
        raise Inexpressible(next(name for name in lacking if lacking[name]))
    body = {"messages": _messages(question), "max_tokens": question.tokens_max or 4000}
    # The newest version of this API has these no more, so who wants them says that it means the older one.
    names = ("temperature", "top_p", "top_k")
    sampling = {name: getattr(question, name) for name in names if getattr(question, name) is not None}
    if sampling:
        body["extra_headers"] = {"anthropic-version": "2023-06-01"}
    if question.system:
        mark = {"cache_control": {"type": "ephemeral"}} if question.caches else {}
        body["system"] = [{"type": "text", "text": question.system, **mark}]
    if question.stops:
        body["stop_sequences"] = question.stops
    if question.user:
        body["metadata"] = {"user_id": question.user}
    if question.tools:
        body["tools"] = [_tool(tool) for tool in question.tools]
    body.update(_choice(question))
    if question.schema:
        body["output_config"] = {"format": {"type": "json_schema", "schema": question.schema}}
    if question.effort:
        body["thinking"] = {"type": "enabled", "budget_tokens": BUDGETS[question.effort]}
    return {**body, "extra_body": {**sampling, **question.extra}}


def _choice(question):
    if question.choice is None and question.parallel is None:
        return {}
    choice = question.choice or "auto"
    said = {"type": choice} if choice in ("auto", "none", "any") else {"type": "tool", "name": choice}
    if question.parallel is False:
        said["disable_parallel_tool_use"] = True
    return {"tool_choice": said}


def _tool(tool):
    schema = tool.schema or {"type": "object", "properties": {}}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _messages(question):
    messages = []
    for turn in question.turns:
        if isinstance(turn, Heard):
            messages.append({"role": "assistant", "content": turn.turn})
        elif isinstance(turn, list):
            messages.append({"role": "user", "content": [_result(one) for one in turn]})
        else:
            messages.append({"role": "user", "content": _content(turn)})
    return messages


def _result(result):
    content = [{"type": "text", "text": result.text}]
    if result.image:
        content.append(_medium(result.image))
    said = {"type": "tool_result", "tool_use_id": result.call.id, "content": content}
    return {**said, "is_error": True} if result.is_error else said


def _content(turn):
    if not isinstance(turn, User):
        return turn
    return [{"type": "text", "text": turn.text}, *map(_medium, turn.media)]


def _medium(medium):
    source = {"type": "base64", "media_type": medium.kind, "data": medium.base64} if medium.data else None
    source = source or {"type": "url", "url": medium.url}
    return {"type": "image" if medium.is_image else "document", "source": source}


# An answer read

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "filtered",
}


def _heard(message):
    thinking = [one for one in message.content if one.type == "thinking"]
    sealed = [one.data for one in message.content if one.type == "redacted_thinking"]
    return Heard(
        text="".join(one.text for one in message.content if one.type == "text"),
        thinking="".join(one.thinking for one in thinking),
        calls=[Call(one.id, one.name, _object(one.input)) for one in message.content if one.type == "tool_use"],
        finish=FINISH.get(message.stop_reason, message.stop_reason),
        stop_sequence=message.stop_sequence,
        usage=_counted(message.usage),
        model=message.model,
        signed=any(map(is_signature, [one.signature for one in thinking] + sealed)),
        turn=[json.loads(one.to_json()) for one in message.content],
    )


def _object(value):
    assert isinstance(value, dict), value
    return value


def _counted(usage):
    return Counted(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write=usage.cache_creation_input_tokens or 0,
    )
