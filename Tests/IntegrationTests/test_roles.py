# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The admin port knows who asks: what each role sees and may do, and of whose keys."""

import pytest

from access import expect_hidden
from configurations import Endpoint, chat, configuration, document
from issued import PEPPER, isobar, new, rotated, token
from processes import ask, wait_until

TOKENS = {
    "viewer": ["viewer"], "operator": ["operator"], "security": ["security"], "finance": ["finance"], "admin": ["admin"],
    "numbers": ["viewer", "finance"],
}
OTHERS_KEY = "another-tenant-s-key-0123456789"
MONEY = {"spend", "price_per_million"}


class Bound:
    def __init__(self, workshop):
        made = {name: token(name, *roles) for name, roles in TOKENS.items()}
        made["clinic"] = token("clinic", "admin", tenants=["clinic"])
        more = [document("Tenant", "clinic", {}), document("Key", "clinic", {"tenant": "clinic", "secret": "env:OTHERS_KEY"})]
        text = configuration(Endpoint("one", workshop.upstream().port), more=more)
        self.tokens = {name: made[name][0] for name in made}
        self.text = text + "".join(kept for _, kept in made.values())
        self.gateway = workshop.gateway(self.text, environment={"ISOBAR_PEPPER": PEPPER, "OTHERS_KEY": OTHERS_KEY})
        assert self.gateway.post(chat()).status == self.gateway.post(chat(), key=OTHERS_KEY).status == 200

    def ask(self, name, path="/status", method="GET"):
        return ask(self.gateway.admin, method, path, headers={"Authorization": f"Bearer {self.tokens[name]}"})


@pytest.fixture(scope="module")
def bound(shared_workshop):
    return Bound(shared_workshop)


def test_without_a_token_only_life_and_readiness_are_told(bound):
    port = bound.gateway.admin
    assert [ask(port, "GET", path).status for path in ("/livez", "/readyz")] == [200, 200]
    for method, path in [("GET", "/status"), ("GET", "/metrics"), ("GET", "/explain?model=public-model"), ("POST", "/reload")]:
        answer = ask(port, method, path)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer"), path
    key, _ = new("caller")
    admin = bound.tokens["admin"]
    typo = admin[:-1] + ("x" if admin[-1] != "x" else "y")
    for wrong in ("Bearer " + typo, "Bearer ", "Basic YTpi", bound.tokens["admin"], "Bearer " + key):
        assert ask(port, "GET", "/status", headers={"Authorization": wrong}).status == 401, wrong


# Rows: what each may do besides the status. `route explain` is GET /explain.
ALLOWED = {
    "viewer": set(), "operator": {"/explain", "/reload"}, "security": {"/explain"}, "finance": set(),
    "admin": {"/metrics", "/explain", "/reload"}, "numbers": {"/metrics"}, "clinic": set(),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_each_role_may_do_what_the_guide_says(bound, name):
    asked = {
        "/metrics": bound.ask(name, "/metrics"), "/explain": bound.ask(name, "/explain?model=public-model"),
        "/reload": bound.ask(name, "/reload", "POST"),
    }
    assert {path for path, answer in asked.items() if answer.status == 200} == ALLOWED[name]
    for path, answer in asked.items():
        if path not in ALLOWED[name]:
            assert answer.status == 403
            message = answer.json["error"]["message"]
            assert ("single tenants" if name == "clinic" else "admin") in message, message


def test_finance_sees_money_and_viewers_see_state(bound):
    documents = {name: bound.ask(name).json for name in bound.tokens}
    sees_money = {name for name, one in documents.items() if MONEY & set(one["keys"][0]) | MONEY & set(one["endpoints"][0])}
    assert sees_money == {"finance", "admin", "numbers", "clinic"}
    assert {name for name, one in documents.items() if "state" in one["endpoints"][0]} == set(bound.tokens) - {"finance"}
    assert {name for name, one in documents.items() if "credentials" in one} == set(bound.tokens) - {"finance", "clinic"}
    assert {name for name, one in documents.items() if "requests" in one["keys"][0]} == set(bound.tokens) - {"security"}


def test_a_tenant_s_admin_sees_its_own_keys_and_nothing_of_the_others(bound):
    document = bound.ask("clinic").json
    assert [key["name"] for key in document["keys"]] == ["clinic"] and document["keys"][0]["requests"] == 1
    assert "tester" not in bound.ask("clinic").body.decode()
    # What endpoints did for everybody would tell what the others did.
    assert not {"requests", "spend", "share", "in_flight"} & set(document["endpoints"][0])
    assert {key["name"] for key in bound.ask("admin").json["keys"]} == {"clinic", "tester"}


def test_the_command_line_presents_a_token_by_reference(bound):
    command = ["status", "--once", "--admin", f"127.0.0.1:{bound.gateway.admin}"]
    shown = isobar(*command, "--token", "env:MINE", environment={"MINE": bound.tokens["viewer"]})
    assert shown.returncode == 0 and "tester" in shown.stdout, shown.stderr
    assert "--token env:NAME" in isobar(*command).stderr
    refused = isobar(*command, "--token", bound.tokens["admin"])
    assert refused.returncode == 64 and bound.tokens["admin"] not in refused.stdout + refused.stderr
    explain = ["route", "explain", "--model", "public-model", "--admin", f"127.0.0.1:{bound.gateway.admin}", "--token", "env:MINE"]
    assert isobar(*explain, environment={"MINE": bound.tokens["security"]}).returncode == 0
    assert "operator" in isobar(*explain, environment={"MINE": bound.tokens["viewer"]}).stderr
    expect_hidden([bound.gateway.log_text], list(bound.tokens.values()))


def test_a_token_is_rotated_ended_and_taken_away_while_the_gateway_runs(workshop):
    secret, kept = token("ops", "operator")
    text = configuration(Endpoint("one", workshop.upstream().port))
    gateway = workshop.gateway(text + kept, environment={"ISOBAR_PEPPER": PEPPER})

    def may(token):
        return ask(gateway.admin, "GET", "/status", headers={"Authorization": f"Bearer {token}"}).status == 200

    successor, hashed = rotated("ops", gateway.configuration, "--overlap-hours", "1")
    head = kept[: kept.index("  hashed:")]
    gateway.configuration.write_text(text + head + hashed)
    wait_until(lambda: may(successor) and may(secret), "both tokens are taken")
    _, over = token("ops", "operator")
    gateway.configuration.write_text(text + over)
    wait_until(lambda: not may(successor) and not may(secret), "tokens of the old document are refused")
    # Nobody is bound any more: the loopback port is open again.
    gateway.configuration.write_text(text)
    wait_until(lambda: ask(gateway.admin, "GET", "/status").status == 200, "the port is open")


def test_wrong_wishes_are_explained():
    assert "--tenant for a caller's key" in isobar("key", "new", "a").stderr
    assert "--tenant for a caller's key" in isobar("key", "new", "a", "--tenant", "t", "--role", "viewer").stderr
    assert "allowed are viewer, operator, security, finance, admin" in isobar("key", "new", "a", "--role", "root").stderr
    assert "callers' keys" in isobar("key", "new", "a", "--role", "viewer", "--actions", "chat").stderr
