# SPDX-License-Identifier: Apache-2.0
# Isobar
"""From single measurements to figures. Comparisons are made inside a round, pair by pair, then summarised: absolute times drift."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """Median of the rounds with the range."""
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        values = [value for value in values if value is not None]
        return cls(median(values), min(values), max(values)) if values else None


class Results:
    """Measurements by case, peer and round. A record is one dictionary as `Bench.measure` returns it, plus those three keys."""

    def __init__(self, records):
        self.records = records
        self._by_key = {(r["case"], r["peer"], r["round"]): r for r in records}

    def cases(self):
        return list(dict.fromkeys(r["case"] for r in self.records))

    def peers(self, case):
        return list(dict.fromkeys(r["peer"] for r in self.records if r["case"] == case))

    def figure(self, case, peer, *path):
        """`path` leads into the record: `figure(c, p, "latency_us", "p50")`."""
        return Figure.of([_value(r, path) for r in self._rounds(case, peer)])

    def ratio(self, case, peer, baseline, *path):
        return self._paired(case, peer, baseline, path, lambda value, base: value / base if base else None)

    def difference(self, case, peer, baseline, *path):
        return self._paired(case, peer, baseline, path, lambda value, base: value - base)

    def total(self, case, peer, name):
        return sum(r.get(name, 0) for r in self._rounds(case, peer))

    def _rounds(self, case, peer):
        return [r for r in self.records if r["case"] == case and r["peer"] == peer]

    def _paired(self, case, peer, baseline, path, combine):
        values = []
        for record in self._rounds(case, peer):
            base = self._by_key.get((case, baseline, record["round"]))
            pair = (_value(record, path), base and _value(base, path))
            if None not in pair:
                values.append(combine(*pair))
        return Figure.of(values)


def _value(record, path):
    for name in path:
        record = record.get(name) if record else None
    return record
