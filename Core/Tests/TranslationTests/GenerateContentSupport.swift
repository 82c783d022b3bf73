// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// What the tests of Google's wire do again and again. Everything is handed on as values, because what translation
/// gives out points into bytes that end with the call.
enum Gemini {
    /// Reads `json` as a generateContent request and hands over the conversation while its bytes are alive.
    static func withRequest<Result>(_ json: String, _ body: (Conversation) throws -> Result) throws -> Result {
        try Documents.withRequest(json, GenerateContentRequestReader.self, body)
    }

    struct Written {
        var body: JSONValue
        var losses: [String]
    }

    static func write(_ conversation: Conversation, for target: EndpointTarget = target()) throws -> Written {
        let writer = JSONWriter()
        var losses = Losses()
        try GenerateContentRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        #expect(writer.isBalanced)
        return Written(body: try JSONValue(parsing: Array(writer.bytes)), losses: losses.names(in: .chatCompletions))
    }

    /// A chat completions request in Google's words.
    static func fromChat(_ json: String, for target: EndpointTarget = target()) throws -> Written {
        try withChat(json) { try write($0, for: target) }
    }

    static func target(
        _ thinking: Capabilities.Thinking = .budget, home: EndpointTarget.Home = .own,
        _ change: (inout Capabilities) -> Void = { _ in }
    ) -> EndpointTarget {
        var capabilities = Capabilities()
        capabilities.thinking = thinking
        change(&capabilities)
        return EndpointTarget(model: "m", home: home, capabilities: capabilities)
    }

    static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    // MARK: Answers

    static func withAnswer<Result>(_ json: String, _ body: (Answer) throws -> Result) throws -> Result {
        try Documents.withAnswer(json, GenerateContentAnswerReader.self, body)
    }

    static var answerTarget: AnswerTarget { AnswerTarget(model: "public", id: "own-id", createdUnixSeconds: 0) }

    static func write(_ answer: Answer) throws -> JSONValue {
        let writer = JSONWriter()
        GenerateContentAnswerWriter.write(answer, for: answerTarget, to: writer)
        #expect(writer.isBalanced)
        return try JSONValue(parsing: Array(writer.bytes))
    }

    // MARK: Streams

    /// The chunks of a stream, read one after the other, and the end of its body.
    static func read(_ chunks: [String], endsWell: Bool = true) throws -> [GeminiEvent] {
        var reader = GenerateContentStreamReader()
        let tape = JSONTape()
        var heard: [GeminiEvent] = []
        for chunk in chunks { heard += try read(chunk, &reader, tape) }
        guard endsWell else { return heard }
        var events: [StreamEvent] = []
        reader.bodyEnded(into: &events)
        return heard + events.map(GeminiEvent.init)
    }

    static func read(
        _ chunk: String, _ reader: inout GenerateContentStreamReader, _ tape: JSONTape
    ) throws -> [GeminiEvent] {
        var chunk = chunk
        return try chunk.withUTF8 { bytes in
            var events: [StreamEvent] = []
            let data = UnsafeRawBufferPointer(bytes)
            let event = WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: data)
            try reader.read(event, tape: tape, into: &events)
            return events.map(GeminiEvent.init)
        }
    }

    /// What a stream of `events` looks like to a caller.
    static func stream(_ events: [StreamEvent]) -> String {
        var writer = GenerateContentStreamWriter(answerTarget)
        let json = JSONWriter()
        for event in events { writer.write(event, to: json) }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// The data of every event, which must be framed to the letter.
    static func chunks(_ stream: String) -> [String] {
        var events = stream.split(separator: "\n\n", omittingEmptySubsequences: false)
        #expect(events.popLast() == "", "a stream ends with two line feeds")
        return events.map { event in
            #expect(event.hasPrefix("data: ") && !event.contains("\n"), "\(event)")
            return String(event.dropFirst(6))
        }
    }
}

/// A `StreamEvent` that owns its texts.
enum GeminiEvent: Equatable {
    case started(id: String, model: String)
    case text(String), thinking(String), redactedThinking(String), refusal(String)
    case signature(String, block: Int?)
    case toolStarted(Int, id: String, name: String)
    case toolArguments(Int, String), toolObject(Int, String), toolEnded(Int)
    case finished(Finish.Reason)
    case usage(UsageCounts)
    case failed(String)
    case ended

    init(_ event: StreamEvent) {
        self =
            switch event {
            case .started(let id, let model): .started(id: id.text, model: model.text)
            case .text(let text): .text(text.text)
            case .thinking(let text): .thinking(text.text)
            case .signature(let text, let block): .signature(text.text, block: block)
            case .redactedThinking(let text): .redactedThinking(text.text)
            case .refusal(let text): .refusal(text.text)
            case .toolStarted(let block, let id, let name): .toolStarted(block, id: id.text, name: name.text)
            case .toolArguments(let block, let fragment): .toolArguments(block, fragment.text)
            case .toolObject(let block, let arguments): .toolObject(block, arguments.text)
            case .toolEnded(let block): .toolEnded(block)
            case .finished(let finish): .finished(finish.reason)
            case .usage(let usage): .usage(usage)
            case .failed(let json): .failed(json.text)
            case .ended: .ended
            }
    }
}

extension JSONRaw {
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension UsageCounts {
    init(prompt: Int64, cached: Int64 = 0, completion: Int64, reasoning: Int64 = 0) {
        self.init(promptTokens: prompt, cachedTokens: cached, completionTokens: completion)
        reasoningTokens = reasoning
    }
}
