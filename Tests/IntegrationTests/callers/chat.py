# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The openai client on chat completions."""

import openai

from .words import Call, Counted, Failure, Heard, Inexpressible, Question, User, dropped_of, is_signature, parsed


class OpenAICaller:
    """What both of the openai client's APIs share."""

    errors = {
        "invalid": openai.BadRequestError,
        "context": openai.BadRequestError,
        "rate": openai.RateLimitError,
        "exhausted": openai.RateLimitError,
        "overloaded": openai.InternalServerError,
        "credential": openai.InternalServerError,
        "internal": openai.InternalServerError,
        "unknown key": openai.AuthenticationError,
        "unknown model": openai.NotFoundError,
    }
    stream_errors = (openai.APIError,)

    def __init__(self, gateway, key):
        self.client = openai.OpenAI(base_url=gateway.base_url, api_key=key, max_retries=0, timeout=30)

    def close(self):
        self.client.close()

    @staticmethod
    def failure(error):
        body = error.body if isinstance(error.body, dict) else {}
        response = getattr(error, "response", None)
        return Failure(
            status=getattr(error, "status_code", None),
            message=str(error),
            code=body.get("code"),
            parameter=body.get("param"),
            retry_after=response.headers.get("retry-after") if response is not None else None,
        )


class ChatCaller(OpenAICaller):
    name = "chat"
    title = "OpenAI chat completions"

    # A member of this API that no other has, and one that none has.
    own_member = {"logit_bias": {"50256": -100}}
    own_name = "logit_bias"

    def ask(self, model, question):
        raw = self.client.chat.completions.with_raw_response.create(model=model, **body_of(question))
        answer = raw.parse()
        choice = answer.choices[0]
        message = choice.message
        return Heard(
            text=message.content or "",
            thinking=_extra(message, "reasoning_content") or "",
            calls=[_call(one.id, one.function.name, one.function.arguments) for one in message.tool_calls or []],
            finish=_finish(choice.finish_reason),
            usage=_counted(answer.usage),
            model=answer.model,
            signed=_is_signed(message),
            turn=message.to_dict(),
            dropped=dropped_of(raw.headers),
        )

    def count(self, model, question):
        raise Inexpressible("count")

    def stream(self, model, question):
        raw = self.client.chat.completions.with_raw_response.create(
            model=model, stream=True, stream_options={"include_usage": True}, **body_of(question)
        )
        heard, state = Heard(dropped=dropped_of(raw.headers)), _StreamState()
        self.so_far = heard
        # Closed here: a stream left to the garbage collector may be closed while the pool's lock is held, for ever.
        with raw.parse() as chunks:
            for chunk in chunks:
                state.take(chunk, heard)
        state.end(heard)
        return heard


class _StreamState:
    """Chunks put together, in the way that the API's reference says."""

    def __init__(self):
        self.calls, self.blocks, self.ids = {}, [], set()

    def take(self, chunk, heard):
        # Azure's first chunk tells of filters, and has neither id nor model.
        self.ids |= {chunk.id} - {""}
        heard.model = chunk.model or heard.model
        if chunk.usage:
            assert heard.usage is None and not chunk.choices, "usage comes once, in a chunk of its own"
            heard.usage = _counted(chunk.usage)
        for choice in chunk.choices:
            assert heard.finish is None, "nothing of an answer comes after its finish reason"
            self._take_delta(choice.delta, heard)
            heard.finish = _finish(choice.finish_reason)

    def _take_delta(self, delta, heard):
        if delta.content:
            heard.deltas.append(delta.content)
        if _extra(delta, "reasoning_content"):
            heard.thoughts.append(_extra(delta, "reasoning_content"))
        for block in _extra(delta, "thinking_blocks") or []:
            self._take_block(block, heard)
        for piece in delta.tool_calls or []:
            self._take_call(piece, heard)

    def _take_block(self, block, heard):
        """A signature is that of the thoughts that were streamed before it."""
        told = "".join(one["thinking"] for one in self.blocks if "thinking" in one)
        thought = "".join(heard.thoughts).removeprefix(told)
        self.blocks.append({**block, "thinking": thought} if block["type"] == "thinking" else block)

    def _take_call(self, piece, heard):
        if piece.index not in self.calls:
            assert piece.index == len(self.calls), "calls are counted from 0 in the order of their start"
            self.calls[piece.index] = {"id": piece.id, "type": "function", "function": {"name": "", "arguments": ""}}
            assert piece.id and piece.function.name, "the first piece of a call names it"
            self.calls[piece.index]["function"]["name"] = piece.function.name
        call = self.calls[piece.index]
        assert piece.id in (None, call["id"]), "a call keeps its id"
        if _extra(piece, "extra_content"):
            call["extra_content"] = _extra(piece, "extra_content")
        if piece.function and piece.function.arguments:
            call["function"]["arguments"] += piece.function.arguments
            heard.fragments.append(piece.function.arguments)

    def end(self, heard):
        assert len(self.ids) == 1, f"one id for all chunks, not {self.ids}"
        calls = list(self.calls.values())
        heard.text, heard.thinking = "".join(heard.deltas), "".join(heard.thoughts)
        heard.calls = [_call(one["id"], one["function"]["name"], one["function"]["arguments"]) for one in calls]
        heard.turn = {"role": "assistant", "content": heard.text or None}
        if calls:
            heard.turn["tool_calls"] = calls
        if heard.thinking:
            heard.turn["reasoning_content"] = heard.thinking
        if self.blocks:
            heard.turn["thinking_blocks"] = self.blocks
        heard.signed = _are_signed(self.blocks, any("extra_content" in one for one in calls))


# A question in this API's words


def body_of(question: Question):
    results = [one for turn in question.turns if isinstance(turn, list) for one in turn]
    if any(one.is_error or one.image for one in results):
        raise Inexpressible("a tool's result is text")
    body = {"messages": _messages(question)}
    names = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "user", "metadata")
    body.update({name: getattr(question, name) for name in names if getattr(question, name) is not None})
    if question.tokens_max is not None:
        body["max_completion_tokens"] = question.tokens_max
    if question.stops:
        body["stop"] = question.stops
    if question.tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in question.tools]
    if question.choice:
        body["tool_choice"] = {"any": "required"}.get(question.choice) or _choice(question.choice)
    if question.parallel is not None:
        body["parallel_tool_calls"] = question.parallel
    if question.schema:
        schema = {"name": "city", "schema": question.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if question.wants_json:
        body["response_format"] = {"type": "json_object"}
    if question.effort:
        body["reasoning_effort"] = question.effort
    extra = dict(question.extra)
    if question.top_k is not None:
        extra["top_k"] = question.top_k
    return {**body, "extra_body": extra}


def _choice(choice):
    return choice if choice in ("auto", "none") else {"type": "function", "function": {"name": choice}}


def _function(tool):
    function = {"name": tool.name, "description": tool.description}
    return {**function, "parameters": tool.schema} if tool.schema else function


def _messages(question):
    messages = []
    if question.system:
        part = {"type": "text", "text": question.system}
        if question.caches:
            part["prompt_cache_breakpoint"] = {"mode": "explicit"}
        messages.append({"role": "system", "content": [part] if question.caches else question.system})
    for turn in question.turns:
        if isinstance(turn, Heard):
            messages.append(turn.turn)
        elif isinstance(turn, list):
            messages += [{"role": "tool", "tool_call_id": one.call.id, "content": one.text} for one in turn]
        else:
            messages.append({"role": "user", "content": _content(turn)})
    return messages


def _content(turn):
    if not isinstance(turn, User):
        return turn
    parts = [{"type": "text", "text": turn.text}]
    for one in turn.media:
        if one.is_image:
            parts.append({"type": "image_url", "image_url": {"url": one.address}})
        else:
            parts.append({"type": "file", "file": {"filename": one.name, "file_data": one.data_url}})
    return parts


# An answer read


def _call(identity, name, arguments):
    return Call(identity, name, parsed(arguments), arguments)


def _finish(reason):
    return {"content_filter": "filtered"}.get(reason, reason)


def _extra(model, name):
    """A member that the SDK's types do not know."""
    return (model.model_extra or {}).get(name)


def _is_signed(message):
    blocks = _extra(message, "thinking_blocks") or []
    calls = message.tool_calls or []
    return _are_signed(blocks, any(_extra(one, "extra_content") for one in calls))


def _are_signed(blocks, has_signed_calls):
    return has_signed_calls or any(is_signature(one.get("signature") or one.get("data")) for one in blocks)


def _counted(usage):
    if usage is None:
        return None
    details = usage.prompt_tokens_details
    read = (details and details.cached_tokens) or 0
    written = getattr(details, "cache_write_tokens", None) or 0
    told = usage.completion_tokens_details
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return Counted(
        input=usage.prompt_tokens - read - written,
        output=usage.completion_tokens,
        cache_read=read,
        cache_write=written,
        reasoning=told.reasoning_tokens if told else None,
    )
