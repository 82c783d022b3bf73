# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Witnesses see that a log has one past only: each cosigns what continues the last, and a log that was put back is an
alarm."""

import base64
import hashlib
import json
import shutil
import signal

import pytest

import tlog
from configurations import Endpoint, chat, configuration
from processes import BINARY, ask, free_port, wait_until
from test_audit import folder, isobar, log_with, public_key, request_id  # noqa: F401  (folder is a fixture)

pytestmark = pytest.mark.sdks


class Witness:
    def __init__(self, workshop, directory, name):
        self.workshop, self.directory = workshop, directory / name
        made = isobar("witness", "init", self.directory, "--name", f"example.com/witness/{name}")
        assert made.returncode == 0, made.stderr
        self.key = next(word for line in made.stdout.splitlines() if "for policies" in line for word in line.split() if word.count("+") >= 2)
        self.port = free_port()
        self.process = None

    def watch(self, *keys):
        with open(self.directory / "logs", "a") as file:
            file.writelines(f"log {key}\n" for key in keys)
        return self

    def start(self):
        command = [BINARY, "witness", "run", self.directory, "--listen", f"127.0.0.1:{self.port}"]
        self.process = self.workshop.process(command, "witness")
        self.process.wait_until_ready(lambda: ask(self.port, "GET", "/").status == 404, "witness")
        return self

    def latest(self, origin):
        return ask(self.port, "GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")

    def add(self, old, proof, note):
        body = f"old {old}\n".encode() + b"".join(base64.b64encode(part) + b"\n" for part in proof) + b"\n" + note
        return ask(self.port, "POST", "/add-checkpoint", body)


@pytest.fixture
def witnesses(workshop, tmp_path):
    return [Witness(workshop, tmp_path, name) for name in ("aws", "gcp")]


def trust(folder, witnesses, group="all"):
    """The log's policy names the witnesses, and they watch over it."""
    lines = [f"log {public_key(folder)}"]
    for witness in witnesses:
        name = witness.directory.name
        lines.append(f"witness {name} {witness.key} http://127.0.0.1:{witness.port}")
        witness.watch(public_key(folder))
    lines += [f"group clouds {group} " + " ".join(witness.directory.name for witness in witnesses), "quorum clouds"]
    (folder / "policy").write_text("\n".join(lines) + "\n")


def start(workshop, folder):
    return workshop.gateway(configuration(Endpoint("one", workshop.upstream().port)), options=["--audit", folder])


def witnessed(folder, witnesses, size):
    """The witnessed checkpoint of at least this size, its signatures checked by the second reader."""

    def found():
        path = folder / "checkpoint.witnessed"
        if not path.exists():
            return None
        note = path.read_bytes()
        _, signers = tlog.open_note(note, public_key(folder), *[witness.key for witness in witnesses])
        return (tlog.checkpoint(note, public_key(folder)), signers) if tlog.checkpoint(note, public_key(folder)).size >= size else None

    return wait_until(found, "a witnessed checkpoint", seconds=15)


def test_each_checkpoint_is_cosigned_by_both_and_the_log_says_so(workshop, folder, witnesses):
    trust(folder, witnesses)
    for witness in witnesses:
        witness.start()
    gateway = start(workshop, folder)
    answer = gateway.post(chat())
    log = log_with(folder, request_id(answer))
    tree, signers = witnessed(folder, witnesses, log.checkpoint.size)
    assert set(signers) == {"example.com/audit/test", "example.com/witness/aws", "example.com/witness/gcp"}
    for witness in witnesses:
        latest = witness.latest("example.com/audit/test")
        assert latest.status == 200 and tlog.checkpoint(latest.body, public_key(folder)).size >= tree.size
        assert witness.key.split("+")[0].encode() in latest.body

    def noted():
        entries = tlog.Log(folder, public_key(folder)).entries
        return {tlog.ours(e)["witness"] for e in entries if e["api"]["operation"] == "checkpoint.cosigned"}

    wait_until(lambda: noted() == {witness.key.split("+")[0] for witness in witnesses}, "cosignatures are entries")
    verified = isobar("audit", "verify", folder, "--output", "json")
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["witnesses"] == ["aws", "gcp"]
    # Cosignatures alone ask for no further ones.
    size = gateway.status()["audit"]["entries"]
    with pytest.raises(AssertionError):
        wait_until(lambda: gateway.status()["audit"]["entries"] > size, "nothing", seconds=3)
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0


def test_with_a_witness_away_there_is_no_quorum_and_with_it_back_there_is(workshop, folder, witnesses):
    trust(folder, witnesses)
    witnesses[0].start()
    gateway = start(workshop, folder)
    assert gateway.post(chat()).status == 200
    wait_until(lambda: "no cosignature" in gateway.log_text, "it is said once")
    assert gateway.status()["audit"]["witnessed_entries"] == 0
    assert isobar("audit", "verify", folder).returncode == 1
    witnesses[1].start()
    witnessed(folder, witnesses, 2)
    wait_until(lambda: gateway.status()["audit"]["witnessed_entries"] > 0, "the status says so")
    assert isobar("audit", "verify", folder).returncode == 0
    # Gateway and witnesses continue over their ends.
    for witness in witnesses:
        witness.process.kill()
        witness.start()
    gateway.kill()
    gateway = start(workshop, folder)
    log = log_with(folder, request_id(gateway.post(chat())))
    witnessed(folder, witnesses, log.checkpoint.size)
    assert gateway.status()["audit"]["alarm"] is None


def test_a_log_that_was_put_back_is_an_alarm(workshop, folder, witnesses, tmp_path):
    trust(folder, witnesses, group="any")
    for witness in witnesses:
        witness.start()
    gateway = start(workshop, folder)
    gateway.post(chat())
    witnessed(folder, witnesses, 2)
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    for path in folder.iterdir():
        if path.name not in ("key", "policy"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    gateway = start(workshop, folder)
    alarm = wait_until(lambda: gateway.status()["audit"]["alarm"], "the alarm")
    assert "example.com/witness/" in alarm
    assert "isobar_audit_alarm 1" in ask(gateway.admin, "GET", "/metrics").body.decode()
    assert not (folder / "checkpoint.witnessed").exists()


def test_a_witness_refuses_what_it_should(workshop, folder, witnesses, tmp_path):
    witness = witnesses[0].watch(public_key(folder)).start()
    gateway = start(workshop, folder)
    log = log_with(folder, request_id(gateway.post(chat())))
    note = (folder / "checkpoint").read_bytes()
    other = tmp_path / "stranger"
    isobar("audit", "init", other, "--origin", "example.com/audit/stranger")
    start(workshop, other)
    stranger = wait_until(lambda: (other / "checkpoint").exists() and (other / "checkpoint").read_bytes(), "a checkpoint")
    assert witness.latest("example.com/audit/test").status == 404
    assert witness.add(0, [], stranger).status == 404
    assert witness.add(0, [], note.replace(b"\n\n\xe2\x80\x94 example.com/audit/test ", b"\n\n\xe2\x80\x94 example.com/audit/tost ")).status == 403
    assert witness.add(log.checkpoint.size + 1, [], note).status == 400
    assert witness.add(0, [bytes(32)], note).status == 422
    assert ask(witness.port, "POST", "/add-checkpoint", b"nonsense").status == 400
    assert ask(witness.port, "POST", "/add-checkpoint", b"x" * 200_000).status == 413
    assert witness.add(0, [], note).status == 200
    stale = witness.add(0, [], note)
    assert stale.status == 409 and stale.headers["content-type"] == "text/x.tlog.size"
    assert stale.body == f"{tlog.checkpoint(note, public_key(folder)).size}\n".encode()
    # A second process would be a second memory.
    second = isobar("witness", "run", witness.directory, "--listen", "127.0.0.1:0")
    assert second.returncode == 1 and "another process" in second.stderr
