# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The programs under test as processes: started, observed through their ports, and always ended.

Nothing here sleeps for a guessed time: `wait_until` asks for a condition and fails with the name of what did not
happen.
"""

import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("ISOBAR_BINARY", REPOSITORY / ".build/release/isobar"))
KEY = "integration-test-key"


def wait_until(condition, what, seconds=10.0):
    """Returns the condition's first true value; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not happen within {seconds} s: {what}"
        time.sleep(0.01)


_given = set()


def free_port(count=1):
    """The first of `count` neighbouring ports, outside of the range from which the kernel takes ports of outgoing
    connections, so that none of them can take one. No port is given twice: it may be bound later than the next is asked
    for, and a gateway would share it with itself."""
    while True:
        first = random.randint(15_000, 32_000)
        ports = range(first, first + count)
        if _given.isdisjoint(ports) and all(_is_free(port) for port in ports):
            _given.update(ports)
            return first


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class Answer:
    """A whole HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def ask(port, method, path, body=None, headers=None, timeout=20, host="127.0.0.1"):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        payload = json.dumps(body) if isinstance(body, (dict, list)) else body
        payload = payload.encode() if isinstance(payload, str) else payload
        connection.request(method, path, payload, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Process:
    """A child with a log of its own, in a session of its own, that ends when this test run ends, however it ends."""

    def __init__(self, command, log, environment=None):
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as output:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **(environment or {})},
                cwd=REPOSITORY,
            )

    @property
    def pid(self):
        return self.popen.pid

    @property
    def is_running(self):
        return self.popen.poll() is None

    @property
    def log_text(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=20):
        return self.popen.wait(seconds)

    def kill(self):
        """`kill -9`, and gone when this returns."""
        if self.is_running:
            self.popen.kill()
        self.popen.wait(10)

    def wait_until_ready(self, is_ready, what, seconds=20):
        def check():
            assert self.is_running, f"{what} ended with {self.popen.returncode}:\n{self.log_text[-4000:]}"
            try:
                return is_ready()
            except OSError:
                return False

        wait_until(check, f"{what} is ready", seconds)

    def memory_bytes(self):
        """Resident set."""
        pages = int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        """User and system time of all threads, to one tick of the clock (10 ms)."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class ModelServer(Process):
    """`isobar model-server`, with faults set over HTTP."""

    def __init__(self, log, port=None, model="demo", options=()):
        self.port = port or free_port()
        super().__init__(
            [BINARY, "model-server", "--listen", f"127.0.0.1:{self.port}", "--model", model, *options], log
        )
        self.wait_until_ready(lambda: ask(self.port, "GET", "/health").status == 200, "model server")

    def set_faults(self, *rules):
        answer = ask(self.port, "PUT", "/faults", {"rules": rules})
        assert answer.status == 200, answer.body

    def clear_faults(self):
        ask(self.port, "DELETE", "/faults")

    def metric(self, name):
        """Sum over the samples of a metric."""
        lines = ask(self.port, "GET", "/metrics").body.decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


class Gateway(Process):
    """`isobar gateway` over a configuration that tests may rewrite."""

    def __init__(self, directory, text, port=None, options=(), environment=None, scheme="http", host="127.0.0.1"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.configuration = self.directory / "isobar.yaml"
        self.access_log = self.directory / "access.log"
        self.configuration.write_text(text)
        self.port = port or free_port()
        self.admin = free_port()
        self.host = host
        bracketed = f"[{host}]" if ":" in host else host
        self.base_url = f"{scheme}://{bracketed}:{self.port}/v1"
        command = [
            BINARY,
            "gateway",
            "--config",
            self.configuration,
            "--listen",
            f"{bracketed}:{self.port}",
            "--admin",
            f"127.0.0.1:{self.admin}",
            "--access-log",
            self.access_log,
            "--loops",
            "2",
            *options,
        ]
        super().__init__(command, self.directory / "gateway.log", {"ISOBAR_TEST_KEY": KEY, **(environment or {})})
        self.wait_until_ready(lambda: ask(self.admin, "GET", "/readyz").status == 200, "gateway")

    def post(self, body, path="/v1/chat/completions", key=KEY, timeout=20, **headers):
        fields = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        return ask(self.port, "POST", path, body, fields, timeout, self.host)

    def get(self, path):
        return ask(self.port, "GET", path, headers={"Authorization": f"Bearer {KEY}"}, host=self.host)

    def status(self):
        return ask(self.admin, "GET", "/status").json

    def endpoint(self, name):
        """One endpoint's part of `/status`."""
        return next(endpoint for endpoint in self.status()["endpoints"] if endpoint["name"] == name)

    def reload(self, text, by_signal=True):
        """Rewrites the configuration and returns its part of `/status` once the gateway has taken or refused it."""
        before = self.reloads()
        replacement = self.configuration.with_suffix(".new")
        replacement.write_text(text)
        replacement.rename(self.configuration)
        if by_signal:
            self.signal(signal.SIGHUP)
        wait_until(lambda: self.reloads() != before, "the gateway accepts or refuses the new configuration")
        return self.status()["configuration"]

    def reloads(self):
        state = self.status()["configuration"]
        return state["accepted_total"], state["rejected_total"]

    def log_lines(self):
        """Access log so far, parsed: each line must be JSON."""
        return [json.loads(line) for line in self.access_log.read_text().splitlines()]


class Up(Process):
    """`isobar up` on free ports; `stack` is what its ready file says."""

    def __init__(self, directory, regions, model_servers):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        ready = self.directory / "ready.json"
        command = [
            BINARY,
            "up",
            "--regions",
            regions,
            "--model-servers",
            model_servers,
            "--listen",
            f"127.0.0.1:{self.port}",
            "--admin",
            f"127.0.0.1:{free_port()}",
            "--model-port",
            # Embeddings may need a further process in each of two regions.
            free_port(regions + 2),
            "--directory",
            self.directory / "run",
            "--ready-file",
            ready,
        ]
        super().__init__(command, self.directory / "up.log")
        self.wait_until_ready(ready.exists, "isobar up", seconds=120)
        self.stack = json.loads(ready.read_text())

    def member_pids(self):
        return [member["pid"] for member in self.stack["members"]]


def is_alive(pid):
    """Whether a process that need not be our child runs; one that only waits to be reaped does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
