# SPDX-License-Identifier: Apache-2.0
# Isobar
"""TLS on both sides: an endpoint must prove its name to the authority its configuration trusts, and callers can be
served over TLS."""

import http.client
import socket
import ssl

import openai
import pytest

from certificates import Authority, server_context
from configurations import PUBLIC_MODEL, Endpoint, chat, configuration
from processes import KEY, wait_until
from traffic import EventStream, content_of


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "good")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture
def secure(workshop, authority):
    """Makes a gateway whose first endpoint is reached over TLS, with a plain one behind it."""

    def make(certificate_and_key, trusted=authority, host="localhost"):
        upstream = workshop.upstream(tls=server_context(*certificate_and_key))
        options = {"certificateAuthorityFile": str(trusted.certificate)} if trusted else {}
        gateway = workshop.gateway(
            configuration(
                Endpoint("secure", upstream.port, scheme="https", host=host, options=options),
                Endpoint("backup", workshop.upstream().port, tier="backup"),
            )
        )
        return gateway, upstream

    return make


def expect_refused(gateway, upstream):
    answer = gateway.post(chat())
    assert (answer.status, answer.headers["x-isobar-endpoint"], answer.headers["x-isobar-attempts"]) == (
        200,
        "backup",
        "2",
    )
    assert upstream.calls == [], "a request went to an endpoint that had not proved who it is"


# Endpoints


def test_an_endpoint_with_a_trusted_certificate_answers_and_keeps_its_connection(secure, authority):
    gateway, upstream = secure(authority.issue("right", "DNS:localhost"))
    for _ in range(5):
        answer = gateway.post(chat())
        assert (answer.status, answer.headers["x-isobar-endpoint"]) == (200, "secure")
        with EventStream(gateway.port, chat()) as stream:
            assert content_of(list(stream)) == "An" + "answer."
    # One for each loop, plus one where both had to be in use.
    assert upstream.connections <= 4


def test_a_certificate_for_the_address_is_accepted_for_the_address(secure, authority):
    gateway, _ = secure(authority.issue("address", "IP:127.0.0.1"), host="127.0.0.1")
    assert gateway.post(chat()).headers["x-isobar-endpoint"] == "secure"


def test_a_certificate_of_another_authority_is_refused(secure, authority, stranger):
    expect_refused(*secure(stranger.issue("wrong", "DNS:localhost")))


def test_a_private_authority_is_not_trusted_unless_named(secure, authority):
    expect_refused(*secure(authority.issue("unnamed", "DNS:localhost"), trusted=None))


def test_a_certificate_for_another_name_is_refused(secure, authority):
    expect_refused(*secure(authority.issue("other", "DNS:elsewhere.example")))


def test_a_certificate_for_a_name_is_refused_for_an_address(secure, authority):
    expect_refused(*secure(authority.issue("named", "DNS:localhost"), host="127.0.0.1"))


def test_the_subjects_common_name_is_no_proof(secure, authority):
    expect_refused(*secure(authority.issue("localhost", "DNS:elsewhere.example")))


def test_an_expired_certificate_is_refused(secure, authority):
    expect_refused(*secure(authority.issue("expired", "DNS:localhost", days=-1)))


def test_an_endpoint_that_speaks_no_tls_is_refused(workshop, authority):
    plain = workshop.upstream()
    gateway = workshop.gateway(
        configuration(
            Endpoint(
                "secure",
                plain.port,
                scheme="https",
                host="localhost",
                options={"certificateAuthorityFile": str(authority.certificate)},
            ),
            Endpoint("backup", workshop.upstream().port, tier="backup"),
        )
    )
    expect_refused(gateway, plain)


def test_the_server_name_is_sent(workshop, authority):
    names = []
    context = server_context(*authority.issue("sni", "DNS:localhost"))
    context.sni_callback = lambda _, name, __: names.append(name)
    upstream = workshop.upstream(tls=context)
    gateway = workshop.gateway(
        configuration(
            Endpoint(
                "secure",
                upstream.port,
                scheme="https",
                host="localhost",
                options={"certificateAuthorityFile": str(authority.certificate)},
            )
        )
    )
    assert gateway.post(chat()).status == 200
    assert names == ["localhost"]


# The listener


@pytest.fixture
def listener(workshop, authority):
    """A gateway that serves callers over TLS."""
    certificate, key = authority.issue("listener", "DNS:localhost", "IP:127.0.0.1")
    return workshop.gateway(
        configuration(Endpoint("only", workshop.upstream().port)),
        scheme="https",
        options=("--tls-certificate", str(certificate), "--tls-key", str(key)),
    )


@pytest.mark.openai_client
def test_the_openai_client_works_over_tls(listener, authority):
    trust = ssl.create_default_context(cafile=str(authority.certificate))
    with openai.OpenAI(
        base_url=listener.base_url, api_key=KEY, http_client=openai.DefaultHttpxClient(verify=trust), max_retries=0
    ) as client:
        question = {"model": PUBLIC_MODEL, "messages": [{"role": "user", "content": "Say something."}]}
        assert client.chat.completions.create(**question).choices[0].message.content == "An answer."
        chunks = list(client.chat.completions.create(stream=True, **question))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Ananswer."


def test_a_caller_that_does_not_trust_the_certificate_fails(listener):
    connection = http.client.HTTPSConnection(
        "127.0.0.1", listener.port, timeout=5, context=ssl.create_default_context()
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/v1/models")


def test_plain_http_and_garbage_on_the_tls_port_are_closed(listener):
    for data in (b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 600, b"\x00" * 100):
        with socket.create_connection(("127.0.0.1", listener.port), timeout=15) as plain:
            plain.sendall(data)
            assert b"HTTP/1.1 200" not in read_to_end(plain)
    assert listener.is_running
    wait_until(lambda: listener.status()["connections"] == 0, "the gateway has closed them")


def read_to_end(connection):
    received = b""
    try:
        while data := connection.recv(4096):
            received += data
    except ConnectionError:
        pass
    return received


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_protocol_versions_are_refused(listener):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as plain, pytest.raises(OSError):
        context.wrap_socket(plain)
