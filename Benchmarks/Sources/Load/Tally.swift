// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// Why a request did not count.
enum Failure: String, CaseIterable {
    /// The status was not 200.
    case status
    /// The connection ended before the answer did.
    case cut
    /// The answer broke HTTP's syntax or went on behind its end.
    case malformed
    /// The answer belongs to another request or is no completion.
    case mismatch
    /// A stream without all of its chunks, its finish or its last event, or with a usage chunk nobody asked for.
    case incomplete
    /// No answer while nothing else moved for ten seconds.
    case stalled
}

/// What happened in one phase.
struct Tally {
    var completed = 0
    var failures = Array(repeating: 0, count: Failure.allCases.count)
    var hangUps = 0
    /// Connections made anew after a hang-up, an error or the peer's own close.
    var reconnects = 0
    var chunks = 0
    /// Chunks without a send time: those without text, such as role and finish.
    var unstampedChunks = 0
    /// Sum of the numbers of all answered requests.
    var checksum = 0
    var latency = Histogram()
    var timeToFirstToken = Histogram()
    var chunkDelay = Histogram()
    /// From the first request to the last answer.
    var elapsed: Int64 = 0

    mutating func count(_ failure: Failure) {
        for (index, other) in Failure.allCases.enumerated() where other == failure { failures[index] += 1 }
    }

    /// One line of JSON. Times in microseconds.
    func json(_ plan: Plan) -> String {
        let seconds = Double(elapsed) / 1e9
        let errors = failures.reduce(0, +)
        var fields: [(String, String)] = [
            ("connections", "\(plan.connections)"), ("body_bytes", "\(plan.bodyBytes)"), ("requests", "\(completed)"),
            ("errors", "\(errors)"),
            ("hangups", "\(hangUps)"), ("reconnects", "\(reconnects)"), ("checksum", "\(checksum)"),
            ("seconds", rounded(seconds, 4)),
            ("requests_per_second", rounded(Double(completed) / max(seconds, 1e-9), 1)),
            ("latency_us", Self.json(latency)),
        ]
        if errors > 0 {
            let named = zip(Failure.allCases, failures).filter { $0.1 > 0 }.map { "\"\($0.0.rawValue)\":\($0.1)" }
            fields.append(("failures", "{\(named.joined(separator: ","))}"))
        }
        if plan.mode == .stream {
            fields += [
                ("chunks", "\(chunks)"), ("unstamped_chunks", "\(unstampedChunks)"),
                ("chunks_per_second", rounded(Double(chunks) / max(seconds, 1e-9), 1)),
                ("chunk_delay_us", Self.json(chunkDelay)),
                ("time_to_first_token_us", Self.json(timeToFirstToken)),
            ]
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}\n"
    }

    private static func json(_ histogram: Histogram) -> String {
        let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)]
        let parts = quantiles.map { "\"\($0.0)\":\(rounded(histogram.value(at: $0.1) / 1000, 1))" }
        let ends = [
            "\"mean\":\(rounded(histogram.mean / 1000, 1))", "\"max\":\(rounded(Double(histogram.largest) / 1000, 1))",
        ]
        return "{" + (parts + ends).joined(separator: ",") + "}"
    }
}

private func rounded(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
}
