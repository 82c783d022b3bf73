# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What operators see and do: health, metrics, status, explanations, access log, the way to stop, and the cost of
doing nothing."""

import json
import pathlib
import re
import signal
import subprocess
import time

import pytest

import prometheus
from configurations import PUBLIC_MODEL, Endpoint, chat, configuration
from processes import BINARY, KEY, ask, free_port, is_alive, wait_until
from traffic import EventStream, Load, content_of
from upstreams import USAGE, chunk

SECRET_WORDS = "the-words-of-the-prompt"


@pytest.fixture(scope="module")
def gateway(shared_workshop):
    """With some of everything behind it: answers, streams, refusals, a failover."""
    server = shared_workshop.model_server()
    gateway = shared_workshop.gateway(
        configuration(
            Endpoint("broken", free_port(), tier="default"),
            Endpoint("first", server.port, tier="second"),
            Endpoint("spare", shared_workshop.model_server().port, tier="third"),
        )
    )
    for _ in range(5):
        assert gateway.post(chat(SECRET_WORDS, max_tokens=4)).status == 200
        with EventStream(gateway.port, chat(SECRET_WORDS, max_tokens=4)) as stream:
            list(stream)
    gateway.post(chat(SECRET_WORDS), key="forged-" + KEY)
    gateway.post({**chat(SECRET_WORDS), "model": "unknown"})
    gateway.post("{" + SECRET_WORDS)
    return gateway


# The admin port


def test_a_serving_gateway_is_alive_and_ready(gateway):
    assert ask(gateway.admin, "GET", "/livez").status == 200
    assert ask(gateway.admin, "GET", "/readyz").status == 200


@pytest.mark.parametrize(
    "method, path, status",
    [("GET", "/", 404), ("GET", "/v1/models", 404), ("POST", "/metrics", 405), ("GET", "/reload", 405)],
)
def test_the_admin_port_knows_only_its_paths(gateway, method, path, status):
    answer = ask(gateway.admin, method, path)
    assert answer.status == status
    assert answer.json["error"]["message"]


def test_the_metrics_page_is_strict_prometheus_text_and_its_sums_agree(gateway):
    answer = ask(gateway.admin, "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = prometheus.parse(answer.body.decode())
    requests = next(name for name in families if re.fullmatch(r"isobar_requests_total", name))
    assert prometheus.value(families, requests, route="main", outcome="ok") == 10
    attempts = next(name for name in families if name.startswith("isobar_") and "attempts" in name)
    assert prometheus.value(families, attempts, endpoint="first", outcome="other") == 10
    assert prometheus.value(families, attempts, endpoint="broken", outcome="connectFailed") >= 1
    durations = families["gen_ai_client_operation_duration_seconds"]
    count = {labels: value for (name, labels), value in durations.samples.items() if name.endswith("_count")}
    assert sum(value for labels, value in count.items() if ("endpoint", "first") in labels) == 10


def test_metrics_and_log_hold_no_prompt_no_answer_and_no_key(gateway):
    wait_until(lambda: len(gateway.log_lines()) >= 13, "the access log is written")
    for text in (
        ask(gateway.admin, "GET", "/metrics").body.decode(),
        gateway.access_log.read_text(),
        gateway.log_text,
        json.dumps(gateway.status()),
    ):
        assert SECRET_WORDS not in text
        assert KEY not in text


def test_access_log_lines_are_json_and_say_what_happened(gateway):
    lines = wait_until(lambda: len(gateway.log_lines()) >= 13 and gateway.log_lines(), "the access log is written")
    answered = [line for line in lines if line["status"] == 200]
    assert len(answered) == 10
    for line in answered:
        assert line["endpoint"] == "first" and line["route"] == "main" and line["key"] == "tester"
        assert line["input_tokens"] > 0 and line["output_tokens"] == 4 and line["cost_pico"] > 0
        assert 0 < line["ttft_ms"] <= line["duration_ms"]
    assert sorted(line["status"] for line in lines if line["status"] != 200) == [400, 401, 404]
    assert len({line["request_id"] for line in lines}) == len(lines)


def test_status_adds_up(gateway):
    status = gateway.status()
    endpoints = {endpoint["name"]: endpoint for endpoint in status["endpoints"]}
    assert status["state"] == "serving"
    assert endpoints["first"]["requests"] == 10 and endpoints["first"]["share"] == 1
    assert endpoints["broken"]["requests"] == 0 and endpoints["broken"]["attempts"] >= 1
    assert endpoints["first"]["ttft_ms"] > 0
    assert float(status["keys"][0]["spend"]) > 0
    assert status["keys"][0]["output_tokens"] == 40


def test_the_status_verb_prints_the_endpoints(gateway):
    run = subprocess.run(
        [BINARY, "status", "--once", "--admin", f"127.0.0.1:{gateway.admin}"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert run.returncode == 0, run.stderr
    assert all(name in run.stdout for name in ("broken", "first", "spare"))


def test_a_decision_explains_itself_on_the_admin_port_the_command_line_and_in_the_answer(gateway):
    explanation = ask(gateway.admin, "GET", f"/explain?model={PUBLIC_MODEL}").json
    assert explanation["picked"] in ("first", "broken")
    assert [tier["name"] for tier in explanation["tiers"]] == ["default", "second", "third"]
    assert all(candidate["verdict"] for tier in explanation["tiers"] for candidate in tier["candidates"])
    run = subprocess.run(
        [BINARY, "route", "explain", "--model", PUBLIC_MODEL, "--admin", f"127.0.0.1:{gateway.admin}"],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert run.returncode == 0, run.stderr
    assert all(name in run.stdout for name in ("broken", "first", "spare"))
    lines = gateway.post(chat(max_tokens=2), x_isobar_explain="1").headers.get_all("x-isobar-explain")
    assert any("first" in line for line in lines)
    assert ask(gateway.admin, "GET", "/explain?model=unknown").status == 404


# Stopping


def slow_stream(call):
    call.begin_stream()
    for number in range(10):
        call.event(chunk(content=f"{number} "))
        time.sleep(0.2)
    call.event(chunk(finish_reason="stop"))
    call.event("[DONE]")
    call.end_stream()


def test_sigterm_lets_a_running_stream_end_and_takes_no_new_caller(workshop):
    gateway = workshop.gateway(configuration(Endpoint("slow", workshop.upstream(slow_stream).port)))
    with EventStream(gateway.port, chat()) as stream:
        events = iter(stream)
        received = [next(events)]
        gateway.signal(signal.SIGTERM)
        wait_until(lambda: ask(gateway.admin, "GET", "/readyz").status == 503, "not ready any more")
        assert ask(gateway.admin, "GET", "/livez").status == 200
        received += list(events)
    assert content_of(received) == "0 1 2 3 4 5 6 7 8 9 " and received[-1] == "[DONE]"
    assert gateway.wait(5) == 0
    with pytest.raises(OSError):
        ask(gateway.port, "GET", "/v1/models")
    assert gateway.log_lines()[-1]["outcome"] == "ok"


def test_the_drain_deadline_cuts_what_does_not_end(workshop):
    def endless(call):
        call.begin_stream()
        while True:
            call.event(chunk(content="more "))
            time.sleep(0.05)

    gateway = workshop.gateway(
        configuration(Endpoint("endless", workshop.upstream(endless).port)), options=("--drain-seconds", "2")
    )
    with EventStream(gateway.port, chat()) as stream:
        next(iter(stream))
        gateway.signal(signal.SIGTERM)
        assert gateway.wait(5) == 0


def test_ctrl_c_on_up_leaves_no_process_behind(workshop):
    up = workshop.up(regions=3)
    assert all(is_alive(pid) for pid in up.member_pids())
    up.signal(signal.SIGINT)
    assert up.wait(10) == 0
    assert not any(is_alive(pid) for pid in up.member_pids())


def test_an_up_that_is_killed_takes_its_model_servers_with_it(workshop):
    up = workshop.up(regions=2)
    up.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in up.member_pids()), "the model servers are gone", seconds=3)


def test_a_bad_configuration_at_start_ends_with_code_2_and_the_place(workshop):
    path = workshop.directory / "bad.yaml"
    path.write_text(configuration(Endpoint("a", 1, options={"limts": {}})))
    process = workshop.process([BINARY, "gateway", "--config", path, "--listen", f"127.0.0.1:{free_port()}"], "gateway")
    assert process.wait(10) == 2
    assert "bad.yaml:" in process.log_text and "limits" in process.log_text


# Costs


def test_an_idle_gateway_uses_no_cpu(workshop):
    """After traffic, with a health probe a second."""
    server = workshop.model_server()
    health = {"health": {"path": "/health", "interval": "1s", "timeout": "1s"}}
    gateway = workshop.gateway(configuration(Endpoint("only", server.port, options=health)))
    with Load(gateway.port, threads=8, body=chat(max_tokens=2)) as load:
        wait_until(lambda: load.tally.answered >= 50, "some traffic")
    before = gateway.cpu_seconds()
    time.sleep(2)
    assert gateway.cpu_seconds() - before <= 0.03


def test_traffic_leaves_no_descriptors_behind(workshop):
    gateway = workshop.gateway(configuration(Endpoint("only", workshop.upstream().port)))
    descriptors = pathlib.Path(f"/proc/{gateway.pid}/fd")
    assert gateway.post(chat()).status == 200
    for _ in range(200):
        gateway.post(chat())
    wait_until(lambda: gateway.status()["connections"] == 0, "all callers are gone")
    # Its own, and the connections kept to the endpoint.
    assert len(list(descriptors.iterdir())) < 60
    assert gateway.status()["keys"][0]["output_tokens"] == 201 * USAGE["completion_tokens"]
