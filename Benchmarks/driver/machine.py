# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the measurements ran on, and how quiet it was."""

import datetime
import os
import platform
import socket

TICK = os.sysconf("SC_CLK_TCK")


def conditions():
    """Facts that a reader needs to judge the figures."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1e6, 1),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "congestion_control": _text("/proc/sys/net/ipv4/tcp_congestion_control"),
        "sched_autogroup": _text("/proc/sys/kernel/sched_autogroup_enabled"),
    }


def busy_seconds():
    """CPU seconds used by everything on the machine since it started, idle and waiting apart."""
    user, nice, system, _, _, irq, softirq = (int(x) for x in _text("/proc/stat").split("\n")[0].split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def free_ports(count, start=20_000, end=30_000):
    """Ports nobody listens on, below the range the kernel gives to outgoing connections."""
    ports = []
    for port in range(start, end):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise SystemExit(f"no {count} free ports between {start} and {end}")


def _text(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return "unknown"


def _field(path, name):
    for line in _text(path).split("\n"):
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return "0 unknown"
