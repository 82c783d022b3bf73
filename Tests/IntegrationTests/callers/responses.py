# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The openai client on Responses, without state at the provider: every turn is sent again."""

from .chat import OpenAICaller
from .words import Call, Counted, Heard, Inexpressible, Question, User, dropped_of, is_signature, parsed


class StreamFailed(Exception):
    """The SDK hands `response.failed` on as an event instead of raising."""

    def __init__(self, event):
        error = event.response.error if event.type == "response.failed" else event
        super().__init__(f"{error.code}: {error.message}")


class ResponsesCaller(OpenAICaller):
    name = "responses"
    title = "OpenAI Responses"
    own_member = {"max_tool_calls": 3}
    own_name = "max_tool_calls"
    stream_errors = (*OpenAICaller.stream_errors, StreamFailed)

    def ask(self, model, question):
        raw = self.client.responses.with_raw_response.create(model=model, **body_of(question))
        heard = _heard(raw.parse())
        heard.dropped = dropped_of(raw.headers)
        return heard

    def stream(self, model, question):
        raw = self.client.responses.with_raw_response.create(model=model, stream=True, **body_of(question))
        deltas, thoughts, fragments, last, final = [], [], [], -1, None
        self.so_far = Heard(deltas=deltas, thoughts=thoughts, fragments=fragments)
        # Closed here: a stream left to the garbage collector may be closed while the pool's lock is held, for ever.
        with raw.parse() as events:
            for event in events:
                assert event.sequence_number > last, "sequence numbers rise"
                last = event.sequence_number
                assert final is None, f"{event.type} after the end"
                if event.type == "response.output_text.delta":
                    deltas.append(event.delta)
                elif event.type in ("response.reasoning_summary_text.delta", "response.reasoning_text.delta"):
                    thoughts.append(event.delta)
                elif event.type == "response.function_call_arguments.delta":
                    fragments.append(event.delta)
                elif event.type in ("response.completed", "response.incomplete"):
                    final = event.response
                elif event.type in ("response.failed", "error"):
                    raise StreamFailed(event)
        if final is None:
            return self.so_far
        heard = _heard(final)
        heard.deltas, heard.thoughts, heard.fragments = deltas, thoughts, fragments
        heard.dropped = dropped_of(raw.headers)
        assert "".join(deltas) == heard.text, "what was streamed is what the final response holds"
        assert [one.text for one in heard.calls] == ["".join(fragments)] or len(heard.calls) != 1
        return heard

    def count(self, model, question):
        body = body_of(question)
        counted = ("input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text")
        asked = {name: body[name] for name in counted if name in body}
        return self.client.responses.input_tokens.count(model=model, **asked).input_tokens


# A question in this API's words


def body_of(question: Question):
    lacking = {
        "stops": question.stops,
        "seed": question.seed is not None,
        "top_k": question.top_k is not None,
        "presence_penalty": question.presence_penalty is not None,
        "frequency_penalty": question.frequency_penalty is not None,
        "caches": question.caches,
        "error": any(one.is_error for turn in question.turns if isinstance(turn, list) for one in turn),
    }
    if any(lacking.values()):
        raise Inexpressible(next(name for name in lacking if lacking[name]))
    body = {"input": _input(question), "store": False}
    for name in ("temperature", "top_p", "user", "metadata"):
        if getattr(question, name) is not None:
            body[name] = getattr(question, name)
    if question.tokens_max is not None:
        body["max_output_tokens"] = question.tokens_max
    if question.system:
        body["instructions"] = question.system
    if question.tools:
        body["tools"] = [_tool(tool) for tool in question.tools]
    if question.choice:
        named = {"type": "function", "name": question.choice}
        body["tool_choice"] = {"any": "required", "auto": "auto", "none": "none"}.get(question.choice, named)
    if question.parallel is not None:
        body["parallel_tool_calls"] = question.parallel
    if question.schema:
        body["text"] = {"format": {"type": "json_schema", "name": "city", "schema": question.schema, "strict": True}}
    if question.wants_json:
        body["text"] = {"format": {"type": "json_object"}}
    if question.effort:
        body["reasoning"] = {"effort": question.effort, "summary": "auto"}
        body["include"] = ["reasoning.encrypted_content"]
    return {**body, "extra_body": question.extra}


def _tool(tool):
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "strict": False,
        **({"parameters": tool.schema} if tool.schema else {"parameters": {"type": "object", "properties": {}}}),
    }


def _input(question):
    items = []
    for turn in question.turns:
        if isinstance(turn, Heard):
            items += turn.turn
        elif isinstance(turn, list):
            items += [_output(one) for one in turn]
        else:
            items.append({"role": "user", "content": _content(turn)})
    return items


def _output(result):
    output = result.text
    if result.image:
        image = {"type": "input_image", "image_url": result.image.address}
        output = [{"type": "input_text", "text": result.text}, image]
    return {"type": "function_call_output", "call_id": result.call.id, "output": output}


def _content(turn):
    if not isinstance(turn, User):
        return turn
    parts = [{"type": "input_text", "text": turn.text}]
    for one in turn.media:
        if one.is_image:
            parts.append({"type": "input_image", "image_url": one.address})
        elif one.url:
            parts.append({"type": "input_file", "file_url": one.url})
        else:
            parts.append({"type": "input_file", "filename": one.name, "file_data": one.data_url})
    return parts


# An answer read


def _heard(response):
    calls = [one for one in response.output if one.type == "function_call"]
    thoughts = [one for one in response.output if one.type == "reasoning"]
    told = [part.text for one in thoughts for part in [*one.summary, *(one.content or [])]]
    return Heard(
        text=response.output_text,
        thinking="".join(told),
        calls=[Call(one.call_id, one.name, parsed(one.arguments), one.arguments) for one in calls],
        finish=_finish(response, calls),
        usage=_counted(response.usage),
        model=response.model,
        signed=any(is_signature(one.encrypted_content) for one in thoughts),
        turn=[one.to_dict() for one in response.output],
    )


def _finish(response, calls):
    if response.status == "incomplete":
        reason = response.incomplete_details.reason
        return {"max_output_tokens": "length", "content_filter": "filtered"}[reason]
    assert response.status == "completed", response.status
    return "tool_calls" if calls else "stop"


def _counted(usage):
    details = usage.input_tokens_details
    written = getattr(details, "cache_write_tokens", None) or 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    return Counted(
        input=usage.input_tokens - details.cached_tokens - written,
        output=usage.output_tokens,
        cache_read=details.cached_tokens,
        cache_write=written,
        reasoning=usage.output_tokens_details.reasoning_tokens,
    )
