// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// The five readers and four writers behind one face each: a switch instead of an existential.

enum AnyStreamReader {
    case chat(ChatStreamReader)
    case responses(ResponsesStreamReader)
    case messages(MessagesStreamReader)
    case generateContent(GenerateContentStreamReader)
    case converse(ConverseStreamReader)

    init(_ wire: ChatWire) {
        switch wire {
        case .chatCompletions: self = .chat(ChatStreamReader())
        case .responses: self = .responses(ResponsesStreamReader())
        case .messages: self = .messages(MessagesStreamReader())
        case .generateContent: self = .generateContent(GenerateContentStreamReader())
        case .converse: self = .converse(ConverseStreamReader())
        }
    }

    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault) {
        switch self {
        case .chat(var reader):
            defer { self = .chat(reader) }
            try reader.read(event, tape: tape, into: &events)
        case .responses(var reader):
            defer { self = .responses(reader) }
            try reader.read(event, tape: tape, into: &events)
        case .messages(var reader):
            defer { self = .messages(reader) }
            try reader.read(event, tape: tape, into: &events)
        case .generateContent(var reader):
            defer { self = .generateContent(reader) }
            try reader.read(event, tape: tape, into: &events)
        case .converse(var reader):
            defer { self = .converse(reader) }
            try reader.read(event, tape: tape, into: &events)
        }
    }

    mutating func bodyEnded(into events: inout [StreamEvent]) {
        switch self {
        case .chat(var reader):
            reader.bodyEnded(into: &events)
            self = .chat(reader)
        case .responses(var reader):
            reader.bodyEnded(into: &events)
            self = .responses(reader)
        case .messages(var reader):
            reader.bodyEnded(into: &events)
            self = .messages(reader)
        case .generateContent(var reader):
            reader.bodyEnded(into: &events)
            self = .generateContent(reader)
        case .converse(var reader):
            reader.bodyEnded(into: &events)
            self = .converse(reader)
        }
    }
}

enum AnyStreamWriter {
    case chat(ChatStreamWriter)
    case responses(ResponsesStreamWriter)
    case messages(MessagesStreamWriter)
    case generateContent(GenerateContentStreamWriter)

    /// - Returns: `nil` for Converse, which no caller speaks.
    init?(_ wire: ChatWire, _ target: AnswerTarget) {
        switch wire {
        case .chatCompletions: self = .chat(ChatStreamWriter(target))
        case .responses: self = .responses(ResponsesStreamWriter(target))
        case .messages: self = .messages(MessagesStreamWriter(target))
        case .generateContent: self = .generateContent(GenerateContentStreamWriter(target))
        case .converse: return nil
        }
    }

    mutating func write(_ event: StreamEvent, to output: JSONWriter) {
        switch self {
        case .chat(var writer):
            writer.write(event, to: output)
            self = .chat(writer)
        case .responses(var writer):
            writer.write(event, to: output)
            self = .responses(writer)
        case .messages(var writer):
            writer.write(event, to: output)
            self = .messages(writer)
        case .generateContent(var writer):
            writer.write(event, to: output)
            self = .generateContent(writer)
        }
    }

    mutating func fail(_ error: WireError, to output: JSONWriter) {
        switch self {
        case .chat(var writer):
            writer.fail(error, to: output)
            self = .chat(writer)
        case .responses(var writer):
            writer.fail(error, to: output)
            self = .responses(writer)
        case .messages(var writer):
            writer.fail(error, to: output)
            self = .messages(writer)
        case .generateContent(var writer):
            writer.fail(error, to: output)
            self = .generateContent(writer)
        }
    }

    mutating func keepAlive(to output: JSONWriter) {
        switch self {
        case .chat(var writer):
            writer.keepAlive(to: output)
            self = .chat(writer)
        case .responses(var writer):
            writer.keepAlive(to: output)
            self = .responses(writer)
        case .messages(var writer):
            writer.keepAlive(to: output)
            self = .messages(writer)
        case .generateContent(var writer):
            writer.keepAlive(to: output)
            self = .generateContent(writer)
        }
    }
}
