# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What all places have in common where credentials come from."""

import datetime
import threading
import urllib.parse

from .faults import Refusal
from .server import Double

LIFE_SECONDS = 3600


class TokenServer(Double):
    """What all of them share: how long what they give lasts, and everything they gave.

    - life: seconds until a credential expires.
    - gate: while it is not set, questions wait for their answers.
    """

    def __init__(self, life=LIFE_SECONDS, **options):
        self.life = life
        self.given = []
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(**options)

    def _route(self, request):
        self.gate.wait(10)
        return super()._route(request)

    def expiry(self):
        return datetime.datetime.fromtimestamp(self.now() + self.life, datetime.timezone.utc)

    def form(self, request):
        """The fields of a form, each once."""
        kind = (request.header("content-type") or "").partition(";")[0]
        if kind != "application/x-www-form-urlencoded":
            raise Refusal("invalid", f"The content type must be that of a form, not {kind!r}.", code="invalid_request")
        pairs = urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)
        if len(dict(pairs)) != len(pairs):
            raise Refusal("invalid", "A field comes twice.", code="invalid_request")
        return dict(pairs)

    def give(self, prefix):
        """A new token that nobody had before."""
        token = f"{prefix}-{len(self.given) + 1:04}"
        self.given.append(token)
        return token
