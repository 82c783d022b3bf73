# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Child processes: pinned, measured, and never left behind."""

import ctypes
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass

from .machine import TICK

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A process did not do what the measurement needs; the message says what and shows its last output."""


class Process:
    """A child in the caller's session, pinned to `cores`. Use as a context manager: leaving it ends the child and its children.

    It gets its own process group, so that all of it can be signalled, but not its own session: a session would be a scheduler group of
    its own (sched_autogroup), and processes that share a core would be weighed against each other by group.
    """

    def __init__(self, command, cores, log, env=None, pipes=False):
        self.command = [str(word) for word in command]
        self.log = log
        pipe = subprocess.PIPE if pipes else None

        def prepare():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            os.sched_setaffinity(0, cores)

        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                self.command, stdin=pipe or subprocess.DEVNULL, stdout=pipe or output, stderr=output, env={**os.environ, **(env or {})},
                process_group=0, preexec_fn=prepare)
        self._unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.child.pid

    def stop(self, patience=5):
        """SIGTERM to all of the group, SIGKILL to what is left after `patience` seconds."""
        for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                break
            try:
                self.child.wait(wait)
            except subprocess.TimeoutExpired:
                continue
            deadline = time.monotonic() + wait
            while group_exists(self.pid) and time.monotonic() < deadline:
                time.sleep(0.01)
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()
        self.child.wait()

    def read_line(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.child.stdout.fileno(), 65_536) if ready else b""
            if not more:
                raise Failed(f"{self.command[0]} {'ended' if ready else f'said nothing for {seconds} s'}\n{tail(self.log)}")
            self._unread += more
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode()

    def send_line(self):
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()

    def await_port(self, port, seconds=60):
        """Returns once something listens on `port`; reads the kernel's table so that the server sees no stray connection."""
        deadline = time.monotonic() + seconds
        while not listens(port):
            if self.child.poll() is not None:
                raise Failed(f"{' '.join(self.command)} ended with {self.child.returncode}\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise Failed(f"{' '.join(self.command)} does not listen on {port} after {seconds} s\n{tail(self.log)}")
            time.sleep(0.01)

    def usage(self):
        return Usage.of_tree(self.pid)


@dataclass
class Usage:
    """What a process and its children have used so far."""
    cpu_ns: int = 0
    user_ticks: int = 0
    system_ticks: int = 0
    rss_kb: int = 0
    rss_peak_kb: int = 0
    descriptors: int = 0

    @classmethod
    def of_tree(cls, root):
        total = cls()
        for pid in tree(root):
            try:
                total._add(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total

    def _add(self, pid):
        for thread in os.listdir(f"/proc/{pid}/task"):
            self.cpu_ns += int(_read(f"/proc/{pid}/task/{thread}/schedstat").split()[0])
        fields = _read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
        self.user_ticks += int(fields[11])
        self.system_ticks += int(fields[12])
        for line in _read(f"/proc/{pid}/status").split("\n"):
            if line.startswith("VmRSS:"):
                self.rss_kb += int(line.split()[1])
            elif line.startswith("VmHWM:"):
                self.rss_peak_kb += int(line.split()[1])
        self.descriptors += len(os.listdir(f"/proc/{pid}/fd"))


def tree(root):
    """`root` and everything descended from it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(_read(f"/proc/{name}/stat").rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def group_exists(group):
    try:
        os.killpg(group, 0)
        return True
    except (ProcessLookupError, PermissionError):
        return False


def listens(port):
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        for line in _read(table).split("\n")[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[1].endswith(wanted) and fields[3] == "0A":
                return True
    return False


def tail(path, lines=12):
    try:
        return "\n".join(_read(path).split("\n")[-lines - 1:])
    except OSError:
        return ""


def cpu_seconds_of(root):
    usage = Usage.of_tree(root)
    return max(usage.cpu_ns / 1e9, (usage.user_ticks + usage.system_ticks) / TICK)


def _read(path):
    with open(path, errors="replace") as file:
        return file.read()
