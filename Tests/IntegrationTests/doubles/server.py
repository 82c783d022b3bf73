# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The HTTP server under every double: routes, records, faults, streams."""

import collections
import dataclasses
import email.utils
import http.server
import itertools
import json
import re
import threading
import time
import urllib.parse

from processes import free_port
from upstreams import Call

from .faults import BEFORE, IN_ANSWER, IN_STREAM, BlackHole, Corrupt, Cut, ErrorInStream, Faults, Page, Refusal, Stall
from .faults import Refuse, strict_json
from .model import answer, echo
from .shapes import Wrong

BODY_BYTES_MAX = 32_000_000
# How the gateway's own marks in signatures begin, as text and as base64: they are between it and its callers.
MARKS = (b"isobar-1.", b"aXNvYmFyLTEu")

Piece = collections.namedtuple("Piece", ["data", "is_content"])


@dataclasses.dataclass
class Whole:
    """An answer in one body: bytes, or what becomes JSON."""

    body: object
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def data(self):
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclasses.dataclass
class Stream:
    """An answer in pieces.

    - fail: a function from `Refusal` and `ErrorInStream` to the bytes of an error in this stream.
    - corrupt: a function from a piece's bytes to damaged ones.
    """

    pieces: object
    fail: object
    content_type: str = "text/event-stream"
    headers: dict = dataclasses.field(default_factory=dict)
    corrupt: object = lambda data: data.replace(b"}", b"", 1)


class Request:
    """One request as it arrived. `credential` names who asked; `status` is what was answered, `closed_at` when the
    caller left, where it did."""

    def __init__(self, call, method):
        self.call, self.method = call, method
        self.target = call.path
        self.path, _, query = call.path.partition("?")
        self.query_text = query
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.headers, self.body = call.headers, call.body
        self.credential = None
        self.status = None
        self.mistake = None

    @property
    def json(self):
        return strict_json(self.body)

    @property
    def closed_at(self):
        return self.call.closed_at

    @property
    def bearer(self):
        """The token after `Bearer`, or None."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else None

    def header(self, name):
        return self.headers.get(name)


class Double:
    """A provider on loopback.

    - keys: credentials it takes. - models: names it knows; None for any.
    - model: a function from `Prompt` to `Reply`. - port: where, if it matters.
    - requests: everything that arrived, in order.
    - mistakes: exceptions of the double's own; a test with one of these has failed.

    Subclasses list `routes` (method, pattern of the raw path, name of the method that answers) and say how they
    refuse (`refused`) and whose a request is (`credential_of`).
    """

    routes = []

    def __init__(self, keys=("double-key",), models=None, model=echo, tls=None, port=None):
        self.keys = set(keys)
        self.models = set(models) if models is not None else None
        self.model = model
        self.faults = Faults()
        self.requests = []
        self.mistakes = []
        self.port = port or free_port()
        self._numbers, self._local = itertools.count(1), threading.local()
        self._patterns = [(method, re.compile(path), name) for method, path, name in self.routes]
        self._server = _Server(self, tls)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True, name=type(self).__name__
        )
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self):
        """The latest request."""
        return self.requests[-1]

    def now(self):
        """The provider's clock, in seconds of the epoch."""
        return time.time()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        assert not self.mistakes, f"{type(self).__name__} made mistakes: {self.mistakes}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What subclasses say

    def credential_of(self, request):
        """The credential of a request, believed without a check; None without one."""
        return request.bearer

    def authenticate(self, request):
        """Refuses a request whose credential is not good."""
        if request.credential not in self.keys:
            raise Refusal("unauthenticated")

    def refused(self, refusal, request):
        """- Returns: the `Whole` that tells a refusal in the provider's words."""
        raise NotImplementedError

    def wording(self, wrong, request):
        """A broken rule in the provider's words."""
        return f"{wrong.dotted}: {wrong.detail}"

    def headers(self, request):
        """What every answer carries."""
        return {}

    # For subclasses

    def ask(self, prompt):
        return answer(self.model, prompt)

    def know(self, model):
        if self.models is not None and model not in self.models:
            raise Refusal("model_not_found", f"The model `{model}` does not exist or you do not have access to it.")

    def number(self):
        """Which request this thread answers, counted from 1: what ids are made from."""
        return self._local.number

    # One request

    def handle(self, call, method):
        self._local.number = next(self._numbers)
        request = Request(call, method)
        request.credential = self.credential_of(request)
        self.requests.append(request)
        if any(mark in request.body for mark in MARKS):
            self.mistakes.append(f"{method} {request.target}: a mark of the gateway's arrived")
        try:
            self._handle(request)
        except ConnectionError:
            call.closed_at = call.closed_at or time.monotonic()
            call.close()
        except Exception as error:  # noqa: BLE001: whatever it is, the test must learn of it
            request.mistake = error
            self.mistakes.append(f"{method} {request.target}: {error!r}")
            call.close()

    def _handle(self, request):
        fault = self.faults.take(request, BEFORE)
        if isinstance(fault, BlackHole):
            return request.call.wait_for_close()
        if isinstance(fault, Page):
            return self._send_whole(request, Whole(fault.body, fault.status, content_type=fault.content_type))
        try:
            if isinstance(fault, Refuse):
                raise Refusal(fault.kind, fault.message, code=fault.code, hint=fault.hint)
            reply = self._route(request)
        except Wrong as wrong:
            refusal = Refusal("invalid", self.wording(wrong, request), param=wrong.bracketed, code=wrong.kind)
            reply = self._refuse(refusal, request)
        except Refusal as refusal:
            reply = self._refuse(refusal, request)
        if isinstance(reply, Stream):
            self._send_stream(request, reply)
        else:
            self._send_whole(request, reply)

    def _route(self, request):
        if len(request.body) > BODY_BYTES_MAX:
            raise Refusal("too_large")
        for method, pattern, name in self._patterns:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return getattr(self, name)(request, **match.groupdict())
        raise Refusal("not_found", f"Unknown request: {request.method} {request.path}")

    def _refuse(self, refusal, request):
        reply = self.refused(refusal, request)
        if refusal.hint:
            reply.headers.update(refusal.hint.headers(self.now()))
        return reply

    # Sending

    def _head(self, request, reply, framing):
        fields = {
            "date": email.utils.formatdate(self.now(), usegmt=True),
            "content-type": reply.content_type,
            **self.headers(request),
            **reply.headers,
            **framing,
        }
        request.status = getattr(reply, "status", 200)
        lines = [f"HTTP/1.1 {request.status} Status", *(f"{name}: {value}" for name, value in fields.items())]
        request.call.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _send_whole(self, request, reply):
        data = reply.data
        self._head(request, reply, {"content-length": len(data)})
        fault = self.faults.take(request, IN_ANSWER) if request.status == 200 else None
        if fault:
            request.call.write(data[: len(data) // 2])
            return self._cut(request.call, fault)
        request.call.write(data)

    def _send_stream(self, request, reply):
        call, fault, sent = request.call, self.faults.take(request, IN_STREAM), 0
        self._head(request, reply, {"transfer-encoding": "chunked"})
        for piece in reply.pieces:
            data = piece.data
            if fault and sent == fault.after and (piece.is_content or sent > 0):
                if not isinstance(fault, Corrupt):
                    return self._strike(request, reply, fault)
                data, fault = reply.corrupt(data), None
            call.write_chunk(data)
            sent += piece.is_content
        assert fault is None, f"the stream had only {sent} pieces of content for {fault}"
        call.end_stream()

    def _strike(self, request, reply, fault):
        if isinstance(fault, ErrorInStream):
            for data in reply.fail(Refusal(fault.kind, fault.message), fault):
                request.call.write_chunk(data)
            request.call.end_stream()
        elif isinstance(fault, Stall):
            request.call.wait_for_close()
        else:
            self._cut(request.call, fault)

    def _cut(self, call, fault):
        assert isinstance(fault, Cut), fault
        if fault.how == "end":
            return call.end_stream()
        if fault.how == "reset":
            call.reset()
        call.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    # Ports are picked free, but a connection of an earlier test may still linger on one.
    allow_reuse_address = True

    def __init__(self, double, tls):
        self.double, self.tls = double, tls
        super().__init__(("127.0.0.1", double.port), _Handler)

    def get_request(self):
        connection, address = super().get_request()
        if self.tls:
            # The handshake happens in the connection's own thread, at its first read.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """A peer that goes away is what many tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def _serve(self):
        self.server.double.handle(Call(self), self.command)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *_):
        pass
