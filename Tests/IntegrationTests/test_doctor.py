# SPDX-License-Identifier: Apache-2.0
# Isobar
"""`isobar doctor` as a person runs it: each kind of trouble on real sockets, told apart and told in words."""

import json
import os
import pty
import socket
import subprocess
import threading
import time

import pytest

from certificates import Authority, server_context
from configurations import UPSTREAM_MODEL, Endpoint, configuration
from processes import BINARY, KEY, free_port
from upstreams import black_hole, refuse_with

SECRET = "sk-doctor-test-0123456789"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "good")


@pytest.fixture
def doctor(tmp_path):
    """Runs the doctor over endpoints; `seen` is its JSON, by endpoint."""

    def run(*endpoints, options=(), more=()):
        file = tmp_path / "isobar.yaml"
        file.write_text(configuration(*endpoints, more=more))
        return Examination([file, *options])

    return run


class Examination:
    def __init__(self, arguments):
        environment = {**os.environ, "ISOBAR_TEST_KEY": KEY, "UPSTREAM_KEY": SECRET}
        command = [BINARY, "doctor", *map(str, arguments)]
        started = time.monotonic()
        self.text = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        self.seconds = time.monotonic() - started
        found = subprocess.run(
            [*command, "--output", "json"], capture_output=True, text=True, timeout=60, env=environment
        )
        assert found.returncode == self.text.returncode
        for output in (self.text.stdout, self.text.stderr, found.stdout, found.stderr):
            assert SECRET not in output and KEY not in output
        self.document = json.loads(found.stdout)
        self.seen = {endpoint["name"]: endpoint for endpoint in self.document.get("endpoints", [])}
        self.code = found.returncode


def with_key(scheme="bearer", **options):
    return {"credential": {"scheme": scheme, "secret": "env:UPSTREAM_KEY"}, **options}


# Healthy


def test_a_healthy_endpoint_answers_one_tiny_call_with_its_credential(workshop, doctor):
    upstream = workshop.upstream()
    found = doctor(Endpoint("only", upstream.port, options=with_key()))
    assert found.code == 0 and found.document["healthy"] is True
    only = found.seen["only"]
    assert (only["health"], only["problem"], only["api"], only["status"]) == ("ok", "none", "chat", 200)
    assert only["model"] == UPSTREAM_MODEL and only["total_ms"] >= only["first_byte_ms"] >= 0
    assert "1 of 1 endpoints are healthy." in found.text.stdout
    call = upstream.calls[0]
    assert call.headers["Authorization"] == f"Bearer {SECRET}" and call.path == "/v1/chat/completions"
    assert call.headers["Host"] == f"127.0.0.1:{upstream.port}"
    assert call.json["max_tokens"] == 16 and call.json["model"] == UPSTREAM_MODEL
    assert "An answer." not in found.text.stdout + json.dumps(found.document)


def test_the_reference_model_server_is_healthy(workshop, doctor):
    server = workshop.model_server()
    assert doctor(Endpoint("only", server.port)).code == 0


def test_a_model_that_knows_the_bound_by_its_other_name_is_asked_again(workshop, doctor):
    def script(call):
        if "max_completion_tokens" in call.json:
            call.respond(400, b'{"error":{"message":"Unsupported parameter: max_completion_tokens"}}')
        else:
            call.complete()

    upstream = workshop.upstream(script)
    assert doctor(Endpoint("only", upstream.port, flavor="openai")).code == 0
    assert len(upstream.calls) == 4, "two runs, two calls each"


def test_each_wire_is_asked_in_its_own_words(workshop, doctor):
    answers = {"/v1/messages": b'{"model":"claude","content":[]}', "/v1/embeddings": b'{"data":[]}'}
    upstream = workshop.upstream(lambda call: call.respond(200, answers[call.path]))
    serves = {"serves": [{"model": UPSTREAM_MODEL, "apis": ["embeddings"]}]}
    found = doctor(
        Endpoint("claude", upstream.port, flavor="anthropic", options=with_key("x-api-key")),
        Endpoint("vectors", upstream.port, options=serves),
    )
    assert found.code == 0
    assert (found.seen["claude"]["api"], found.seen["vectors"]["api"]) == ("messages", "embeddings")
    messages = next(call for call in upstream.calls if call.path == "/v1/messages")
    assert messages.headers["x-api-key"] == SECRET and messages.headers["anthropic-version"] == "2023-06-01"


# Before an answer


def test_a_name_that_does_not_resolve(doctor):
    found = doctor(Endpoint("only", 80, host="no-such-host.invalid"))
    assert found.code == 1 and found.seen["only"]["problem"] == "name-unresolved"
    assert "no-such-host.invalid does not resolve" in found.text.stdout


def test_a_closed_port(doctor):
    port = free_port()
    found = doctor(Endpoint("only", port))
    assert found.code == 1 and found.seen["only"]["problem"] == "connection-refused"
    assert f"nothing listens at 127.0.0.1:{port}" in found.text.stdout


def test_an_endpoint_that_never_answers(workshop, doctor):
    found = doctor(Endpoint("only", workshop.upstream(black_hole).port), options=["--timeout", "1"])
    assert found.seen["only"]["problem"] == "no-answer" and "no answer began within 1.0 s" in found.text.stdout
    assert found.seconds < 10


def test_a_server_that_closes_without_a_word(workshop, doctor):
    found = doctor(Endpoint("only", workshop.upstream(lambda call: call.close()).port))
    assert found.seen["only"]["problem"] == "no-answer" and "closed without an answer" in found.text.stdout


def test_something_that_is_no_http_server(doctor):
    with Greeter(b"220 mail.example ESMTP\r\n") as greeter:
        found = doctor(Endpoint("only", greeter.port))
    assert found.seen["only"]["problem"] == "not-http"


class Greeter:
    """Says its line to whoever connects, then closes."""

    def __init__(self, line):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.line = line
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self.line)
                connection.recv(65_536)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


# TLS


@pytest.fixture
def secure(workshop, doctor):
    def examine(certificate_and_key, authority=None, host="localhost"):
        upstream = workshop.upstream(tls=server_context(*certificate_and_key))
        options = {"certificateAuthorityFile": str(authority.certificate)} if authority else {}
        return doctor(Endpoint("only", upstream.port, scheme="https", host=host, options=options))

    return examine


def test_a_trusted_certificate_is_healthy(secure, authority):
    assert secure(authority.issue("right", "DNS:localhost"), authority).code == 0


def test_an_authority_that_is_not_trusted(secure, authority):
    found = secure(authority.issue("unnamed", "DNS:localhost"))
    assert found.code == 1 and found.seen["only"]["problem"] == "certificate-untrusted"
    assert "certificateAuthorityFile" in found.seen["only"]["hint"]


def test_a_certificate_for_another_name(secure, authority):
    found = secure(authority.issue("other", "DNS:elsewhere.example"), authority)
    assert found.seen["only"]["problem"] == "certificate-name"
    found = secure(authority.issue("named", "DNS:localhost"), authority, host="127.0.0.1")
    assert found.seen["only"]["problem"] == "certificate-name"


def test_an_expired_certificate(secure, authority):
    found = secure(authority.issue("expired", "DNS:localhost", days=-1), authority)
    assert found.seen["only"]["problem"] == "certificate-expired"


def test_https_to_a_server_without_tls(workshop, doctor, authority):
    options = {"certificateAuthorityFile": str(authority.certificate)}
    found = doctor(Endpoint("only", workshop.upstream().port, scheme="https", host="localhost", options=options))
    assert found.seen["only"]["problem"] == "tls" and "does not speak TLS" in found.text.stdout


def test_http_to_a_server_with_tls(workshop, doctor, authority):
    upstream = workshop.upstream(tls=server_context(*authority.issue("plain", "DNS:localhost")))
    found = doctor(Endpoint("only", upstream.port, host="localhost"))
    assert found.seen["only"]["health"] == "failed"
    assert found.seen["only"]["problem"] in ("no-answer", "not-http")


# Answers


def answer(status, body, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda call: call.respond(status, text.encode(), **headers)


@pytest.mark.parametrize(
    "script, problem, words",
    [
        (answer(401, {"error": {"code": "invalid_api_key", "message": f"bad key {SECRET}"}}), "credential", "bad key …"),
        (answer(403, {"error": {"message": "no"}}), "permission", "does not allow it"),
        (answer(404, {"error": {"code": "model_not_found"}}), "model", "does not serve demo"),
        (answer(404, {"detail": "Not Found"}), "path", "has nothing at POST /v1/chat/completions"),
        (answer(200, "<!doctype html><p>Sign in"), "path", "a web page"),
        (answer(200, {"hello": 1}), "path", "not as chat does"),
        (answer(429, {}, retry_after=7), "rate-limited", "it asks to wait 7.0 s"),
        (answer(429, {"error": {"type": "insufficient_quota"}}), "quota-exhausted", "is used up"),
        (answer(400, {"error": {"code": "content_filter"}}), "content-filter", "refuses the word ping"),
        (refuse_with(503), "overloaded", "no capacity"),
        (refuse_with(500), "server-error", "fails (HTTP 500)"),
        (refuse_with(400), "call-refused", "refuses the call"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_answers_that_are_refusals(workshop, doctor, script, problem, words):
    found = doctor(Endpoint("only", workshop.upstream(script).port, options=with_key()))
    assert (found.code, found.seen["only"]["problem"]) == (1, problem), found.document
    assert words in found.text.stdout


def test_a_slow_endpoint_is_slow_and_not_healthy(workshop, doctor):
    found = doctor(Endpoint("only", workshop.upstream().port), options=["--slow-after", "0"])
    assert (found.code, found.seen["only"]["health"]) == (1, "slow")
    assert "the first byte took" in found.text.stdout and found.seen["only"]["status"] == 200


# Many


def test_one_sick_endpoint_among_many_is_told_apart(workshop, doctor):
    upstream = workshop.upstream()
    endpoints = [Endpoint(f"good-{number}", upstream.port) for number in range(9)]
    found = doctor(*endpoints, Endpoint("bad", free_port()), options=["--parallel", "3"])
    assert found.code == 1 and found.document["healthy"] is False
    assert [name for name, seen in found.seen.items() if seen["health"] != "ok"] == ["bad"]
    assert list(found.seen) == [f"good-{number}" for number in range(9)] + ["bad"]
    assert "9 of 10 endpoints are healthy." in found.text.stdout


def test_endpoints_are_asked_together_up_to_the_limit(workshop, doctor):
    state = {"now": 0, "most": 0}
    lock = threading.Lock()
    full = threading.Event()

    def script(call):
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
            if state["now"] == 3:
                full.set()
        full.wait(10)
        with lock:  # before the answer: with it the next call may begin
            state["now"] -= 1
        call.complete()

    upstream = workshop.upstream(script)
    found = doctor(*[Endpoint(f"e-{number}", upstream.port) for number in range(6)], options=["--parallel", "3"])
    assert found.code == 0
    assert state["most"] == 3


def test_one_endpoint_can_be_chosen(workshop, doctor):
    good = Endpoint("good", workshop.upstream().port)
    found = doctor(good, Endpoint("bad", free_port()), options=["--endpoint", "good"])
    assert found.code == 0 and list(found.seen) == ["good"]


def test_a_configuration_that_is_refused(tmp_path):
    file = tmp_path / "isobar.yaml"
    file.write_text("kind: Nothing\n")
    found = subprocess.run([BINARY, "doctor", file], capture_output=True, text=True, timeout=30)
    assert found.returncode == 2 and "kind" in found.stderr


def test_nothing_is_written_about_progress_where_nobody_looks(workshop, doctor):
    found = doctor(*[Endpoint(f"e-{number}", workshop.upstream().port) for number in range(3)])
    assert found.text.stderr == ""


def test_progress_is_shown_on_a_terminal_and_taken_away(workshop, tmp_path):
    file = tmp_path / "isobar.yaml"
    file.write_text(configuration(*[Endpoint(f"e-{number}", workshop.upstream().port) for number in range(3)]))
    reader, terminal = pty.openpty()
    process = subprocess.run(
        [BINARY, "doctor", file], stdout=subprocess.PIPE, stderr=terminal, timeout=30,
        env={**os.environ, "ISOBAR_TEST_KEY": KEY},
    )
    os.close(terminal)
    shown = b""
    try:
        while data := os.read(reader, 4096):
            shown += data
    except OSError:
        pass
    os.close(reader)
    assert process.returncode == 0
    assert b"2 of 3 checked" in shown and shown.endswith(b"\r\x1b[K")
