// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Reads how many requests wait inside a model server from its Prometheus page.
///
/// Metric names: vLLM `vllm:num_requests_waiting`, SGLang `sglang:num_queue_reqs`, llama.cpp
/// `llamacpp:requests_deferred`, TGI `tgi_queue_size` (each project's metrics documentation, read 2026-11).
enum LoadSignals {
    static func metricName(of flavor: ProviderFlavor) -> String? {
        switch flavor {
        case .vllm: "vllm:num_requests_waiting"
        case .sglang: "sglang:num_queue_reqs"
        case .llamaCpp: "llamacpp:requests_deferred"
        case .tgi: "tgi_queue_size"
        case .openai, .azure, .anthropic, .bedrock, .vertex, .gemini, .ollama, .generic: nil
        }
    }

    /// Sum over all label sets of the metric.
    /// - Returns: `nil` when the page does not have it or says something that is not a finite number ≥ 0.
    static func queued(in page: String, flavor: ProviderFlavor) -> Int? {
        guard let name = metricName(of: flavor) else { return nil }
        var total: Double?
        for line in page.split(separator: "\n") where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            guard rest.first == " " || rest.first == "{" else { continue }
            let sample = rest.first == "{" ? withoutLabels(rest) : rest
            guard let value = sample.split(separator: " ").first.flatMap({ Double($0) }), value.isFinite, value >= 0
            else { return nil }
            total = (total ?? 0) + value
        }
        return total.flatMap { $0 < 1e9 ? Int($0) : nil }
    }

    /// What follows the closing brace of a label set; a brace inside a quoted value is no end.
    private static func withoutLabels(_ text: Substring) -> Substring {
        var isQuoted = false
        var isEscaped = false
        let labels = text.prefix { character in
            if !isQuoted, character == "}" { return false }
            if !isEscaped, character == "\"" { isQuoted.toggle() }
            isEscaped = isQuoted && !isEscaped && character == "\\"
            return true
        }
        return text[labels.endIndex...].dropFirst()
    }
}
