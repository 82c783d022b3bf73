# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Endpoints that do exactly what a test says and remember the bytes they got: a model server that is only a script.

A script is a function of the `Call`; it writes what it likes to the connection, whole answers or half of one.
"""

import http.server
import json
import socket
import struct
import threading
import time

from configurations import UPSTREAM_MODEL


class Call:
    """One request as it arrived, and the connection to answer it on."""

    def __init__(self, handler):
        self.handler = handler
        self.path = handler.path
        self.headers = handler.headers
        length = int(handler.headers.get("Content-Length", 0))
        self.body = handler.rfile.read(length)
        self.closed_at = None

    @property
    def json(self):
        return json.loads(self.body)

    # Whole answers

    def respond(self, status=200, body=b"{}", content_type="application/json", **headers):
        head = f"HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
        head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.write(head.encode() + b"\r\n" + body)

    def complete(self, content="An answer."):
        """What a healthy server says to this request, streamed or not."""
        if self.json.get("stream"):
            self.begin_stream()
            for word in content.split():
                self.event(chunk(content=word))
            self.event(chunk(finish_reason="stop"))
            if (self.json.get("stream_options") or {}).get("include_usage"):
                self.event({**chunk(), "choices": [], "usage": USAGE})
            self.event("[DONE]")
            self.end_stream()
        else:
            message = {"role": "assistant", "content": content}
            self.respond(
                body=json.dumps(
                    {
                        "id": "chatcmpl-1",
                        "object": "chat.completion",
                        "created": 1,
                        "model": UPSTREAM_MODEL,
                        "usage": USAGE,
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    }
                ).encode()
            )

    # Streams

    def begin_stream(self):
        self.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    def event(self, data):
        """One event in an HTTP chunk of its own."""
        text = data if isinstance(data, str) else json.dumps(data)
        self.write_chunk(f"data: {text}\n\n".encode())

    def write_chunk(self, data):
        self.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self):
        self.write(b"0\r\n\r\n")

    # Connections

    def write(self, data):
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def close(self):
        self.handler.close_connection = True

    def reset(self):
        """A TCP reset instead of an orderly end."""
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.close()
        self.handler.close_connection = True

    def wait_for_close(self, seconds=10):
        """Waits until the peer closes; `closed_at` says when. Silent if it never does."""
        self.close()
        self.handler.connection.settimeout(seconds)
        try:
            while self.handler.connection.recv(4096):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return
        self.closed_at = time.monotonic()


USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def chunk(content=None, finish_reason=None):
    """One chat completion chunk."""
    delta = {} if content is None else {"content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": UPSTREAM_MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


class ScriptedUpstream:
    """An HTTP server on loopback whose answers are a script; `calls` holds every request in the order of arrival,
    `probes` those that only look."""

    def __init__(self, script=Call.complete, tls=None, host="127.0.0.1"):
        self.script = script
        self.calls = []
        self.probes = []
        self.connections = 0
        self.handshake_failures = 0
        self.server = _Server(self, tls, host)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, upstream, tls, host):
        self.upstream = upstream
        self.tls = tls
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Handler)

    def get_request(self):
        connection, address = super().get_request()
        self.upstream.connections += 1
        if self.tls:
            # The handshake happens in the connection's own thread, at its first read.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """A peer that goes away is what many tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def setup(self):
        super().setup()
        if self.server.tls:
            try:
                self.connection.do_handshake()
            except OSError:
                self.server.upstream.handshake_failures += 1
                raise

    def do_POST(self):
        call = Call(self)
        self.server.upstream.calls.append(call)
        try:
            self.server.upstream.script(call)
        except ConnectionError:
            call.closed_at = time.monotonic()
            self.close_connection = True

    def do_GET(self):
        call = Call(self)
        self.server.upstream.probes.append(call)
        call.respond()

    def log_message(self, *_):
        pass


# Scripts that more than one test needs.


def black_hole(call):
    """Takes the request and says nothing."""
    call.wait_for_close()


def refuse_with(status, **headers):
    def script(call):
        body = json.dumps(
            {"error": {"message": "Scripted failure.", "type": "scripted", "code": None, "param": None}}
        ).encode()
        call.respond(status, body, **headers)

    return script
