# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Limits hold, whatever fails: what endpoints have answered never costs more than a budget allows, over several gateways,
kills and a store that is away."""

import json
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from configurations import UPSTREAM_MODEL, Endpoint, chat, configuration, document
from processes import BINARY, ask, free_port, wait_until
from upstreams import USAGE, chunk

# Of `configurations.Endpoint`, in nano-dollars a token.
INPUT, OUTPUT = 500, 1500
COST = USAGE["prompt_tokens"] * INPUT + USAGE["completion_tokens"] * OUTPUT
SECOND_KEY = "a-second-key-for-budget-tests"


def isobar(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def dollars(nano):
    return f"{nano // 10**9}.{nano % 10**9:09}"


def budget(name, *limits, scope=None, **more):
    return document("Budget", name, {"limits": list(limits), **({"scope": scope} if scope else {}), **more})


def limited(*documents, endpoints=(), **options):
    """Two keys of one tenant over endpoints whose model says how much it takes and gives."""
    text = configuration(
        *endpoints,
        more=[document("Key", "second", {"tenant": "tester", "team": "search", "secret": "env:SECOND_KEY"}), *documents], **options)
    return text.replace('{"contextTokensMax": 8192}', '{"contextTokensMax": 8192, "outputTokensMax": 1000}')


def start(workshop, tmp_path, *documents, upstream, **options):
    text = limited(*documents, endpoints=[Endpoint("one", upstream.port)], **options)
    return workshop.gateway(text, options=["--budgets", tmp_path / "budgets.sqlite"], environment={"SECOND_KEY": SECOND_KEY})


def left(gateway, name):
    return next(limit for limit in gateway.status()["budgets"]["limits"] if limit["name"] == name)


def test_money_runs_out_and_the_refusal_says_which_budget_how_much_and_why(workshop, tmp_path):
    upstream = workshop.upstream()
    gateway = start(workshop, tmp_path, budget("small", {"money": dollars(100_000), "per": "total"}), upstream=upstream)
    answered = 0
    while (answer := gateway.post(chat(max_tokens=10))).status == 200:
        answered += 1
    assert answer.status == 402
    error = answer.json["error"]
    assert error["code"] == "budget_exceeded" and "small" in error["message"] and "0.0001 USD" in error["message"], error
    assert "max_tokens" in error["message"]
    # What was left is less than what one more may need, and not by more than that.
    bound = len(json.dumps(chat(max_tokens=10))) * INPUT + 10 * OUTPUT
    assert 100_000 - bound < answered * COST <= 100_000
    assert len(upstream.calls) == answered
    assert 'outcome="over_budget"} 1' in ask(gateway.admin, "GET", "/metrics").body.decode()
    # Every caller is told in the words it knows.
    anthropic = gateway.post({**chat(), "max_tokens": 10}, path="/v1/messages")
    assert anthropic.status == 402 and anthropic.json["type"] == "error"
    # Asking for less may fit.
    assert gateway.post(chat("", max_tokens=0)).status in (200, 402)


def test_a_request_larger_than_the_whole_limit_is_not_told_to_come_back(workshop, tmp_path):
    gateway = start(workshop, tmp_path, budget("tiny", {"tokens": 50, "per": "minute"}), upstream=workshop.upstream())
    answer = gateway.post(chat())
    assert answer.status == 429 and "retry-after" not in answer.headers
    assert "may need" in answer.json["error"]["message"]


def test_rates_and_places_are_limited_by_scope(workshop, tmp_path):
    held = threading.Event()

    def script(call):
        if b"hold" in call.body:
            held.wait(10)
        call.complete()

    gateway = start(
        workshop, tmp_path,
        budget("team", {"requests": 3, "per": "day"}, scope={"team": "search"}),
        budget("places", {"concurrency": 1}, scope={"key": "tester"}),
        upstream=workshop.upstream(script))
    assert [gateway.post(chat(), key=SECOND_KEY).status for _ in range(4)] == [200, 200, 200, 429]
    refused = gateway.post(chat(), key=SECOND_KEY)
    assert re.search(r"The budget team allows 3 requests a day, and they are used up until \d{4}-\d\d-\d\dT00:00:00Z", refused.json["error"]["message"])
    midnight = 86_400 - time.time() % 86_400
    assert abs(int(refused.headers["retry-after"]) - midnight) < 5
    first = threading.Thread(target=gateway.post, args=(chat("hold"),))
    first.start()
    wait_until(lambda: left(gateway, "places/concurrency/total")["reserved_here"] == 1, "the place is taken")
    second = gateway.post(chat())
    assert second.status == 429 and second.headers["retry-after"] == "1" and "at one time" in second.json["error"]["message"]
    held.set()
    first.join()
    assert gateway.post(chat()).status == 200


def test_a_budget_that_is_not_enforced_only_counts(workshop, tmp_path):
    gateway = start(workshop, tmp_path, budget("soft", {"requests": 1, "per": "day"}, enforced=False), upstream=workshop.upstream())
    assert [gateway.post(chat()).status for _ in range(3)] == [200] * 3
    wait_until(lambda: left(gateway, "soft/requests/day")["used_here"] == 3, "they are counted")


@pytest.mark.parametrize("end", ["whole", "broken", "left", "refused", "retried"])
def test_what_an_attempt_may_have_cost_stays_reserved_and_the_rest_comes_back(workshop, tmp_path, end):
    calls = []

    def script(call):
        calls.append(call)
        if end == "refused":
            return call.respond(status=400, body=b'{"error":{"message":"No."}}')
        if end == "retried" and len(calls) == 1:
            return call.close()  # without an answer: who knows what it did
        if end == "left":
            return call.wait_for_close()
        if end == "broken":
            call.begin_stream()
            call.event(chunk("a"))
            call.event(chunk("b"))
            return call.close()
        return call.complete()

    gateway = start(workshop, tmp_path, budget("all", {"money": "1.00", "per": "total"}, {"requests": 5, "per": "day"}), upstream=workshop.upstream(script))
    body = chat(max_tokens=10, stream=end == "broken")
    if end == "left":
        with pytest.raises(TimeoutError):
            gateway.post(body, timeout=0.5)
    else:
        gateway.post(body)
    bound = len(json.dumps(body)) * INPUT + 10 * OUTPUT
    used = {"whole": COST, "broken": bound, "left": bound, "refused": 0, "retried": bound + COST}[end]
    wait_until(lambda: left(gateway, "all/money/total")["reserved_here"] == 0, "it is settled")
    assert left(gateway, "all/money/total")["used_here"] == used
    assert left(gateway, "all/requests/day")["used_here"] == 1
    assert left(gateway, "all/money/total")["overrun_here"] == 0


def test_a_restart_forgets_nothing_and_each_request_is_recorded_once(workshop, tmp_path):
    upstream = workshop.upstream()
    small = budget("small", {"requests": 6, "per": "day"})
    gateway = start(workshop, tmp_path, small, upstream=upstream)
    first = [gateway.post(chat()) for _ in range(4)]
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    gateway = start(workshop, tmp_path, small, upstream=upstream)
    second = [gateway.post(chat()) for _ in range(4)]
    assert [answer.status for answer in second] == [200, 200, 429, 429]
    gateway.signal(signal.SIGTERM)
    assert gateway.wait() == 0
    ids = [int(answer.headers["x-isobar-request-id"], 16) for answer in [*first, *second[:2]]]
    rows = sqlite3.connect(tmp_path / "budgets.sqlite").execute("SELECT request, tenant, key, endpoint, input_tokens, output_tokens, cost_nano FROM usage").fetchall()
    assert sorted(row[0] % 2**64 for row in rows) == sorted(ids)
    assert {row[1:] for row in rows} == {("tester", "tester", "one", 9, 3, COST)}


def test_with_the_store_away_it_spends_what_it_holds_and_no_more(workshop, tmp_path):
    gateway = start(workshop, tmp_path, budget("day", {"requests": 1000, "per": "day"}), upstream=workshop.upstream())
    assert gateway.post(chat()).status == 200
    store = sqlite3.connect(tmp_path / "budgets.sqlite", timeout=20, isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    statuses = []
    while not statuses or statuses[-1] == 200:
        answer = gateway.post(chat(), timeout=30)
        statuses.append(answer.status)
        assert len(statuses) < 1000
    assert statuses[-1] == 503 and answer.json["error"]["code"] == "budget_unavailable"
    wait_until(lambda: gateway.status()["budgets"]["fault"], "the status says so", seconds=15)
    store.execute("ROLLBACK")
    wait_until(lambda: gateway.post(chat()).status == 200, "it goes on")
    wait_until(lambda: gateway.status()["budgets"]["fault"] is None, "the status says so")


def test_a_caller_that_leaves_while_it_waits_for_the_ledger_holds_nothing(workshop, tmp_path):
    gateway = start(workshop, tmp_path, budget("day", {"requests": 10, "per": "day"}), upstream=workshop.upstream())
    store = sqlite3.connect(tmp_path / "budgets.sqlite", timeout=20, isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TimeoutError):
        gateway.post(chat(), timeout=0.3)
    store.execute("ROLLBACK")
    assert [gateway.post(chat()).status for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.parametrize(("change", "status"), [("no budgets", 200), ("no key", 401), ("no route", 503)])
def test_a_request_that_waits_for_the_ledger_follows_a_new_configuration(workshop, tmp_path, change, status):
    upstream = workshop.upstream()
    day = budget("day", {"requests": 10, "per": "day"}, {"money": "1", "per": "day"})
    gateway = start(workshop, tmp_path, day, upstream=upstream)
    store = sqlite3.connect(tmp_path / "budgets.sqlite", timeout=20, isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(gateway.post(chat(), key=SECOND_KEY)))
    waiting.start()
    wait_until(lambda: gateway.status()["connections"] == 1, "it waits")
    text = limited(day, endpoints=[Endpoint("one", upstream.port)], **({"models": ["other-name"]} if change == "no route" else {}))
    documents = [json.loads(one) for one in text.split("\n---\n")]
    gone = {"no budgets": lambda one: one["kind"] == "Budget", "no key": lambda one: one["metadata"]["name"] == "second"}
    kept = [one for one in documents if not gone.get(change, lambda one: False)(one)]
    if change == "no route":
        next(one for one in kept if one["kind"] == "Route")["metadata"]["name"] = "another"
    assert gateway.reload("\n---\n".join(map(json.dumps, kept)))["last_error"] is None
    waiting.join()
    store.execute("ROLLBACK")
    assert [answer.status for answer in answers] == [status]
    assert len(upstream.calls) == (1 if status == 200 else 0)
    # And nothing is left behind.
    assert gateway.post(chat(), path="/v1/chat/completions").status in (200, 404)


def test_a_retry_is_not_made_for_a_key_that_is_gone_meanwhile(workshop, tmp_path):
    """Its first attempt may have been billed, and nothing says any more what the next one may cost."""
    removed = threading.Event()

    def script(call):
        removed.wait(10)
        call.close()

    first, second = workshop.upstream(script), workshop.upstream()
    endpoints = [Endpoint("one", first.port), Endpoint("two", second.port, tier="second")]
    day = budget("day", {"money": "1", "per": "day"})
    gateway = workshop.gateway(
        limited(day, endpoints=endpoints), options=["--budgets", tmp_path / "budgets.sqlite"], environment={"SECOND_KEY": SECOND_KEY})
    answers = []
    asking = threading.Thread(target=lambda: answers.append(gateway.post(chat(), key=SECOND_KEY)))
    asking.start()
    wait_until(lambda: first.calls, "it is at the first endpoint")
    kept = [one for one in map(json.loads, limited(day, endpoints=endpoints).split("\n---\n")) if one["metadata"]["name"] != "second"]
    assert gateway.reload("\n---\n".join(map(json.dumps, kept)))["last_error"] is None
    removed.set()
    asking.join()
    assert answers[0].status == 502 and second.calls == []
    wait_until(lambda: left(gateway, "day/money/day")["reserved_here"] == 0, "it is settled")
    assert left(gateway, "day/money/day")["used_here"] == len(json.dumps(chat())) * INPUT + 1000 * OUTPUT


def test_four_gateways_kills_and_a_store_that_stalls_never_exceed_one_budget(workshop, tmp_path):
    """64 callers; what the upstream has answered, at its true price, stays under the limit at every moment."""
    limit = 3_000 * COST
    lock = threading.Lock()
    spent, refused, unavailable = [0], [0], [0]

    def script(call):
        with lock:
            spent[0] += COST
            assert spent[0] <= limit, "the budget is exceeded"
        call.complete()

    upstream = workshop.upstream(script)
    shared = budget("shared", {"money": dollars(limit), "per": "total"})
    gateways = [start(workshop, tmp_path, shared, upstream=upstream) for _ in range(4)]
    stop = threading.Event()
    over = threading.Event()

    def callers(index):
        while not stop.is_set():
            try:
                answer = gateways[index].post(chat(max_tokens=4), timeout=30)
            except (OSError, ValueError):
                continue  # this gateway has just been killed
            if answer.status == 402:
                over.set()
                refused[0] += 1
            if answer.status == 503:
                unavailable[0] += 1
            assert answer.status in (200, 402, 503), answer.body

    failures = []

    def guarded(index):
        try:
            callers(index)
        except Exception as failure:  # noqa: BLE001  (shown by the test)
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(number % 4,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for victim in (0, 1, 2):
        wait_until(lambda: spent[0] >= (victim + 1) * limit // 6, "traffic", seconds=60)
        gateways[victim].kill()
        store = sqlite3.connect(tmp_path / "budgets.sqlite", timeout=30, isolation_level=None)
        store.execute("BEGIN IMMEDIATE")
        before = spent[0], unavailable[0]
        wait_until(
            lambda: spent[0] > before[0] or unavailable[0] > before[1] or over.is_set(),
            "what is held is spent, or there is none, while the store stands still")
        store.execute("ROLLBACK")
        store.close()
        gateways[victim] = start(workshop, tmp_path, shared, upstream=upstream)
    wait_until(over.is_set, "the budget runs out", seconds=90)
    wait_until(lambda: refused[0] >= 200, "every caller is refused again and again", seconds=30)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    # What killed gateways held counts as used, so some of it may be out of reach; the most is not.
    assert limit // 2 < spent[0] <= limit
    for gateway in gateways:
        gateway.signal(signal.SIGTERM)
        assert gateway.wait() == 0
    store = sqlite3.connect(tmp_path / "budgets.sqlite")
    committed, held = store.execute("SELECT committed, held FROM account").fetchone()
    assert committed + held <= limit and committed >= 0
    count, total = store.execute("SELECT count(*), sum(cost_nano) FROM usage").fetchone()
    assert count == store.execute("SELECT count(DISTINCT request) FROM usage").fetchone()[0] and total <= spent[0]


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([budget("b", {"requests": 1, "per": "day"}, scope={"tenant": "testr"})], ["spec.scope.tenant", "tester"]),
        ([budget("b", {"requests": 1, "per": "day"}, scope={"team": "serch"})], ["spec.scope.team", "search"]),
        ([budget("b", {"requests": 1})], ["per", "minute"]),
        ([budget("b", {"requests": 1, "money": "1", "per": "day"})], ["several limits"]),
        ([budget("b", {"money": "1.0000000001", "per": "day"})], ["at most 9 decimals"]),
        ([budget("b", {"requests": 1, "per": "day"}, {"requests": 2, "per": "day"})], ["limited twice"]),
        ([budget(f"b{n}", *[{"requests": 1, "per": per} for per in ("minute", "hour", "day", "month", "total")]) for n in range(4)], ["20 limits", "16"]),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, documents, words):
    path = tmp_path / "isobar.yaml"
    for name in ("ISOBAR_TEST_KEY", "SECOND_KEY"):
        (tmp_path / name).write_text(f"a secret for {name}")
    path.write_text(limited(*documents, endpoints=[Endpoint("one", 9)]).replace("env:", f"file:{tmp_path}/"))
    checked = isobar("check", path)
    assert checked.returncode == 2, checked.stdout
    for word in words:
        assert word in checked.stdout + checked.stderr, checked.stderr


def test_a_budget_without_bounds_or_store_is_refused(tmp_path):
    for name in ("ISOBAR_TEST_KEY", "SECOND_KEY"):
        (tmp_path / name).write_text(f"a secret for {name}")
    path = tmp_path / "isobar.yaml"
    text = limited(budget("b", {"money": "1", "per": "day"}), endpoints=[Endpoint("one", 9)]).replace("env:", f"file:{tmp_path}/")
    path.write_text(text.replace(', "outputTokensMax": 1000', ""))
    checked = isobar("check", path)
    assert checked.returncode == 2 and f"Model {UPSTREAM_MODEL}, spec.outputTokensMax" in checked.stderr + checked.stdout, checked
    path.write_text(text)
    refused = isobar("gateway", "--config", path, "--listen", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{free_port()}")
    assert refused.returncode == 2 and "--budgets" in refused.stderr
