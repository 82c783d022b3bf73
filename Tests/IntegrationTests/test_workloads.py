# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Callers that show a certificate instead of a key: SPIFFE's X.509-SVIDs, and certificates that are none."""

import http.client
import json
import ssl

import pytest

from certificates import Authority
from configurations import Endpoint, chat, configuration, document
from issued import isobar
from processes import KEY, wait_until

LEAF = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth,clientAuth")
WEB = "spiffe://example.org/ns/prod/sa/web"


class Mesh:
    """A gateway that asks its callers for certificates of one authority."""

    def __init__(self, workshop, directory):
        self.authority, self.stranger = Authority(directory, "mesh"), Authority(directory, "stranger")
        server, key = self.authority.issue("gateway", "DNS:localhost")
        spec = {"tenant": "tester", "workloads": [WEB, "spiffe://other.org/a"], "actions": ["chat"]}
        self.port = workshop.upstream().port
        self.text = lambda spec: configuration(Endpoint("one", self.port), more=[document("Key", "web", spec)])
        options = ["--tls-certificate", server, "--tls-key", key, "--client-authority", self.authority.certificate]
        self.spec = spec
        self.gateway = workshop.gateway(self.text(spec), options=[*options, "--trust-domain", "example.org"])

    def connect(self, certificate=None, key=None):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        if certificate:
            context.load_cert_chain(certificate, key)
        return http.client.HTTPSConnection("localhost", self.gateway.port, context=context, timeout=20)

    def ask(self, certificate=None, key=None, path="/v1/chat/completions", **headers):
        """- Returns: status and document; raises what the handshake says."""
        connection = self.connect(certificate, key)
        try:
            return self.over(connection, path, **headers)
        finally:
            connection.close()

    def over(self, connection, path="/v1/chat/completions", **headers):
        body = json.dumps(chat()) if path.endswith("completions") else None
        connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def mesh(shared_workshop, tmp_path_factory):
    return Mesh(shared_workshop, tmp_path_factory.mktemp("mesh"))


def code(answer):
    return answer[0], answer[1]["error"]["code"]


def test_a_workload_s_certificate_is_a_key_with_its_scopes(mesh):
    web = mesh.authority.issue("web", f"URI:{WEB}", more=LEAF)
    assert mesh.ask(*web)[0] == 200
    # Whatever case its domain is written in, and whatever other names it has.
    shouting = mesh.authority.issue("shouting", "URI:SPIFFE://Example.org/ns/prod/sa/web", "DNS:web.example.org", more=LEAF)
    assert mesh.ask(*shouting)[0] == 200
    lines = wait_until(lambda: len(mesh.gateway.log_lines()) >= 2 and mesh.gateway.log_lines(), "logged")
    assert {line["key"] for line in lines if line["status"] == 200} == {"web"}
    connection = mesh.connect(*web)
    assert [mesh.over(connection)[0] for _ in range(3)] == [200] * 3
    assert code(mesh.over(connection, "/v1/models")) == (403, "scope_denied")


def test_without_a_certificate_a_key_is_asked_for_and_a_key_counts_where_there_is_one(mesh):
    web = mesh.authority.issue("web", f"URI:{WEB}", more=LEAF)
    assert code(mesh.ask()) == (401, "invalid_api_key")
    assert mesh.ask(Authorization=f"Bearer {KEY}")[0] == 200
    assert mesh.ask(*web, path="/v1/models", Authorization=f"Bearer {KEY}")[0] == 200
    assert code(mesh.ask(*web, Authorization="Bearer wrong")) == (401, "invalid_api_key")


# An authority must not be able to speak for another domain, nor a certificate for two.
NOBODY = {
    "another workload": ([f"URI:{WEB}2"], LEAF),
    "another domain": (["URI:spiffe://other.org/a"], LEAF),
    "a domain below": (["URI:spiffe://a.example.org/ns/prod/sa/web"], LEAF),
    "two ids": ([f"URI:{WEB}", "URI:spiffe://example.org/b"], LEAF),
    "no id": (["DNS:web.example.org"], LEAF),
    "no SPIFFE id": (["URI:https://example.org/ns/prod/sa/web"], LEAF),
    "a path that climbs": (["URI:spiffe://example.org/ns/prod/sa/x/../web"], LEAF),
    "an authority's": ([f"URI:{WEB}"], ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,digitalSignature,keyCertSign")),
    "one that may sign certificates": ([f"URI:{WEB}"], ("keyUsage=critical,digitalSignature,keyCertSign",)),
    "one that does not say what for": ([f"URI:{WEB}"], ()),
    "one that may not sign": ([f"URI:{WEB}"], ("keyUsage=critical,keyEncipherment",)),
}


@pytest.mark.parametrize("what", NOBODY)
def test_what_is_no_workload_of_ours_is_nobody(what, mesh):
    names, more = NOBODY[what]
    certificate = mesh.authority.issue(f"nobody-{len(what)}", *names, more=more)
    try:
        answer = mesh.ask(*certificate)
    except (ssl.SSLError, ConnectionError):
        return  # refused in the handshake already
    assert code(answer) == (401, "invalid_api_key"), answer


def test_certificates_of_others_and_expired_ones_end_in_the_handshake(mesh):
    for certificate in (
        mesh.stranger.issue("web", f"URI:{WEB}", more=LEAF),
        mesh.authority.issue("late", f"URI:{WEB}", days=-1, more=LEAF),
        mesh.authority.issue("server", f"URI:{WEB}", more=[*LEAF[:2], "extendedKeyUsage=serverAuth"]),
    ):
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            mesh.ask(*certificate)
    assert mesh.ask(Authorization=f"Bearer {KEY}")[0] == 200


def test_a_workload_that_leaves_the_configuration_is_refused_on_its_open_connection(mesh):
    connection = mesh.connect(*mesh.authority.issue("web", f"URI:{WEB}", more=LEAF))
    assert mesh.over(connection)[0] == 200
    mesh.gateway.reload(mesh.text({**mesh.spec, "workloads": ["spiffe://example.org/b"]}))
    answer = mesh.over(connection)
    assert code(answer) == (401, "invalid_api_key") and "workload" in answer[1]["error"]["message"]
    mesh.gateway.reload(mesh.text(mesh.spec))
    connection.close()
    assert mesh.ask(*mesh.authority.issue("web", f"URI:{WEB}", more=LEAF))[0] == 200


def test_wrong_wishes_are_explained(mesh, tmp_path):
    text = tmp_path / "isobar.yaml"
    text.write_text(mesh.text(mesh.spec))
    base = ["gateway", "--config", text]
    assert "--client-authority and --trust-domain go together" in isobar(*base, "--trust-domain", "a").stderr
    files = ["--tls-certificate", "a", "--tls-key", "b", "--client-authority", "c"]
    assert "--trust-domain Example is none" in isobar(*base, *files, "--trust-domain", "Example").stderr
    error = mesh.gateway.reload(mesh.text({**mesh.spec, "workloads": ["spiffe://example.org/"]}))["last_error"]
    assert "SPIFFE id" in error
    two = configuration(
        Endpoint("one", mesh.port), more=[document("Key", name, {"tenant": "tester", "workloads": [WEB]}) for name in "ab"])
    assert "Key a has the same" in mesh.gateway.reload(two)["last_error"]
