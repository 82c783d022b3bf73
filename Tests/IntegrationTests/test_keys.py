# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Virtual keys: shown once, kept as keyed hashes, replaced while both work, and confined to what they are for."""

import re
import time

import pytest

from access import expect_hidden, written_by
from configurations import PUBLIC_MODEL, UPSTREAM_MODEL, Endpoint, chat, configuration, document
from issued import PEPPER, isobar, new, rotated
from processes import ask, wait_until

SHAPE = re.compile(r"isb_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}")
ENVIRONMENT = {"ISOBAR_PEPPER": PEPPER}


def start(workshop, *documents, endpoints=None, **options):
    endpoints = endpoints or [Endpoint("one", workshop.upstream().port)]
    text = configuration(*endpoints, **options) + "".join(documents)
    return workshop.gateway(text, environment=ENVIRONMENT)


def error(answer):
    return answer.status, answer.json["error"]["code"], answer.json["error"]["message"]


def test_a_key_is_shown_once_and_works(workshop):
    key, kept = new("app")
    assert SHAPE.fullmatch(key) and key[:12] in kept and key[13:] not in kept
    gateway = start(workshop, kept)
    assert gateway.post(chat(), key=key).status == 200
    assert ask(gateway.port, "POST", "/v1/chat/completions", chat(), {"x-api-key": key}).status == 200
    # The old kind goes on to work beside it.
    assert gateway.post(chat()).status == 200
    # Each loop writes its own lines.
    assert sorted(line["key"] for line in wait_until(lambda: len(gateway.log_lines()) == 3 and gateway.log_lines(), "logged")) \
        == ["app", "app", "tester"]
    expect_hidden(written_by(gateway), [key, key[13:], PEPPER])


def test_one_key_in_two_places_is_one_and_two_keys_are_nobody_s(workshop):
    (key, kept), (other, others) = new("app"), new("other")
    gateway = start(workshop, kept, others)
    path, google = "/v1/chat/completions", "/v1beta/models"

    def post(**headers):
        return ask(gateway.port, "POST", path, chat(), {name.replace("_", "-"): value for name, value in headers.items()})

    assert post(authorization=f"Bearer {key}", x_api_key=key, api_key=key, x_goog_api_key=key).status == 200
    # Not a key at all, or an empty one, is no second one.
    assert post(authorization="Basic YTpi", x_api_key=key).status == post(authorization=f"Bearer {key}", x_api_key="").status == 200
    for headers in ({"authorization": f"Bearer {key}", "x_api_key": other}, {"x_api_key": other, "x_goog_api_key": key}):
        answer = post(**headers)
        assert error(answer)[:2] == (401, "invalid_api_key") and "Two different" in error(answer)[2]
    assert ask(gateway.port, "GET", f"{google}?key={key}", headers={"x-goog-api-key": key}).status == 200
    assert ask(gateway.port, "GET", f"{google}?key={other}", headers={"x-goog-api-key": key}).status == 401


def test_what_is_nearly_a_key_is_refused_and_a_typo_is_called_one(workshop):
    key, kept = new("app")
    other, _ = new("other")
    gateway = start(workshop, kept)
    typo = key[:20] + ("A" if key[20] != "A" else "B") + key[21:]
    for damaged in (typo, key[:-1], key + "A"):
        status, code, message = error(gateway.post(chat(), key=damaged))
        assert (status, code) == (401, "invalid_api_key") and "checksum" in message
    # Another's key, and another's secret behind this one's id, which no checksum helps.
    for wrong in (other, "' OR '1'='1", "isb", "x" * 8000):
        status, code, message = error(gateway.post(chat(), key=wrong))
        assert (status, code) == (401, "invalid_api_key") and "checksum" not in message
    assert gateway.post(chat(), key=key[:13] + other[13:]).status == 401


def test_another_pepper_admits_nobody(workshop):
    key, kept = new("app")
    text = configuration(Endpoint("one", workshop.upstream().port)) + kept
    gateway = workshop.gateway(text, environment={"ISOBAR_PEPPER": "0" * 64})
    assert gateway.post(chat(), key=key).status == 401


def test_both_keys_work_during_a_rotation_and_the_old_one_ends(workshop):
    key, kept = new("app")
    gateway = start(workshop, kept)
    successor, hashed = rotated("app", gateway.configuration, "--overlap-hours", "1")
    assert hashed.count("prefix:") == 2 and hashed.count("expiresAt:") == 1
    before = gateway.configuration.read_text()
    gateway.reload(before[: before.index("  hashed:")] + hashed)
    assert gateway.post(chat(), key=key).status == gateway.post(chat(), key=successor).status == 200
    # The date comes nearer: the gateway sees it pass by itself.
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    text = gateway.configuration.read_text()
    gateway.reload(re.sub(r"expiresAt: \S+", f"expiresAt: {soon}", text))
    wait_until(lambda: gateway.post(chat(), key=key).status == 401, "the old key ends")
    assert "expired" in error(gateway.post(chat(), key=key))[2]
    assert gateway.post(chat(), key=successor).status == 200
    # At the next rotation it is left out.
    _, hashed = rotated("app", gateway.configuration)
    assert hashed.count("prefix:") == 2 and key[:12] not in hashed and successor[:12] in hashed
    _, hashed = rotated("app", gateway.configuration, "--overlap-hours", "0")
    assert hashed.count("prefix:") == 1


def test_a_key_expires(workshop):
    key, kept = new("app", "--expires", "2020-01-01")
    gateway = start(workshop, kept)
    assert "expired" in error(gateway.post(chat(), key=key))[2]


@pytest.fixture(scope="module")
def scoped(shared_workshop):
    """Two regions, of which the first serves another model too, and a key for each scope."""
    server = shared_workshop.upstream()
    east, west = Endpoint("east", server.port), Endpoint("west", shared_workshop.upstream().port)
    only_east = {"models": ["east-only"], "model": UPSTREAM_MODEL, "tiers": [{"name": "t", "endpoints": ["east"]}]}
    big = {"models": ["big"], "model": "big", "tiers": [{"name": "t", "endpoints": ["large"]}]}
    large = {"region": "east", "url": f"http://127.0.0.1:{server.port}/v1", "serves": [{"model": "big"}]}
    more = [
        document("Model", "big", {}), document("Endpoint", "large", large), document("Route", "east-only", only_east),
        document("Route", "big", big),
    ]
    scopes = {
        "west": ["--regions", "west"], "big": ["--models", "big"], "route": ["--routes", "big"],
        "vectors": ["--actions", "embeddings", "models"], "none": ["--models", "big", "--regions", "west"],
        "unlisted": ["--actions", "chat"],
    }
    made = {name: new(name, *options) for name, options in scopes.items()}
    gateway = start(shared_workshop, *[kept for _, kept in made.values()], endpoints=[east, west], more=more)
    return gateway, {name: key for name, (key, _) in made.items()}


def served_by(gateway, key, model):
    answer = gateway.post({**chat(), "model": model}, key=key)
    return answer.headers["x-isobar-endpoint"] if answer.status == 200 else error(answer)[:2]


def test_a_region_s_key_is_served_there_only(scoped):
    gateway, keys = scoped
    assert {served_by(gateway, keys["west"], PUBLIC_MODEL) for _ in range(20)} == {"west"}
    status, code, message = error(gateway.post({**chat(), "model": "east-only"}, key=keys["west"]))
    assert (status, code) == (403, "scope_denied") and "`regions` is `west`" in message
    # Who looks for why is told the same.
    explained = ask(gateway.admin, "GET", f"/explain?model={PUBLIC_MODEL}&key=west").json["lines"]
    assert any("not admissible" in line for line in explained), explained


def test_a_model_s_key_is_served_by_it_only(scoped):
    gateway, keys = scoped
    assert served_by(gateway, keys["big"], "big") == "large"
    message = error(gateway.post(chat(), key=keys["big"]))[2]
    assert "`models` is `big`" in message
    message = error(gateway.post({**chat(), "model": "big"}, key=keys["none"]))[2]
    assert "`regions` is `west`" in message


def test_a_key_for_vectors_does_not_chat(scoped):
    gateway, keys = scoped
    status, code, message = error(gateway.post(chat(), key=keys["vectors"]))
    assert (status, code) == (403, "scope_denied") and "`actions` is `embeddings`, `models`" in message and "`chat`" in message
    answer = gateway.post({"model": PUBLIC_MODEL, "input": "a"}, path="/v1/embeddings", key=keys["vectors"])
    assert answer.status != 403, answer.body


def test_the_list_of_models_follows_the_scopes(scoped):
    gateway, keys = scoped

    def listed(name):
        return ask(gateway.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {keys[name]}"})

    assert {model["id"] for model in listed("west").json["data"]} == {PUBLIC_MODEL}
    assert {model["id"] for model in listed("big").json["data"]} == {"big"}
    assert error(listed("unlisted"))[:2] == (403, "scope_denied")
    assert listed("none").json["data"] == []


def test_wrong_wishes_are_explained(tmp_path):
    assert "openssl rand -hex 32" in isobar("key", "new", "a", "--tenant", "t", environment={"ISOBAR_PEPPER": "short"}).stderr
    assert "metadata.name" in isobar("key", "new", "A Name", "--tenant", "t").stderr
    assert "allowed are chat" in isobar("key", "new", "a", "--tenant", "t", "--actions", "sing").stderr
    assert "isb_" not in isobar("key", "new", "A Name", "--tenant", "t").stderr
    key, kept = new("clinic")
    file = tmp_path / "isobar.yaml"
    file.write_text(configuration(Endpoint("one", 1)) + kept)
    assert 'did you mean "clinic"' in isobar("key", "rotate", "clinik", "--config", file).stderr
    # The whole key where its prefix belongs is not repeated.
    file.write_text(configuration(Endpoint("one", 1)) + kept.replace(key[:12], key))
    checked = isobar("check", file, environment={"ISOBAR_TEST_KEY": "k" * 32})
    assert checked.returncode == 2 and key[13:] not in checked.stderr and "revoke" in checked.stderr
    file.write_text(configuration(Endpoint("one", 1)) + kept[: kept.index("  hashed:")])
    assert "isobar key new clinic" in isobar("check", file).stderr
