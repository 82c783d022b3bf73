# SPDX-License-Identifier: Apache-2.0
# Isobar
"""One measurement: start a proxy, send load through it, read what it used.

CPU time is read while nothing is under way: the load generator finishes its warm-up, waits for a line, measures, finishes every answer and
waits again. So the time divided by the answers is exact, whatever else the machine does.
"""

import contextlib
import json
import os
import time
from dataclasses import dataclass

from . import machine
from .peers import Upstream
from .processes import Failed, Process, cpu_seconds_of


@dataclass
class Settings:
    """How long and where everything runs."""
    programs: str
    work: str
    key: str
    seconds: float
    warmup: float
    chunks: int
    #: Microseconds between two chunks of one stream; long enough that no proxy is saturated.
    chunk_interval_us: int
    upstream_ports: list
    proxy_port: int
    #: A `TLSFront`, or None when no case needs one.
    tls: object = None

    def cores(self, topology):
        """Cores of the proxy, and of load and upstream."""
        return ({0}, {0}) if topology == "S" else ({0}, {1})


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

    def measure(self, peer, case):
        """One measurement as a dictionary. `peer` None means no proxy: the load goes to the upstream itself, never over TLS."""
        s = self.settings
        self.count += 1
        directory = os.path.join(s.work, f"{self.count:04d}-{peer.name if peer else 'direct'}-{case.name}")
        if not peer:
            return self._drive(None, case, s.upstream_ports[0], check="full", slowness=1)
        target = Upstream(s.tls.ports, s.tls.authority_file) if case.tls else Upstream(s.upstream_ports)
        with peer.start(directory, s.proxy_port, target, s.cores(case.topology)[0]) as proxy:
            return self._drive(proxy, case, s.proxy_port, peer.check, peer.slowness)

    def _drive(self, proxy, case, port, check, slowness):
        s = self.settings
        command = [f"{s.programs}/bench-load", "--port", port, "--key", s.key, "--check", check, "--handshake", "--warmup-seconds", s.warmup]
        command += case.load_arguments(s.seconds, slowness, s.chunks, s.chunks * s.chunk_interval_us / 1e6)
        limit = s.seconds + s.warmup + 30
        with Process(command, s.cores(case.topology)[1], f"{s.work}/load.log", pipes=True) as load:
            load.read_line(limit)
            before, quiet = proxy and proxy.usage(), _Quiet()
            load.send_line()
            result = json.loads(load.read_line(limit))
            foreign = quiet.foreign_share()
            after = proxy and proxy.usage()
            load.send_line()
        result["foreign_cpu_share"] = foreign
        if result["requests"] == 0:
            raise Failed(f"no request succeeded: {result}")
        return {**result, **_costs(before, after, result)} if proxy else result


def _costs(before, after, result):
    spent = (after.cpu_ns - before.cpu_ns) / 1000
    costs = {
        "cpu_us_per_request": spent / result["requests"], "proxy_core_share": spent / 1e6 / result["seconds"],
        "system_share": after.system_share(before), "rss_peak_mb": after.rss_peak_kb / 1000, "rss_mb": after.rss_kb / 1000,
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
