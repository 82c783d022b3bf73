# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Callers: raw sockets for what no client library would send, event streams read by hand, and load that counts
exactly."""

import codecs
import collections
import dataclasses
import http.client
import json
import socket
import threading
import urllib.parse

from configurations import chat
from processes import KEY


class EventStream:
    """A streaming request, read event by event."""

    def __init__(self, port, body, timeout=20):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.connection.request("POST", "/v1/chat/completions", json.dumps({**body, "stream": True}), headers())
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers

    def __iter__(self):
        """Data of each event: `[DONE]` as text, everything else parsed. Ends with the body; raises `HTTPException`
        when that is cut."""
        rest = b""
        while data := self.response.read1():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                text = event.removeprefix(b"data:").strip().decode()
                yield text if text == "[DONE]" else json.loads(text)
        assert not rest, f"the stream ended inside an event: {rest!r}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


class ArrayStream:
    """A stream of Google's that comes as one JSON array, read element by element, strictly: the bracket is the first
    byte, commas stand between elements and nowhere else, and nothing follows the closing bracket."""

    def __init__(self, port, model, body, query="", timeout=20):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        path = f"/v1beta/models/{urllib.parse.quote(model, safe='')}:streamGenerateContent{query}"
        fields = {"x-goog-api-key": KEY, "content-type": "application/json"}
        self.connection.request("POST", path, json.dumps(body), fields)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.headers = self.response.headers
        self._text, self._state = "", "start"

    def __iter__(self):
        decoder = codecs.getincrementaldecoder("utf-8")()
        while data := self.response.read1():
            self._text += decoder.decode(data)
            yield from iter(self._next, None)
        assert not decoder.decode(b"", True)
        assert self._state == "end" and not self._text, f"the array ended in {self._state}: {self._text!r}"

    def _next(self):
        """The next whole element; None when more bytes are needed."""
        if self._state == "start":
            assert self._text[:1] == "[", f"no array: {self._text!r}"
            self._text, self._state = self._text[1:], "first"
        while text := self._text.lstrip(" \t\r\n"):
            if self._state in ("first", "element") and text[0] == "{":
                return self._element(text)
            moves = {("first", "]"): "end", ("separator", "]"): "end", ("separator", ","): "element"}
            assert (self._state, text[0]) in moves, f"{text[0]!r} in {self._state}"
            self._text, self._state = text[1:], moves[self._state, text[0]]
        self._text = ""
        return None

    def _element(self, text):
        try:
            element, end = json.JSONDecoder().raw_decode(text)
        except json.JSONDecodeError:
            self._text = text
            return None
        self._text, self._state = text[end:], "separator"
        return element

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()


def headers():
    return {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


def content_of(events):
    """The text that a stream's chunks add up to."""
    choices = [event["choices"][0] for event in events if isinstance(event, dict) and event.get("choices")]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def finish_reasons_of(events):
    choices = [event["choices"][0] for event in events if isinstance(event, dict) and event.get("choices")]
    return [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]


@dataclasses.dataclass
class Tally:
    """What became of a load's requests. Every request is in exactly one of these."""

    answered: int = 0
    # Streams that ended with an error event after their first content: allowed where an endpoint is killed.
    broken_after_start: int = 0
    failures: list = dataclasses.field(default_factory=list)
    endpoints: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    # Answers that said `connection: close`.
    closes: int = 0

    def expect_no_failure(self):
        assert (
            not self.failures
        ), f"{len(self.failures)} of {self.answered + len(self.failures)} failed: {self.failures[:5]}"
        assert self.answered > 0, "there was no traffic"


class Load:
    """Threads that send requests, one after the other each, until told to stop.

    A connection is opened anew only after an answer that said `connection: close`; a connection that ends in any
    other way is a failure.
    """

    def __init__(self, port, threads=8, new_connection_threads=0, stream_every=2, body=None):
        """- new_connection_threads: further callers, who open a connection for each request.
        - stream_every: every how manieth request of a caller is a stream; 0 for none."""
        self.port = port
        self.body = body or chat(max_tokens=16)
        self.stream_every = stream_every
        self.tally = Tally()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        kinds = [True] * threads + [False] * new_connection_threads
        self._threads = [threading.Thread(target=self._run, args=(keep_alive,), daemon=True) for keep_alive in kinds]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a caller got no answer"
        return self.tally

    def _run(self, keep_alive):
        connection, number = None, 0
        while not self._stop.is_set():
            number += 1
            is_stream = self.stream_every > 0 and number % self.stream_every == 0
            connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            if not self._ask(connection, is_stream, keep_alive):
                connection.close()
                connection = None
        if connection:
            connection.close()

    def _ask(self, connection, is_stream, keep_alive):
        """- Returns: whether the connection may be used again."""
        try:
            body = json.dumps({**self.body, "stream": True} if is_stream else self.body)
            connection.request("POST", "/v1/chat/completions", body, headers())
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            with self._lock:
                self.tally.failures.append(repr(error))
            return False
        closes = (response.getheader("connection") or "").lower() == "close"
        with self._lock:
            self._count(response, data, is_stream, closes)
        return keep_alive and not closes

    def _count(self, response, data, is_stream, closes):
        last = data.rstrip().rsplit(b"\n\n", 1)[-1] if is_stream else b""
        if response.status == 200 and (not is_stream or last == b"data: [DONE]"):
            self.tally.answered += 1
            self.tally.closes += closes
            self.tally.endpoints[response.getheader("x-isobar-endpoint")] += 1
        elif response.status == 200 and last.startswith(b'data: {"error"'):
            self.tally.broken_after_start += 1
        else:
            self.tally.failures.append(f"{response.status} {data[-300:]!r}")


class RawConnection:
    """A socket to the gateway, and what comes back on it."""

    def __init__(self, port, timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.input = self.socket.makefile("rb")

    def send(self, data):
        """- Returns: false when the gateway has already closed."""
        try:
            self.socket.sendall(data)
            return True
        except ConnectionError:
            return False

    def finish_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def read_to_end(self):
        """Everything up to the end of the connection, a reset included."""
        received = b""
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionError:
            pass
        return received

    def read_answer(self):
        """One answer with a Content-Length; the connection stays open for the next."""
        status = int(self.input.readline().split()[1])
        fields = {}
        while (line := self.input.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        return status, fields, self.input.read(int(fields["content-length"]))

    def close(self):
        # Both: the descriptor lives as long as either.
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def raw_request(body=None, head="", method="POST", path="/v1/chat/completions", key=KEY):
    """A well-formed request to take apart. `head`: further lines, each with its CRLF."""
    payload = json.dumps(body if body is not None else chat()).encode() if not isinstance(body, bytes) else body
    lines = f"{method} {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n{head}Content-Length: {len(payload)}\r\n\r\n"
    return lines.encode() + payload
