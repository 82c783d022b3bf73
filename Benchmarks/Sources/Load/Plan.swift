// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// What one run does, as its command line says.
struct Plan {
    enum Mode: Equatable {
        /// Each connection sends its next request when the last answer is complete.
        case closed
        /// Requests start at fixed times whatever the answers do; latency counts from those times, so a stall is
        /// charged to every request it delayed (no coordinated omission).
        case open(perSecond: Int)
        /// As `closed`, but answers are streams.
        case stream
    }

    /// The API of requests and answers.
    enum Wire: String, CaseIterable {
        /// OpenAI's chat completions.
        case chat
        /// Anthropic's Messages.
        case messages
    }

    enum Check: String, CaseIterable {
        /// The answer is the upstream's own: its id and its texts have this request's number, and no event is missing.
        case full
        /// The answer's text, and every text of a stream, has this request's number: for gateways that translate.
        case content
        /// Status and framing only, for proxies that write answers anew.
        case framing
    }

    var mode: Mode
    var wire: Wire
    var connections: Int
    var port: UInt16
    /// Ends the measured phase, whichever comes first. At least one is set.
    var requestsMax: Int?
    var duration: Int64?
    /// Nanoseconds of the phase before, which is not reported.
    var warmUp: Int64
    /// Nanoseconds over which the connections send their first request, evenly. Streams that all began at once would
    /// also end at once and begin the next at once, and time to first token would measure that queue.
    var ramp: Int64
    var bodyBytes: Int
    var model: String
    var key: String
    /// Chunks of text per stream.
    var chunks: Int
    var asksUsage: Bool
    var hangUpPercent: Int
    var seed: UInt64
    var check: Check
    /// Measure once for every line on standard input until it ends. Between two measurements nothing is under way, so
    /// that the driver can read the proxy's CPU time exactly and let several proxies take turns.
    var handshake: Bool

    /// A translation leaves only the text as it is, and may drop `user`.
    var putsNumberInText: Bool { check == .content || wire == .messages }

    static let usage = """
        bench-load --mode closed|open|stream --port P (--requests N | --seconds S) [options]
          --connections C     (64)            --rate R            requests per second, mode open
          --body-bytes N      (1024)          --chunks N          chunks of text per stream (128)
          --wire chat|messages (chat)         what to send: OpenAI's or Anthropic's requests
          --warmup-seconds S  (0)             --ramp-seconds S    (0) spread of first requests, modes closed and stream
          --usage             ask for a usage chunk
          --model NAME        (bench-model)   --key KEY           bearer token, or x-api-key on the wire messages
          --hangup-percent N  (0)             --seed N            (1)
          --check full|content|framing (full; content on the wire messages)
          --handshake         print "ready", then measure once per line of input
        Prints one line of JSON per measurement. Exit status: 0 also with failed requests (see "errors"), 2 when it could not run.

        """

    init(_ words: ArraySlice<String>) throws {
        var arguments = try Arguments(words, flags: ["usage", "handshake"])
        mode = try Self.mode(&arguments)
        wire = try Self.choice("wire", &arguments) ?? .chat
        check = try Self.choice("check", &arguments) ?? (wire == .chat ? .full : .content)
        guard let ports = try arguments.ports("port"), ports.count == 1 else {
            throw Arguments.Failure("--port is required, once")
        }
        port = ports[0]
        requestsMax = try arguments.integer("requests", in: 1...1_000_000_000)
        duration = try arguments.seconds("seconds")
        guard requestsMax != nil || duration != nil else {
            throw Arguments.Failure("--requests or --seconds is required")
        }
        warmUp = try arguments.seconds("warmup-seconds") ?? 0
        ramp = try arguments.seconds("ramp-seconds") ?? 0
        connections = try arguments.integer("connections", in: 1...16_384) ?? 64
        bodyBytes = try arguments.integer("body-bytes", in: 512...200_000) ?? 1024
        chunks = try arguments.integer("chunks", in: 1...1_000_000) ?? 128
        hangUpPercent = try arguments.integer("hangup-percent", in: 0...100) ?? 0
        seed = UInt64(try arguments.integer("seed", in: 0...Int.max) ?? 1)
        model = arguments.text("model") ?? "bench-model"
        key = arguments.text("key") ?? "sk-bench-0000000000000000000000000000000000000001"
        asksUsage = arguments.flag("usage")
        handshake = arguments.flag("handshake")
        try arguments.rejectUnknown()
        guard wire == .chat || (check != .full && !asksUsage) else {
            throw Arguments.Failure("--wire messages goes with --check content or framing and without --usage")
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ arguments: inout Arguments
    ) throws -> Choice? {
        guard let text = arguments.text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Arguments.Failure("--\(name) \(text): one of \(known)")
        }
        return choice
    }

    private static func mode(_ arguments: inout Arguments) throws -> Mode {
        let rate = try arguments.integer("rate", in: 1...10_000_000)
        switch (arguments.text("mode"), rate) {
        case ("closed", nil): return .closed
        case ("stream", nil): return .stream
        case ("open", let rate?): return .open(perSecond: rate)
        default: throw Arguments.Failure("--mode closed, --mode stream, or --mode open with --rate")
        }
    }
}
