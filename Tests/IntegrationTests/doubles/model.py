# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The model behind the doubles: what is asked and what is answered, in no wire's words.

A model is a function from `Prompt` to `Reply`; a test may give a double one of its own. `echo` is the default.
"""

import base64
import dataclasses
import hashlib
import json
import re


@dataclasses.dataclass
class ToolResult:
    name: str
    text: str
    is_error: bool = False


@dataclasses.dataclass
class Prompt:
    """What a request asks.

    - text: the user's words since the assistant spoke last.
    - results: answers to tool calls since then, in the order sent.
    - media: images, documents and sound since then, as "media type, number of bytes".
    - system: all text of system and developer, joined by line ends.
    - tools: schemas by name. - choice: `auto`, `none`, `required`, or a tool's name.
    - schema: what a structured answer must obey. - wants_json: any JSON object will do.
    - thinks: whether the request lets the model think aloud.
    """

    text: str = ""
    system: str = ""
    turns: int = 1
    results: list = dataclasses.field(default_factory=list)
    media: list = dataclasses.field(default_factory=list)
    tools: dict = dataclasses.field(default_factory=dict)
    choice: str = "auto"
    parallel: bool = True
    schema: dict | None = None
    wants_json: bool = False
    thinks: bool = False
    tokens_max: int | None = None
    stops: list = dataclasses.field(default_factory=list)
    tokens: int = 0


@dataclasses.dataclass
class ToolCall:
    name: str
    arguments: dict
    id: str = ""


@dataclasses.dataclass
class Usage:
    """Tokens. `input` counts what came from no cache; `output` includes `reasoning`."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    @property
    def cache_write(self):
        return self.cache_write_5m + self.cache_write_1h

    @property
    def all_input(self):
        return self.input + self.cache_read + self.cache_write


@dataclasses.dataclass
class Reply:
    """What the model says.

    - finish: `stop`, `stop_sequence`, `length`, `tool_calls` or `filtered`; any other word goes onto the wire as it is,
      so that a test can make a provider say what only that provider says.
    - redacted: whether there was thinking that nobody may read.
    - usage: counted from the words when absent.
    """

    text: str = ""
    thinking: str = ""
    calls: list = dataclasses.field(default_factory=list)
    finish: str = "stop"
    stop_sequence: str | None = None
    redacted: bool = False
    usage: Usage | None = None


CALL = re.compile(r"call (\S+)(?: (\{.*\}))?")
THINK = re.compile(r"think(?: (.*))?")


def echo(prompt):
    """Says the user's last words again, except for lines that are orders:

    - `call NAME {"json": 1}`: calls the tool, if the request has it and allows calls; several such lines call several
      at once. `call #1 {}` calls the first tool whatever its name is.
    - `think`, `think WORDS`: thinks first, if the request turned thinking on.

    A schema gets its fixed instance, tool results and media are told back, a forced tool is called even without an
    order, and token limits and stop sequences hold.
    """
    orders, words = _read(prompt.text)
    reply = Reply(text="\n".join(words), thinking=_thinking(prompt, orders), calls=_calls(prompt, orders))
    if prompt.choice not in ("auto", "none"):
        # A forced call comes without words.
        reply.text = ""
    if prompt.results:
        told = ["{} {} {}".format(one.name, "failed:" if one.is_error else "said:", one.text) for one in prompt.results]
        reply.text = "; ".join(told) + (f"\n{reply.text}" if reply.text else "")
    if prompt.media:
        reply.text = " ".join([reply.text, *(f"[{one}]" for one in prompt.media)]).strip()
    if prompt.schema is not None and not reply.calls:
        reply.text = json.dumps(instance(prompt.schema))
    elif prompt.wants_json and not reply.calls:
        reply.text = json.dumps({"answer": reply.text})
    if not reply.text and not reply.calls:
        reply.text = "ok"
    _limit(reply, prompt)
    return reply


def answer(model, prompt):
    """Asks a model, names its calls and counts its words."""
    reply = model(prompt)
    for number, call in enumerate(reply.calls):
        call.id = call.id or call_id(prompt, number)
    if reply.usage is None:
        thought = len(pieces(reply.thinking))
        said = len(pieces(reply.text)) + sum(1 + len(fragments(call.arguments)) for call in reply.calls)
        reply.usage = Usage(input=max(1, prompt.tokens), output=max(1, thought + said), reasoning=thought)
    return reply


def call_id(prompt, number):
    """The same for the same call of the same conversation, and different elsewhere."""
    seed = f"{prompt.turns} {prompt.text} {number}"
    return f"call_{hashlib.sha256(seed.encode()).hexdigest()[:16]}"


def pieces(text):
    """Text cut before each word: what a stream sends one by one, and what counts as a token."""
    return re.findall(r"\S+\s*|^\s+", text)


def fragments(arguments):
    """A call's arguments as text in pieces that respect no boundary but characters'. None for no arguments."""
    text = json.dumps(arguments, ensure_ascii=False) if arguments else ""
    return [text[start : start + 7] for start in range(0, len(text), 7)]


def signature(signer, text):
    """What proves that thinking was this signer's: any change of a character makes it another. Signers know their own
    by its beginning, whatever it signs."""
    return base64.b64encode(f"{signer}:".encode() + hashlib.sha256(f"{signer}\n{text}".encode()).digest()).decode()


def vector(text, dimensions):
    """An embedding: the same for the same text, each value exact in 32 bits."""
    values = []
    for block in range((dimensions + 31) // 32):
        digest = hashlib.sha256(f"{block} {text}".encode()).digest()
        values += [(byte - 128) / 128 for byte in digest]
    return values[:dimensions]


def instance(schema, definitions=None):
    """One value that obeys a JSON schema, always the same."""
    definitions = definitions or {**schema.get("$defs", {}), **schema.get("definitions", {}), **schema.get("defs", {})}
    reference = schema.get("$ref") or schema.get("ref")
    if reference:
        return instance(definitions[reference.rsplit("/", 1)[1]], definitions)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            # One that ends, where there is one.
            branches = sorted(schema[union], key=lambda branch: "$ref" in branch or "ref" in branch)
            return instance(branches[0], definitions)
    kind = schema.get("type", "object")
    kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
    return _instance_of(kind.lower(), schema, definitions)


def _instance_of(kind, schema, definitions):
    if kind == "object":
        members = schema.get("properties") or {}
        return {name: instance(member, definitions) for name, member in members.items()}
    if kind == "array":
        item = instance(schema.get("items") or {"type": "string"}, definitions)
        return [item] * max(1, int(schema.get("minItems", 1)))
    if kind in ("integer", "number"):
        return max(7 if kind == "integer" else 0.5, schema.get("minimum", 0))
    return {"boolean": True, "null": None}.get(kind, "text")


def _read(text):
    """The lines that are orders, and those that are not."""
    lines = text.split("\n") if text else []
    orders = [line for line in lines if CALL.fullmatch(line) or THINK.fullmatch(line)]
    return orders, [line for line in lines if line not in orders]


def _thinking(prompt, orders):
    wanted = [match for match in map(THINK.fullmatch, orders) if match]
    return (wanted[0][1] or "First a thought. Then the answer.") if wanted and prompt.thinks else ""


def _calls(prompt, orders):
    if prompt.choice == "none" or not prompt.tools:
        return []
    ordered = [(_tool_named(match[1], prompt), match[2]) for match in map(CALL.fullmatch, orders) if match]
    calls = [ToolCall(name, json.loads(arguments or "{}")) for name, arguments in ordered if name]
    if prompt.choice not in ("auto", "required"):
        calls = [call for call in calls if call.name == prompt.choice]
    if not calls and prompt.choice != "auto":
        name = next(iter(prompt.tools)) if prompt.choice == "required" else prompt.choice
        calls = [ToolCall(name, instance(prompt.tools[name] or {}))]
    return calls if prompt.parallel else calls[:1]


def _tool_named(name, prompt):
    if name.startswith("#") and name[1:].isdigit():
        names = list(prompt.tools)
        return names[int(name[1:]) - 1] if int(name[1:]) <= len(names) else None
    return name if name in prompt.tools else None


def _limit(reply, prompt):
    """Ends the text where a stop sequence or the token limit says so, and names the reason."""
    reply.finish = "tool_calls" if reply.calls else "stop"
    found = [(reply.text.index(stop), stop) for stop in prompt.stops if stop in reply.text]
    if found:
        position, reply.stop_sequence = min(found)
        reply.text, reply.calls, reply.finish = reply.text[:position], [], "stop_sequence"
    words = pieces(reply.text)
    room = None if prompt.tokens_max is None else max(0, prompt.tokens_max - len(pieces(reply.thinking)))
    if room is not None and len(words) > room:
        reply.text, reply.calls = "".join(words[:room]), []
        reply.finish, reply.stop_sequence = "length", None
