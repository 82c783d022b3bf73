# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Figures as aligned text for a terminal and as Markdown for the README."""

from .gateway_config import PASS_THROUGH, TRANSLATIONS
from .targets import NGINX, verdicts

#: Heading, and how to get the cell of (results, case, peer).
Column = tuple
#: What the rows of translations are called.
WIRES = {wires.name: wires.title for wires in (PASS_THROUGH, *TRANSLATIONS)}


def _columns(case):
    per = "cpu_us_per_chunk" if case.mode == "stream" else "cpu_us_per_request"
    columns = [(f"CPU µs/{'chunk' if case.mode == 'stream' else 'req'}", lambda r, c, p: ranged(r.figure(c, p, per), 2))]
    if case.translation:
        columns += [("over pass-through µs", lambda r, c, p: _over_pass_through(r, c, p, per))] + _rate_column(case)
    else:
        columns += [("× nginx", lambda r, c, p: ranged(r.ratio(c, p, NGINX, per), 2))] + _rate_column(case)
        columns += _stream_columns() if case.mode == "stream" else _request_columns(case)
    return columns + [
        ("sys", lambda r, c, p: share(r.system_share(c, p))),
        ("RSS MB", lambda r, c, p: plain(r.figure(c, p, "rss_peak_mb"), 0)),
        ("errors", lambda r, c, p: str(r.total(c, p, "errors"))),
    ]


def _over_pass_through(results, case, peer, per):
    return "–" if peer == PASS_THROUGH.name else ranged(results.difference(case, peer, PASS_THROUGH.name, per), 2)


def _rate_column(case):
    if case.mode == "open":
        return []
    what = "chunks" if case.mode == "stream" else "requests"
    return [("chunks/s" if case.mode == "stream" else "req/s", lambda r, c, p: plain(r.figure(c, p, f"{what}_per_second"), 0))]


def _request_columns(case):
    columns = [(f"{name} µs", lambda r, c, p, name=name: plain(r.figure(c, p, "latency_us", name), 0)) for name in ("p50", "p99")]
    if case.mode == "open":
        columns += [(f"added {name}", lambda r, c, p, name=name: ranged(r.difference(c, p, "direct", "latency_us", name), 0)) for name in ("p50", "p99")]
    return columns


def _stream_columns():
    return [
        ("chunk p50 µs", lambda r, c, p: plain(r.figure(c, p, "chunk_delay_us", "p50"), 0)),
        ("chunk p99 µs", lambda r, c, p: plain(r.figure(c, p, "chunk_delay_us", "p99"), 0)),
        ("added p50", lambda r, c, p: ranged(r.difference(c, p, "direct", "chunk_delay_us", "p50"), 0)),
        ("TTFT added p50", lambda r, c, p: ranged(r.difference(c, p, "direct", "time_to_first_token_us", "p50"), 0)),
    ]


def tables(results, cases, subject):
    """(title, heading row, body rows) of every case, then of the targets."""
    for case in cases:
        if case.name not in results.cases():
            continue
        columns = _columns(case)
        names = WIRES if case.translation else {}
        rows = [[names.get(peer, peer)] + [cell(results, case.name, peer) for _, cell in columns] for peer in results.peers(case.name)]
        yield case.title(), ["wires" if case.translation else "peer"] + [name for name, _ in columns], rows
    rows = [
        [target.text, f"≤ {target.limit:g} {target.unit}", ranged(figure, 2), "pass" if passed else "FAIL"]
        for target, figure, passed in verdicts(results, subject)]
    if rows:
        yield f"Targets for {subject}", ["target", "limit", "measured", "verdict"], rows


def text(all_tables):
    return "\n".join(f"{title}\n{_aligned([heading, *rows])}\n" for title, heading, rows in all_tables)


def markdown(all_tables, conditions):
    parts = [_sentence(conditions)]
    for title, heading, rows in all_tables:
        lines = [f"**{title}**", "", _pipes(heading), _pipes(["---"] + ["---:"] * (len(heading) - 1))]
        parts.append("\n".join(lines + [_pipes(row) for row in rows]))
    return "\n\n".join(parts) + "\n"


def ranged(figure, digits):
    """`median [min–max]`, or `–` where nothing was measured."""
    if figure is None:
        return "–"
    return f"{figure.median:.{digits}f} [{figure.low:.{digits}f}–{figure.high:.{digits}f}]"


def plain(figure, digits):
    return "–" if figure is None else f"{figure.median:,.{digits}f}"


def share(value):
    return "–" if value is None else f"{value:.2f}"


def _sentence(c):
    return (
        f"Measured {c['date'][:10]} on {c['cores']} cores of {c['cpu']}, Linux {c['kernel']}, loopback, {c['rounds']} interleaved rounds of "
        f"{c['seconds']:g} s in short turns; median [min–max] of the rounds. Ratios are formed between neighbouring turns. Others used {c['foreign_cpu_median']:.2f} cores meanwhile (median).")


def _aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  " + "  ".join(cells))
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _pipes(cells):
    return "| " + " | ".join(cells) + " |"
