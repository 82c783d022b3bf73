# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A caller with a token of an identity provider's instead of a key: OpenBao's, and those of an issuer that can do
everything wrong."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access import expect_hidden
from configurations import Endpoint, chat, configuration, document
from issuer import AUDIENCE, Issuer
from processes import ask, wait_until

pytestmark = pytest.mark.sdks

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


def trusting(port, issuer, *, claims=None, **spec):
    """One Key that only the issuer's tokens stand for."""
    more = [
        document("TokenIssuer", "corp", {"issuer": issuer, "audiences": [AUDIENCE], **spec}),
        document("Key", "anna", {"tenant": "tester", "tokens": [{"issuer": "corp", "claims": claims or {"sub": "anna"}}]}),
    ]
    return configuration(Endpoint("one", port), more=more)


def status_of(gateway):
    return ask(gateway.admin, "GET", "/status").json["token_issuers"][0]


@pytest.fixture
def issuer():
    issuer = Issuer().open()
    yield issuer
    issuer.close()


# OpenBao


def test_a_token_of_openbao_s_is_a_key_before_and_after_it_turns_to_new_keys(openbao, workshop):
    subject = openbao.subject("caller")
    token = openbao.token(AUDIENCE, key="callers", workload="caller")
    gateway = workshop.gateway(trusting(workshop.upstream().port, openbao.issuer, claims={"sub": subject}))
    assert gateway.post(chat(), key=token).status == 200
    assert gateway.post(chat(), key=openbao.token(AUDIENCE, key="callers", workload="somebody-else")).status == 401
    assert gateway.post(chat(), key=openbao.token("another", key="callers", workload="caller")).status == 401
    openbao.rotate("callers")
    fresh = openbao.token(AUDIENCE, key="callers", workload="caller")
    wait_until(lambda: gateway.post(chat(), key=fresh).status == 200, "the new key is known")
    keys = {key["name"]: key["requests"] for key in ask(gateway.admin, "GET", "/status").json["keys"]}
    assert keys["anna"] >= 2 and status_of(gateway)["last_error"] is None
    expect_hidden([gateway.log_text], [token, fresh])


# What is not believed


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def changed(token, **claims):
    head, body, signature = token.split(".")
    body = json.loads(base64.urlsafe_b64decode(body + "=="))
    return ".".join([head, part({**body, **claims}), signature])


def public_pem(issuer):
    return issuer.keys["first"][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def with_shared_secret(issuer):
    """Signed with what everybody knows: a verifier that lets the token choose takes the public key for a secret."""
    head, body = part({"alg": "HS256", "typ": "JWT", "kid": "first"}), part(issuer.claims())
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(f"{head}.{body}".encode(), public_pem(issuer).encode())
    return f"{head}.{body}." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


def self_signed(issuer):
    """By a stranger, whose key comes along."""
    stranger = Issuer()
    return stranger.token(headers={"jwk": stranger.key_set()["keys"][0], "jku": f"{stranger.url}/keys"}, iss=issuer.url)


NOW = int(time.time())
BAD = {
    "expired": lambda issuer: issuer.token(iat=NOW - 700, exp=NOW - 100),
    "not valid yet": lambda issuer: issuer.token(nbf=NOW + 1000, exp=NOW + 2000),
    "issued in the future": lambda issuer: issuer.token(iat=NOW + 1000, exp=NOW + 2000),
    "without end": lambda issuer: issuer.token(exp=None),
    "for a year": lambda issuer: issuer.token(exp=NOW + 31_536_000),
    "another audience": lambda issuer: issuer.token(aud="isobars"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "another issuer": lambda issuer: issuer.token(iss=issuer.url + "/"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "another subject": lambda issuer: issuer.token(sub="Anna"),
    "no subject": lambda issuer: issuer.token(sub=None),
    "no algorithm": lambda issuer: part({"alg": "none", "kid": "first"}) + "." + part(issuer.claims()) + ".",
    "no algorithm, signed": lambda issuer: part({"alg": "nOnE"}) + "." + ".".join(issuer.token().split(".")[1:]),
    "a shared secret": with_shared_secret,
    "a key that comes along": self_signed,
    "a key that is no more": lambda issuer: issuer.token(kid="hidden"),
    "an algorithm that is not allowed": lambda issuer: issuer.token(kid="pss"),
    "changed claims": lambda issuer: changed(issuer.token(sub="otto"), sub="anna"),
    "cut": lambda issuer: issuer.token()[:-4],
    "no signature": lambda issuer: issuer.token().rsplit(".", 1)[0] + ".",
    "huge": lambda issuer: issuer.token(padding="x" * 17_000),
    "an extension": lambda issuer: issuer.token(headers={"crit": ["exp"], "exp": 1}),
}


@pytest.fixture(scope="module")
def tempted(shared_workshop):
    issuer = Issuer()
    issuer.add("pss", "PS256")
    issuer.add("hidden", "RS256")
    issuer.hidden.add("hidden")
    issuer.open()
    upstream = shared_workshop.upstream()
    gateway = shared_workshop.gateway(trusting(upstream.port, issuer.url))
    assert gateway.post(chat(), key=issuer.token()).status == 200
    yield issuer, gateway, upstream
    issuer.close()


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_token_is_refused_in_words_and_reaches_nobody(reason, tempted):
    issuer, gateway, upstream = tempted
    before = len(upstream.calls)
    token = BAD[reason](issuer)
    answer = gateway.post(chat(), key=token)
    assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_token"), answer.body
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert len(upstream.calls) == before
    expect_hidden([gateway.log_text, answer.body.decode()], [token.strip(".")])


def test_what_is_no_token_is_a_wrong_key(tempted):
    _, gateway, _ = tempted
    for text in ("eyJ", "e.y.J", "eyJhbGciOiJSUzI1NiJ9", "' OR '1'='1"):
        assert gateway.post(chat(), key=text).json["error"]["code"] in ("invalid_api_key", "invalid_token")
    # No key, however long, takes a second or a connection of somebody else's.
    assert gateway.post(chat(), key="e." * 15_000).status == 401


def test_unknown_keys_do_not_make_us_hammer_the_issuer(tempted):
    issuer, gateway, _ = tempted
    before = len(issuer.asked)
    stranger = Issuer()
    for number in range(300):
        stranger.keys[f"k{number}"] = stranger.keys["first"]
        assert gateway.post(chat(), key=stranger.token(kid=f"k{number}", iss=issuer.url)).status == 401
    assert len(issuer.asked) - before <= 2 * 2  # two fetches of two documents
    assert gateway.post(chat(), key=issuer.token()).status == 200


# What is


def test_each_algorithm_is_verified_as_another_library_signs_it(issuer, workshop):
    for algorithm in ALGORITHMS:
        issuer.add(algorithm, algorithm)
    gateway = workshop.gateway(trusting(workshop.upstream().port, issuer.url, algorithms=ALGORITHMS))
    for algorithm in ALGORITHMS:
        token = issuer.token(kid=algorithm)
        assert gateway.post(chat(), key=token).status == gateway.post(chat(), key=token).status == 200, algorithm
        head, body, signature = token.split(".")
        other = issuer.token(kid=algorithm, sub="otto").split(".")[2]
        assert gateway.post(chat(), key=f"{head}.{body}.{other}").status == 401, algorithm


def test_groups_choose_the_key_and_its_scopes_hold(issuer, workshop):
    keys = {"ops": {"groups": ["ops", "sre"]}, "readers": {"realm_access.roles": "reader"}}
    more = [document("TokenIssuer", "corp", {"issuer": issuer.url, "audiences": [AUDIENCE]})]
    for name, claims in keys.items():
        spec = {"tenant": "tester", "tokens": [{"issuer": "corp", "claims": claims}]}
        more.append(document("Key", name, {**spec, **({"actions": ["models"]} if name == "readers" else {})}))
    gateway = workshop.gateway(configuration(Endpoint("one", workshop.upstream().port), more=more))
    assert gateway.post(chat(), key=issuer.token(groups=["x", "sre"])).status == 200
    reader = issuer.token(realm_access={"roles": ["reader"]})
    assert gateway.post(chat(), key=reader).json["error"]["code"] == "scope_denied"
    assert ask(gateway.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {reader}"}).status == 200
    assert gateway.post(chat(), key=issuer.token(groups="ops-of-others")).json["error"]["code"] == "invalid_token"


def test_a_key_or_an_issuer_s_key_that_is_gone_admits_nobody_any_more(issuer, workshop):
    issuer.add("second", "ES256")
    port = workshop.upstream().port
    gateway = workshop.gateway(trusting(port, issuer.url))
    first, second = issuer.token(), issuer.token(kid="second")
    assert [gateway.post(chat(), key=token).status for token in (first, second)] == [200, 200]
    # The issuer withdraws a key. A token with one that we do not know makes us look.
    issuer.hidden.add("second")
    issuer.add("third", "RS256")
    third = issuer.token(kid="third")
    wait_until(lambda: gateway.post(chat(), key=third).status == 200, "the new key is known")
    assert [gateway.post(chat(), key=token).status for token in (first, second)] == [200, 401]
    gateway.reload(trusting(port, issuer.url, claims={"sub": "otto"}))
    assert gateway.post(chat(), key=first).status == 401
    gateway.reload(configuration(Endpoint("one", port)))
    assert gateway.post(chat(), key=first).json["error"]["code"] == "invalid_api_key"


# Who steers


def test_a_token_is_a_role_on_the_admin_port(issuer, workshop):
    corp = document("TokenIssuer", "corp", {"issuer": issuer.url, "audiences": [AUDIENCE]})
    roles = {"operator": {"groups": "ops"}, "viewer": {"groups": "everybody"}}
    bindings = [
        document("RoleBinding", role, {"roles": [role], "tokens": [{"issuer": "corp", "claims": claims}]})
        for role, claims in roles.items()
    ]
    gateway = workshop.gateway(configuration(Endpoint("one", workshop.upstream().port), more=[corp, *bindings]))

    def reload(token):
        return ask(gateway.admin, "POST", "/reload", headers={"Authorization": f"Bearer {token}"})

    assert reload(issuer.token(groups=["everybody", "ops"])).status == 200
    assert reload(issuer.token(groups=["everybody"])).status == 403
    assert "nobody here" in reload(issuer.token(groups=["others"])).json["error"]["message"]
    refused = reload(issuer.token(groups=["ops"], exp=NOW - 100, iat=NOW - 200))
    assert refused.status == 401 and "expired" in refused.json["error"]["message"]
    # What steers does not ask, and the other way round.
    assert gateway.post(chat(), key=issuer.token(groups=["ops"])).status == 401


def test_who_steers_is_told_to_wait_while_the_issuer_s_keys_are_not_here(workshop):
    issuer = Issuer()
    tokens = [{"issuer": "corp", "claims": {"sub": "anna"}}]
    more = [
        document("TokenIssuer", "corp", {"issuer": issuer.url, "audiences": [AUDIENCE]}),
        document("RoleBinding", "anna", {"roles": ["admin"], "tokens": tokens}),
    ]
    gateway = workshop.gateway(configuration(Endpoint("one", workshop.upstream().port), more=more))
    assert ask(gateway.admin, "GET", "/status", headers={"Authorization": f"Bearer {issuer.token()}"}).status == 503


# Issuers that are not there


def test_an_issuer_that_is_down_stops_its_own_tokens_only_and_is_waited_for(workshop):
    issuer = Issuer()
    gateway = workshop.gateway(trusting(workshop.upstream().port, issuer.url))
    token = issuer.token()
    answer = gateway.post(chat(), key=token)
    assert (answer.status, answer.json["error"]["code"], answer.headers["retry-after"]) == (503, "token_issuer_unavailable", "1")
    assert gateway.post(chat()).status == 200
    status = status_of(gateway)
    assert (status["keys"], status["relied_on_until"]) == (0, None) and issuer.url in status["last_error"]
    assert 'isobar_token_issuer_up{issuer="corp"} 0' in ask(gateway.admin, "GET", "/metrics").body.decode()
    issuer.open()
    wait_until(lambda: gateway.post(chat(), key=token).status == 200, "the issuer's keys are here")
    assert 'isobar_token_issuer_up{issuer="corp"} 1' in ask(gateway.admin, "GET", "/metrics").body.decode()
    issuer.close()
    assert gateway.post(chat(), key=issuer.token()).status == 200


def test_an_issuer_that_speaks_for_another_or_shows_a_secret_is_not_believed(issuer, workshop):
    issuer.named = "https://another"
    port = workshop.upstream().port
    gateway = workshop.gateway(trusting(port, issuer.url))
    assert gateway.post(chat(), key=issuer.token()).status == 503
    assert "another issuer's" in status_of(gateway)["last_error"]
    issuer.named, shown = issuer.url, issuer.key_set
    issuer.key_set = lambda: {"keys": [*shown()["keys"], {"kty": "oct", "k": "c2VjcmV0"}]}
    wait_until(lambda: "private or shared key" in status_of(gateway)["last_error"], "its keys are looked at")
    assert gateway.post(chat(), key=issuer.token()).status == 503


def test_keys_from_a_file_need_no_issuer(workshop, tmp_path):
    issuer = Issuer()
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(issuer.key_set()))
    port = workshop.upstream().port
    spec = {"keysFile": str(file)}
    gateway = workshop.gateway(trusting(port, "https://corp.example", **spec))
    issuer.url = "https://corp.example"
    assert gateway.post(chat(), key=issuer.token()).status == 200
    file.write_text('{"keys": []}')
    wait_until(lambda: ask(gateway.admin, "GET", "/status").json["configuration"]["last_error"], "the file is read again")
    assert gateway.post(chat(), key=issuer.token()).status == 200
    issuer.add("first", "RS256")
    file.write_text(json.dumps(issuer.key_set()))
    wait_until(lambda: gateway.post(chat(), key=issuer.token()).status == 200, "the file's new key is known")


def test_a_token_counts_for_its_key_in_the_audit_log_and_never_stands_there(issuer, workshop, tmp_path):
    from issued import isobar

    folder = tmp_path / "audit"
    assert isobar("audit", "init", folder, "--origin", "example.com/audit/tokens").returncode == 0
    gateway = workshop.gateway(trusting(workshop.upstream().port, issuer.url), options=["--audit", folder])
    token = issuer.token()
    assert gateway.post(chat(), key=token).status == 200 and gateway.post(chat(), key=token + "x").status == 401
    exported = lambda: isobar("audit", "export", folder).stdout
    wait_until(lambda: '"outcome":"completed"' in exported(), "the request is in the log")
    expect_hidden([exported()], [token])
    assert '"anna"' in exported()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"issuer": "http://login.example"}, "write https://"),
        ({"algorithms": ["HS256"]}, "RS256"),
        ({"algorithms": ["none"]}, "RS256"),
        ({"audiences": []}, "1 to 16"),
        ({"keysFile": "/nowhere/keys.json"}, "cannot read /nowhere/keys.json"),
        ({"lifetimeMax": "1s"}, "lifetimeMax"),
    ],
)
def test_wrong_declarations_are_explained(spec, words, workshop):
    gateway = workshop.gateway(configuration(Endpoint("one", workshop.upstream().port)))
    error = gateway.reload(trusting(9, **{"issuer": "https://corp.example", **spec}))["last_error"]
    assert error and words in error, error
