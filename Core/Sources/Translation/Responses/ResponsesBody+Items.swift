// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// The conversation as items: messages, and beside them calls, results and reasoning.
extension ResponsesBody {
    mutating func writeInput() throws(TranslationFault) {
        writer.name("input")
        writer.beginArray()
        writeSystem()
        var isEmpty = true
        var calls = 0..<0
        for turn in conversation.turns {
            let before = writer.count
            switch turn.role {
            case .assistant:
                writeAssistant(turn)
                calls = turn.parts
            case .user: try writeUser(turn, calls)
            }
            if writer.count > before { isEmpty = false }
        }
        guard !isEmpty else { throw TranslationFault(.emptyConversation) }
        writer.endArray()
    }

    /// Compatible servers may know the older role only.
    private func writeSystem() {
        guard conversation.system.contains(where: { !$0.text.isBlank }) else { return }
        begin(message: target.home == .compatible ? "system" : "developer")
        for part in conversation.system where !part.text.isBlank { write("input_text", "text", part.text) }
        endMessage()
    }

    // MARK: Assistant

    /// Texts that follow one another are one message; whatever stands between them ends it.
    private mutating func writeAssistant(_ turn: Turn) {
        var isOpen = false
        for position in turn.parts {
            let part = conversation.parts[position]
            switch part.kind {
            case .text, .refusal:
                guard !part.text.isBlank else { continue }
                if !isOpen { begin(message: "assistant") }
                isOpen = true
                if part.kind == .text {
                    write("output_text", "text", part.text)
                } else {
                    write("refusal", "refusal", part.text)
                }
            case .toolCall, .thinking:
                if isOpen { endMessage() }
                isOpen = false
                if part.kind == .toolCall { writeCall(part, position) } else { writeReasoning(part) }
            case .image: losses.add(.image)
            case .document: losses.add(.document)
            case .audio: losses.add(.audio)
            case .video: losses.add(.video)
            // Sealed by another provider: nothing that this one can open.
            case .redactedThinking, .toolResult: break
            }
        }
        if isOpen { endMessage() }
    }

    private func writeCall(_ part: Part, _ position: Int) {
        writer.beginObject()
        writer.member("type", "function_call")
        writer.name("call_id")
        conversation.writeCallID(position, to: writer)
        writer.member("name", name(part.name))
        writer.name("arguments")
        writer.beginString()
        writer.escape(part.arguments.bytes)
        writer.endString()
        writer.endObject()
    }

    /// Without its seal reasoning is of no use to anybody. No id: the provider would look for what it has not stored.
    private func writeReasoning(_ part: Part) {
        guard !part.signature.isEmpty else { return }
        writer.beginObject()
        ResponsesReasoning.write(part, writer)
        writer.endObject()
    }

    // MARK: User

    /// Results first: they answer what stands in front of the turn.
    private mutating func writeUser(_ turn: Turn, _ calls: Range<Int>) throws(TranslationFault) {
        let pairs = CallPairs(parts: conversation.parts, calls: calls, results: turn.parts)
        for position in turn.parts where conversation.parts[position].kind == .toolResult {
            try writeResult(position, pairs)
        }
        var isOpen = false
        var position = turn.start
        while position < turn.end {
            let part = conversation.parts[position]
            if part.kind != .toolResult, takes(part) {
                if !isOpen { begin(message: "user") }
                isOpen = true
                writeContent(part)
            }
            position += 1 + part.childCount
        }
        if isOpen { endMessage() }
    }

    /// A result names its call, wherever that is; without an id it must be one of the calls just before.
    private mutating func writeResult(_ position: Int, _ pairs: CallPairs) throws(TranslationFault) {
        let result = conversation.parts[position]
        var call = position
        if result.id.isEmpty {
            guard let found = pairs.call(of: position) else {
                throw TranslationFault(.unmatchedToolCall, at: result.name.text)
            }
            call = found
        }
        writer.beginObject()
        writer.member("type", "function_call_output")
        writer.name("call_id")
        conversation.writeCallID(call, to: writer)
        writer.name("output")
        writeOutput((position + 1)..<(position + 1 + result.childCount))
        writer.endObject()
    }

    /// Text alone is a string, which every server takes.
    private mutating func writeOutput(_ children: Range<Int>) {
        guard conversation.parts[children].contains(where: { $0.kind != .text }) else {
            writer.beginString()
            for position in children { writer.piece(conversation.parts[position].text) }
            writer.endString()
            return
        }
        writer.beginArray()
        for position in children where takes(conversation.parts[position]) {
            writeContent(conversation.parts[position])
        }
        writer.endArray()
    }

    // MARK: Messages

    private func begin(message role: JSONString) {
        writer.beginObject()
        writer.member("type", "message")
        writer.member("role", role)
        writer.name("content")
        writer.beginArray()
    }

    private func endMessage() {
        writer.endArray()
        writer.endObject()
    }

    func write(_ type: JSONString, _ name: JSONString, _ text: JSONString) {
        writer.beginObject()
        writer.member("type", type)
        writer.member(name, text)
        writer.endObject()
    }
}
