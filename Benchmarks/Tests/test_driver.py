# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Tests of the driver's arithmetic and of its processes. Run: python3 Benchmarks/Tests/test_driver.py"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from driver import counters, gateway_config, report, soak  # noqa: E402
from driver.budgets import compare  # noqa: E402
from driver.cases import CASES  # noqa: E402
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


class ReportTests(unittest.TestCase):
    def test_tables_list_every_peer_and_the_verdict(self):
        latency = {"p50": 100, "p99": 200}
        results = Results([record(0, "nginx", 4, latency_us=latency), record(0, "isobar", 5, latency_us=latency)])
        text = report.text(report.tables(results, CASES, "isobar"))
        self.assertIn("1.25 [1.25–1.25]", text)
        self.assertIn("FAIL", text)
        self.assertEqual([line.split()[0] for line in text.split("\n")[3:5]], ["nginx", "isobar"])


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


def _is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


if __name__ == "__main__":
    unittest.main()
