// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// A model server on loopback that speaks four vendors' wires, for measuring what stands in front of it.
@main
struct BenchUpstream {
    static let usage = """
        bench-upstream --ports P[,P...] [options]
          --model NAME            model name in answers (bench-model)
          --chunks N              chunks of text of a stream whose request has no limit on tokens (128)
          --chunk-interval-us U   time between two chunks of one stream (1500)
          --chunk-rate R          instead: chunks per second over all streams
        Answers POST with a chat completion, or with a stream when the body says "stream": true; GET with a model list.
        Other vendors' answers by path: /v1/messages (Anthropic), /model/M/converse and -stream (Bedrock),
        /v1beta/models/M:generateContent and :streamGenerateContent?alt=sse (Gemini).

        """

    static func main() {
        do {
            let server = try server(CommandLine.arguments.dropFirst())
            Console.write("ready\n")
            try server.run()
        } catch {
            Console.fail("bench-upstream: \(error)\n\n\(usage)")
        }
    }

    private static func server(_ words: ArraySlice<String>) throws -> ModelServer {
        var arguments = try Arguments(words, flags: [])
        guard let ports = try arguments.ports("ports"), !ports.isEmpty else {
            throw Arguments.Failure("--ports is required")
        }
        let interval = try arguments.integer("chunk-interval-us", in: 1...60_000_000) ?? 1500
        let rate = try arguments.integer("chunk-rate", in: 1...10_000_000)
        let chunks = try arguments.integer("chunks", in: 1...1_000_000) ?? 128
        let model = arguments.text("model") ?? "bench-model"
        try arguments.rejectUnknown()
        let pace = rate.map { Pacer.Pace.total(Int64($0)) } ?? .interval(Int64(interval) * 1000)
        return try ModelServer(ports: ports, model: model, pace: pace, chunks: chunks)
    }
}
