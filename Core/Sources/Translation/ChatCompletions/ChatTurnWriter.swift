// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Writes turns as chat messages: results become messages of their own, thinking stays with whoever signed it.
enum ChatTurnWriter {
    // MARK: User

    static func writeUser(_ conversation: Conversation, _ turn: Turn, _ writer: JSONWriter, _ losses: inout Losses) {
        var index = turn.start
        while index < turn.end {
            let part = conversation.parts[index]
            guard part.kind == .toolResult else { break }
            let children = (index + 1)..<(index + 1 + part.childCount)
            writeResult(part, conversation.parts[children], writer, &losses)
            index = children.upperBound
        }
        // Results that stand behind other content (no wire demands it) are written first all the same.
        let content = index..<turn.end
        var rest = content.lowerBound
        while rest < content.upperBound {
            let part = conversation.parts[rest]
            if part.kind == .toolResult {
                let children = (rest + 1)..<(rest + 1 + part.childCount)
                writeResult(part, conversation.parts[children], writer, &losses)
            }
            rest += 1 + part.childCount
        }
        guard hasContent(conversation.parts[content]) else { return }
        writer.beginObject()
        writer.member("role", "user")
        writeContent(conversation.parts[content], writer, &losses)
        writer.endObject()
    }

    private static func hasContent(_ parts: ArraySlice<Part>) -> Bool {
        var index = parts.startIndex
        while index < parts.endIndex {
            if parts[index].kind != .toolResult { return true }
            index += 1 + parts[index].childCount
        }
        return false
    }

    private static func writeResult(
        _ result: Part, _ children: ArraySlice<Part>, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        writer.beginObject()
        writer.member("role", "tool")
        writer.member("tool_call_id", result.id)
        writer.name("content")
        writer.beginString()
        for child in children {
            switch child.kind {
            case .text: writer.piece(child.text)
            case .image: losses.add(.imageInToolResult)
            default: losses.add(.document)
            }
        }
        writer.endString()
        writer.endObject()
    }

    /// A single text goes as a string: some servers make a message of every part.
    private static func writeContent(_ parts: ArraySlice<Part>, _ writer: JSONWriter, _ losses: inout Losses) {
        writer.name("content")
        if parts.count == 1, let only = parts.first, only.kind == .text { return writer.string(only.text) }
        writer.beginArray()
        var index = parts.startIndex
        while index < parts.endIndex {
            let part = parts[index]
            if part.kind != .toolResult { ChatPartWriter.write(part, writer, &losses) }
            index += 1 + part.childCount
        }
        writer.endArray()
    }

    // MARK: Assistant

    static func writeAssistant(
        _ conversation: Conversation, _ turn: Turn, _ writer: JSONWriter, _ losses: inout Losses
    ) {
        let parts = conversation.parts[turn.parts]
        for part in parts { noteLoss(part, &losses) }
        let hasText = parts.contains { $0.kind == .text || $0.kind == .refusal }
        let hasCalls = parts.contains { $0.kind == .toolCall }
        // Thinking alone is nothing that this wire has a place for.
        guard hasText || hasCalls else { return }
        writer.beginObject()
        writer.member("role", "assistant")
        writer.name("content")
        if hasText {
            writer.beginString()
            for part in parts where part.kind == .text || part.kind == .refusal { writer.piece(part.text) }
            writer.endString()
        } else {
            writer.null()
        }
        if hasCalls { writeCalls(conversation, turn, writer) }
        writer.endObject()
    }

    /// What a model made and only a user can send here.
    private static func noteLoss(_ part: Part, _ losses: inout Losses) {
        switch part.kind {
        case .image: losses.add(.image)
        case .document: losses.add(.document)
        case .audio: losses.add(.audio)
        case .video: losses.add(.video)
        case .text, .refusal, .toolCall, .toolResult, .thinking, .redactedThinking: break
        }
    }

    private static func writeCalls(_ conversation: Conversation, _ turn: Turn, _ writer: JSONWriter) {
        writer.name("tool_calls")
        writer.beginArray()
        for part in conversation.parts[turn.parts] where part.kind == .toolCall {
            ChatToolCall.write(part, name: conversation.chatName(part.name), writer) { writer.string(part.id) }
        }
        writer.endArray()
    }
}

/// One call, in requests and in complete answers.
enum ChatToolCall {
    /// - Parameter writeID: writes the id's value.
    static func write(_ part: Part, name: JSONString, _ writer: JSONWriter, writeID: () -> Void) {
        writer.beginObject()
        writer.name("id")
        writeID()
        writer.member("type", "function")
        writer.name("function")
        writer.beginObject()
        writer.member("name", name)
        writer.name("arguments")
        writer.beginString()
        writer.escape(part.arguments.bytes)
        writer.endString()
        writer.endObject()
        if !part.signature.isEmpty { writeSignature(part.signature, writer) }
        writer.endObject()
    }

    /// Where Google's own compatible layer puts the signature of a call, so that its clients send it back.
    static func writeSignature(_ signature: JSONString, _ writer: JSONWriter) {
        writer.name("extra_content")
        writer.beginObject()
        writer.name("google")
        writer.beginObject()
        writer.member("thought_signature", signature)
        writer.endObject()
        writer.endObject()
    }
}
