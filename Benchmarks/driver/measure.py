# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Measures peers in turns: start them all, then let each have a short slice of load, round and round.

A slice lasts half a second to a second, so that the peers of one pass see the same machine: on a shared host its speed moves by tens of
percent within seconds. CPU time is read while nothing is under way: the load generator finishes every answer before a slice ends and waits for
a line before the next. So the time divided by the answers is exact, whatever else the machine does.
"""

import contextlib
import json
import os
import time
from dataclasses import dataclass

from . import machine
from .peers import Upstream
from .processes import Failed, Process, cpu_seconds_of

#: Seconds of load in one slice, by mode. Streams and fixed rates need longer to show more than their beginning.
SLICE_SECONDS = {"closed": 0.5, "open": 1.0, "stream": 1.0}


@dataclass
class Settings:
    """How long and where everything runs."""
    programs: str
    work: str
    key: str
    #: Of one case with one peer in one round, in slices.
    seconds: float
    warmup: float
    chunks: int
    #: Microseconds between two chunks of one stream; long enough that no proxy is saturated.
    chunk_interval_us: int
    upstream_ports: list
    #: One for each peer.
    proxy_ports: list
    #: A `TLSFront`, or None when no case needs one.
    tls: object = None

    def cores(self, topology):
        """Cores of the proxy, and of load and upstream."""
        return ({0}, {0}) if topology == "S" else ({0}, {1})

    def slices(self, case):
        return max(1, round(self.seconds / SLICE_SECONDS[case.mode]))


class Bench:
    def __init__(self, settings):
        self.settings = settings
        self.count = 0

    @contextlib.contextmanager
    def upstream(self, topology, tls):
        """The upstream, running, with a TLS server in front of it when `tls`."""
        s = self.settings
        cores = s.cores(topology)[1]
        command = [f"{s.programs}/bench-upstream", "--ports", ",".join(map(str, s.upstream_ports)), "--chunk-interval-us", s.chunk_interval_us]
        with Process(command, cores, f"{s.work}/upstream.log") as process:
            process.await_port(s.upstream_ports[-1])
            with s.tls.start(s.upstream_ports, cores) if tls else contextlib.nullcontext():
                yield

    @contextlib.contextmanager
    def lane(self, peer, case, index):
        """A `Lane` that is ready. `peer` None means no proxy: the load goes to the upstream itself, never over TLS."""
        s = self.settings
        if not peer:
            with self._load(case, s.upstream_ports[0]) as load:
                yield Lane("direct", None, load, self._patience(case))
            return
        self.count += 1
        directory = os.path.join(s.work, f"{self.count:04d}-{peer.name}-{case.name}")
        target = Upstream(s.tls.ports, s.tls.authority_file) if case.tls else Upstream(s.upstream_ports)
        port = s.proxy_ports[index]
        with peer.start(directory, port, target, s.cores(case.topology)[0]) as proxy, self._load(case, port, peer.check, peer.wire, peer.slowness) as load:
            yield Lane(peer.name, proxy, load, self._patience(case))

    @contextlib.contextmanager
    def _load(self, case, port, check="full", wire="chat", slowness=1):
        """A load generator that has connected and warmed up."""
        s = self.settings
        command = [f"{s.programs}/bench-load", "--port", port, "--key", s.key, "--check", check, "--wire", wire]
        command += ["--handshake", "--warmup-seconds", s.warmup]
        command += case.load_arguments(SLICE_SECONDS[case.mode], slowness, s.chunks, s.chunks * s.chunk_interval_us / 1e6)
        with Process(command, s.cores(case.topology)[1], f"{s.work}/load.log", pipes=True) as load:
            load.read_line(self._patience(case))
            yield load

    def _patience(self, case):
        """Seconds after which a load generator that says nothing has failed."""
        s = self.settings
        return SLICE_SECONDS[case.mode] + s.warmup + 2 * s.chunks * s.chunk_interval_us / 1e6 + 30


@dataclass
class Lane:
    """One peer with its load generator."""
    name: str
    proxy: Process | None
    load: Process
    patience: float

    def slice(self):
        """One slice of load as a dictionary of figures."""
        before, quiet = self.proxy and self.proxy.usage(), _Quiet()
        self.load.send_line()
        result = json.loads(self.load.read_line(self.patience))
        result["foreign_cpu_share"] = quiet.foreign_share()
        if result["requests"] == 0:
            raise Failed(f"no request succeeded: {result}")
        return {**result, **_costs(before, self.proxy.usage(), result)} if self.proxy else result


def _costs(before, after, result):
    spent = (after.cpu_ns - before.cpu_ns) / 1000
    costs = {
        "cpu_us_per_request": spent / result["requests"], "proxy_core_share": spent / 1e6 / result["seconds"],
        "user_ticks": after.user_ticks - before.user_ticks, "system_ticks": after.system_ticks - before.system_ticks,
        "rss_peak_mb": after.rss_peak_kb / 1000, "rss_mb": after.rss_kb / 1000,
    }
    return {**costs, "cpu_us_per_chunk": spent / result["chunks"]} if result.get("chunks") else costs


class _Quiet:
    """How much of the machine others used meanwhile."""

    def __init__(self):
        self.at = time.monotonic()
        self.machine = machine.busy_seconds()
        self.ours = cpu_seconds_of(os.getpid())

    def foreign_share(self):
        """In cores: 1.0 means that another program kept one core busy all the time."""
        machine_used = machine.busy_seconds() - self.machine
        ours = cpu_seconds_of(os.getpid()) - self.ours
        return round(max(0, machine_used - ours) / max(1e-3, time.monotonic() - self.at), 2)
