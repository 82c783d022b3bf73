// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Neighbouring turns of one role, which the wire wants as one message.
struct ConverseTurnGroup {
    var role: Turn.Role
    /// Turns between them that say nothing included.
    var turns: Range<Int>
    var parts: Range<Int>
}

// Turns. Roles must alternate, and a turn of which nothing can be said is as if it were not there, so that its
// neighbours become one message.
extension ConverseBody {
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

    /// Marks of parts that will be written. Every part is asked here, so that every loss is reported.
    mutating func countPartMarks() -> Int {
        var count = 0
        for turn in conversation.turns {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if takes(part, turn.role), mark(at: position) != .none { count += 1 }
                position += 1 + part.childCount
            }
        }
        return count
    }

    // MARK: Groups

    private mutating func nextGroup(_ next: inout Int) -> ConverseTurnGroup? {
        var group: ConverseTurnGroup?
        while next < conversation.turns.count {
            let turn = conversation.turns[next]
            if saysSomething(turn) {
                guard group?.role ?? turn.role == turn.role else { break }
                group = ConverseTurnGroup(
                    role: turn.role, turns: (group?.turns.lowerBound ?? next)..<(next + 1),
                    parts: (group?.parts.lowerBound ?? turn.start)..<turn.end)
            }
            next += 1
        }
        return group
    }

    private mutating func saysSomething(_ turn: Turn) -> Bool {
        var position = turn.start
        while position < turn.end {
            let part = conversation.parts[position]
            if takes(part, turn.role) { return true }
            position += 1 + part.childCount
        }
        return false
    }

    // MARK: Messages

    private mutating func writeAssistant(_ group: ConverseTurnGroup) {
        begin("assistant")
        for turn in conversation.turns[group.turns] where turn.role == .assistant {
            for position in turn.parts where takes(conversation.parts[position], .assistant) {
                let part = conversation.parts[position]
                switch part.kind {
                case .toolCall: writeCall(part, position)
                case .thinking, .redactedThinking: writeThinking(part)
                default: writeText(part.text)
                }
                write(mark(at: position))
            }
        }
        end()
    }

    /// Results stand before everything else, and a document never without words.
    private mutating func writeUser(_ group: ConverseTurnGroup, _ pairs: CallPairs) {
        begin("user")
        for position in group.parts where conversation.parts[position].kind == .toolResult {
            writeResult(position, pairs)
            write(mark(at: position))
        }
        var hasText = false
        var hasDocument = false
        for turn in conversation.turns[group.turns] where turn.role == .user {
            var position = turn.start
            while position < turn.end {
                let part = conversation.parts[position]
                if part.kind != .toolResult, takes(part, .user) {
                    writeContent(part)
                    write(mark(at: position))
                    if part.kind == .document { hasDocument = true }
                    if part.kind == .text { hasText = true }
                }
                position += 1 + part.childCount
            }
        }
        if hasDocument, !hasText { writeText("(document)") }
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
