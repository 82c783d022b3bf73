# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Integration tests: the built `isobar` as real processes, real clients on real sockets.

`ISOBAR_BINARY` names the binary, by default the release build of this repository.

The suite runs once per environment of clients: one per major of the official `openai` client, and one, `sdks`, with the
official SDK of every provider. Tests marked `openai_client` depend on that client's major and run under every one of
it; tests marked `sdks` run with the providers' SDKs, and elsewhere only where they are marked `openai_client` too; all
others run once, under openai 2. `--all` runs everything that can run.

What a test starts through the fixtures ends with it, and a failed test shows the logs of its processes.
"""

import contextlib
import importlib.util
import json
import pathlib

import openai
import pytest

from configurations import PUBLIC_MODEL, UPSTREAM_MODEL
from processes import BINARY, KEY, Gateway, ModelServer, Process, Up
from upstreams import Call, ScriptedUpstream

LOG_CHARACTERS_SHOWN = 6000
MAJOR_OF_EVERYTHING = "2"
HAS_SDKS = all(importlib.util.find_spec(name) for name in ("anthropic", "boto3"))

STARTS_PROCESSES = {"workshop", "shared_workshop", "up", "cell", "failing"}
NEED_SDKS = [
    "test_audit.py", "test_witness.py",
    "test_cedar.py", "test_credentials*.py", "test_double*.py", "test_gemini_schemas.py", "test_matrix*.py", "test_models.py",
    "test_provider_guide.py", "test_tokens.py",
]

# What imports an SDK cannot even be read without it.
collect_ignore_glob = [] if HAS_SDKS else NEED_SDKS


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run also what does not depend on the openai client's major")
    parser.addoption("--matrix", metavar="FILE", help="write which cells of the matrix held, for scripts/provider-matrix")


def pytest_configure(config):
    config.addinivalue_line("markers", "openai_client: depends on the openai client, runs under every major of it")
    config.addinivalue_line("markers", "sdks: runs with the official SDKs of the providers, and needs them unless it is marked openai_client too")
    config.addinivalue_line("markers", "forwards_one: the endpoint is meant to get one request")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        _select(config, items, _is_for_this_environment)
    if not BINARY.exists() and any(STARTS_PROCESSES & set(item.fixturenames) for item in items):
        pytest.exit(
            f"{BINARY} is not built; scripts/test integration builds it, ISOBAR_BINARY names another", returncode=2
        )


def _select(config, items, predicate):
    config.hook.pytest_deselected(items=[item for item in items if not predicate(item)])
    items[:] = [item for item in items if predicate(item)]


def _is_for_this_environment(item):
    if HAS_SDKS:
        return item.get_closest_marker("sdks")
    if item.get_closest_marker("openai_client"):
        return True
    return openai.__version__.split(".")[0] == MAJOR_OF_EVERYTHING and not item.get_closest_marker("sdks")


def pytest_report_header():
    return f"isobar: {BINARY}; openai {openai.__version__}"


# Processes


class Workshop:
    """Starts processes and upstreams, knows them all, ends them all."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = []
        self.upstreams = []

    def model_server(self, port=None, options=(), model=UPSTREAM_MODEL):
        return self._started(lambda log: ModelServer(log, port, model, options), "model-server")

    def gateway(self, text, **arguments):
        number = len(self.processes)
        gateway = Gateway(self.directory / f"gateway-{number}", text, **arguments)
        self.processes.append(gateway)
        return gateway

    def up(self, regions, model_servers="reference"):
        up = Up(self.directory / f"up-{len(self.processes)}", regions, model_servers)
        self.processes.append(up)
        return up

    def process(self, command, name):
        return self._started(lambda log: Process(command, log), name)

    def upstream(self, script=Call.complete, tls=None, host="127.0.0.1"):
        upstream = ScriptedUpstream(script, tls, host)
        self.upstreams.append(upstream)
        return upstream

    def _started(self, start, name):
        process = start(self.directory / f"{name}-{len(self.processes)}.log")
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        for upstream in self.upstreams:
            upstream.close()


def _workshop(request, directory):
    workshop = Workshop(directory)
    request.node.workshop = workshop
    yield workshop
    workshop.close()


@pytest.fixture
def workshop(request, tmp_path):
    """For one test."""
    yield from _workshop(request, tmp_path)


@pytest.fixture(scope="module")
def shared_workshop(request, tmp_path_factory):
    """For all tests of a file, where they do not disturb each other."""
    yield from _workshop(request, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def double():
    """Starts doubles of providers; each ends with the test, which fails if a double made a mistake of its own."""
    with contextlib.ExitStack() as doubles:
        yield lambda kind, **options: doubles.enter_context(kind(**options))


def _session_workshop(request, tmp_path_factory):
    workshop = Workshop(tmp_path_factory.mktemp("session"))
    request.session.workshops = [*getattr(request.session, "workshops", []), workshop]
    return workshop


@pytest.fixture(scope="session")
def up(request, tmp_path_factory):
    """`isobar up` as a person would start it: with the real model where it is installed, else with the reference
    model server."""
    workshop = _session_workshop(request, tmp_path_factory)
    process = workshop.up(regions=2, model_servers="auto")
    if not process.stack["real"]:
        print("\nisobar up serves made-up answers: the real model is not installed (scripts/setup)")
    yield {**process.stack, "log": process.log}
    process.popen.terminate()
    process.wait(40)
    workshop.close()


@pytest.fixture(scope="session")
def openbao(request, tmp_path_factory):
    """An issuer of identity tokens, for all tests together."""
    from openbao import OpenBao

    workshop = _session_workshop(request, tmp_path_factory)
    server = OpenBao(workshop.directory / "openbao")
    workshop.processes.append(server)
    yield server
    workshop.close()


@pytest.fixture(scope="session")
def matrix(request, tmp_path_factory):
    """One gateway over a double of every provider, and every SDK in front of it."""
    from matrix import Matrix

    workshop = _session_workshop(request, tmp_path_factory)
    with Matrix(workshop) as matrix:
        yield matrix
    workshop.close()


@pytest.fixture(scope="session")
def failing_matrix(request, tmp_path_factory):
    """The same, with endpoints of their own for every failure."""
    from matrix import Matrix, documents_of_failures

    workshop = _session_workshop(request, tmp_path_factory)
    with Matrix(workshop, documents_of_failures) as matrix:
        yield matrix
    workshop.close()


@pytest.fixture
def failing(request, failing_matrix):
    """One front over one upstream that fails as the test says."""
    cell = failing_matrix.cell(*request.param)
    yield cell
    cell.double.faults.clear()


@pytest.fixture
def cell(request, matrix):
    """One front over one upstream, for one feature; its double is as new."""
    cell = matrix.cell(*request.param)
    yield cell
    cell.double.faults.clear()


CELLS = pytest.StashKey()


def pytest_sessionfinish(session):
    """A cell held if every test of it passed. Rules beside the table are tested on pairs without a feature."""
    name = session.config.getoption("--matrix")
    if name:
        held = session.stash.get(CELLS, {})
        listed = [{"cell": list(cell), "held": is_held} for cell, is_held in sorted(held.items(), key=str)]
        pathlib.Path(name).write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")


def _note_cell(item, report):
    cell = next((item.callspec.params[name] for name in ("cell", "failing") if name in item.callspec.params), None)
    if cell is not None and cell[2] is not None:
        front, upstream, feature = cell
        held = item.session.stash.setdefault(CELLS, {})
        held[front, upstream, feature] = held.get((front, upstream, feature), True) and report.passed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if hasattr(item, "callspec"):
        _note_cell(item, report)
    if report.failed:
        workshops = [getattr(node, "workshop", None) for node in (item, item.getparent(pytest.Module))]
        workshops += getattr(item.session, "workshops", [])
        for process in [process for workshop in workshops if workshop for process in workshop.processes]:
            title = f"{' '.join(process.command[1:3])} (pid {process.pid}, exit code {process.popen.poll()})"
            report.sections.append((title, process.log_text[-LOG_CHARACTERS_SHOWN:]))
    return report


# Clients


@pytest.fixture
def openai_client():
    """Makes clients that show every error at once instead of retrying."""
    clients = []

    def make(gateway_or_url, key=KEY, kind=openai.OpenAI, **options):
        url = getattr(gateway_or_url, "base_url", gateway_or_url)
        client = kind(base_url=url, api_key=key, max_retries=0, timeout=30, **options)
        if kind is openai.OpenAI:
            clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def ask_openai():
    """Common arguments of a chat request to a test gateway."""
    return {"model": PUBLIC_MODEL, "messages": [{"role": "user", "content": "Say something."}]}
