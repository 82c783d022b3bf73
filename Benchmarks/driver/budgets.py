# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Costs that do not depend on load: instructions, allocations, reference counting and system calls per request and per chunk.

Each cost is the difference between two runs of different length, divided by the difference in requests, so that start-up, first
connections and shutdown cancel. One request at a time makes the count repeatable; 64 at a time shows what batching saves.
"""

import json
import os
from dataclasses import dataclass

from .counters import callgrind_command, read_callgrind, read_strace, strace_command
from .gateway_config import PASS_THROUGH, TRANSLATIONS, VIRTUAL_KEY, Wires
from .peers import Upstream
from .processes import Failed, Process


@dataclass(frozen=True)
class Load:
    """What is sent; `requests` of the short run and of the long run."""
    name: str
    mode: str
    connections: int
    requests: tuple
    body_bytes: int = 1024
    chunks: int = 0
    #: What the caller and the endpoint speak.
    wires: Wires = PASS_THROUGH
    #: Whose request it is; `None`: the key that all have.
    key: str | None = None

    def arguments(self, requests, chunks, check):
        arguments = ["--mode", self.mode, "--connections", self.connections, "--requests", requests, "--body-bytes", self.body_bytes]
        arguments += ["--wire", self.wires.caller, "--check", check]
        return arguments + (["--chunks", chunks] if chunks else [])


def _translated(wires):
    """A whole answer and a chunk of a stream in another wire than the caller's."""
    return (
        Load(f"request-1k-{wires.name}", "closed", 1, (500, 2500), wires=wires),
        Load(f"chunk-{wires.name}", "stream", 1, (50, 50), chunks=10, wires=wires),
    )


LOADS = (
    Load("request-1k", "closed", 1, (500, 2500)),
    Load("request-16k", "closed", 1, (500, 2500), body_bytes=16_384),
    Load("request-1k-64-connections", "closed", 64, (1000, 5000)),
    Load("request-1k-virtual-key", "closed", 1, (500, 2500), key=VIRTUAL_KEY),
    # Chunks: two runs with equally many streams of different length, so that what a stream costs cancels and a chunk's cost is left.
    Load("chunk", "stream", 1, (50, 50), chunks=10),
    *(load for wires in TRANSLATIONS for load in _translated(wires)),
)
CHUNKS_LONG = 50
#: Share by which a count may exceed its budget. What is done once per wake-up varies with how events fall into batches; allocations do not.
TOLERANCE = {"instructions": 0.08, "syscalls": 0.1, "mallocs": 0.0, "retains": 0.15, "releases": 0.15, "objects": 0.0}
#: What the clock does meanwhile (probes, the configuration's watch, log blocks) is shared out over the requests, and a slow machine
#: gives it more of each; one allocation per request is far above.
ABSOLUTE_SLACK = 0.2
TOOLS = ((callgrind_command, read_callgrind), (strace_command, read_strace))


class Counting:
    def __init__(self, programs, work, ports, key):
        self.programs = programs
        self.work = work
        self.upstream_ports = ports[:3]
        self.proxy_port = ports[3]
        self.key = key
        self.runs = 0

    def upstream(self):
        command = [f"{self.programs}/bench-upstream", "--ports", ",".join(map(str, self.upstream_ports)), "--chunk-interval-us", 1000]
        process = Process(command, self._cores, f"{self.work}/upstream.log")
        process.await_port(self.upstream_ports[-1])
        return process

    def costs(self, peer):
        """{load: {count: cost per request or per chunk}} of the loads that the peer can take."""
        speakers = ((load, peer.speaking(load.wires)) for load in LOADS)
        return {load.name: self._cost(speaker, load) for load, speaker in speakers if speaker}

    def _cost(self, peer, load):
        short, long = load.requests
        longest = CHUNKS_LONG if load.chunks else 0
        units = short * (longest - load.chunks) if load.chunks else long - short
        cost = {}
        for wrap, read in TOOLS:
            few = self._counts(peer, load, short, load.chunks, wrap, read)
            many = self._counts(peer, load, long, longest, wrap, read)
            cost.update({name: round((many[name] - few[name]) / units, 3) for name in many})
        return cost

    def _counts(self, peer, load, requests, chunks, wrap, read):
        self.runs += 1
        directory = os.path.join(self.work, f"{self.runs:03d}-{load.name}")
        os.makedirs(directory)
        command = wrap(peer.prepare(directory, self.proxy_port, Upstream(self.upstream_ports)), directory)
        with Process(command, self._cores, f"{directory}/output.log", env=peer.env) as proxy:
            proxy.await_port(self.proxy_port, 120)
            self._send(load, requests, chunks, peer.check)
            proxy.stop(patience=60)
        return read(directory)

    def _send(self, load, requests, chunks, check):
        command = [f"{self.programs}/bench-load", "--port", self.proxy_port, "--key", load.key or self.key, *load.arguments(requests, chunks, check)]
        with Process(command, self._cores, f"{self.work}/load.log", pipes=True) as sender:
            result = json.loads(sender.read_line(280))
        if result["errors"] or result["requests"] != requests:
            raise Failed(f"{load.name}: {result}")

    @property
    def _cores(self):
        return set(range(os.cpu_count()))


def compare(costs, budgets):
    """(load, count, measured, budget, verdict); the verdict is `ok`, `over`, `under` (lower the budget) or `new`."""
    for load, counts in costs.items():
        for name, value in counts.items():
            budget = budgets.get(load, {}).get(name)
            yield load, name, value, budget, _verdict(name, value, budget)


def _verdict(name, value, budget):
    if budget is None:
        return "new"
    slack = budget * TOLERANCE[name] + ABSOLUTE_SLACK
    if value > budget + slack:
        return "over"
    return "under" if value < budget - 3 * slack else "ok"
