# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Runs a guide as a reader would paste it: every `sh` block in one shell, each compared with the `text` block that
follows it. `…` in a text stands for anything, a line of its own for any number of lines."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

from processes import BINARY, REPOSITORY, free_port

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Of loopback addresses.
PORT = re.compile(r"\b18\d{3}\b")
END = "--- end of block ---"


def steps(page):
    """(commands, expected output or None) in order."""
    blocks = BLOCK.findall((REPOSITORY / page).read_text())
    following = blocks[1:] + [("", "")]
    return [
        (text, expected if language == "text" else None)
        for (kind, text), (language, expected) in zip(blocks, following)
        if kind == "sh"
    ]


def run(page, directory):
    """Returns (commands, expected, output) of every step. The guide's ports are replaced by free ones."""
    ports = sorted(set(PORT.findall("".join(commands for commands, _ in steps(page)))))
    first = free_port(len(ports))
    moved = {port: str(first + number) for number, port in enumerate(ports)}
    script = "".join(f"{commands}\necho '{END}'\n" for commands, _ in steps(page))
    example = pathlib.Path(directory) / "Examples"
    _copy_examples(example, moved)
    (pathlib.Path(directory) / "bin").mkdir()
    (pathlib.Path(directory) / "bin/isobar").symlink_to(BINARY)
    # A process group of its own: whatever the guide leaves running ends with it.
    shell = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "bash", "-c", _moved(script, moved)],
        cwd=directory,
        env={**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = shell.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
    outputs = output.split(END + "\n")
    return [(*step, output) for step, output in zip(steps(page), outputs, strict=False)]


def _moved(text, moved):
    return PORT.sub(lambda match: moved.get(match.group(), match.group()), text)


def _copy_examples(target, moved):
    for source in (REPOSITORY / "Examples").rglob("*.yaml"):
        copy = target / source.relative_to(REPOSITORY / "Examples")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(_moved(source.read_text(), moved))


def matches(expected, output):
    """Line by line, but for what the page leaves open; logs of servers, which are JSON, do not count."""
    lines = [line.rstrip("\r ") for line in output.splitlines() if not line.startswith("{")]
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("…")) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines)) is not None
