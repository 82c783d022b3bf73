// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import WireFormats

/// Translates chat requests, one after the other, and keeps its memory.
/// - Threading: confined to its loop.
public final class RequestTranslator {
    private let tape = JSONTape()
    private let conversation = Conversation()
    private let writer = JSONWriter(capacity: 32 << 10)
    private var losses = Losses()

    public init() {}

    /// - Parameters:
    ///   - isStream: what the path says, for wires that say it there; what the body says counts as well.
    ///   - target: its texts must stay valid until the call returns.
    /// - Throws: what makes no sense in the caller's request; nothing has been written then.
    /// - Cost: two passes over the body; allocates only while its memory grows.
    public func translate(
        _ body: UnsafeRawBufferPointer, from source: ChatWire, isStream: Bool, to wire: ChatWire,
        for target: EndpointTarget
    ) throws(TranslationFault) {
        conversation.reset()
        losses.reset()
        writer.reset()
        try read(try tape.document(body), source)
        if isStream { conversation.isStream = true }
        try write(wire, target)
    }

    /// The body written last; valid until the next translation.
    public var body: UnsafeRawBufferPointer { writer.bytes }

    /// Whether the target said everything.
    public var isComplete: Bool { losses.isEmpty }

    /// What the target could not say, in the caller's words. Valid until the next translation.
    public func lossNames(in source: ChatWire) -> [String] { losses.names(in: source) }

    /// Tools whose names the target's wire refuses, as it knows them and as the caller does. Nearly always empty.
    public func toolAliases(in wire: ChatWire) -> [ToolAlias] {
        conversation.tools.compactMap { tool in
            let written = ToolNames.written(tool.name, for: wire, arena: conversation.arena)
            return written.isSame(as: tool.name) ? nil : ToolAlias(written: written, original: tool.name)
        }
    }

    private func read(_ body: JSONElement, _ source: ChatWire) throws(TranslationFault) {
        switch source {
        case .chatCompletions: try ChatRequestReader.read(body, into: conversation)
        case .responses: try ResponsesRequestReader.read(body, into: conversation)
        case .messages: try MessagesRequestReader.read(body, into: conversation)
        case .generateContent: try GenerateContentRequestReader.read(body, into: conversation)
        case .converse: throw TranslationFault(.wrongType("a request on a caller's wire"))
        }
    }

    private func write(_ wire: ChatWire, _ target: EndpointTarget) throws(TranslationFault) {
        switch wire {
        case .chatCompletions: try ChatRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .responses: try ResponsesRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .messages: try MessagesRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .generateContent:
            try GenerateContentRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        case .converse: try ConverseRequestWriter.write(conversation, for: target, to: writer, losses: &losses)
        }
    }
}

/// A tool's name on two wires, copied out of the translation it was made in.
public struct ToolAlias: Equatable, Sendable {
    var written: [UInt8]
    var original: [UInt8]

    init(written: JSONString, original: JSONString) {
        self.written = Array(written.bytes)
        self.original = Array(original.bytes)
    }
}
