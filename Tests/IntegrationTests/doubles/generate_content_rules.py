# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Google's generateContent wire: what a request may say, field by field, and the rules between the fields."""

import base64
import json
import re

from . import shapes
from .faults import Refusal
from .model import signature
from .shapes import Wrong, either, exactly_one, integer, list_of, map_of, number, one_of, record, text

SIGNER = "google"
# What a client may send on the first call of a turn whose own signature is lost.
ESCAPE = "skip_thought_signature_validator"
FUNCTION_NAME = "[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}"
TYPES = ("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
MIME = text(pattern="[a-z]+/[a-zA-Z0-9.+-]+")

# Requests, field by field


def _schema_of(is_vertex):
    """Google's subset of JSON Schema. AI Studio's and Vertex AI's refuse different things."""

    def of_root(value, path):
        check(value, path)
        for place, name in _references(value):
            if not name.startswith("#/defs/") or name.removeprefix("#/defs/") not in value.get("defs", {}):
                raise Wrong((*path, *place), f"Reference to undefined schema: {name}")

    def check(value, path):
        fields(value, path)
        if "defs" in value and path[-1] not in _SCHEMA_ROOTS:
            raise Wrong((*path, "defs"), "only allowed at the root of the schema.")
        if "anyOf" in value and is_vertex and set(value) != {"anyOf"}:
            raise Wrong(path, "When using any_of, it must be the only field set.")
        if "anyOf" in value or "ref" in value:
            return
        kind = str(value.get("type", "")).upper()
        if kind not in TYPES:
            raise Wrong((*path, "type"), f"Invalid value: {value.get('type')!r}")
        _judge_schema(value, kind, path, is_vertex)

    def of_each(shape):
        return lambda value, path: shape(check)(value, path)

    fields = record(
        optional={
            **_SCHEMA_FIELDS,
            "items": of_each(lambda schema: schema),
            "properties": of_each(map_of),
            "anyOf": of_each(list_of),
            **(
                {"additionalProperties": either(shapes.boolean, of_each(lambda schema: schema))} if is_vertex else {}
            ),
            **({"defs": of_each(map_of), "ref": text()} if is_vertex else {}),
        }
    )
    return of_root


# Members that hold a whole schema.
_SCHEMA_ROOTS = ("parameters", "response", "responseSchema")


def _references(schema, place=()):
    """Where in a schema another one is referred to, and by which name."""
    if "ref" in schema:
        yield (*place, "ref"), schema["ref"]
    inner = {"items": schema.get("items"), "additionalProperties": schema.get("additionalProperties")}
    inner |= {f"properties.{name}": one for name, one in schema.get("properties", {}).items()}
    inner |= {f"defs.{name}": one for name, one in schema.get("defs", {}).items()}
    inner |= {f"anyOf.{index}": one for index, one in enumerate(schema.get("anyOf", []))}
    for name, one in inner.items():
        if isinstance(one, dict):
            yield from _references(one, (*place, name))


def _judge_schema(value, kind, path, is_vertex):
    if "enum" in value and kind != "STRING" and not (is_vertex and kind == "INTEGER"):
        raise Wrong((*path, "enum"), "only allowed for STRING type")
    if not is_vertex and "" in value.get("enum", []):
        raise Wrong((*path, "enum"), "cannot be empty")
    if kind == "ARRAY" and "items" not in value:
        raise Wrong((*path, "items"), "missing field.")
    if kind == "OBJECT" and not is_vertex and not value.get("properties"):
        raise Wrong((*path, "properties"), "should be non-empty for OBJECT type")
    if kind != "OBJECT" and ("properties" in value or "required" in value):
        raise Wrong((*path, "properties"), "only allowed for OBJECT type")
    if kind == "STRING" and not is_vertex and value.get("format") not in (None, "enum", "date-time"):
        raise Wrong((*path, "format"), "only 'enum' and 'date-time' are supported for STRING type")
    for name in value.get("required", []):
        if name not in (value.get("properties") or {}):
            raise Wrong((*path, "required"), f"property is not defined: {name}")


_SCHEMA_FIELDS = {
    "type": text(min=1),
    "format": text(),
    "title": text(),
    "description": text(),
    "nullable": shapes.boolean,
    "enum": list_of(text(), min=1),
    "required": list_of(text(min=1)),
    "propertyOrdering": list_of(text(min=1)),
    "default": shapes.anything,
    "example": shapes.anything,
    "pattern": text(),
    **dict.fromkeys(("minimum", "maximum"), number()),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        either(integer(0), text(pattern="[0-9]+")),
    ),
}
_blob = record({"mimeType": MIME, "data": shapes.base64_text}, {"displayName": text()})
_file = record({"mimeType": MIME, "fileUri": text(pattern="(gs|https)://.+")}, {"displayName": text()})
_data = {
    "text": text(),
    "inlineData": _blob,
    "fileData": _file,
    "functionCall": record({"name": text(pattern=FUNCTION_NAME)}, {"id": text(min=1), "args": shapes.json_object}),
    "functionResponse": record(
        {"name": text(pattern=FUNCTION_NAME), "response": shapes.json_object},
        {"id": text(min=1), "parts": list_of(exactly_one(inlineData=_blob, fileData=_file))},
    ),
    "executableCode": shapes.json_object,
    "codeExecutionResult": shapes.json_object,
}
_beside = {
    "thought": shapes.boolean,
    "thoughtSignature": shapes.base64_text,
    "videoMetadata": shapes.json_object,
    "mediaResolution": shapes.json_object,
}


def _part(value, path):
    record(optional={**_data, **_beside})(value, path)
    if len(set(value) & set(_data)) != 1:
        raise Wrong((*path, "data"), "required oneof field 'data' must have one initialized field")


_content = record({"parts": list_of(_part, min=1)}, {"role": one_of("user", "model")})


def _tool_of(schema):
    declaration = record(
        {"name": text(pattern=FUNCTION_NAME)},
        {
            "description": text(),
            "parameters": schema,
            "parametersJsonSchema": shapes.json_object,
            "response": schema,
            "responseJsonSchema": shapes.json_object,
            "behavior": one_of("BLOCKING", "NON_BLOCKING"),
        },
    )
    return record(
        optional={
            "functionDeclarations": list_of(declaration, min=1),
            **dict.fromkeys(
                ("googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "googleMaps", "fileSearch"),
                shapes.json_object,
            ),
            "enterpriseWebSearch": shapes.json_object,
        }
    )


def _generation_of(schema):
    return record(optional={**_GENERATION, "responseSchema": schema, "responseJsonSchema": shapes.json_object})


_GENERATION = {
    "temperature": number(0, 2),
    "topP": number(0, 1),
    "topK": number(1),
    "candidateCount": integer(1, 8),
    "maxOutputTokens": integer(min=1),
    "stopSequences": list_of(text(min=1), max=5),
    "seed": integer(),
    "presencePenalty": number(-2, 2),
    "frequencyPenalty": number(-2, 2),
    "responseLogprobs": shapes.boolean,
    "logprobs": integer(0, 20),
    "responseMimeType": one_of("text/plain", "application/json", "text/x.enum"),
    "responseModalities": list_of(one_of("TEXT", "IMAGE", "AUDIO")),
    "mediaResolution": text(pattern="MEDIA_RESOLUTION_[A-Z]+"),
    "speechConfig": shapes.json_object,
    "imageConfig": shapes.json_object,
    "thinkingConfig": record(
        optional={
            "includeThoughts": shapes.boolean,
            "thinkingBudget": integer(min=-1),
            "thinkingLevel": one_of("MINIMAL", "LOW", "MEDIUM", "HIGH"),
        }
    ),
}
_system = record({"parts": list_of(_part, min=1)}, {"role": text()})
_fields = {
    "systemInstruction": _system,
    "toolConfig": record(
        optional={
            "functionCallingConfig": record(
                optional={
                    "mode": one_of("AUTO", "ANY", "NONE", "VALIDATED"),
                    "allowedFunctionNames": list_of(text(min=1)),
                    "streamFunctionCallArguments": shapes.boolean,
                }
            ),
            "retrievalConfig": shapes.json_object,
        }
    ),
    "safetySettings": list_of(record({"category": text(min=1), "threshold": text(min=1)}, {"method": text()})),
    "cachedContent": text(min=1),
    "serviceTier": either(one_of("flex", "standard", "priority"), one_of("FLEX", "STANDARD", "PRIORITY")),
}
_contents = {"contents": list_of(_content)}


def _schemas_in(schema):
    return {"tools": list_of(_tool_of(schema)), "generationConfig": _generation_of(schema)}


_studio, _vertex = _schemas_in(_schema_of(False)), _schemas_in(_schema_of(True))
STUDIO = record(optional={**_contents, **_fields, **_studio, "model": text(min=1)})
VERTEX = record(optional={**_contents, **_fields, **_vertex, "labels": map_of(text(max=63), max=64)})
# What is counted: on AI Studio contents or a whole request that names its model, on Vertex AI some members of one.
COUNT_STUDIO = record(optional={**_contents, "generateContentRequest": STUDIO})
COUNT_VERTEX = record(optional={**_contents, **_vertex, "systemInstruction": _system, "model": text(min=1)})

# Google takes each member in either spelling, and its own SDK mixes them; what callers named themselves is left alone.
_OPAQUE = {"args", "labels", "parametersJsonSchema", "responseJsonSchema", "default", "example", "defs"}


def camel(value):
    """The same body with all of Google's own members spelled `likeThis`."""
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    spelled = {}
    for name, inner in value.items():
        name = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        if name in spelled:
            raise Refusal("invalid", f'Invalid JSON payload received. Duplicate name "{name}".')
        spelled[name] = _camel_member(name, inner)
    return spelled


def _camel_member(name, inner):
    if name in _OPAQUE:
        return inner
    if name == "properties" and isinstance(inner, dict):
        return {one: camel(schema) for one, schema in inner.items()}
    if name == "functionResponse" and isinstance(inner, dict):
        return {**camel({one: item for one, item in inner.items() if one != "response"}), **_only(inner, "response")}
    return camel(inner)


def _only(value, name):
    return {name: value[name]} if name in value else {}


# The rules between fields


def counted(body, model, is_vertex):
    """- Returns: the request whose tokens are asked for."""
    (COUNT_VERTEX if is_vertex else COUNT_STUDIO)(body, ())
    if "generateContentRequest" not in body:
        request = {name: body[name] for name in body if name != "model"}
    else:
        request = body["generateContentRequest"]
        if request.get("model") != f"models/{model}":
            raise Refusal("invalid", "* CountTokensRequest.generate_content_request.model: must be that of the path\n")
    judge(request, model, is_vertex)
    return request


def judge(body, model, is_vertex):
    (VERTEX if is_vertex else STUDIO)(body, ())
    contents = body.get("contents")
    if not contents:
        raise Refusal("invalid", "* GenerateContentRequest.contents: contents is not specified\n")
    _judge_turns(contents)
    _judge_signatures(contents, model)
    _judge_tools(body, model)
    _judge_generation(body, model)
    if body.get("cachedContent") and any(body.get(name) for name in ("systemInstruction", "tools", "toolConfig")):
        raise Refusal(
            "invalid",
            "CachedContent can not be used with requests that set system_instruction, tools or tool_config.",
        )


def generation_of(model):
    """Gemini's generation, from the name: 3 of `gemini-3-pro`; None of other names."""
    match = re.search(r"gemini-(\d+(?:\.\d+)?)", model)
    return float(match[1]) if match else None


def is_signed(model):
    return (generation_of(model) or 0) >= 3


def _judge_turns(contents):
    """Roles alternate, calls are answered whole and in order by the next entry, which holds nothing else: so what the
    user says beside it comes in an entry of its own, the one case of two neighbours of one role."""
    if len(contents) > 1 and any("role" not in one for one in contents):
        raise Refusal("invalid", "Please use a valid role: user, model.")
    roles = [one.get("role", "user") for one in contents]
    if roles[0] != "user":
        raise Refusal("invalid", "Please ensure that multiturn requests begin with a user role.")
    for index, (before, after) in enumerate(zip(roles, roles[1:])):
        if before == after and not all("functionResponse" in part for part in contents[index]["parts"]):
            raise Refusal("invalid", "Please ensure that multiturn requests alternate between user and model.")
    calls = []
    for index, content in enumerate(contents):
        kinds = [next(name for name in part if name in _data) for part in content["parts"]]
        _judge_parts(content, kinds, index)
        responses = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if roles[index] == "user":
            _judge_responses(calls, responses)
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
    if roles[-1] != "user":
        raise Refusal("invalid", "Please ensure that the last turn is a user turn.")


def _judge_parts(content, kinds, index):
    role, path = content.get("role", "user"), f"contents[{index}]"
    if role == "user" and "functionCall" in kinds or role == "model" and "functionResponse" in kinds:
        raise Refusal("invalid", f"{path}: function calls are a model's, function responses a user's.")
    if "functionResponse" in kinds and set(kinds) != {"functionResponse"}:
        raise Refusal("invalid", f"{path}: a turn with function responses must hold nothing else.")
    for part in content["parts"]:
        if part.get("text") == "" and "thoughtSignature" not in part:
            raise Refusal("invalid", f"Unable to submit request because {path} has an empty text parameter.")


def _judge_responses(calls, responses):
    if len(calls) != len(responses):
        raise Refusal(
            "invalid",
            "Please ensure that the number of function response parts is equal to the number of function call parts of "
            "the function call turn.",
        )
    for call, response in zip(calls, responses):
        if call["name"] != response["name"]:
            raise Refusal(
                "invalid", f"Function response name {response['name']} is not that of its call: {call['name']}."
            )
        if response.get("id") not in (None, call.get("id")):
            raise Refusal("invalid", f"Function response id {response['id']} is not that of its call.")


def _judge_signatures(contents, model):
    for index, content in enumerate(contents):
        for part in content["parts"]:
            if "functionCall" not in part:
                _expect_own(part.get("thoughtSignature"))
        calls = [part for part in content["parts"] if "functionCall" in part]
        for place, part in enumerate(calls):
            given = part.get("thoughtSignature")
            if given is None and place == 0 and is_signed(model):
                raise Refusal(
                    "invalid",
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                    f"work correctly. Function call `{part['functionCall']['name']}`, position {index + 1}.",
                )
            allowed = {None} | (
                {call_signature(part["functionCall"]), ESCAPE} if is_signed(model) and place == 0 else set()
            )
            if _standard(given) not in allowed:
                raise Refusal("invalid", "Thought signature is not valid.")


def _expect_own(encoded):
    """Whatever it stands on: only what Google signed can be opened."""
    if encoded is None or _standard(encoded) == ESCAPE:
        return
    if not base64.b64decode(_standard(encoded)).startswith(f"{SIGNER}:".encode()):
        raise Refusal("invalid", "Corrupted thought signature.")


def _standard(encoded):
    """The standard alphabet of base64, whichever was sent."""
    if encoded is None or encoded == ESCAPE:
        return encoded
    data = base64.b64decode(encoded.replace("-", "+").replace("_", "/"))
    return ESCAPE if data == ESCAPE.encode() else base64.b64encode(data).decode()


def call_signature(call):
    """Any change of the call's name or arguments makes another."""
    return signature(SIGNER, f"{call['name']} {json.dumps(call.get('args') or {}, sort_keys=True)}")


def _judge_tools(body, model):
    declared = declarations(body)
    names = [one["name"] for one in declared]
    if len(set(names)) != len(names):
        raise Refusal("invalid", "Duplicate function declaration found.")
    if sum("functionDeclarations" in tool for tool in body.get("tools") or []) > 1:
        raise Refusal("invalid", "Multiple tools are supported only when they are all search tools.")
    for one in declared:
        if "parameters" in one and "parametersJsonSchema" in one:
            raise Refusal("invalid", "Only one of parameters and parameters_json_schema may be set.")
        if "parametersJsonSchema" in one and (generation_of(model) or 9) < 2.5:
            raise Refusal("invalid", 'Unknown name "parametersJsonSchema": Cannot find field.')
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    allowed = calling.get("allowedFunctionNames") or []
    if allowed and calling.get("mode") not in ("ANY", "VALIDATED"):
        raise Refusal("invalid", "Allowed function names may only be set when the function calling mode is ANY.")
    if set(allowed) - set(names):
        raise Refusal("invalid", f"Allowed function names are not declared: {sorted(set(allowed) - set(names))}")
    if calling.get("mode") == "ANY" and not names:
        raise Refusal("invalid", "Function calling mode ANY needs function declarations.")


def _judge_generation(body, model):
    config = body.get("generationConfig") or {}
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if name in config]
    if len(schemas) > 1:
        raise Refusal("invalid", "Only one of response_schema and response_json_schema may be set.")
    if schemas and config.get("responseMimeType") not in ("application/json", "text/x.enum"):
        raise Refusal("invalid", "Schema only works with response_mime_type application/json or text/x.enum.")
    if "responseJsonSchema" in config and (generation_of(model) or 9) < 2.5:
        raise Refusal("invalid", "Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.")
    thinking = config.get("thinkingConfig") or {}
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        raise Refusal("invalid", "You can only set one of thinking budget and thinking level.")
    if "thinkingLevel" in thinking and not is_signed(model):
        raise Refusal("invalid", "Thinking level is not supported for this model.")
    if config.get("logprobs") is not None and not config.get("responseLogprobs"):
        raise Refusal("invalid", "Logprobs can only be set when response_logprobs is true.")


def declarations(body):
    return [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations", [])]
