// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// What the tests of the wires Messages and Responses share: documents in, documents out, events as text.
enum MessagesTesting {
    static func value(_ json: String) throws -> JSONValue { try JSONValue(parsing: Array(json.utf8)) }

    static func value(_ writer: JSONWriter) throws -> JSONValue {
        #expect(writer.isBalanced)
        return try JSONValue(parsing: Array(writer.bytes))
    }

    // MARK: Requests

    /// The request on another wire, and what was lost on the way.
    static func translate<Reader: RequestReading, Writer: RequestWriting>(
        _ json: String, from reader: Reader.Type, to _: Writer.Type, target: EndpointTarget = EndpointTarget(model: "m")
    ) throws -> (body: JSONValue, losses: Losses) {
        try Documents.withRequest(json, reader) { conversation in
            let writer = JSONWriter()
            var losses = Losses()
            try Writer.write(conversation, for: target, to: writer, losses: &losses)
            return (try value(writer), losses)
        }
    }

    static func target(
        _ home: EndpointTarget.Home = .own, thinking: Capabilities.Thinking = .adaptive, sampling: Bool = true,
        schemas: Bool = true, outputTokensDefault: Int64 = 4096
    ) -> EndpointTarget {
        var capabilities = Capabilities()
        capabilities.thinking = thinking
        capabilities.takesSampling = sampling
        capabilities.takesSchemas = schemas
        return EndpointTarget(
            model: "m", outputTokensDefault: outputTokensDefault, home: home, capabilities: capabilities)
    }

    // MARK: Answers

    static var answerTarget: AnswerTarget { AnswerTarget(model: "public", id: "made", createdUnixSeconds: 7) }

    static func write<Writer: AnswerWriting>(_ answer: Answer, _: Writer.Type) throws -> JSONValue {
        let writer = JSONWriter()
        Writer.write(answer, for: answerTarget, to: writer)
        return try value(writer)
    }

    // MARK: Streams

    /// What a reader makes of whole events, one line each.
    static func read<Reader: StreamReading>(
        _ events: [(name: String, data: String)], _: Reader.Type
    ) throws -> [String] {
        var reader = Reader()
        let tape = JSONTape()
        var lines: [String] = []
        for event in events {
            var name = event.name
            var data = event.data
            try name.withUTF8 { name in
                try data.withUTF8 { data in
                    var read: [StreamEvent] = []
                    try reader.read(
                        WireEvent(name: UnsafeRawBufferPointer(name), data: UnsafeRawBufferPointer(data)), tape: tape,
                        into: &read)
                    lines += read.map(line)
                }
            }
        }
        var last: [StreamEvent] = []
        reader.bodyEnded(into: &last)
        return lines + last.map(line)
    }

    /// What a writer makes of events.
    static func write<Writer: StreamWriting>(_ events: [StreamEvent], _: Writer.Type) -> String {
        let writer = JSONWriter()
        var stream = Writer(answerTarget)
        for event in events { stream.write(event, to: writer) }
        #expect(writer.isBalanced)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A stream on another wire, event by event, as the gateway does it: the source is gone before the next one comes.
    static func relay<Reader: StreamReading, Writer: StreamWriting>(
        _ stream: String, from _: Reader.Type, to _: Writer.Type
    ) throws -> String {
        var reader = Reader()
        var relayed = Writer(answerTarget)
        let tape = JSONTape()
        let writer = JSONWriter()
        for event in events(stream) {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: event.data.utf8.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: event.data.utf8)
            var read: [StreamEvent] = []
            try reader.read(
                WireEvent(name: UnsafeRawBufferPointer(start: nil, count: 0), data: UnsafeRawBufferPointer(copy)),
                tape: tape, into: &read)
            for event in read { relayed.write(event, to: writer) }
            copy.initializeMemory(as: UInt8.self, repeating: 63)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Events of a stream's text; comments are left out.
    static func events(_ text: String) -> [(name: String, data: String)] {
        var text = text
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            var events: [(name: String, data: String)] = []
            var offset = 0
            while let event = SSEFraming.nextEvent(bytes, from: &offset) {
                guard !event.isComment else { continue }
                events.append(
                    (
                        String(decoding: event.eventName.slice(bytes), as: UTF8.self),
                        String(decoding: event.data.slice(bytes), as: UTF8.self)
                    ))
            }
            return events
        }
    }

    static func line(_ event: StreamEvent) -> String {
        switch event {
        case .started(let id, let model): "started \(id.text) \(model.text)"
        case .text(let text): "text \(text.text)"
        case .thinking(let text): "thinking \(text.text)"
        case .signature(let text, let block): "signature \(text.text) \(block.map(String.init) ?? "-")"
        case .redactedThinking(let text): "redacted \(text.text)"
        case .refusal(let text): "refusal \(text.text)"
        case .toolStarted(let block, let id, let name): "tool \(block) \(id.text) \(name.text)"
        case .toolArguments(let block, let fragment): "arguments \(block) \(fragment.text)"
        case .toolObject(let block, let object): "object \(block) \(String(decoding: object.bytes, as: UTF8.self))"
        case .toolEnded(let block): "toolEnded \(block)"
        case .finished(let finish): "finished \(finish.reason) \(finish.stopSequence.text)"
        case .usage(let counts): "usage \(line(counts))"
        case .failed(let raw): "failed \(String(decoding: raw.bytes, as: UTF8.self))"
        case .ended: "ended"
        }
    }

    static func line(_ reasoning: Reasoning) -> String {
        switch reasoning {
        case .off: "off"
        case .adaptive: "adaptive"
        case .effort(let effort): "effort(\(effort))"
        case .budget(let tokens): "budget(\(tokens))"
        }
    }

    static func line(_ counts: UsageCounts) -> String {
        "\(counts.promptTokens)(\(counts.cachedTokens)+\(counts.cacheWriteTokens)+\(counts.cacheWriteHourTokens))"
            + " \(counts.completionTokens)(\(counts.reasoningTokens))"
    }
}
