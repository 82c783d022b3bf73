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
    private let filter: SignatureFilter

    public init() { filter = SignatureFilter(writer, conversation.arena) }

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
        conversation.settleSignatures(from: source, for: target.origin)
        try write(wire, target)
    }

    /// Takes the gateway's marks off a request that goes to an endpoint of the caller's own wire, and what the endpoint
    /// did not sign out of it.
    /// - Returns: false when there was none: the caller's own bytes are good as they are. Else `body` has the others.
    /// - Cost: as a translation. Only asked of bodies in which the scan saw what may be a mark.
    public func removeMarks(
        from body: UnsafeRawBufferPointer, on wire: ChatWire, for target: EndpointTarget
    ) throws(TranslationFault) -> Bool {
        conversation.reset()
        losses.reset()
        writer.reset()
        filter.filter(try tape.document(body), on: wire, for: target)
        if filter.isThinkingOff { losses.tell(.reasoning) }
        return filter.hasFound
    }

    /// The body written last; valid until the next translation.
    public var body: UnsafeRawBufferPointer { writer.bytes }

    /// Whether the target said everything that a policy decides about.
    public var isComplete: Bool { losses.isEmpty }
    /// Whether there is nothing to tell the caller.
    public var isSilent: Bool { losses.isSilent }

    /// What the target could not say, in the caller's words. Valid until the next translation.
    public func lossNames(in source: ChatWire) -> [String] { losses.names(in: source) }

    /// Whether the caller asked for thinking.
    public var asksForThinking: Bool { conversation.reasoning.map { $0 != .off } ?? false }

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
