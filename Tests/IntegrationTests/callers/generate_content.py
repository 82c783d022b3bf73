# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The google-genai client on generateContent."""

from google import genai
from google.genai import errors as raised
from google.genai import types

from .words import Call, Counted, Failure, Heard, Inexpressible, Question, User, dropped_of, is_signature

LEVELS = {"low": 1024, "medium": 2048, "high": 3000}


class GenerateContentCaller:
    name = "generateContent"
    title = "Gemini generateContent"
    own_member = {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]}
    own_name = "safetySettings"
    errors = {
        "invalid": raised.ClientError,
        "context": raised.ClientError,
        "rate": raised.ClientError,
        "exhausted": raised.ClientError,
        "overloaded": raised.ServerError,
        "credential": raised.ServerError,
        "internal": raised.ServerError,
        "unknown key": raised.ClientError,
        "unknown model": raised.ClientError,
    }
    stream_errors = (raised.APIError,)

    def __init__(self, gateway, key):
        options = types.HttpOptions(base_url=gateway.base_url.removesuffix("/v1"), api_version="v1beta", timeout=30_000)
        self.client = genai.Client(api_key=key, vertexai=False, http_options=options)

    def close(self):
        self.client.close()

    def ask(self, model, question):
        contents, config = body_of(question)
        answer = self.client.models.generate_content(model=model, contents=contents, config=config)
        heard = Heard(model=answer.model_version, dropped=dropped_of(answer.sdk_http_response.headers))
        parts = _parts(answer)
        _take(parts, heard)
        _take_end(answer, heard)
        _end(parts, heard)
        return heard

    def stream(self, model, question):
        contents, config = body_of(question)
        heard, parts = Heard(), []
        self.so_far = heard
        for chunk in self.client.models.generate_content_stream(model=model, contents=contents, config=config):
            heard.dropped = dropped_of(chunk.sdk_http_response.headers)
            heard.model = chunk.model_version
            assert heard.finish is None or not _has_content(chunk), "nothing of an answer comes after its finish reason"
            _take(_parts(chunk), heard)
            parts += _parts(chunk)
            _take_end(chunk, heard)
        _end(parts, heard)
        return heard

    def count(self, model, question):
        """Contents by the SDK's own call. It takes no more for AI Studio, whose API does, so that stands beside it."""
        contents, config = body_of(question)
        request = {"model": f"models/{model}", "contents": [_json(one) for one in contents]}
        if question.system:
            request["systemInstruction"] = {"parts": [{"text": question.system}]}
        if question.tools:
            request["tools"] = [_json(one) for one in config.tools]
        extra = None
        if question.system or question.tools:
            extra = types.CountTokensConfig(
                http_options=types.HttpOptions(extra_body={"generateContentRequest": request})
            )
        return self.client.models.count_tokens(model=model, contents=contents, config=extra).total_tokens

    @staticmethod
    def failure(error):
        body = error.details if isinstance(error.details, dict) else {}
        body = body.get("error", body)
        headers = getattr(error.response, "headers", None) or {}
        return Failure(
            status=error.code, message=str(error), code=body.get("status"), retry_after=headers.get("retry-after")
        )


# A question in this API's words


def body_of(question: Question):
    lacking = {
        "parallel": question.parallel is not None,
        "caches": question.caches,
        "user": question.user,
        "metadata": question.metadata,
    }
    if any(lacking.values()):
        raise Inexpressible(next(name for name in lacking if lacking[name]))
    config = types.GenerateContentConfig(
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        max_output_tokens=question.tokens_max,
        system_instruction=question.system,
        stop_sequences=question.stops or None,
        **{
            name: getattr(question, name)
            for name in ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")
        },
    )
    if question.tools:
        config.tools = [types.Tool(function_declarations=[_declaration(tool) for tool in question.tools])]
    if question.choice:
        config.tool_config = types.ToolConfig(function_calling_config=_calling(question.choice))
    if question.schema or question.wants_json:
        config.response_mime_type = "application/json"
        config.response_json_schema = question.schema
    if question.effort:
        config.thinking_config = types.ThinkingConfig(thinking_budget=LEVELS[question.effort], include_thoughts=True)
    if question.extra:
        config.http_options = types.HttpOptions(extra_body=question.extra)
    return _contents(question), config


def _json(value):
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def _declaration(tool):
    return types.FunctionDeclaration(
        name=tool.name, description=tool.description, parameters_json_schema=tool.schema
    )


def _calling(choice):
    mode = {"auto": "AUTO", "none": "NONE", "any": "ANY"}.get(choice)
    if mode:
        return types.FunctionCallingConfig(mode=mode)
    return types.FunctionCallingConfig(mode="ANY", allowed_function_names=[choice])


def _contents(question):
    contents = []
    for turn in question.turns:
        if isinstance(turn, Heard):
            contents.append(turn.turn)
        elif isinstance(turn, list):
            contents.append(types.Content(role="user", parts=[_response(one) for one in turn]))
        else:
            contents.append(types.Content(role="user", parts=_user(turn)))
    return contents


def _response(result):
    told = {"error" if result.is_error else "output": result.text}
    parts = None
    if result.image:
        blob = types.FunctionResponseBlob(mime_type=result.image.kind, data=result.image.data)
        parts = [types.FunctionResponsePart(inline_data=blob)]
    response = types.FunctionResponse(id=result.call.id, name=result.call.name, response=told, parts=parts)
    return types.Part(function_response=response)


def _user(turn):
    if not isinstance(turn, User):
        return [types.Part(text=turn)]
    parts = [types.Part(text=turn.text)]
    for one in turn.media:
        if one.url:
            parts.append(types.Part.from_uri(file_uri=one.url, mime_type=one.kind))
        else:
            parts.append(types.Part.from_bytes(data=one.data, mime_type=one.kind))
    return parts


# An answer read

FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "filtered"}


def _parts(answer):
    content = answer.candidates[0].content if answer.candidates else None
    return list((content and content.parts) or [])


def _has_content(answer):
    return any(part.text or part.function_call for part in _parts(answer))


def _take(parts, heard):
    for part in parts:
        if part.function_call:
            call = part.function_call
            heard.calls.append(Call(call.id, call.name, call.args if call.args is not None else {}))
        elif part.text and part.thought:
            heard.thoughts.append(part.text)
        elif part.text:
            heard.deltas.append(part.text)
        heard.signed = heard.signed or is_signature((part.thought_signature or b"").decode("latin-1"))


def _take_end(answer, heard):
    reason = answer.candidates[0].finish_reason if answer.candidates else None
    if reason:
        assert heard.finish is None, "one finish reason for an answer"
        heard.finish = FINISH.get(reason.name, reason.name)
    if answer.usage_metadata:
        heard.usage = _counted(answer.usage_metadata)


def _end(parts, heard):
    heard.text, heard.thinking = "".join(heard.deltas), "".join(heard.thoughts)
    if heard.finish == "stop" and heard.calls:
        # This API has no reason of its own for calls.
        heard.finish = "tool_calls"
    kept = [part for part in parts if part.text or part.function_call or part.thought_signature]
    heard.turn = types.Content(role="model", parts=kept)


def _counted(usage):
    read = usage.cached_content_token_count or 0
    thoughts = usage.thoughts_token_count
    return Counted(
        input=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0) - read,
        output=(usage.candidates_token_count or 0) + (thoughts or 0),
        cache_read=read,
        reasoning=thoughts,
    )
