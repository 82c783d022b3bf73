// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads one content block of a message.
///
/// Blocks that only Anthropic has (calls of its own tools and their results, citations) are listed as foreign: the
/// conversation goes on without them.
enum MessagesBlockReader {
    private static let prefix: StaticString = "messages[].content[]."

    static func read(
        _ block: JSONElement, _ role: Turn.Role, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        let type = try place.text(block["type"], ".type")
        if try readContent(block, type, place, into: conversation) { return }
        if type == "tool_result" {
            guard role == .user else { throw place.fault(.wrongType("a block of an assistant's message"), ".type") }
            return try readResult(block, place, into: conversation)
        }
        guard type == "tool_use" || type == "thinking" || type == "redacted_thinking" else {
            return conversation.addForeign(prefix, type)
        }
        guard role == .assistant else { throw place.fault(.wrongType("a block of a user's message"), ".type") }
        conversation.parts.append(
            type == "tool_use" ? try call(block, place, conversation) : try thinking(block, type, place))
    }

    /// What both a message and a tool's result can hold.
    /// - Returns: whether the type was one of these.
    private static func readContent(
        _ block: JSONElement, _ type: JSONString, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) -> Bool {
        if type == "text" {
            conversation.parts.append(try text(block, place, conversation))
        } else if type == "image" {
            conversation.addForeignMembers(of: block, except: MessagesMembers.image, prefix)
            conversation.parts.append(try MessagesSourceReader.image(block, place))
        } else if type == "document" {
            conversation.parts.append(try document(block, place, conversation))
        } else if type == "search_result" {
            try readSearchResult(block, place, into: conversation)
        } else {
            return false
        }
        return true
    }

    // MARK: Text

    static func text(
        _ block: JSONElement, _ place: MessagesPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> Part {
        conversation.addForeignMembers(of: block, except: MessagesMembers.text, prefix)
        var part = Part.text(try place.text(block["text"], ".text"))
        part.cache = CacheMark(block["cache_control"])
        return part
    }

    private static func thinking(
        _ block: JSONElement, _ type: JSONString, _ place: MessagesPlace
    ) throws(TranslationFault) -> Part {
        if type == "redacted_thinking" {
            var part = Part(.redactedThinking)
            part.text = try place.text(block["data"], ".data")
            return part
        }
        var part = Part(.thinking)
        part.text = try place.text(block["thinking"], ".thinking")
        part.signature = block["signature"]?.string ?? .empty
        return part
    }

    // MARK: Documents

    private static func document(
        _ block: JSONElement, _ place: MessagesPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> Part {
        var part = try MessagesSourceReader.document(block, place, conversation)
        part.name = block["title"]?.string ?? .empty
        if block["citations"]?["enabled"]?.bool ?? false { conversation.addForeign(prefix, "citations") }
        conversation.addForeignMembers(
            of: block, except: MessagesMembers.document, prefix)
        return part
    }

    /// The texts stay; that they can be cited is lost.
    private static func readSearchResult(
        _ block: JSONElement, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        conversation.addForeign(prefix, "search_result")
        guard let content = block["content"], content.isArray else {
            throw place.fault(.wrongType("an array of text blocks"), ".content")
        }
        for element in content.elements {
            conversation.parts.append(.text(try place.text(element["text"], ".content[].text")))
        }
    }

    // MARK: Tools

    private static func call(
        _ block: JSONElement, _ place: MessagesPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> Part {
        var part = Part(.toolCall)
        part.id = try place.text(block["id"], ".id")
        part.name = try place.text(block["name"], ".name")
        guard !part.id.isEmpty else { throw place.fault(.wrongType("a string"), ".id") }
        guard !part.name.isEmpty else { throw place.fault(.wrongType("a string"), ".name") }
        if let input = block.present("input") {
            guard input.isObject else { throw place.fault(.malformedArguments, ".input") }
            part.arguments = input.raw
        }
        part.cache = CacheMark(block["cache_control"])
        conversation.addForeignMembers(
            of: block, except: MessagesMembers.call, prefix)
        return part
    }

    private static func readResult(
        _ block: JSONElement, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        var result = Part(.toolResult)
        result.id = try place.text(block["tool_use_id"], ".tool_use_id")
        guard !result.id.isEmpty else { throw place.fault(.wrongType("a string"), ".tool_use_id") }
        result.isError = block["is_error"]?.bool ?? false
        result.cache = CacheMark(block["cache_control"])
        conversation.addForeignMembers(
            of: block, except: MessagesMembers.result, prefix)
        let position = conversation.parts.count
        conversation.parts.append(result)
        try readResultContent(block.present("content"), place, into: conversation)
        conversation.parts[position].childCount = conversation.parts.count - position - 1
    }

    private static func readResultContent(
        _ content: JSONElement?, _ place: MessagesPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        guard let content else { return }
        if let text = content.string { return conversation.parts.append(.text(text)) }
        guard content.isArray else { throw place.fault(.wrongType("a string or an array of blocks"), ".content") }
        for (number, element) in content.elements.enumerated() {
            let place = place.block(number)
            let type = try place.text(element["type"], ".type")
            if try !readContent(element, type, place, into: conversation) { conversation.addForeign(prefix, type) }
        }
    }
}
