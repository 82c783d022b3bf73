# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Bytes go where their tenant's rules allow and nowhere else: whatever fails, fills up, expires or is reloaded."""

import collections
import json
import random
import threading
import time

import pytest

from configurations import UPSTREAM_MODEL, Endpoint, chat, configuration, document
from processes import ask, wait_until
from residency import (
    EU_KEY, IN_KEY, OPEN_KEY, SECRETS, SOURCE, clauses, endpoint, marked, marks, moment, restricted, tenant,
)
from upstreams import Call, black_hole


@pytest.fixture
def places(workshop):
    """An upstream per place."""
    return {name: workshop.upstream() for name in ("frankfurt", "mumbai", "virginia", "anywhere")}


def everywhere(places, **options):
    """Frankfurt first, then the others."""
    return restricted(
        endpoint("frankfurt", places["frankfurt"].port, "DE", **options.pop("frankfurt", {})),
        endpoint("mumbai", places["mumbai"].port, "IN", tier="second"),
        endpoint("virginia", places["virginia"].port, "US", tier="second"),
        endpoint("anywhere", places["anywhere"].port, tier="third"),
        **options,
    )


def start(workshop, text):
    return workshop.gateway(text, environment=SECRETS)


def test_each_tenants_requests_go_to_its_own_places_and_say_so(workshop, places):
    gateway = start(workshop, everywhere(places))
    clinic, bank = gateway.post(chat(), key=EU_KEY), gateway.post(chat(), key=IN_KEY)
    assert (clinic.status, clinic.headers["x-isobar-endpoint"], clinic.headers["x-isobar-jurisdictions"]) == (200, "frankfurt", "DE")
    assert (bank.status, bank.headers["x-isobar-endpoint"], bank.headers["x-isobar-jurisdictions"]) == (200, "mumbai", "IN")
    # Public data may use everything, also what states nothing; one endpoint after another is taken away.
    for name in ("frankfurt", "mumbai", "virginia"):
        places[name].script = lambda call: call.respond(status=500)
    blog = gateway.post(chat(), key=OPEN_KEY)
    assert (blog.status, blog.headers["x-isobar-endpoint"], blog.headers["x-isobar-jurisdictions"]) == (200, "anywhere", "anywhere")


def test_streams_say_where_they_come_from_too(workshop, places):
    gateway = start(workshop, everywhere(places))
    answer = gateway.post(chat(stream=True), key=IN_KEY)
    assert answer.headers["x-isobar-jurisdictions"] == "IN" and b"[DONE]" in answer.body


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [
        ("/v1/chat/completions", chat(), lambda body: body["error"]["code"] == "no_admissible_endpoint"),
        ("/v1/messages", {**chat(), "max_tokens": 8}, lambda body: body["error"]["type"] == "permission_error"),
        (
            "/v1beta/models/public-model:generateContent",
            {"contents": [{"parts": [{"text": "Hi."}]}]},
            lambda body: body["error"]["status"] == "PERMISSION_DENIED",
        ),
    ],
)
def test_nothing_admissible_is_451_in_the_callers_words(workshop, places, path, body, shape):
    text = restricted(
        endpoint("virginia", places["virginia"].port, "US"),
        bundle={"policyURL": "https://example.test/policy"},
    )
    gateway = start(workshop, text)
    answer = gateway.post(body, path=path, key=EU_KEY)
    assert answer.status == 451, answer.body
    assert shape(answer.json), answer.body
    assert "eu-gdpr" in answer.json["error"]["message"] and "US" in answer.json["error"]["message"]
    refutation = answer.headers["x-isobar-refutation"]
    assert refutation.startswith('"eu-gdpr";kind=regime;facet=process;jurisdiction=US'), refutation
    assert 'policy="test-bundle"' in refutation
    assert answer.headers["link"] == '<https://example.test/policy>; rel="blocked-by"'
    # Names of endpoints are not for callers who may not use them.
    assert b"virginia" not in answer.body and not places["virginia"].calls


def test_a_missing_facet_is_anywhere(workshop, places):
    text = restricted(endpoint("frankfurt", places["frankfurt"].port, "DE", humanReview=None))
    answer = start(workshop, text).post(chat(), key=EU_KEY)
    assert answer.status == 451
    assert "facet=humanReview;jurisdiction=anywhere" in answer.headers["x-isobar-refutation"]


def test_a_dead_endpoint_is_503_and_never_a_wider_choice(workshop, places):
    places["frankfurt"].script = lambda call: call.respond(status=503)
    gateway = start(workshop, everywhere(places, retry={"attemptsMax": 2, "totalTimeout": "300ms"}))
    for _ in range(12):
        assert gateway.post(marked("eu"), key=EU_KEY).status in (429, 503, 502)
    assert places["frankfurt"].calls
    assert not any(places[name].calls for name in ("mumbai", "virginia", "anywhere"))


def test_a_full_endpoint_overflows_inside_the_set_or_not_at_all(workshop):
    frankfurt, paris, virginia = (workshop.upstream() for _ in range(3))
    frankfurt.script = lambda call: (time.sleep(0.2), call.complete())
    gateway = start(
        workshop,
        restricted(
            endpoint("frankfurt", frankfurt.port, "DE", options={"limits": {"inFlightMax": 1}}),
            endpoint("virginia", virginia.port, "US", tier="second"),
            endpoint("paris", paris.port, "FR", tier="third"),
        ),
    )
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(gateway.post(marked("eu"), key=EU_KEY))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["x-isobar-endpoint"] for answer in answers} == {"frankfurt", "paris"}
    assert not virginia.calls


def test_a_hedge_stays_inside_the_set(workshop):
    frankfurt, paris, virginia = (workshop.upstream() for _ in range(3))
    text = restricted(
        endpoint("frankfurt", frankfurt.port, "DE"),
        endpoint("virginia", virginia.port, "US", tier="backup"),
        endpoint("paris", paris.port, "FR", tier="backup"),
        hedge={"extraRequestsPercentMax": 100, "delayMin": "50ms"},
    )
    gateway = start(workshop, text)
    for _ in range(30):
        assert gateway.post(marked("eu"), key=EU_KEY).headers["x-isobar-endpoint"] == "frankfurt"
    frankfurt.script = black_hole
    for _ in range(3):
        assert gateway.post(marked("eu"), key=EU_KEY).headers["x-isobar-endpoint"] == "paris"
    assert not virginia.calls


def test_a_mechanism_that_ends_stops_new_dispatch_and_lets_a_running_stream_end(workshop, places):
    until = int(time.time()) + 6
    text = restricted(
        endpoint("virginia", places["virginia"].port, "US"),
        more=[clauses(moment(until))],
        mechanisms=["clauses"],
    )
    gateway = start(workshop, text)
    first = gateway.post(chat(), key=EU_KEY)
    assert (first.status, first.headers["x-isobar-jurisdictions"]) == (200, "US")

    def slow(call):
        call.begin_stream()
        while time.time() < until + 1.5:
            call.event({"choices": [{"index": 0, "delta": {"content": "."}, "finish_reason": None}]})
            time.sleep(0.1)
        call.event("[DONE]")
        call.end_stream()

    places["virginia"].script = slow
    running = []
    thread = threading.Thread(target=lambda: running.append(gateway.post(marked("eu", stream=True), key=EU_KEY)))
    thread.start()
    wait_until(lambda: marks(places["virginia"]), "the stream runs")
    places["virginia"].script = Call.complete
    statuses = []
    while time.time() < until + 1:
        began = time.time()
        statuses.append((began, gateway.post(chat(), key=EU_KEY).status))
    thread.join()
    assert running[0].status == 200 and b"[DONE]" in running[0].body
    # To the second of the statement; `clockErrorMax` is 0 in this test.
    assert {status for began, status in statuses if began < until - 0.5} == {200}
    assert {status for began, status in statuses if began > until + 0.05} == {451}


def test_documents_past_their_date_let_only_public_data_through(workshop, places):
    gateway = start(workshop, everywhere(places, until=moment(time.time() + 4)))
    assert gateway.post(chat(), key=EU_KEY).status == 200
    wait_until(lambda: gateway.post(chat(), key=EU_KEY).status == 503, "the bundle goes stale")
    answer = gateway.post(chat(), key=EU_KEY)
    assert answer.json["error"]["code"] == "policy_stale" and int(answer.headers["retry-after"]) > 0
    assert gateway.post(chat(), key=OPEN_KEY).status == 200


def test_a_licence_that_lapsed_is_403(workshop, places):
    right = document(
        "PlacementRight",
        "old-licence",
        {
            "kind": "licence", "subject": {"models": [UPSTREAM_MODEL]}, "holders": ["frankfurt"],
            "notBefore": "2020-01-01", "notAfter": "2025-12-31", **SOURCE,
        },
    )
    text = restricted(endpoint("frankfurt", places["frankfurt"].port, "DE"), more=[right]).replace('"rights": "none", ', "")
    answer = start(workshop, text).post(chat(), key=EU_KEY)
    assert answer.status == 403 and answer.json["error"]["code"] == "placement_right"
    assert '"old-licence";kind=right' in answer.headers["x-isobar-refutation"]


# What callers demand


@pytest.mark.parametrize(
    ("claim", "status", "code"),
    [
        ("within=DE", 200, None),
        ("within=(DE FR), classes=(personal)", 200, None),
        ("within=FR", 451, "no_admissible_endpoint"),
        ("classes=child", 200, None),
        ("within=(DE US)", 403, "invalid_residency_claim"),
        ("within=EU", 403, "invalid_residency_claim"),
        ("within", 403, "invalid_residency_claim"),
        ("classes=secret", 403, "unknown_data_class"),
    ],
)
def test_a_caller_can_only_narrow(workshop, places, claim, status, code):
    text = everywhere(places, more=[*tenant("limited", "LIMITED_KEY", ["DE"], ["personal"], within=["eu"])])
    gateway = workshop.gateway(text, environment={**SECRETS, "LIMITED_KEY": "a-limited-key-for-tests"})
    answer = gateway.post(chat(), key="a-limited-key-for-tests", X_Isobar_Residency=claim)
    assert answer.status == status, answer.body
    assert code is None or answer.json["error"]["code"] == code
    assert all("residency" not in name.lower() for call in places["frankfurt"].calls for name in call.headers)


def test_a_demand_that_could_not_be_kept_is_refused_where_nothing_is_restricted(workshop):
    gateway = workshop.gateway(configuration(Endpoint("a", workshop.upstream().port)))
    assert gateway.post(chat()).status == 200
    answer = gateway.post(chat(), X_Isobar_Residency="within=DE")
    assert answer.status == 403 and answer.json["error"]["code"] == "invalid_residency_claim"
    assert "x-isobar-jurisdictions" not in gateway.post(chat()).headers


# What people see


def test_explanations_show_the_verdict_on_each_candidate(workshop, places):
    gateway = start(workshop, everywhere(places))
    told = ask(gateway.admin, "GET", "/explain?model=public-model&key=bank").json
    verdicts = {c["endpoint"]: c["residency"] for tier in told["tiers"] for c in tier["candidates"]}
    assert told["picked"] == "mumbai"
    assert verdicts["mumbai"].startswith("permitted: in-rbi-2018 process IN: home")
    assert verdicts["frankfurt"].startswith("refused: in-rbi-2018: process in DE")
    assert verdicts["anywhere"].startswith("refused: in-rbi-2018: process anywhere")
    assert ask(gateway.admin, "GET", "/explain?model=public-model").status == 400
    assert ask(gateway.admin, "GET", "/explain?model=public-model&key=nobody").status == 404
    lines = gateway.post(chat(), key=IN_KEY, X_Isobar_Explain="1").headers.get_all("x-isobar-explain")
    assert any("frankfurt" in line and "not admissible; residency: refused" in line for line in lines)


# Reload


def test_a_reload_changes_who_may_go_where_between_two_requests(workshop, places):
    gateway = start(workshop, everywhere(places))
    assert gateway.post(chat(), key=EU_KEY).headers["x-isobar-endpoint"] == "frankfurt"
    state = gateway.reload(
        restricted(
            endpoint("frankfurt", places["frankfurt"].port, "DE", legalControl=None, process=["DE", "GB"]),
            endpoint("virginia", places["virginia"].port, "US"),
        )
    )
    assert not state["last_error"]
    answer = gateway.post(chat(), key=EU_KEY)
    assert answer.status == 451 and "jurisdiction=GB" in answer.headers["x-isobar-refutation"]
    # A bad one is not taken: the last good rules stay.
    state = gateway.reload(everywhere(places).replace('"kind": "PolicyBundle"', '"kind": "PolicyBundles"'))
    assert state["last_error"] and gateway.post(chat(), key=EU_KEY).status == 451
    assert not gateway.reload(everywhere(places))["last_error"]
    assert gateway.post(chat(), key=EU_KEY).status == 200


class Progress:
    """Counts things by name; waits until there are enough of one."""

    def __init__(self):
        self._counts = collections.Counter()
        self._changed = threading.Condition()

    def __getitem__(self, name):
        return self._counts[name]

    def add(self, name):
        with self._changed:
            self._counts[name] += 1
            self._changed.notify_all()
            return self._counts[name]

    def wait(self, name, count, seconds):
        """- seconds: where it may never come to that."""
        with self._changed:
            return self._changed.wait_for(lambda: self._counts[name] >= count, seconds)


def test_no_marked_byte_reaches_a_wrong_place_while_everything_goes_wrong(workshop):
    """Taint: each request carries its tenant's mark; failing, slow and full endpoints, hedges, callers' demands, and a
    reload every sixty requests; then every upstream's requests are looked through."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    homes = {"frankfurt": "DE", "paris": "FR", "mumbai": "IN", "pune": "IN", "virginia": "US", "oregon": "US"}
    allowed = {"eu": {"frankfurt", "paris"}, "in": {"mumbai", "pune"}, "fr": {"paris"}}
    each, callers_each, between = 140, 3, 60
    asked, arrived = Progress(), Progress()

    def moody(call):
        request = json.loads(call.body)["user"]
        arrivals = arrived.add(request)
        mood = dice.random()
        if mood < 0.15:
            call.respond(status=500)
        elif mood < 0.25:
            call.respond(status=429, retry_after="0")
        elif mood < 0.3:
            call.reset()
        else:
            # As slow as it takes to be overtaken by a hedge, where another place may have one.
            if mood < 0.4:
                arrived.wait(request, arrivals + 1, seconds=0.25)
            call.complete()

    upstreams = {name: workshop.upstream(moody) for name in homes}

    def text():
        names = dice.sample(list(homes), len(homes) - dice.randrange(2))
        return restricted(
            *[
                endpoint(
                    name, upstreams[name].port, homes[name], tier=f"t{position // 2}",
                    options={"limits": {"inFlightMax": dice.choice([2, 50])}},
                )
                for position, name in enumerate(names)
            ],
            hedge={"extraRequestsPercentMax": 100, "delayMin": "20ms"},
            retry={"attemptsMax": 4, "totalTimeout": "5s"},
            overflow={"holdMin": "10ms"},
        )

    gateway = start(workshop, text())
    statuses = set()

    def caller(mark, number):
        key = IN_KEY if mark == "in" else EU_KEY
        headers = {"X_Isobar_Residency": "within=FR"} if mark == "fr" else {}
        for count in range(each):
            members = {"user": f"{mark}-{number}-{count}", **({"stream": True} if count % 3 == 0 else {})}
            statuses.add(gateway.post(marked(mark, **members), key=key, **headers).status)
            asked.add("all")

    threads = [threading.Thread(target=caller, args=(mark, one)) for mark in allowed for one in range(callers_each)]
    for thread in threads:
        thread.start()
    for count in range(between, each * len(threads), between):
        assert asked.wait("all", count, seconds=60), "callers are answered"
        gateway.reload(text())
    for thread in threads:
        thread.join()
    seen = {name: marks(upstream) for name, upstream in upstreams.items()}
    wrong = [(name, mark) for name, found in seen.items() for mark in found if name not in allowed[mark]]
    assert wrong == []
    assert not seen["virginia"] and not seen["oregon"]
    assert 200 in statuses and statuses <= {200, 429, 451, 500, 502, 503, 504}, statuses
    total = sum(len(found) for found in seen.values())
    print(f"{asked['all']} requests, {total} dispatches, statuses {sorted(statuses)}")
    assert asked["all"] == each * len(threads) and total > 1000, total


def test_isobar_up_shows_a_tenant_refused_and_one_routed(workshop):
    up = workshop.up(regions=4, model_servers="reference")

    def post(key_file):
        key = (up.directory / "run" / key_file).read_text().strip()
        body = {"model": up.stack["model"], "messages": [{"role": "user", "content": "Hello."}], "max_tokens": 2}
        return ask(up.port, "POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {key}"})

    clinic, bank, demo = post("key-clinic-eu"), post("key-bank-in"), post("key")
    assert clinic.status == 451 and '"eu-gdpr"' in clinic.headers["x-isobar-refutation"]
    assert (bank.status, bank.headers["x-isobar-endpoint"], bank.headers["x-isobar-jurisdictions"]) == (200, "sovereign-mumbai", "IN")
    assert (demo.status, demo.headers["x-isobar-endpoint"]) == (200, "azure-eastus")
