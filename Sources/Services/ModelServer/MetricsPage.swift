// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation

/// The Prometheus page with vLLM's metric names, so that whoever reads vLLM's load reads ours.
struct MetricsPage {
    private var text = ""
    private let labels: String

    init(modelName: String) {
        let escaped = modelName.flatMap { character -> String in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }
        labels = "engine=\"0\",model_name=\"\(String(escaped))\""
    }

    static func render(modelName: String, model: ModelServerMetrics, recorder: ModelServerRecorder) -> [UInt8] {
        var page = MetricsPage(modelName: modelName)
        page.gauges(model)
        page.counters(model)
        page.metric(
            "request_success_total", "counter", "Ended sequences by reason.",
            recorder.endedByReason.map { ("finished_reason=\"\($0.reason)\"", "\($0.count)") })
        page.histogram("time_to_first_token_seconds", "Time to first token.", recorder.timeToFirstToken)
        page.histogram(
            "inter_token_latency_seconds", "Time between two tokens of a sequence.", recorder.interTokenLatency)
        page.histogram("e2e_request_latency_seconds", "Time from arrival to the last token.", recorder.requestLatency)
        return Array(page.text.utf8)
    }

    private mutating func gauges(_ model: ModelServerMetrics) {
        metric("num_requests_running", "gauge", "Sequences in the batch.", model.running)
        metric("num_requests_waiting", "gauge", "Sequences waiting for a place in the batch.", model.waiting)
        metric("kv_cache_usage_perc", "gauge", "Held share of the KV cache, 0 to 1.", model.kvUsage)
        metric(
            "cache_config_info", "gauge", "Size of the KV cache.",
            [("block_size=\"\(GenerationEngine.tokensPerBlock)\",num_gpu_blocks=\"\(model.kvBlocksTotal)\"", "1")])
    }

    private mutating func counters(_ model: ModelServerMetrics) {
        metric(
            "prompt_tokens_total", "counter", "Prompt tokens of sequences that began to answer.",
            model.promptTokensTotal)
        metric("generation_tokens_total", "counter", "Tokens generated.", model.generationTokensTotal)
        metric(
            "prefix_cache_queries_total", "counter", "Prompt tokens looked up in the prefix cache.",
            model.prefixQueriesTotal)
        metric("prefix_cache_hits_total", "counter", "Prompt tokens found in the prefix cache.", model.prefixHitsTotal)
        metric(
            "num_preemptions_total", "counter", "Sequences that lost their blocks and were computed again.",
            model.preemptionsTotal)
    }

    private mutating func metric(_ name: String, _ type: String, _ help: String, _ value: some CustomStringConvertible)
    {
        metric(name, type, help, [("", "\(value)")])
    }

    /// - Parameter samples: labels beyond the common ones, and the value.
    private mutating func metric(
        _ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]
    ) {
        text += "# HELP vllm:\(name) \(help)\n# TYPE vllm:\(name) \(type)\n"
        for sample in samples { line(name, sample.labels, sample.value) }
    }

    private mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        text += "# HELP vllm:\(name) \(help)\n# TYPE vllm:\(name) histogram\n"
        var cumulative: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            cumulative += count
            line("\(name)_bucket", "le=\"\(bound)\"", "\(cumulative)")
        }
        line("\(name)_bucket", "le=\"+Inf\"", "\(histogram.count)")
        line("\(name)_sum", "", "\(histogram.sum)")
        line("\(name)_count", "", "\(histogram.count)")
    }

    private mutating func line(_ name: String, _ more: String, _ value: String) {
        text += "vllm:\(name){\(labels)\(more.isEmpty ? "" : ",")\(more)} \(value)\n"
    }
}
