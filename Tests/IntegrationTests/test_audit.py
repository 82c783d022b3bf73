# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the gateway did is in its audit log: all of it, once, before it happened where a tenant demands that; and whoever
has the log's public key can check it without Isobar."""

import hashlib
import json
import pathlib
import resource
import shutil
import signal
import subprocess
import threading

import pytest

import tlog
from configurations import Endpoint, chat, configuration, document
from issued import PEPPER, token
from processes import BINARY, ask, wait_until
from traffic import Load
from upstreams import chunk

pytestmark = pytest.mark.sdks

CLINIC_KEY = "a-key-of-the-clinic-for-audit-tests"
SUBJECT = "anna@example.com"


def isobar(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path):
    """A new log's folder."""
    made = isobar("audit", "init", tmp_path / "audit", "--origin", "example.com/audit/test")
    assert made.returncode == 0, made.stderr
    return tmp_path / "audit"


def public_key(folder):
    return (folder / "policy").read_text().splitlines()[0].removeprefix("log ")


def audited(*endpoints, **options):
    """Two tenants; the clinic requires the log."""
    clinic = [
        document("Tenant", "clinic", {"audit": "required"}),
        document("Key", "clinic", {"tenant": "clinic", "secret": "env:CLINIC_KEY"}),
    ]
    return configuration(*endpoints, more=[*clinic, *options.pop("more", ())], **options)


def start(workshop, text, folder, **options):
    return workshop.gateway(text, options=["--audit", folder], environment={"CLINIC_KEY": CLINIC_KEY}, **options)


def log_with(folder, *requests):
    """The log once the last word of each of these requests is in it."""

    def whole():
        log = tlog.Log(folder, public_key(folder))
        return log if all(any(last for _, _, last in log.of(request)) for request in requests) else None

    return wait_until(whole, f"{requests} are in the log")


def request_id(answer):
    return answer.headers["x-isobar-request-id"]


def test_every_way_a_request_can_go_leaves_an_intent_and_an_end(workshop, folder):
    def first(call):
        if b"refuse" in call.body:
            call.respond(status=400, body=b'{"error":{"message":"No.","type":"invalid_request_error"}}')
        elif b"elsewhere" in call.body:
            call.respond(status=500)
        elif b"break" in call.body:
            call.begin_stream()
            call.event(chunk("Hal"))
            call.event(chunk("f"))
            call.close()
        else:
            call.complete()

    gateway = start(
        workshop,
        audited(Endpoint("one", workshop.upstream(first).port), Endpoint("two", workshop.upstream().port, tier="second")),
        folder,
    )
    said = {
        "plain": gateway.post(chat(user=SUBJECT), key=CLINIC_KEY),
        "stream": gateway.post(chat(stream=True), key=CLINIC_KEY),
        "elsewhere": gateway.post(chat("Go elsewhere."), key=CLINIC_KEY),
        "refused": gateway.post(chat("refuse")),
        "broken": gateway.post(chat("break", stream=True)),
        "unknown": gateway.post({**chat(), "model": "nothing"}),
        "stranger": gateway.post(chat(), key="nobody's key at all"),
    }
    log = log_with(folder, *map(request_id, said.values()))
    ends = {name: log.of(request_id(answer)) for name, answer in said.items()}
    assert ends == {
        "plain": [("intent", None, False), ("outcome", "completed", True)],
        "stream": [("intent", None, False), ("outcome", "completed", True)],
        "elsewhere": [("intent", None, False), ("intent", None, False), ("outcome", "failed", False), ("outcome", "completed", True)],
        "refused": [("intent", None, False), ("outcome", "refused", True)],
        "broken": [("intent", None, False), ("outcome", "truncated", True)],
        "unknown": [("denial", None, True)],
        "stranger": [("denial", None, True)],
    }
    by_id = log.requests()
    final = by_id[request_id(said["plain"])][-1]
    assert final["message_context"] == {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    assert tlog.ours(final)["cost_pico"] == "9000000"
    assert final["api"]["response"]["code"] == 200 and final["metadata"]["tenant_uid"] == "clinic"
    assert [entry["dst_endpoint"]["uid"] for entry in by_id[request_id(said["elsewhere"])]] == ["one", "two", "one", "two"]
    # Nobody can be read in it, and no prompt.
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "key")
    for text in (SUBJECT, "Go elsewhere.", CLINIC_KEY, "127.0.0.1"):
        assert text.encode() not in everything, text
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert isobar("audit", "verify", folder).returncode == 0
    # Keys are for the owner's eyes: the one that signs and those that connect entries with people.
    for path in [folder / "key", *folder.glob("subjects.sqlite*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_caller_that_leaves_is_in_the_log_as_cancelled(workshop, folder):
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream(lambda call: call.wait_for_close()).port)), folder)
    with pytest.raises(TimeoutError):
        gateway.post(chat(), key=CLINIC_KEY, timeout=0.5)

    def cancelled():
        log = tlog.Log(folder, public_key(folder))
        return [ends for ends in map(log.of, log.requests()) if ends[-1] == ("outcome", "cancelled", True)]

    assert wait_until(cancelled, "the outcome is in the log") == [[("intent", None, False), ("outcome", "cancelled", True)]]


def test_where_it_is_required_the_intent_is_on_the_disk_before_anything_is_sent(workshop, folder):
    seen = []

    def script(call):
        # The write-ahead file, as a crash of the process at this moment would leave it.
        files = b"".join(path.read_bytes() for path in folder.glob("wal-*"))
        seen.append((call.headers.get("x-check"), files.count(b'"phase":"intent"')))
        call.complete()

    gateway = start(workshop, audited(Endpoint("one", workshop.upstream(script).port)), folder)
    for number in range(20):
        assert gateway.post(chat(), key=CLINIC_KEY).status == 200
        assert seen[-1][1] == number + 1


def test_a_full_disk_stops_who_requires_the_log_and_nobody_else(workshop, folder):
    upstream = workshop.upstream()
    gateway = start(workshop, audited(Endpoint("one", upstream.port)), folder)
    assert gateway.post(chat(), key=CLINIC_KEY).status == 200
    # A limit of the size of files stands for the disk's end.
    room = next(folder.glob("wal-*")).stat().st_size + 100
    _, most = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (room, most))
    calls = len(upstream.calls)
    refused = gateway.post(chat(), key=CLINIC_KEY)
    assert (refused.status, refused.json["error"]["code"]) == (503, "audit_unavailable"), refused.body
    assert len(upstream.calls) == calls, "it was sent although nothing has it"
    served = gateway.post(chat())
    assert served.status == 200
    wait_until(lambda: gateway.status()["audit"]["fault"], "the status says so")
    assert "isobar_audit_up 0" in ask(gateway.admin, "GET", "/metrics").body.decode()
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (most, most))
    wait_until(lambda: gateway.post(chat(), key=CLINIC_KEY).status == 200, "it is served again")
    # Nobody waited for them, and they are there all the same.
    log = log_with(folder, request_id(served), request_id(refused))
    assert log.of(request_id(refused)) == [("denial", None, True)]
    assert gateway.status()["audit"]["lost_events_total"] == 0


def test_what_a_key_demanded_holds_for_its_requests_when_it_is_gone(workshop, folder):
    """The key leaves the configuration and the disk is full, then its request would go on to another endpoint."""
    may_fail = threading.Event()

    def script(call):
        may_fail.wait(10)
        call.respond(status=500)

    first, second = workshop.upstream(script), workshop.upstream()
    endpoints = [Endpoint("one", first.port), Endpoint("two", second.port, tier="second")]
    gateway = start(workshop, audited(*endpoints), folder)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(gateway.post(chat(), key=CLINIC_KEY)))
    asking.start()
    wait_until(lambda: first.calls, "it is at the first endpoint")
    assert gateway.reload(configuration(*endpoints))["last_error"] is None
    _, most = resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE)
    # The reload's own entries come first.
    wait_until(lambda: b"key.removed" in b"".join(path.read_bytes() for path in folder.glob("wal-*")), "it is written")
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (1, most))
    may_fail.set()
    asking.join()
    assert answers[0].status == 503 and answers[0].json["error"]["code"] == "audit_unavailable", answers[0].body
    assert second.calls == []


def test_killed_under_load_it_loses_no_request_that_was_answered(workshop, folder):
    upstream = workshop.model_server()
    text = audited(Endpoint("one", upstream.port))
    answered = []
    for _ in range(3):
        gateway = start(workshop, text, folder)
        stop = threading.Event()

        def ask_on(gateway=gateway, stop=stop):
            while not stop.is_set():
                try:
                    answer = gateway.post(chat(max_tokens=2), key=CLINIC_KEY)
                except OSError:
                    return
                if answer.status == 200:
                    answered.append(request_id(answer))

        threads = [threading.Thread(target=ask_on) for _ in range(8)]
        for thread in threads:
            thread.start()
        count = len(answered)
        wait_until(lambda: len(answered) >= count + 150, "traffic")
        gateway.kill()
        stop.set()
        for thread in threads:
            thread.join()
    gateway = start(workshop, text, folder)
    last = request_id(gateway.post(chat(max_tokens=2), key=CLINIC_KEY))
    log = log_with(folder, last)
    for request in answered:
        assert log.of(request)[0] == ("intent", None, False), request
    for request, entries in log.requests().items():
        words = log.of(request)
        assert sum(last for _, _, last in words) == 1 and words[-1][2], (request, words)
        assert len(entries) == len({entry["metadata"]["uid"] for entry in entries})
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    verified = isobar("audit", "verify", folder, "--output", "json")
    assert verified.returncode == 0 and json.loads(verified.stdout)["open_requests"] == 0, verified


def test_all_loops_and_many_callers_write_one_log(workshop, folder):
    server = workshop.model_server()
    gateway = start(workshop, audited(Endpoint("one", server.port)), folder)
    with Load(gateway.port, threads=16, body=chat(max_tokens=2)) as load:
        wait_until(lambda: load.tally.answered >= 400, "traffic")
    load.tally.expect_no_failure()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    log = tlog.Log(folder, public_key(folder))
    complete = [words for words in map(log.of, log.requests()) if words == [("intent", None, False), ("outcome", "completed", True)]]
    assert len(complete) >= load.tally.answered
    assert [entry["api"]["operation"] for entry in log.entries][:: len(log.entries) - 1] == ["log.opened", "log.closed"]


def test_whoever_changes_the_log_is_found_out(workshop, folder, tmp_path):
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream().port)), folder)
    answers = [gateway.post(chat(), key=CLINIC_KEY) for _ in range(5)]
    log_with(folder, *map(request_id, answers))
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    seen = tmp_path / "seen"
    seen.write_bytes((folder / "checkpoint").read_bytes())
    # Smaller tiles are still there for readers of smaller checkpoints; nobody else looks at them.
    size = tlog.Log(folder, public_key(folder)).checkpoint.size
    paths = sorted(folder.rglob(f"tile/*/*/{size}"))
    assert len(paths) == 2
    for path in paths:
        original = path.read_bytes()
        path.write_bytes(original.replace(b"completed", b"cancelled", 1) if b"completed" in original else original[::-1])
        refused = isobar("audit", "verify", folder)
        assert refused.returncode == 1 and "NOT to be believed" in refused.stderr, path
        path.write_bytes(original)
    assert isobar("audit", "verify", folder, "--seen", seen).returncode == 0
    # A younger log with the same key is whole in itself: only who remembers can tell.
    for path in folder.iterdir():
        if path.name not in ("key", "policy"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream().port)), folder)
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert isobar("audit", "verify", folder).returncode == 0
    back = isobar("audit", "verify", folder, "--seen", seen)
    assert back.returncode == 1 and "put back" in back.stderr, back
    other = tmp_path / "other-policy"
    isobar("audit", "init", tmp_path / "other", "--origin", "example.com/audit/test")
    other.write_bytes((tmp_path / "other/policy").read_bytes())
    assert isobar("audit", "verify", folder, "--policy", other).returncode == 1


def test_a_proof_stands_without_the_log_and_without_isobar(workshop, folder, tmp_path):
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream().port)), folder)
    answers = [gateway.post(chat(), key=CLINIC_KEY) for _ in range(3)]
    request = request_id(answers[1])
    log_with(folder, *map(request_id, answers))
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    proven = isobar("audit", "prove", folder, request, "--directory", evidence, "--output", "json")
    rows = json.loads(proven.stdout)
    assert [row["phase"] for row in rows] == ["intent", "outcome"]
    for row in rows:
        entry, proof = pathlib.Path(row["entry"]).read_bytes(), pathlib.Path(row["proof"]).read_bytes()
        assert tlog.check_proof(entry, proof, public_key(folder)) == row["index"]
        assert isobar("audit", "check", row["entry"], row["proof"], "--policy", folder / "policy").returncode == 0
        with pytest.raises(AssertionError):
            tlog.check_proof(entry.replace(b"clinic", b"clinik"), proof, public_key(folder))
        pathlib.Path(row["entry"]).write_bytes(entry.replace(b"clinic", b"clinik"))
        assert isobar("audit", "check", row["entry"], row["proof"], "--policy", folder / "policy").returncode == 1
    assert isobar("audit", "prove", folder, "0" * 16).returncode == 3
    assert isobar("audit", "prove", folder, "nonsense").returncode == 64


def test_an_erased_person_cannot_be_found_and_everything_still_verifies(workshop, folder):
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream().port)), folder)
    mine, others = [gateway.post(chat(user=user), key=CLINIC_KEY) for user in (SUBJECT, "bert")]
    log = log_with(folder, request_id(mine), request_id(others))
    handle = {entry["actor"]["user"]["uid"] for entry in log.requests()[request_id(mine)]}
    assert len(handle) == 1
    erased = isobar("audit", "erase", folder, SUBJECT, "--tenant", "clinic")
    assert erased.returncode == 0 and handle.copy().pop() in erased.stdout
    assert isobar("audit", "erase", folder, SUBJECT, "--tenant", "clinic").returncode == 3

    def noted():
        return [e for e in tlog.Log(folder, public_key(folder)).entries if e["api"]["operation"] == "subject.erased"]

    assert tlog.ours(wait_until(noted, "the erasure is an entry")[0])["subject"] in handle
    again = gateway.post(chat(user=SUBJECT), key=CLINIC_KEY)
    log = log_with(folder, request_id(again))
    assert log.requests()[request_id(again)][0]["actor"]["user"]["uid"] not in handle
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    # With nobody writing, the verb writes the entry itself.
    assert isobar("audit", "erase", folder, "bert", "--tenant", "clinic").returncode == 0
    assert len(noted()) == 2
    assert isobar("audit", "verify", folder).returncode == 0


def test_export_gives_what_is_asked_for(workshop, folder):
    gateway = start(workshop, audited(Endpoint("one", workshop.upstream().port)), folder)
    clinic, other = gateway.post(chat(), key=CLINIC_KEY), gateway.post(chat())
    log_with(folder, request_id(clinic), request_id(other))
    lines = isobar("audit", "export", folder, "--from", "2026-01-01", "--tenant", "clinic").stdout.splitlines()
    assert {json.loads(line)["metadata"]["correlation_uid"] for line in lines} == {request_id(clinic)}
    assert isobar("audit", "export", folder, "--to", "2026-01-01").stdout == ""


def test_configurations_and_keys_are_in_the_log_too(workshop, folder):
    port = workshop.upstream().port
    gateway = start(workshop, audited(Endpoint("one", port)), folder)
    more = [document("Key", "second", {"tenant": "clinic", "secret": "env:ISOBAR_SECOND"})]
    gateway.reload(audited(Endpoint("one", port), more=more))  # its secret is not there
    more[0]["spec"]["secret"] = f"file:{folder.parent / 'second'}"
    (folder.parent / "second").write_text("a-second-key-for-audit-tests")
    gateway.reload(audited(Endpoint("one", port), more=more))
    more[0]["spec"]["expiresAt"] = "2030-01-01T00:00:00Z"
    gateway.reload(audited(Endpoint("one", port), more=more))
    last = audited(Endpoint("one", port))
    gateway.reload(last)

    def noted():
        operations = [e["api"]["operation"] for e in tlog.Log(folder, public_key(folder)).entries]
        return operations if "key.removed" in operations else None

    assert wait_until(noted, "the last reload is in the log") == [
        "log.opened", "configuration.accepted", "configuration.refused", "configuration.accepted", "key.added",
        "configuration.accepted", "key.changed", "configuration.accepted", "key.removed",
    ]
    accepted = [e for e in tlog.Log(folder, public_key(folder)).entries if e["api"]["operation"] == "configuration.accepted"]
    assert accepted[-1]["unmapped"]["isobar"]["digest"] == hashlib.sha256(last.encode()).hexdigest()


def test_the_log_says_who_had_the_configuration_read_and_whom_the_admin_port_refused(workshop, folder):
    bindings = {role: token(f"the-{role}", role) for role in ("operator", "viewer")}
    text = audited(Endpoint("one", workshop.upstream().port)) + "".join(kept for _, kept in bindings.values())
    environment = {"CLINIC_KEY": CLINIC_KEY, "ISOBAR_PEPPER": PEPPER}
    gateway = workshop.gateway(text, options=["--audit", folder], environment=environment)

    def reload(token):
        return ask(gateway.admin, "POST", "/reload", headers={"Authorization": f"Bearer {token}"}).status

    assert [reload(bindings["operator"][0]), reload(bindings["viewer"][0]), reload("nobody's")] == [200, 403, 401]
    assert ask(gateway.admin, "GET", "/livez").status == 200

    def noted():
        entries = [e for e in tlog.Log(folder, public_key(folder)).entries if e["api"]["operation"].startswith("admin.")]
        return entries if len(entries) == 3 else None

    assert [
        (e["api"]["operation"], e["unmapped"]["isobar"].get("role_binding"), e["status_id"])
        for e in wait_until(noted, "all three are in the log")
    ] == [("admin.reload", "the-operator", 1), ("admin.reload", "the-viewer", 2), ("admin.reload", None, 2)]
    assert not any(secret in "".join(map(str, tlog.Log(folder, public_key(folder)).entries)) for secret, _ in bindings.values())


def test_a_log_that_is_required_and_not_kept_is_an_error_with_its_place(workshop, tmp_path, folder):
    text = tmp_path / "isobar.yaml"
    for name in ("ISOBAR_TEST_KEY", "CLINIC_KEY"):
        (tmp_path / name).write_text(f"a secret for {name}")
    text.write_text(audited(Endpoint("one", 9)).replace("env:", f"file:{tmp_path}/"))
    refused = isobar("gateway", "--config", text, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert refused.returncode == 2 and "Tenant clinic, spec.audit" in refused.stderr and "--audit" in refused.stderr
    for path, words in ((tmp_path / "nowhere", "isobar audit init"), (folder.parent, "isobar audit init")):
        missing = isobar("gateway", "--config", text, "--audit", path, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        assert missing.returncode == 1 and words in missing.stderr, missing


def test_measuring_a_disk_leaves_nothing_behind(tmp_path):
    measured = isobar("audit", "measure", tmp_path, "--seconds", "1", "--in-flight", "16", "--output", "json")
    assert measured.returncode == 0, measured.stderr
    figures = json.loads(measured.stdout)
    assert figures["entries_per_second"] > 0 and figures["wait_ms_p99"] >= figures["wait_ms_p50"] > 0
    assert list(tmp_path.iterdir()) == []
