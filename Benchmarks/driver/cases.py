# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What is asked of every peer."""

from dataclasses import dataclass

#: S: proxy, load and upstream share one core, so that no wake-up crosses cores; the topology to compare CPU in.
#: X: the proxy has a core for itself, as in production; the topology to compare latency in.
TOPOLOGIES = {"S": "all on one core", "X": "proxy on core 0, load and upstream on core 1"}


@dataclass(frozen=True)
class Case:
    name: str
    topology: str
    mode: str
    connections: int = 64
    body_bytes: int = 1024
    rate: int = 0
    #: Whether the upstream is reached over TLS.
    tls: bool = False
    #: Whether the gateway is measured against itself: with every translation between wires that it has, and passing through.
    translation: bool = False

    def title(self):
        size = f"{self.body_bytes // 1024} KiB"
        what = {
            "closed": f"{size}, {self.connections} connections, as fast as they go",
            "open": f"{size}, {self.rate:,} requests/s",
            "stream": f"{self.connections} streams{f' for {size}' if self.translation else ''}",
        }[self.mode]
        what = ("Translation: " if self.translation else "") + what + (", TLS to upstream" if self.tls else "")
        return f"{what} (topology {self.topology}: {TOPOLOGIES[self.topology]})"

    def load_arguments(self, seconds, slowness, chunks, stream_seconds):
        """What `bench-load` is told. Streams begin spread over the duration of one, so that they stay spread."""
        connections = max(4, self.connections // slowness) if slowness > 1 else self.connections
        arguments = ["--mode", self.mode, "--connections", connections, "--body-bytes", self.body_bytes, "--seconds", seconds]
        if self.mode == "open":
            arguments += ["--rate", max(20, self.rate // slowness)]
        if self.mode == "stream":
            arguments += ["--chunks", chunks, "--ramp-seconds", round(stream_seconds, 3)]
        return arguments


CASES = (
    Case("1k-64", "S", "closed"),
    Case("1k-512", "S", "closed", connections=512),
    Case("16k-64", "S", "closed", body_bytes=16_384),
    Case("16k-512", "S", "closed", connections=512, body_bytes=16_384),
    Case("sse-64", "S", "stream"),
    Case("1k-64-x", "X", "closed"),
    Case("rate-1000-x", "X", "open", rate=1000),
    Case("sse-64-x", "X", "stream"),
)
TRANSLATION_CASES = (
    Case("1k-translated", "S", "closed", translation=True),
    Case("16k-translated", "S", "closed", body_bytes=16_384, translation=True),
    Case("sse-1k-translated", "S", "stream", translation=True),
    Case("sse-16k-translated", "S", "stream", body_bytes=16_384, translation=True),
)
TLS_CASES = (Case("1k-64-tls", "S", "closed", tls=True),)
ALL_CASES = CASES + TRANSLATION_CASES + TLS_CASES
QUICK_CASES = ("1k-64", "16k-64", "sse-64", "rate-1000-x", "1k-translated")
