# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Tests of the driver's arithmetic, of its processes and of the two programs. Run: python3 Benchmarks/Tests/test_driver.py"""

import contextlib
import http.client
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, HERE)

from driver import counters, gateway_config, machine, report, soak  # noqa: E402
from driver.budgets import LOADS, compare  # noqa: E402
from driver.cases import ALL_CASES, CASES, QUICK_CASES, TRANSLATION_CASES  # noqa: E402
from driver.gateway_config import PASS_THROUGH, TRANSLATIONS  # noqa: E402
from driver.peers import Gateway, Nginx, Upstream, translating_gateways  # noqa: E402
from driver.processes import Failed, Process, group_exists  # noqa: E402
from driver.statistics import Results  # noqa: E402
from driver.targets import verdicts  # noqa: E402


def record(round_number, peer, cpu, case="1k-64", turn=0, **more):
    return {"round": round_number, "slice": turn, "case": case, "peer": peer, "cpu_us_per_request": cpu, **more}


class StatisticsTests(unittest.TestCase):
    def test_ratios_are_formed_inside_a_round(self):
        # The machine is twice as slow in round 1: the ratio must not move, and a ratio of medians would.
        results = Results([record(0, "nginx", 6), record(0, "isobar", 3), record(1, "nginx", 12), record(1, "isobar", 6), record(2, "isobar", 9)])
        ratio = results.ratio("1k-64", "isobar", "nginx", "cpu_us_per_request")
        self.assertEqual((ratio.median, ratio.low, ratio.high), (0.5, 0.5, 0.5))

    def test_pairs_are_formed_slice_by_slice_and_a_round_is_their_median(self):
        # Slices of one round, one of them disturbed for both peers and one for one of them only.
        pairs = [(6, 3), (60, 30), (6, 30), (8, 4), (10, 5)]
        results = Results([record(0, peer, pair[i], turn=turn) for turn, pair in enumerate(pairs) for i, peer in enumerate(["nginx", "isobar"])])
        ratio = results.ratio("1k-64", "isobar", "nginx", "cpu_us_per_request")
        self.assertEqual((ratio.median, ratio.low, ratio.high), (0.5, 0.5, 0.5))

    def test_a_peer_without_measurements_has_no_figure(self):
        results = Results([record(0, "nginx", 6)])
        self.assertIsNone(results.figure("1k-64", "isobar", "cpu_us_per_request"))
        self.assertIsNone(results.ratio("1k-64", "isobar", "nginx", "cpu_us_per_request"))
        self.assertIsNone(results.figure("1k-64", "nginx", "latency_us", "p50"))


class TargetTests(unittest.TestCase):
    def verdict(self, cpu):
        results = Results([record(0, "nginx", 4), record(0, "isobar", cpu)])
        return [passed for _, _, passed in verdicts(results, "isobar")]

    def test_a_target_is_met_on_its_limit_and_missed_above_it(self):
        self.assertEqual(self.verdict(3.0), [True])
        self.assertEqual(self.verdict(3.01), [False])

    def test_a_translation_is_judged_by_what_it_costs_over_passing_through_in_the_same_slice(self):
        # The machine is twice as slow in the second slice, which a difference of medians would not see.
        costs = {PASS_THROUGH.name: (10, 20), **{wires.name: (18, 32) for wires in TRANSLATIONS[:-1]}, TRANSLATIONS[-1].name: (21, 31)}
        results = Results([record(0, peer, cost, case="1k-translated", turn=turn) for peer, both in costs.items() for turn, cost in enumerate(both)])
        found = {target.peer: (figure.median, passed) for target, figure, passed in verdicts(results, "isobar")}
        self.assertEqual(found, {
            **{wires.name: (10, True) for wires in TRANSLATIONS[:-1]}, TRANSLATIONS[-1].name: (11, False)})

    def test_every_translation_of_a_whole_answer_has_a_target_at_both_sizes(self):
        for case, limit in (("1k-translated", 10), ("16k-translated", 40)):
            results = Results([record(0, wires.name, 1, case=case) for wires in (PASS_THROUGH, *TRANSLATIONS)])
            limits = {target.peer: target.limit for target, _, _ in verdicts(results, "isobar")}
            self.assertEqual(limits, {wires.name: limit for wires in TRANSLATIONS})


class CaseTests(unittest.TestCase):
    def test_translations_are_measured_at_both_sizes_whole_and_streaming_on_one_core(self):
        self.assertEqual(
            {(c.mode, c.body_bytes) for c in TRANSLATION_CASES},
            {("closed", 1024), ("closed", 16_384), ("stream", 1024), ("stream", 16_384)})
        self.assertEqual({c.topology for c in TRANSLATION_CASES}, {"S"})
        self.assertIn("1k-translated", QUICK_CASES)

    def test_names_are_unique_and_the_quick_ones_exist(self):
        names = [c.name for c in ALL_CASES]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(set(QUICK_CASES), set(names))


class ReportTests(unittest.TestCase):
    def test_tables_list_every_peer_and_the_verdict(self):
        latency = {"p50": 100, "p99": 200}
        results = Results([record(0, "nginx", 4, latency_us=latency), record(0, "isobar", 5, latency_us=latency)])
        text = report.text(report.tables(results, CASES, "isobar"))
        self.assertIn("1.25 [1.25–1.25]", text)
        self.assertIn("FAIL", text)
        self.assertEqual([line.split()[0] for line in text.split("\n")[3:5]], ["nginx", "isobar"])

    def test_translations_have_a_table_of_their_own_with_the_cost_over_passing_through(self):
        for name, unit in (("1k-translated", "cpu_us_per_request"), ("sse-16k-translated", "cpu_us_per_chunk")):
            costs = ((PASS_THROUGH.name, 4.0), (TRANSLATIONS[1].name, 6.5))
            results = Results([{"round": 0, "slice": 0, "case": name, "peer": peer, unit: cost} for peer, cost in costs])
            title, heading, rows = next(report.tables(results, ALL_CASES, "isobar"))
            self.assertIn("Translation", title)
            self.assertNotIn("× nginx", heading)
            over = heading.index("over pass-through µs")
            self.assertEqual([(row[0], row[over]) for row in rows], [(PASS_THROUGH.title, "–"), (TRANSLATIONS[1].title, "2.50 [2.50–2.50]")])


class CounterTests(unittest.TestCase):
    OUTPUT = "\n".join([
        "fn=(1) main", "1 5", "cfn=(2) malloc", "calls=7 0", "1 70", "cfn=(3) swift_retain", "calls=2 0", "1 4", "fn=(2)", "1 9",
        "cfn=(2)", "calls=1 0", "cfn=(4) malloc'2", "calls=3 0", "cfn=(5) mallopt", "calls=9 0", "summary: 1234", "totals: 1234"])

    def test_calls_are_summed_by_callee_and_compressed_names_resolved(self):
        with tempfile.TemporaryDirectory() as directory:
            for pid in (1, 2):
                with open(f"{directory}/callgrind.{pid}", "w") as file:
                    file.write(self.OUTPUT)
            counts = counters.read_callgrind(directory)
        self.assertEqual(counts, {"instructions": 2468, "mallocs": 22, "retains": 4, "releases": 0, "objects": 0})

    def test_system_calls_are_summed_without_the_total(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(f"{directory}/strace.txt", "w") as file:
                file.write("    calls syscall\n--------- ----------------\n      12 recvfrom\n       5 writev\n--------- ----\n      17 total\n")
            self.assertEqual(counters.read_strace(directory), {"syscalls": 17})


class BudgetTests(unittest.TestCase):
    def verdict(self, name, value, budget):
        return next(compare({"request": {name: value}}, {"request": {name: budget}} if budget is not None else {}))[-1]

    def test_allocations_have_no_tolerance_and_instructions_little(self):
        self.assertEqual(self.verdict("mallocs", 0.0, 0.0), "ok")
        self.assertEqual(self.verdict("mallocs", 0.5, 0.0), "over")
        self.assertEqual(self.verdict("instructions", 10_799, 10_000), "ok")
        self.assertEqual(self.verdict("instructions", 10_801, 10_000), "over")
        self.assertEqual(self.verdict("instructions", 7_000, 10_000), "under")
        self.assertEqual(self.verdict("instructions", 9_000, None), "new")

    def test_every_translation_has_a_request_and_a_chunk_in_its_callers_words(self):
        gateway = Gateway("isobar", 1, "sk-1")
        for wires in TRANSLATIONS:
            modes = [load.mode for load in LOADS if load.wires == wires]
            self.assertEqual(sorted(modes), ["closed", "stream"])
            speaker = gateway.speaking(wires)
            self.assertEqual((speaker.wire, speaker.check, speaker.wires), (wires.caller, "content", wires))
        self.assertIs(gateway.speaking(PASS_THROUGH), gateway)

    def test_a_peer_that_does_not_translate_is_not_asked_to(self):
        taken = [load.name for load in LOADS if Nginx().speaking(load.wires)]
        self.assertEqual(taken, ["request-1k", "request-16k", "request-1k-64-connections", "chunk"])


class SoakTests(unittest.TestCase):
    def problems(self, megabytes, descriptors=10, errors=0):
        return soak.problems([soak.Sample(10, 0, 3, 50.0, 10), soak.Sample(10, 0, 3, 50.0, 10), soak.Sample(10, errors, 3, megabytes, descriptors)])

    def test_growth_is_judged_against_the_second_batch(self):
        self.assertEqual(self.problems(54.5), [])
        self.assertEqual(len(self.problems(54.6)), 1)
        self.assertEqual(len(self.problems(50, descriptors=139)), 1)
        self.assertEqual(len(self.problems(50, errors=1)), 1)


class GatewayConfigTests(unittest.TestCase):
    def test_every_region_has_an_endpoint_and_no_secret_is_written(self):
        kinds = [document["kind"] for document in gateway_config.documents(["http://127.0.0.1:1/v1"] * 3)]
        self.assertEqual(kinds.count("Region"), 3)
        self.assertEqual(kinds.count("Endpoint"), 3)
        self.assertNotIn("sk-", gateway_config.text(["http://127.0.0.1:1/v1"] * 3))

    def test_each_translation_has_its_providers_flavor_and_base_url(self):
        found = {}
        for wires in TRANSLATIONS:
            documents = list(gateway_config.documents(Upstream([7]).urls(wires.base_path), wires=wires))
            spec = {document["kind"]: document["spec"] for document in documents}
            found[wires.name] = (spec["Provider"]["flavor"], spec["Endpoint"]["url"], spec["Endpoint"]["credential"]["scheme"], wires.caller)
        self.assertEqual(found, {
            "openai-to-anthropic": ("anthropic", "http://127.0.0.1:7/v1", "x-api-key", "chat"),
            "openai-to-bedrock": ("bedrock", "http://127.0.0.1:7", "bearer", "chat"),
            "openai-to-gemini": ("gemini", "http://127.0.0.1:7/v1beta", "bearer", "chat"),
            "anthropic-to-openai": ("openai", "http://127.0.0.1:7/v1", "bearer", "messages"),
        })

    def test_gateways_that_run_side_by_side_share_no_name_and_no_port(self):
        gateways = translating_gateways("isobar", range(5), "key")
        self.assertEqual([gateway.name for gateway in gateways], [wires.name for wires in (PASS_THROUGH, *TRANSLATIONS)])
        self.assertEqual([gateway.admin_port for gateway in gateways], [0, 1, 2, 3, 4])
        self.assertEqual({gateway.check for gateway in gateways}, {"content"})


class ProcessTests(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.log = os.path.join(self.directory.name, "log")

    def test_leaving_ends_a_process_that_ignores_sigterm_and_its_children(self):
        with Process(["sh", "-c", "trap '' TERM; sleep 60 & echo up; wait; sleep 60"], {0}, self.log, pipes=True) as process:
            process.read_line(10)
            stop, process.stop = process.stop, lambda: stop(patience=0.2)
        self.assertFalse(group_exists(process.pid))

    def test_cpu_time_of_children_counts(self):
        busy = "import time\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\ntime.sleep(60)"
        with Process(["sh", "-c", f'{sys.executable} -c "{busy}" & wait'], {0}, self.log, pipes=True) as process:
            process.read_line(20)
            self.assertGreater(process.usage().cpu_ns, 0.2e9)

    def test_a_program_that_ends_before_it_listens_is_reported_with_its_output(self):
        with Process(["sh", "-c", "echo broken; exit 3"], {0}, self.log) as process:
            with self.assertRaisesRegex(Failed, "(?s)ended with 3.*broken"):
                process.await_port(1, 10)

    def test_children_die_with_the_driver(self):
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        program = f"import sys, time; sys.path.insert(0, {here!r})\nfrom driver.processes import Process\n" \
            f"print(Process(['sleep', '60'], {{0}}, {self.log!r}).pid, flush=True); time.sleep(60)"
        driver = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        child = int(driver.stdout.readline())
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        driver.stdout.close()
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{child}/schedstat") and not _is_zombie(child) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertTrue(not os.path.exists(f"/proc/{child}") or _is_zombie(child))


PROGRAMS = os.path.join(HERE, ".build", "release")


@unittest.skipUnless(os.path.exists(f"{PROGRAMS}/bench-load"), "swift build -c release --package-path Benchmarks")
class ProgramTests(unittest.TestCase):
    """The upstream on every wire, and the load generator against it without a proxy."""
    NUMBER = "0000000000000042"
    #: Path and body of a request that asks for a stream of three texts.
    STREAMS = {
        "chat": ("/v1/chat/completions", {"messages": [{"content": "caller-" + NUMBER}], "max_tokens": 3, "stream": True}),
        "messages": ("/v1/messages", {"max_tokens": 3, "stream": True, "messages": [{"content": "caller-" + NUMBER}]}),
        "converse": ("/model/m/converse-stream", {"inferenceConfig": {"maxTokens": 3}, "messages": [{"content": [{"text": "caller-" + NUMBER}]}]}),
        "gemini": ("/v1beta/models/m:streamGenerateContent?alt=sse",
                   {"contents": [{"parts": [{"text": "caller-" + NUMBER}]}], "generationConfig": {"maxOutputTokens": 3}}),
    }

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.log = os.path.join(stack.enter_context(tempfile.TemporaryDirectory()), "log")
        self.port = machine.free_ports(1, start=28_000)[0]
        upstream = stack.enter_context(Process([f"{PROGRAMS}/bench-upstream", "--ports", self.port, "--chunk-interval-us", 500], {0}, self.log))
        upstream.await_port(self.port, 10)

    def ask(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            return connection.getresponse().read()

    def test_whole_answers_have_the_same_text_on_every_wire(self):
        paths = {
            "/v1/chat/completions": lambda answer: answer["choices"][0]["message"]["content"],
            "/v1/messages": lambda answer: answer["content"][0]["text"],
            "/model/m/converse": lambda answer: answer["output"]["message"]["content"][0]["text"],
            "/v1beta/models/m:generateContent": lambda answer: answer["candidates"][0]["content"]["parts"][0]["text"],
        }
        body = {"messages": [{"content": "caller-" + self.NUMBER}]}
        texts = {path: text(json.loads(self.ask(path, body))) for path, text in paths.items()}
        self.assertEqual(len(set(texts.values())), 1, texts)
        self.assertTrue(texts["/v1/messages"].endswith("answer-" + self.NUMBER))

    def test_streams_have_as_many_stamped_texts_as_were_asked_for(self):
        for name, (path, body) in self.STREAMS.items():
            before = time.monotonic_ns()
            texts = self.ask(path, body).decode("latin-1").split(f" answer-{self.NUMBER}@")[1:]
            self.assertEqual(len(texts), 3, name)
            times = [int(text[:18]) for text in texts]
            self.assertEqual(times, sorted(times), name)
            self.assertTrue(before <= times[0] and times[-1] <= time.monotonic_ns(), name)

    def test_an_event_stream_has_both_checksums_right(self):
        rest = self.ask(*self.STREAMS["converse"])
        payloads = []
        while rest:
            total, headers, prelude = struct.unpack(">III", rest[:12])
            frame, rest = rest[:total], rest[total:]
            self.assertEqual(zlib.crc32(frame[:8]), prelude)
            self.assertEqual(zlib.crc32(frame[:-4]), struct.unpack(">I", frame[-4:])[0])
            payloads.append(json.loads(frame[12 + headers:-4]))
        self.assertEqual(len(payloads), 1 + 3 + 3)
        self.assertEqual(payloads[-2]["stopReason"], "end_turn")
        self.assertEqual(payloads[-1]["usage"]["outputTokens"], 118)

    def test_the_load_generator_finds_nothing_wrong_with_the_upstream(self):
        for wire, check in (("chat", "full"), ("chat", "content"), ("messages", "content")):
            for mode, extra in (("closed", []), ("closed", ["--body-bytes", 16_384]), ("stream", ["--chunks", 5, "--body-bytes", 16_384])):
                result = self.load("--wire", wire, "--check", check, "--mode", mode, *extra)
                self.assertEqual((result["requests"], result["errors"]), (200, 0), result)
                if mode == "stream":
                    self.assertEqual(result["chunks"], 200 * (5 + 2))

    def load(self, *arguments):
        command = [f"{PROGRAMS}/bench-load", "--port", self.port, "--requests", 200, "--connections", 8, *arguments]
        with Process(command, {0}, self.log, pipes=True) as load:
            return json.loads(load.read_line(30))


def _is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


if __name__ == "__main__":
    unittest.main()
