// SPDX-License-Identifier: Apache-2.0
// Isobar

import ModelServer
import Reactor
import Simulation
import TestSupport
import WireFormats

/// A model server on a loop thread of its own, and short ways to talk to it.
final class RunningServer: @unchecked Sendable {
    // Proof of @unchecked: `server` is used on the loop's thread only once the thread has started; the rest is
    // immutable.
    private let loop: EventLoop
    private let server: ModelServer
    private let thread: LoopThread
    let port: UInt16

    /// Ten times as fast as the profile, so that a test does not wait for made-up words.
    init(
        profile: AcceleratorProfile = .tiny, queueMax: Int = 100, kvBlocks: Int? = nil, contextTokensMax: Int = 4_096,
        seed: UInt64 = 1,
        speed: Double = 10
    ) throws {
        loop = try EventLoop()
        let configuration = ModelServerConfiguration(
            modelName: "test-model", profile: profile, queueMax: queueMax, kvBlocks: kvBlocks,
            contextTokensMax: contextTokensMax,
            seed: seed, speed: speed)
        server = try ModelServer(configuration: configuration, loop: loop)
        port = server.port
        thread = try LoopThread(name: "model-server", loop: loop)
    }

    private struct Box: @unchecked Sendable {
        // Proof of @unchecked: opened on the loop's thread only.
        let server: ModelServer
    }

    deinit {
        let box = Box(server: server)
        loop.submit { box.server.close() }
        loop.stop()
        thread.join()
    }

    func connect() throws -> TestConnection { try TestConnection(port: port) }

    func ask(_ method: String, _ path: String, _ body: String = "") throws -> (status: Int, json: JSONValue) {
        let answer = try connect().ask(method, path, body: body)
        return (answer.status, try JSONValue(parsing: Array(answer.body.utf8)))
    }

    /// A chat request with one user message and further members.
    static func chat(_ content: String = "Hello", _ members: String = "") -> String {
        "{\"model\":\"test-model\",\"messages\":[{\"role\":\"user\",\"content\":\"\(content)\"}]\(members.isEmpty ? "" : ",")\(members)}"
    }

    func chat(_ content: String = "Hello", _ members: String = "") throws -> (status: Int, json: JSONValue) {
        try ask("POST", "/v1/chat/completions", Self.chat(content, members))
    }

    /// Events of a streamed chat, `[DONE]` included.
    func stream(_ content: String = "Hello", _ members: String = "", path: String = "/v1/chat/completions") throws
        -> StreamedAnswer
    {
        let more = "\"stream\":true" + (members.isEmpty ? "" : ",") + members
        return StreamedAnswer(try connect().ask("POST", path, body: Self.chat(content, more)))
    }

    func setFaults(_ rules: String) throws {
        _ = try ask("PUT", "/faults", "{\"rules\":[\(rules)]}")
    }

    /// One sample of the metrics page without its labels' values; 0 when absent.
    func metric(_ name: String) throws -> Double {
        let page = try connect().ask("GET", "/metrics").body
        let line = page.split(separator: "\n").first { $0.hasPrefix("vllm:\(name){") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0
    }
}

/// The events of one server-sent stream.
struct StreamedAnswer {
    var status: Int
    var head: String
    /// Text after `data: ` of each event.
    var events: [String]

    init(_ answer: TestConnection.Answer) {
        status = answer.status
        head = answer.head
        events = answer.body.split(separator: "\n\n").map { String($0.dropFirst("data: ".count)) }
    }

    /// The events that are JSON.
    var chunks: [JSONValue] { events.compactMap { try? JSONValue(parsing: Array($0.utf8)) } }

    var text: String {
        chunks.compactMap { $0["choices"]?.arrayValue?.first }.compactMap {
            ($0["delta"]?["content"] ?? $0["text"])?.stringValue
        }.joined()
    }

    var finishReasons: [String] {
        chunks.compactMap { $0["choices"]?.arrayValue?.first?["finish_reason"]?.stringValue }
    }
}

extension JSONValue {
    /// Walks through members and array positions.
    func at(_ path: Any...) -> JSONValue? {
        var value: JSONValue? = self
        for step in path {
            if let name = step as? String { value = value?[name] }
            if let index = step as? Int {
                let list = value?.arrayValue ?? []
                value = list.indices.contains(index) ? list[index] : nil
            }
        }
        return value
    }
}
