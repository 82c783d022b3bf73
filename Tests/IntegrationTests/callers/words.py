# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What a test asks and what it hears, in no vendor's words."""

import base64
import dataclasses
import json
import re


class Inexpressible(Exception):
    """The caller's own API has no member for it."""


@dataclasses.dataclass
class Medium:
    """An image or a document. - data: its bytes; None where `url` says where it is."""

    kind: str
    data: bytes | None = None
    url: str | None = None
    name: str = "report.pdf"

    @property
    def is_image(self):
        return self.kind.startswith("image/")

    @property
    def base64(self):
        return base64.b64encode(self.data).decode()

    @property
    def data_url(self):
        return f"data:{self.kind};base64,{self.base64}"

    @property
    def address(self):
        return self.url or self.data_url


@dataclasses.dataclass
class User:
    """A turn of the user's: text, then media."""

    text: str
    media: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Call:
    id: str
    name: str
    arguments: dict
    # As it came, where the API has it as text.
    text: str | None = None


@dataclasses.dataclass
class Result:
    """The answer to a call."""

    call: Call
    text: str
    is_error: bool = False
    image: Medium | None = None


@dataclasses.dataclass
class Tool:
    name: str
    description: str = "A tool."
    schema: dict | None = None


@dataclasses.dataclass
class Question:
    """- turns: strings and `User`s for the user's, `Heard`s for the assistant's as they came, lists of `Result`s.
    - choice: `auto`, `none`, `any` or a tool's name; None for no word about it.
    - effort: how much to think, in OpenAI's words; None for no word about it.
    - caches: whether the system text is marked as worth caching.
    - extra: members of the caller's own body, added as they are.
    """

    turns: list
    system: str | None = None
    tools: list = dataclasses.field(default_factory=list)
    choice: str | None = None
    parallel: bool | None = None
    schema: dict | None = None
    wants_json: bool = False
    stops: list = dataclasses.field(default_factory=list)
    tokens_max: int | None = 4000
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    user: str | None = None
    metadata: dict | None = None
    effort: str | None = None
    caches: bool = False
    extra: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Counted:
    """Tokens as the caller's API counts them, turned into disjoint numbers: `input` came from no cache and went to
    none. None: not told."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int | None = None


@dataclasses.dataclass
class Heard:
    """An answer.

    - finish: `stop`, `length`, `tool_calls`, `filtered`; None when none was told.
    - stop_sequence: which one ended the answer, where the API tells.
    - deltas, thoughts, fragments: pieces of text, of thinking and of arguments as they were streamed.
    - signed: whether thinking or a call came with something that proves whose it is.
    - turn: the assistant's turn as this SDK sends it back.
    - dropped: names in `x-isobar-dropped`.
    """

    text: str = ""
    thinking: str = ""
    calls: list = dataclasses.field(default_factory=list)
    finish: str | None = None
    stop_sequence: str | None = None
    usage: Counted | None = None
    model: str | None = None
    deltas: list = dataclasses.field(default_factory=list)
    thoughts: list = dataclasses.field(default_factory=list)
    fragments: list = dataclasses.field(default_factory=list)
    signed: bool = False
    turn: object = None
    dropped: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Failure:
    """An SDK's exception, read. - parameter: the member to blame, where the API tells."""

    status: int | None
    message: str
    code: str | None = None
    parameter: str | None = None
    retry_after: str | None = None


def is_signature(text):
    """Whether there is anything behind the gateway's mark, which says whose thoughts or call this is."""
    return bool(text) and not re.fullmatch(r"isobar-1\.[a-z0-9-]+\.", text)


def dropped_of(headers):
    return [name.strip() for name in (headers or {}).get("x-isobar-dropped", "").split(",") if name.strip()]


def parsed(arguments):
    """A call's arguments, which must be a JSON object and nothing else: never empty text."""
    value = json.loads(arguments)
    assert isinstance(value, dict), arguments
    return value
