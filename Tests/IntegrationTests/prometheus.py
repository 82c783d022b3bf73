# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A strict reader of Prometheus text (exposition format 0.0.4): it accepts what the format's description allows and
nothing else."""

import dataclasses
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+|Inf)|NaN")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


@dataclasses.dataclass
class Family:
    name: str
    help: str
    type: str = ""
    # (sample name, labels as sorted pairs) to value.
    samples: dict = dataclasses.field(default_factory=dict)


def parse(page):
    """Families by name. Fails on the first line that breaks a rule."""
    assert page.endswith("\n"), "the last line must end with a line feed"
    families, current = {}, None
    for line in page[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, text = line[7:].partition(" ")
            assert NAME.fullmatch(name) and name not in families, f"a family twice or ill-named: {line}"
            current = families[name] = Family(name, text)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            assert (
                current and current.name == name and not current.type and not current.samples
            ), f"TYPE must follow its HELP: {line}"
            assert kind in TYPES, line
            current.type = kind
        else:
            _sample(line, current)
    for family in families.values():
        _check(family)
    return families


def _sample(line, family):
    name = NAME.match(line)
    assert name and family, line
    rest = line[name.end() :]
    labels = []
    if rest.startswith("{"):
        inside, _, rest = rest[1:].rpartition("}")
        position = 0
        while position < len(inside):
            label = LABEL.match(inside, position)
            assert label, f"label syntax: {line}"
            labels.append((label[1], label[2]))
            position = label.end()
            if position < len(inside):
                assert inside[position] == ",", f"label syntax: {line}"
                position += 1
    assert len({label for label, _ in labels}) == len(labels), f"a label twice: {line}"
    assert rest.startswith(" ") and NUMBER.fullmatch(rest[1:]), f"value: {line}"
    suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
    assert name[0] in [family.name + suffix for suffix in suffixes], f"{name[0]} stands in family {family.name}"
    key = (name[0], tuple(sorted(labels)))
    assert key not in family.samples, f"a sample twice: {line}"
    family.samples[key] = float(rest[1:])


def _check(family):
    assert family.type, f"{family.name} has no TYPE"
    if family.type == "counter":
        assert family.name.endswith("_total"), f"{family.name}: a counter's name ends with _total"
        assert all(value >= 0 for value in family.samples.values()), family.name
    if family.type == "histogram":
        series = {tuple(pair for pair in labels if pair[0] != "le") for _, labels in family.samples}
        for labels in series:
            _check_histogram(family, labels)


def _check_histogram(family, labels):
    buckets = sorted(
        (float(dict(key[1])["le"]), value)
        for key, value in family.samples.items()
        if key[0].endswith("_bucket") and tuple(pair for pair in key[1] if pair[0] != "le") == labels
    )
    counts = [count for _, count in buckets]
    assert buckets and buckets[-1][0] == math.inf, f"{family.name}{labels}: no bucket +Inf"
    assert counts == sorted(counts), f"{family.name}{labels}: buckets are not cumulative"
    assert (
        family.samples[(family.name + "_count", labels)] == counts[-1]
    ), f"{family.name}{labels}: count is not the last bucket"
    assert (family.name + "_sum", labels) in family.samples, f"{family.name}{labels}: no sum"


def value(families, name, **labels):
    """Sum of a family's samples that carry these labels."""
    wanted = set(labels.items())
    return sum(
        number for (sample, pairs), number in families[name].samples.items() if sample == name and wanted <= set(pairs)
    )
