# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What goes wrong on demand, and what a provider says when it refuses.

double.faults.add(Refuse("rate", hint=Hint("seconds", 7)))     the next request gets a 429
double.faults.add(Refuse("overloaded"), times=None)            every request, until `clear`
double.faults.add(Refuse("unauthenticated"), key="key-2")      only who comes with this key
double.faults.add(ErrorInStream("overloaded", after=2))        the next stream breaks after two pieces of content
"""

import dataclasses
import email.utils
import json
import threading


class Refusal(Exception):
    """An answer that is an error; the provider finds the words.

    - kind: one of `KINDS`.
    - param, code: what OpenAI's wire says about the member at fault.
    """

    def __init__(self, kind, message="", param=None, code=None, hint=None):
        super().__init__(message)
        assert kind in KINDS, kind
        self.kind, self.message = kind, message or KINDS[kind]
        self.param, self.code, self.hint = param, code, hint


# Kinds of refusal, with the message used when there is none.
KINDS = {
    "invalid": "The request is malformed.",
    "context": "prompt is too long: 210000 tokens > 200000 maximum",
    "content_filter": "The prompt was filtered.",
    "unauthenticated": "The credential is not valid.",
    "expired": "The credential has expired.",
    "forbidden": "This credential may not use this model.",
    "not_found": "There is nothing here.",
    "model_not_found": "The model does not exist.",
    "too_large": "Request exceeds the maximum size",
    "conflict": "The resource is locked.",
    "rate": "Too many requests, please slow down.",
    "exhausted": "You exceeded your current quota, please check your plan and billing details.",
    "billing": "Your credit balance is too low.",
    "overloaded": "Overloaded",
    "internal": "Internal server error",
    "unavailable": "The service is unavailable.",
    "timeout": "The model took too long.",
}


@dataclasses.dataclass
class Hint:
    """When to come back, in one of the forms that providers have.

    - form: `seconds`, `fraction`, `date`, `milliseconds` (retry-after-ms), `azure-milliseconds`, and what only the
      provider's own body or headers can say: `detail` (Google's RetryInfo), `reset` (its rate-limit headers), `text`
      (only in the message).
    """

    form: str
    seconds: float

    def headers(self, now):
        """- now: seconds of the epoch."""
        return {
            "seconds": {"retry-after": str(int(self.seconds))},
            "fraction": {"retry-after": str(float(self.seconds))},
            "date": {"retry-after": email.utils.formatdate(now + self.seconds, usegmt=True)},
            "milliseconds": {"retry-after-ms": str(int(self.seconds * 1000))},
            "azure-milliseconds": {"x-ms-retry-after-ms": str(int(self.seconds * 1000))},
        }.get(self.form, {})


@dataclasses.dataclass
class Refuse:
    """An error instead of an answer."""

    kind: str
    message: str = ""
    hint: Hint | None = None
    code: str | None = None


@dataclasses.dataclass
class Page:
    """What something in front of the provider says: not JSON."""

    status: int = 502
    body: bytes = b"<html><body><h1>Bad gateway</h1></body></html>"
    content_type: str = "text/html"


@dataclasses.dataclass
class BlackHole:
    """Takes the request and says nothing; ends when the caller goes."""


@dataclasses.dataclass
class ErrorInStream:
    """An error inside a 200, in the provider's own shape.

    - after: pieces of content sent before; 0: before the first.
    - done: whether `[DONE]` follows, as some servers do. - bare: whether Google's stream loses its `data:`.
    """

    kind: str = "overloaded"
    after: int = 0
    message: str = ""
    done: bool = False
    bare: bool = False


@dataclasses.dataclass
class Cut:
    """A stream, or a whole answer, that ends too early.

    - how: `close` (in the middle of the body), `reset` (by TCP), `end` (in good order, but without the stop signal).
    """

    after: int = 0
    how: str = "close"


@dataclasses.dataclass
class Stall:
    """A stream that stops and stays open; ends when the caller goes, and the request's `closed_at` says when."""

    after: int = 0


@dataclasses.dataclass
class Corrupt:
    """A stream whose piece of content after `after` others is damaged: a wrong checksum, or no JSON."""

    after: int = 0


@dataclasses.dataclass
class _Rule:
    fault: object
    times: int | None
    key: str | None
    path: str | None

    def fits(self, request, kinds):
        return (
            isinstance(self.fault, kinds)
            and self.times != 0
            and self.key in (None, request.credential)
            and (self.path is None or self.path in request.path)
        )


BEFORE = (Refuse, Page, BlackHole)
IN_ANSWER = (Cut,)
IN_STREAM = (ErrorInStream, Cut, Stall, Corrupt)


class Faults:
    """Faults of one double, in the order of adding: the first that fits a request strikes it."""

    def __init__(self):
        self._rules = []
        self._lock = threading.Lock()

    def add(self, fault, times=1, key=None, path=None):
        """- times: how many requests it strikes; None for all. - key, path: only requests with this credential, or
        with this in their path."""
        with self._lock:
            self._rules.append(_Rule(fault, times, key, path))

    def clear(self):
        with self._lock:
            self._rules = []

    def take(self, request, kinds):
        """The fault that strikes this request, or None."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(request, kinds):
                    rule.times = rule.times and rule.times - 1
                    return rule.fault
        return None


def strict_json(body):
    """Parses a body the way strict servers do: no duplicate members, no NaN, UTF-8 only."""

    def members(pairs):
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), f"duplicate member in {names}"
        return dict(pairs)

    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=members, parse_constant=refuse)
    except (ValueError, AssertionError) as error:
        raise Refusal("invalid", f"We could not parse the JSON body of your request: {error}") from None
    if not isinstance(value, dict):
        raise Refusal("invalid", "The body of the request must be a JSON object.")
    return value
