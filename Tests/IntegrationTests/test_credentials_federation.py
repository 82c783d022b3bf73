# SPDX-License-Identifier: Apache-2.0
# Isobar
"""No secret of a cloud's: a token that OpenBao signed is traded for the cloud's own, by each cloud's rules, through the
gateway. The clouds' doubles verify it by OpenBao's published keys."""

import contextlib

import pytest

from access import Doctor, ask_model, credential_of, each_its_model, expect_hidden, served, status_text, written_by
from configurations import chat
from doubles.federation import Untrusted
from federated import CLOUDS, EVERY_WAY, REASONS
from openbao import claims_of, head_of
from processes import wait_until
from traffic import Load

pytestmark = pytest.mark.sdks


@pytest.mark.parametrize("kind", EVERY_WAY)
def test_a_token_of_the_platform_s_gets_a_request_served(kind, openbao, double, workshop, tmp_path):
    cloud = EVERY_WAY[kind](openbao, double, tmp_path)
    file = cloud.file()
    token = file.renew()
    endpoint, variables = cloud.ambient(kind, file)
    gateway = workshop.gateway(each_its_model(endpoint), environment=variables)
    answer = ask_model(gateway, kind)
    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["message"]["content"] == "Say something."
    assert cloud.tokens.trust.accepted == [head_of(token)]
    assert cloud.is_given(cloud.provider.last.credential)
    held = credential_of(gateway, kind)
    assert (held["is_held"], held["last_error"], held["failures"]) == (True, None, 0)
    assert 3000 < held["expires_in_seconds"] <= 3600
    doctor = Doctor(gateway.configuration, variables)
    assert (doctor.code, doctor.seen[kind]["health"]) == (0, "ok"), doctor.text
    expect_hidden([*written_by(gateway), *doctor.written, answer.body.decode()], [token, *cloud.tokens.given])


# Tokens that are refused


class Refused:
    """A gateway with an endpoint for every reason to refuse its token, and everything that is said about them."""

    def __init__(self, cloud, workshop):
        self.cloud = cloud
        self.files = {reason: cloud.file(reason) for reason in REASONS}
        for reason, write in REASONS.items():
            write(self.files[reason])
        end = claims_of(self.files["expired"].written[-1])["exp"]
        wait_until(lambda: cloud.tokens.now() > end, "a token expires")
        configuration = each_its_model(*[cloud.endpoint(reason, file) for reason, file in self.files.items()])
        self.gateway = workshop.gateway(configuration)
        self.answers = {reason: ask_model(self.gateway, reason) for reason in REASONS}
        self.requests_at_provider = len(cloud.provider.requests)
        self.status = {reason: credential_of(self.gateway, reason) for reason in REASONS}
        self.states = {reason: self.gateway.endpoint(reason)["state"] for reason in REASONS}
        self.status_lines = status_text(self.gateway).splitlines()
        self.doctor = Doctor(self.gateway.configuration, {})


@pytest.fixture(scope="module", params=CLOUDS)
def refused(request, openbao, shared_workshop, tmp_path_factory):
    with contextlib.ExitStack() as doubles:
        start = lambda kind, **options: doubles.enter_context(kind(**options))
        yield Refused(CLOUDS[request.param](openbao, start, tmp_path_factory.mktemp(request.param)), shared_workshop)


@pytest.mark.parametrize("reason", REASONS)
def test_a_token_that_is_refused_is_told_in_words_and_not_shown(refused, reason):
    words = refused.cloud.words[reason]
    # The caller, whose business it is not, learns that it cannot be served now.
    answer = refused.answers[reason]
    assert (answer.status, answer.json["error"]["code"]) == (503, "no_endpoint_available")
    assert answer.headers["retry-after"] == "1"
    assert refused.requests_at_provider == 0
    # The operator learns why.
    status = refused.status[reason]
    assert (refused.states[reason], status["is_held"]) == ("no-credential", False)
    assert all(word in status["last_error"] for word in words), status["last_error"]
    line = next(line for line in refused.status_lines if line.startswith(f"{reason}: no credential ("))
    assert all(word in line for word in words), line
    assert refused.doctor.code == 1
    assert (refused.doctor.seen[reason]["health"], refused.doctor.seen[reason]["problem"]) == ("failed", "credential")
    assert all(word in refused.doctor.paragraph(reason) for word in words), refused.doctor.text
    # Nobody learns the token.
    written = [*written_by(refused.gateway), *refused.doctor.written, answer.body.decode()]
    expect_hidden(written, refused.files[reason].written)


def test_a_renewed_file_ends_the_refusal_without_a_restart(refused):
    refused.files["expired"].renew()
    served(refused.gateway, "expired")
    assert refused.gateway.endpoint("expired")["state"] == "up"
    assert credential_of(refused.gateway, "expired")["last_error"] is None
    assert not any(line.startswith("expired: ") for line in status_text(refused.gateway).splitlines())


# Keys that are rotated


@pytest.mark.parametrize("kind", CLOUDS)
def test_a_token_of_a_rotated_key_is_taken_up_and_no_request_fails(kind, openbao, double, workshop, tmp_path):
    cloud = CLOUDS[kind](openbao, double, tmp_path)
    cloud.tokens.life = 6
    file = cloud.file(key=f"rotating-{kind}")
    old = file.renew()
    gateway = workshop.gateway(each_its_model(cloud.endpoint(kind, file)))
    with Load(gateway.port, threads=2, body={**chat(), "model": kind}) as load:
        openbao.rotate(file.key)
        with pytest.raises(Untrusted, match="key"):
            cloud.tokens.trust.judge(old)
        new = file.renew()
        accepted = cloud.tokens.trust.accepted
        wait_until(lambda: head_of(new) in accepted, "the new token is traded")
        fresh = cloud.tokens.given[-1]
        asked = len(cloud.provider.requests)
        wait_until(lambda: len(cloud.provider.requests) > asked + 20, "traffic goes on")
    load.tally.expect_no_failure()
    assert head_of(old)["kid"] != head_of(new)["kid"] and head_of(old) == accepted[0]
    assert credential_of(gateway, kind)["last_error"] is None
    expect_hidden(written_by(gateway), [old, new, fresh])
