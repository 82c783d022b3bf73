// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Alternating: Anthropic's Messages and Bedrock's Converse say a conversation in the same order and under the same
// rules, which stand in this folder; the wires' own folders say what a block looks like.
//
// - Messages of the user and the assistant take turns; what neighbours of one role say is one message.
// - Every call is answered by the next message of the user's, in front of everything else.
// - Thinking goes back to whoever signed it, and to nobody else.
// - At most four places are marked as worth caching.

/// A body of messages that take turns.
protocol AlternatingBody: EndpointBody {
    static var wire: ChatWire { get }

    var conversation: Conversation { get }
    var target: EndpointTarget { get }
    var writer: JSONWriter { get }
    /// Cache marks to leave out before the first that is written.
    var marksToSkip: Int { get set }

    /// Whether thinking of earlier turns may come back.
    var takesThinking: Bool { get }
    /// Whether the caller's tools are sent for their own sake.
    var writesTools: Bool { get }

    /// What of a medium has no place in a message of this role; `nil` when it has one.
    mutating func loss(_ part: Part, _ role: Turn.Role) -> Feature?
    /// What of a medium has no place in a tool's result; `nil` when it has one.
    mutating func lossInResult(_ part: Part) -> Feature?
    /// Cache marks that the messages will carry.
    mutating func countPartMarks() -> Int

    /// Writes the part at `position`, which is no tool's result, with its cache mark.
    mutating func writeBlock(_ position: Int)
    mutating func writeResult(_ position: Int, _ pairs: CallPairs)
    /// Adds what the wire demands of a user's message beside what the user said.
    mutating func completeUser(_ group: TurnGroup)
}

extension AlternatingBody {
    mutating func writeMessages() throws(TranslationFault) {
        writer.name("messages")
        writer.beginArray()
        var next = 0
        var isEmpty = true
        var calls = 0..<0
        while let group = nextGroup(&next) {
            isEmpty = false
            switch group.role {
            case .assistant:
                writeAssistant(group)
                calls = group.parts
            case .user:
                let pairs = CallPairs(parts: conversation.parts, calls: calls, results: group.parts)
                try pairs.check()
                writeUser(group, pairs)
                calls = 0..<0
            }
        }
        try CallPairs(parts: conversation.parts, calls: calls, results: 0..<0).check()
        guard !isEmpty else { throw TranslationFault(.emptyConversation) }
        writer.endArray()
    }

    private mutating func writeAssistant(_ group: TurnGroup) {
        begin("assistant")
        for turn in conversation.turns[group.turns] where turn.role == .assistant {
            for position in turn.parts where takes(conversation.parts[position], .assistant) { writeBlock(position) }
        }
        end()
    }

    /// Results stand before everything else.
    private mutating func writeUser(_ group: TurnGroup, _ pairs: CallPairs) {
        begin("user")
        for position in group.parts where conversation.parts[position].kind == .toolResult {
            writeResult(position, pairs)
        }
        for turn in conversation.turns[group.turns] where turn.role == .user {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if part.kind != .toolResult, takes(part, .user) { writeBlock(position) }
                position += 1 + part.childCount
            }
        }
        completeUser(group)
        end()
    }

    mutating func completeUser(_ group: TurnGroup) {}

    private func begin(_ role: JSONString) {
        writer.beginObject()
        writer.member("role", role)
        writer.name("content")
        writer.beginArray()
    }

    private func end() {
        writer.endArray()
        writer.endObject()
    }

    // MARK: Parts

    /// Whether the part can stand in a message of this role; reports it where the wire has no place for it.
    mutating func takes(_ part: Part, _ role: Turn.Role) -> Bool {
        switch part.kind {
        case .text, .refusal: return !part.text.isBlank
        case .toolCall: return role == .assistant
        case .toolResult: return role == .user
        // What nobody signed nobody takes back.
        case .thinking: return role == .assistant && !part.signature.isEmpty && takesThinking
        case .redactedThinking: return role == .assistant && !part.text.isEmpty && takesThinking
        case .image, .document, .audio, .video:
            guard let loss = loss(part, role) else { return true }
            losses.add(loss)
            return false
        }
    }

    mutating func takesInResult(_ part: Part) -> Bool {
        switch part.kind {
        case .image, .document, .audio, .video:
            guard let loss = lossInResult(part) else { return true }
            losses.add(loss == .image ? .imageInToolResult : loss)
            return false
        default: return !part.text.isBlank
        }
    }

    // MARK: Tools

    func name(_ name: JSONString) -> JSONString {
        ToolNames.written(name, for: Self.wire, arena: conversation.arena)
    }

    /// A tool that takes nothing still needs the schema of an object.
    static func schema(_ parameters: JSONRaw?) -> JSONRaw {
        guard let parameters, !(parameters == "{}") else { return #"{"type":"object","properties":{}}"# }
        return parameters
    }
}
