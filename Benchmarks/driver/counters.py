# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Counts from tools that watch one process: instructions and calls from callgrind, system calls from strace."""

import glob
import os
import subprocess
import re

#: Functions whose calls have a budget, by the name it goes by there.
COUNTED_CALLS = {
    "mallocs": ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"),
    "retains": ("swift_retain", "swift_bridgeObjectRetain"),
    "releases": ("swift_release", "swift_bridgeObjectRelease"),
    "objects": ("swift_allocObject",),
}


def callgrind_command(command, directory):
    """Runs `command` under callgrind, following children; each process writes its own file into `directory`."""
    return [
        "valgrind", "--tool=callgrind", "--trace-children=yes", "--quiet", f"--callgrind-out-file={directory}/callgrind.%p",
        f"--log-file={directory}/valgrind.%p.log", without_debug_info(command[0], directory), *command[1:]]


def read_callgrind(directory):
    """Instructions and counted calls of all processes together."""
    totals = dict.fromkeys(["instructions", *COUNTED_CALLS], 0)
    for path in glob.glob(os.path.join(directory, "callgrind.*")):
        with open(path, errors="replace") as file:
            _add_callgrind(file, totals)
    return totals


def _add_callgrind(lines, totals):
    """Adds one output file (format: Valgrind manual, "Callgrind Format Specification").

    Names are written once as `(id) name` and then only as `(id)`; `cfn=` names the callee of the `calls=COUNT` line that follows it.
    """
    names, callee = {}, ""
    for line in lines:
        if line.startswith(("cfn=", "fn=")):
            number, name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line.rstrip("\n")).groups()
            # Callgrind writes recursive calls as name'2 and versioned symbols as name@@VERSION; both are the same function.
            if name:
                names[number] = re.split(r"['@]", name)[0]
            if line.startswith("c"):
                callee = names.get(number, "")
        elif line.startswith("calls="):
            for kind, functions in COUNTED_CALLS.items():
                if callee in functions:
                    totals[kind] += int(line[6:].split()[0])
        elif line.startswith("summary:"):
            totals["instructions"] += int(line.split()[1])


def strace_command(command, directory):
    return ["strace", "-f", "-c", "-U", "calls,name", "-o", f"{directory}/strace.txt", *command]


def read_strace(directory):
    """System calls of all processes together."""
    with open(f"{directory}/strace.txt") as file:
        rows = [line.split() for line in file]
    return {"syscalls": sum(int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit() and row[1] != "total")}


def without_debug_info(program, directory):
    """A copy that Valgrind can load: its reader gives up on the debug information that Swift writes. Symbols stay."""
    copy = os.path.join(directory, os.path.basename(program))
    subprocess.run(["strip", "--strip-debug", "-o", copy, program], check=True)
    return copy
