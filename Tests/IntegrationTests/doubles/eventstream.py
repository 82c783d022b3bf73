# SPDX-License-Identifier: Apache-2.0
# Isobar
"""AWS's event stream: frames with two checksums, built from scratch."""

import json
import struct
import zlib

STRING = 7


def frame(headers, payload):
    """- headers: strings by name, in the order in which they are sent."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def event(kind, data):
    return frame(
        {":event-type": kind, ":content-type": "application/json", ":message-type": "event"},
        _compact(data),
    )


def exception(kind, data):
    return frame(
        {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"},
        _compact(data),
    )


def error(code, message):
    return frame({":error-code": code, ":error-message": message, ":message-type": "error"}, b"")


def corrupt(data):
    """The same frame with one bit of its payload turned, so that its last checksum no longer fits."""
    position = len(data) - 6
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def _header(name, value):
    text = value.encode()
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", STRING, len(text)) + text


def _compact(data):
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
