# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the gateway promises, checked against the figures of a run."""

from dataclasses import dataclass

from .gateway_config import TRANSLATIONS

NGINX = "nginx"


@dataclass(frozen=True)
class Target:
    text: str
    case: str
    path: tuple
    #: `ratio` or `difference` to nginx in the same round, `added` to no proxy, `over` the subject's own passing through, or `absolute`.
    kind: str
    limit: float
    unit: str = ""
    #: Whose figure it is; the subject's when empty.
    peer: str = ""

    def measured(self, results, subject):
        if self.kind == "over":
            return results.difference(self.case, self.peer, subject, *self.path)
        if self.kind == "ratio":
            return results.ratio(self.case, subject, NGINX, *self.path)
        if self.kind == "difference":
            return results.difference(self.case, subject, NGINX, *self.path)
        if self.kind == "added":
            return results.difference(self.case, subject, "direct", *self.path)
        return results.figure(self.case, subject, *self.path)


CPU = ("cpu_us_per_request",)
TARGETS = (
    Target("CPU per request at 1 KiB, 64 connections", "1k-64", CPU, "ratio", 0.75, "× nginx"),
    Target("CPU per request at 1 KiB, 512 connections", "1k-512", CPU, "ratio", 0.75, "× nginx"),
    Target("CPU per request at 16 KiB, 64 connections", "16k-64", CPU, "ratio", 0.95, "× nginx"),
    Target("CPU per request at 16 KiB, 512 connections", "16k-512", CPU, "ratio", 0.95, "× nginx"),
    Target("CPU per stream chunk", "sse-64", ("cpu_us_per_chunk",), "ratio", 0.9, "× nginx"),
    Target("median latency at 1,000 requests/s", "rate-1000-x", ("latency_us", "p50"), "difference", 20, "µs over nginx"),
    Target("p99 latency at 1,000 requests/s", "rate-1000-x", ("latency_us", "p99"), "difference", 200, "µs over nginx"),
    Target("median added chunk delay", "sse-64-x", ("chunk_delay_us", "p50"), "added", 1000, "µs"),
    Target("median added chunk delay, one core", "sse-64", ("chunk_delay_us", "p50"), "added", 1000, "µs"),
    Target("peak RSS at 512 connections", "1k-512", ("rss_peak_mb",), "absolute", 100, "MB"),
) + tuple(
    Target(f"CPU per request, {wires.title}, {size}", case, CPU, "over", limit, "µs over pass-through", wires.name)
    for case, size, limit in (("1k-translated", "1 KiB", 10), ("16k-translated", "16 KiB", 40)) for wires in TRANSLATIONS)


def verdicts(results, subject):
    """(target, figure, passed) for every target whose case was measured. Exactly on the limit passes."""
    for target in TARGETS:
        figure = target.measured(results, subject)
        if figure:
            yield target, figure, figure.median <= target.limit
