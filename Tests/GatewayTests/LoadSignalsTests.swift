// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Gateway

@Suite struct LoadSignalsTests {
    @Test(arguments: [
        ("vllm:num_requests_waiting 7.0", 7), ("vllm:num_requests_waiting{model_name=\"m\",engine=\"0\"} 3", 3),
        (
            "# HELP vllm:num_requests_waiting Waiting.\n# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting 0\n",
            0
        ),
        ("vllm:num_requests_waiting{engine=\"0\"} 2.0\nvllm:num_requests_waiting{engine=\"1\"} 5.0\n", 7),
        ("vllm:num_requests_waiting 4 1763784000000", 4),
        ("vllm:num_requests_waiting_by_reason 9\nvllm:num_requests_waiting 1", 1),
    ])
    func `the queue is the sum over the metric's label sets`(page: String, queued: Int) {
        #expect(LoadSignals.queued(in: page, flavor: .vllm) == queued)
    }

    @Test(arguments: [
        "", "other 1", "vllm:num_requests_waiting", "vllm:num_requests_waiting NaN", "vllm:num_requests_waiting +Inf",
        "vllm:num_requests_waiting -1", "vllm:num_requests_waiting many", "vllm:num_requests_waiting 1e9",
        "vllm:num_requests_waiting{engine=\"0\"", "vllm:num_requests_waiting 1\nvllm:num_requests_waiting{} x",
    ])
    func `a page that does not say it plainly says nothing`(page: String) {
        #expect(LoadSignals.queued(in: page, flavor: .vllm) == nil)
    }

    @Test func `each server is asked for its own metric`() {
        let page = "sglang:num_queue_reqs 2\nllamacpp:requests_deferred 3\nvllm:num_requests_waiting 1\n"
        #expect(LoadSignals.queued(in: page, flavor: .vllm) == 1)
        #expect(LoadSignals.queued(in: page, flavor: .sglang) == 2)
        #expect(LoadSignals.queued(in: page, flavor: .llamaCpp) == 3)
        for flavor in [ProviderFlavor.openai, .ollama, .generic] {
            #expect(LoadSignals.queued(in: page, flavor: flavor) == nil)
        }
    }

    @Test(arguments: [#"a}b 9"#, #"a\"} 9 "#, #"a\\"#, ""])
    func `a brace inside a label's value does not end the labels`(name: String) {
        #expect(
            LoadSignals.queued(in: "vllm:num_requests_waiting{model_name=\"\(name)\",engine=\"0\"} 3", flavor: .vllm)
                == 3)
    }
}
