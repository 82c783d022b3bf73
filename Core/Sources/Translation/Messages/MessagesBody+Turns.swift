// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Neighbouring turns of one role, which the wire wants as one message.
struct MessagesTurnGroup {
    var role: Turn.Role
    /// Turns between them that say nothing included.
    var turns: Range<Int>
    var parts: Range<Int>
}

// Turns. A turn of which nothing can be said is as if it were not there, so that its neighbours become one.
extension MessagesBody {
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

    // MARK: Groups

    private mutating func nextGroup(_ next: inout Int) -> MessagesTurnGroup? {
        var group: MessagesTurnGroup?
        while next < conversation.turns.count {
            let turn = conversation.turns[next]
            if saysSomething(turn) {
                guard group?.role ?? turn.role == turn.role else { break }
                group = MessagesTurnGroup(
                    role: turn.role, turns: (group?.turns.lowerBound ?? next)..<(next + 1),
                    parts: (group?.parts.lowerBound ?? turn.start)..<turn.end)
            }
            next += 1
        }
        return group
    }

    private mutating func saysSomething(_ turn: Turn) -> Bool {
        var position = turn.start
        var says = false
        while position < turn.end {
            let part = conversation.parts[position]
            // Every part is asked, so that every loss is reported.
            if takes(part, turn.role) { says = true }
            position += 1 + part.childCount
        }
        return says
    }

    /// Whether the part can stand in a message of this role; reports it where the wire has no place for it.
    private mutating func takes(_ part: Part, _ role: Turn.Role) -> Bool {
        switch part.kind {
        case .text, .refusal: return !part.text.isBlank
        case .toolCall, .redactedThinking: return role == .assistant
        case .toolResult: return role == .user
        // What nobody signed nobody takes back.
        case .thinking: return role == .assistant && !part.signature.isEmpty
        case .image, .document, .audio, .video:
            guard let loss = loss(part, role) else { return true }
            losses.add(loss)
            return false
        }
    }

    // MARK: Messages

    private mutating func writeAssistant(_ group: MessagesTurnGroup) {
        begin("assistant")
        for turn in conversation.turns[group.turns] where turn.role == .assistant {
            for position in turn.parts where takes(conversation.parts[position], .assistant) {
                let part = conversation.parts[position]
                switch part.kind {
                case .toolCall: writeCall(part, position)
                case .thinking, .redactedThinking: writeThinking(part)
                default: writeText(part)
                }
            }
        }
        end()
    }

    /// Results stand before everything else.
    private mutating func writeUser(_ group: MessagesTurnGroup, _ pairs: CallPairs) {
        begin("user")
        for position in group.parts where conversation.parts[position].kind == .toolResult {
            writeResult(position, pairs)
        }
        for turn in conversation.turns[group.turns] where turn.role == .user {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if part.kind != .toolResult, takes(part, .user) { writeContent(part) }
                position += 1 + part.childCount
            }
        }
        end()
    }

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
}
