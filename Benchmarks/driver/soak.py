# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Half a million requests of which 30 % hang up midway: memory and descriptors must stay flat and nobody else may notice.

The requests come in batches, nine in ten plain and one in ten a short stream. Memory is read between batches, when nothing is under way.
The first two batches may still grow caches and pools; from then on the limit holds.
"""

import json
from dataclasses import dataclass

from .peers import Upstream
from .processes import Process

HANG_UP_PERCENT = 30
BATCHES = 10
#: How much more memory the last batches may use than the second: 5 % and 2 MB of noise.
GROWTH_FACTOR, GROWTH_MB = 1.05, 2.0
#: Descriptors may differ by upstream connections kept for reuse.
DESCRIPTOR_SLACK = 128


@dataclass
class Sample:
    requests: int
    errors: int
    hang_ups: int
    rss_mb: float
    descriptors: int


def soak(bench, peer, requests, connections=64):
    """Samples after each batch."""
    s = bench.settings
    each = requests // BATCHES
    phases = (("closed", each * 9 // 10, []), ("stream", each // 10, ["--chunks", 8]))
    samples = []
    with bench.upstream("X", tls=False), peer.start(f"{s.work}/soak-{peer.name}", s.proxy_ports[0], Upstream(s.upstream_ports), {0}) as proxy:
        for batch in range(BATCHES):
            results = [_run(s, mode, count, connections, batch, extra) for mode, count, extra in phases]
            usage = proxy.usage()
            samples.append(Sample(
                sum(r["requests"] for r in results), sum(r["errors"] for r in results), sum(r["hangups"] for r in results),
                usage.rss_kb / 1000, usage.descriptors))
            print(f"  batch {batch + 1:2}: {samples[-1]}", flush=True)
    return samples


def problems(samples):
    """What broke the promise; empty when it held."""
    found = [f"batch {i + 1}: {s.errors} requests failed that did not hang up" for i, s in enumerate(samples) if s.errors]
    settled, last = samples[1], samples[-1]
    limit = settled.rss_mb * GROWTH_FACTOR + GROWTH_MB
    if last.rss_mb > limit:
        found.append(f"memory grew from {settled.rss_mb:.1f} MB after batch 2 to {last.rss_mb:.1f} MB, more than {limit:.1f} MB")
    if last.descriptors > settled.descriptors + DESCRIPTOR_SLACK:
        found.append(f"descriptors grew from {settled.descriptors} to {last.descriptors}")
    return found


def _run(settings, mode, requests, connections, seed, extra):
    command = [
        f"{settings.programs}/bench-load", "--port", settings.proxy_ports[0], "--key", settings.key, "--mode", mode, "--requests", requests,
        "--connections", connections, "--hangup-percent", HANG_UP_PERCENT, "--seed", seed + 1, *extra]
    with Process(command, {1}, f"{settings.work}/load.log", pipes=True) as load:
        return json.loads(load.read_line(300))
