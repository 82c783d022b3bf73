# SPDX-License-Identifier: Apache-2.0
# Isobar
"""From single measurements to figures.

Comparisons are made between slices of the same pass, pair by pair; the median of a round's pairs is the round's value, and a figure is the median
of the rounds with their range. Absolute times drift; ratios of neighbours do not.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """Median of the rounds with the range."""
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, rounds):
        """`rounds`: values by round."""
        medians = [median(values) for values in rounds.values() if values]
        return cls(median(medians), min(medians), max(medians)) if medians else None


class Results:
    """Measurements by case, peer, round and slice. A record is one dictionary as `Lane.slice` returns it, plus those four keys."""

    def __init__(self, records):
        self.records = records
        self._by_key = {(r["case"], r["peer"], r["round"], r["slice"]): r for r in records}

    def cases(self):
        return list(dict.fromkeys(r["case"] for r in self.records))

    def peers(self, case):
        return list(dict.fromkeys(r["peer"] for r in self.records if r["case"] == case))

    def figure(self, case, peer, *path):
        """`path` leads into the record: `figure(c, p, "latency_us", "p50")`."""
        return self._figure(case, peer, lambda record: _value(record, path))

    def ratio(self, case, peer, baseline, *path):
        return self._paired(case, peer, baseline, path, lambda value, base: value / base if base else None)

    def difference(self, case, peer, baseline, *path):
        return self._paired(case, peer, baseline, path, lambda value, base: value - base)

    def total(self, case, peer, name):
        return sum(r.get(name, 0) for r in self.records if r["case"] == case and r["peer"] == peer)

    def system_share(self, case, peer):
        """Share of the CPU time spent in the kernel, from 10 ms ticks over all slices; None when they are too few."""
        user, system = (self.total(case, peer, name) for name in ("user_ticks", "system_ticks"))
        return system / (user + system) if user + system >= 20 else None

    def _paired(self, case, peer, baseline, path, combine):
        def pair(record):
            base = self._by_key.get((case, baseline, record["round"], record["slice"]))
            values = (_value(record, path), _value(base, path))
            return None if None in values else combine(*values)

        return self._figure(case, peer, pair)

    def _figure(self, case, peer, read):
        rounds = {}
        for record in self.records:
            if record["case"] == case and record["peer"] == peer:
                value = read(record)
                if value is not None:
                    rounds.setdefault(record["round"], []).append(value)
        return Figure.of(rounds)


def _value(record, path):
    for name in path:
        record = record.get(name) if record else None
    return record
