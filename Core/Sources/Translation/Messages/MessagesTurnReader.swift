// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads `system` and `messages` of a Messages request.
enum MessagesTurnReader {
    static func readSystem(_ system: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let text = system.string { return conversation.system.append(.text(text)) }
        guard system.isArray else {
            throw TranslationFault(.wrongType("a string or an array of text blocks"), at: "system")
        }
        for (index, block) in system.elements.enumerated() {
            try readSystem(block: block, MessagesPlace("system", index), into: conversation)
        }
    }

    private static func readSystem(
        block: JSONElement, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        guard block["type"]?.string.map({ $0 == "text" }) ?? false else {
            throw place.fault(.wrongType("a text block"))
        }
        conversation.system.append(try MessagesBlockReader.text(block, place, conversation))
    }

    static func read(_ messages: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard messages.isArray else { throw TranslationFault(.wrongType("an array"), at: "messages") }
        for (index, message) in messages.elements.enumerated() {
            try read(message, MessagesPlace("messages", index), into: conversation)
        }
    }

    private static func read(
        _ message: JSONElement, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        let role = try place.text(message["role"], ".role")
        if role == "system" { return try readInstruction(message, place, into: conversation) }
        guard role == "user" || role == "assistant" else {
            throw place.fault(.wrongType("user or assistant"), ".role")
        }
        conversation.addForeignMembers(of: message, except: MessagesMembers.message, "messages[].")
        let turnRole: Turn.Role = role == "user" ? .user : .assistant
        let start = conversation.parts.count
        if let text = message["content"]?.string {
            conversation.parts.append(.text(text))
        } else {
            let blocks = try content(message, place)
            for (number, block) in blocks.elements.enumerated() {
                try MessagesBlockReader.read(block, turnRole, place.block(number), into: conversation)
            }
        }
        conversation.turns.append(Turn(role: turnRole, start: start, end: conversation.parts.count))
    }

    private static func content(
        _ message: JSONElement, _ place: MessagesPlace
    ) throws(TranslationFault) -> JSONElement {
        guard let content = message["content"], content.isArray else {
            throw place.fault(.wrongType("a string or an array of blocks"), ".content")
        }
        return content
    }

    /// Newer models take system text between turns; elsewhere it stands in front.
    private static func readInstruction(
        _ message: JSONElement, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        if let text = message["content"]?.string { return conversation.system.append(.text(text)) }
        for (number, block) in try content(message, place).elements.enumerated() {
            try readSystem(block: block, place.block(number), into: conversation)
        }
    }
}
