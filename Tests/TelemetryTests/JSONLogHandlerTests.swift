// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import Logging
import Testing

@testable import Telemetry

@Suite("Logs are JSON lines without secrets")
struct JSONLogHandlerTests {
    /// Logs into a pipe and returns what arrived.
    private func lines(level: Logger.Level = .trace, _ log: (Logger) -> Void) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let sink = LogSink(descriptor: ends[1])
        log(
            Logger(label: "gateway") { label in
                JSONLogHandler(label: label, level: level, sink: sink, clock: { 1_767_225_600_123 })
            })
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 60_000)
        let count = read(ends[0], &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test("a line has time, level, logger, message and sorted metadata")
    func line() throws {
        let text = try lines {
            $0.info(
                "endpoint is down", metadata: ["reason": "refused", "endpoint": "azure-eastus", "attempts": "\(3)"])
        }
        #expect(
            text == """
                {"ts":"2026-01-01T00:00:00.123Z","level":"info","logger":"gateway","msg":"endpoint is down","attempts":"3",\
                "endpoint":"azure-eastus","reason":"refused"}

                """)
    }

    @Test("lines below the level are not written")
    func level() throws {
        let text = try lines(level: .warning) {
            $0.info("quiet")
            $0.error("loud")
        }
        #expect(text.split(separator: "\n").count == 1)
        #expect(text.contains("loud"))
    }

    @Test("metadata that looks secret by its key is redacted, at any depth")
    func redaction() throws {
        let text = try lines {
            $0.info(
                "request",
                metadata: [
                    "Authorization": "Bearer hunter2", "api-key": "hunter2", "token": "hunter2",
                    "set_cookie": "hunter2",
                    "headers": ["x-api-key": "hunter2", "inner": ["client.secret": "hunter2"]], "tokens": "17",
                    "tokensPerMinute": "9",
                    "key_name": "app",
                ])
        }
        #expect(!text.contains("hunter2"))
        for kept in [
            "\"tokens\":\"17\"", "\"tokensPerMinute\":\"9\"", "\"key_name\":\"app\"",
            "\"headers.x-api-key\":\"<redacted>\"",
        ] {
            #expect(text.contains(kept), "\(text)")
        }
    }

    @Test("a value cannot begin a new line, end its string or pose as a field of ours")
    func injection() throws {
        let text = try lines { $0.info("m", metadata: ["a": "x\"}\n{\"level\":\"fatal\u{1B}[2J", "level": "fatal"]) }
        #expect(text.split(separator: "\n").count == 1)
        #expect(text.contains(#""a":"x\"}\n{\"level\":\"fatal\u001b[2J""#))
        #expect(text.contains(#""metadata.level":"fatal""#))
    }

    @Test("a long value is cut between characters")
    func cut() throws {
        let text = try lines { $0.info("m", metadata: ["a": .string("x" + String(repeating: "é", count: 4_000))]) }
        #expect(text.utf8.count < 5_000)
        #expect(text.contains("é…\""))
        #expect(!text.contains("\u{FFFD}"))
    }

    @Test("a line that cannot be written is counted, not waited for")
    func dropped() {
        let sink = LogSink(descriptor: -1)
        sink.write([10])
        sink.write([10])
        #expect(sink.linesDropped == 2)
    }
}
