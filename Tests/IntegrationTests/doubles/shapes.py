# SPDX-License-Identifier: Apache-2.0
# Isobar
"""How a request is judged: a wire's documented fields as a tree of checks.

A check is a function of a value and its path, and raises `Wrong`. What is not listed is refused, as the providers
do.
"""

import base64
import binascii
import re


class Wrong(Exception):
    """One broken rule.

    - kind: `missing`, `unknown`, `type` or `value`; each provider has its own words for the first two.
    """

    def __init__(self, path, detail, kind="value"):
        super().__init__(detail)
        self.path, self.detail, self.kind = tuple(path), detail, kind

    @property
    def dotted(self):
        """`messages.0.content`, as Anthropic and AWS write it."""
        return ".".join(str(part) for part in self.path)

    @property
    def bracketed(self):
        """`messages[0].content`, as OpenAI and Google write it."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.removeprefix(".")


def anything(value, path):
    pass


def text(min=0, max=None, pattern=None, blank=True):
    """- blank: whether only white space will do."""

    def check(value, path):
        _expect(isinstance(value, str), path, "Input should be a valid string", "type")
        _expect(len(value) >= min, path, f"String should have at least {min} characters")
        _expect(max is None or len(value) <= max, path, f"String should have at most {max} characters")
        _expect(pattern is None or re.fullmatch(pattern, value), path, f"String should match pattern '{pattern}'")
        _expect(blank or value.strip(), path, "String should contain more than white space")

    return check


def number(min=None, max=None):
    def check(value, path):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        _expect(is_number, path, "Input should be a valid number", "type")
        _expect(min is None or value >= min, path, f"Input should be greater than or equal to {min}")
        _expect(max is None or value <= max, path, f"Input should be less than or equal to {max}")

    return check


def integer(min=None, max=None):
    in_range = number(min, max)

    def check(value, path):
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        _expect(is_integer, path, "Input should be a valid integer", "type")
        in_range(value, path)

    return check


def boolean(value, path):
    _expect(isinstance(value, bool), path, "Input should be a valid boolean", "type")


def one_of(*allowed):
    def check(value, path):
        _expect(value in allowed and type(value) in map(type, allowed), path, f"Input should be one of {allowed}")

    return check


def list_of(shape, min=0, max=None):
    def check(value, path):
        _expect(isinstance(value, list), path, "Input should be a valid array", "type")
        _expect(len(value) >= min, path, f"List should have at least {min} items")
        _expect(max is None or len(value) <= max, path, f"List should have at most {max} items")
        for index, item in enumerate(value):
            shape(item, (*path, index))

    return check


def map_of(shape, max=None):
    def check(value, path):
        json_object(value, path)
        _expect(max is None or len(value) <= max, path, f"Object should have at most {max} members")
        for name, item in value.items():
            shape(item, (*path, name))

    return check


def json_object(value, path):
    _expect(isinstance(value, dict), path, "Input should be an object", "type")


def schema_of_object(value, path):
    """A JSON schema that describes an object."""
    json_object(value, path)
    _expect(value.get("type") == "object", (*path, "type"), "Input should be 'object'")


def record(required=None, optional=None, nulls=False):
    """An object with these members and no others.

    - nulls: whether an optional member may be null.
    """
    required, optional = required or {}, optional or {}

    def check(value, path):
        json_object(value, path)
        for name in required:
            _expect(name in value, (*path, name), "Field required", "missing")
        for name, item in value.items():
            shape = required.get(name) or optional.get(name)
            _expect(shape, (*path, name), "Extra inputs are not permitted", "unknown")
            if not (nulls and item is None and name in optional):
                shape(item, (*path, name))

    return check


def tagged(tag, **shapes):
    """An object whose member `tag` says which of the shapes it has. Their tables need not name the tag."""

    def check(value, path):
        json_object(value, path)
        _expect(tag in value, (*path, tag), "Field required", "missing")
        kind = value[tag]
        _expect(isinstance(kind, str) and kind in shapes, path, f"Input tag {kind!r} is none of {sorted(shapes)}")
        shapes[kind]({name: item for name, item in value.items() if name != tag}, path)

    return check


def exactly_one(**shapes):
    """An object with exactly one of these members, as AWS's unions are."""

    def check(value, path):
        json_object(value, path)
        for name in value:
            _expect(name in shapes, (*path, name), "Extra inputs are not permitted", "unknown")
        _expect(len(value) == 1, path, f"Exactly one of {sorted(shapes)} must be set")
        for name, item in value.items():
            shapes[name](item, (*path, name))

    return check


def either(*shapes):
    """The first shape that fits; else the complaint of the last one of the value's own type, or of the last."""

    def check(value, path):
        complaints = []
        for shape in shapes:
            try:
                return shape(value, path)
            except Wrong as wrong:
                complaints.append(wrong)
        inner = [wrong for wrong in complaints if wrong.kind != "type" or len(wrong.path) > len(path)]
        raise (inner or complaints)[-1]

    return check


def base64_text(value, path):
    """Standard or URL-safe alphabet, as Google's own SDK sends the latter."""
    text(min=1)(value, path)
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        raise Wrong(path, "Invalid base64 data") from None


def standard_base64(value, path):
    text(min=1)(value, path)
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise Wrong(path, "Invalid base64 data") from None


def _expect(truth, path, detail, kind="value"):
    if not truth:
        raise Wrong(path, detail, kind)
