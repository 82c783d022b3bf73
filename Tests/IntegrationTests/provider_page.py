# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The matrix as a part of docs/guides/providers.md: written from the table of expectations, and only after a run of the
tests in which every cell held (`pytest --matrix FILE`, then scripts/provider-matrix FILE)."""

import pathlib

from expectations import FEATURES, FRONTS, UPSTREAMS, Absent, Dropped, Refused, Unserved, expected

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/guides/providers.md"
BEGIN, END = "<!-- matrix: scripts/provider-matrix writes from here -->", "<!-- matrix: to here -->"

LEGEND = """\
Each row is a feature of the caller's API, each column a provider's API; every cell is a test.

- **yes**: it reaches the provider, and what it brings comes back.
- **refused**: a 400 that names the member, or the call, before anything is sent. A route with `onUnsupported: drop` serves the request
  without it and names it in the header `x-isobar-dropped`.
- **dropped**: served without it on every route; a hint that changes no answer.
- **–**: one of the two APIs has no words for it.
"""


def every_cell():
    return [(front, upstream, name) for front in FRONTS for upstream in UPSTREAMS for name in FEATURES]


def page_with(matrix):
    """The page as it stands, with another matrix."""
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n\n{matrix}\n{END}{rest.split(END)[1]}"


def matrix():
    notes = {}
    sections = [_section(front, notes) for front in FRONTS]
    listed = "\n".join(f"{number}. {why}" for why, number in notes.items())
    return "\n".join([LEGEND, *sections, "### Why", "", listed, ""])


def _section(front, notes):
    """One caller's table. Providers with the same column share it."""
    columns = {}
    for upstream in UPSTREAMS:
        columns.setdefault(tuple(_cell(front, upstream, name, notes) for name in FEATURES), []).append(upstream)
    titles = [", ".join(UPSTREAMS[one][0] for one in members) for members in columns.values()]
    lines = [f"### {FRONTS[front]}", "", _row(["", *titles]), _row(["---"] * (1 + len(titles)))]
    group = None
    for index, (name, (heading, title)) in enumerate(FEATURES.items()):
        if heading != group:
            group = heading
            lines.append(_row([f"**{heading}**", *[""] * len(titles)]))
        lines.append(_row([title, *(column[index] for column in columns)]))
    return "\n".join([*lines, ""])


def _row(cells):
    return f"| {' | '.join(cells)} |"


def _cell(front, upstream, name, notes):
    outcome = expected(name, front, upstream)
    words = {Refused: "refused", Unserved: "refused", Dropped: "dropped", Absent: "–"}
    if not outcome.why:
        return "yes"
    number = notes.setdefault(outcome.why, len(notes) + 1)
    return f"{words.get(type(outcome), 'yes')} ({number})"
