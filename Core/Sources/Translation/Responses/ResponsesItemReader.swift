// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the `input` of a Responses request: items, of which several make a turn.
///
/// Reasoning, text and calls of the assistant that follow one another are one turn, and so are neighbouring results,
/// because that is how every other wire has them.
struct ResponsesItemReader {
    private let conversation: Conversation
    /// What the last turn has already.
    private var lastHasText = false

    static func read(_ input: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let text = input.string {
            conversation.parts.append(.text(text))
            return conversation.turns.append(
                Turn(role: .user, start: conversation.parts.count - 1, end: conversation.parts.count))
        }
        guard input.isArray else {
            throw TranslationFault(.wrongType("a string or an array of items"), at: "input")
        }
        var reader = ResponsesItemReader(conversation: conversation)
        for (index, item) in input.elements.enumerated() { try reader.read(item, ResponsesPlace(item: index)) }
    }

    private mutating func read(_ item: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) {
        guard item.isObject else { throw place.fault(.wrongType("an item")) }
        // Messages may go without a type.
        let type = item.present("type")?.string ?? "message"
        if type == "message" {
            try readMessage(item, place)
        } else if type == "function_call" {
            extend(.assistant, with: try call(item, place))
        } else if type == "function_call_output" {
            try readResult(item, place)
        } else if type == "reasoning" {
            if let part = ResponsesReasoning.read(item, conversation.arena) { extend(.assistant, with: part) }
        } else {
            // Calls of OpenAI's own tools, references to what it has stored.
            conversation.addForeign("input[].", type)
        }
    }

    // MARK: Turns

    /// Makes the parts from `start` on a part of the last turn, or a turn of their own.
    private mutating func close(_ role: Turn.Role, from start: Int, joins: Bool) {
        if joins, let last = conversation.turns.last, last.role == role {
            conversation.turns[conversation.turns.count - 1].end = conversation.parts.count
        } else {
            conversation.turns.append(Turn(role: role, start: start, end: conversation.parts.count))
            lastHasText = false
        }
    }

    private mutating func extend(_ role: Turn.Role, with part: Part) {
        conversation.parts.append(part)
        close(role, from: conversation.parts.count - 1, joins: true)
    }

    // MARK: Messages

    private mutating func readMessage(_ item: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) {
        let role = try place.text(item["role"], ".role")
        conversation.addForeignMembers(
            of: item, except: ResponsesMembers.message, "input[].")
        if role == "system" || role == "developer" {
            return try ResponsesPartReader.readContent(
                item["content"], allowsMedia: false, place, into: &conversation.system)
        }
        guard role == "user" || role == "assistant" else {
            throw place.fault(.wrongType("system, developer, user or assistant"), ".role")
        }
        let turnRole: Turn.Role = role == "user" ? .user : .assistant
        let start = conversation.parts.count
        try ResponsesPartReader.readContent(
            item["content"], allowsMedia: true, place, into: &conversation.parts)
        close(turnRole, from: start, joins: turnRole == .assistant && !lastHasText)
        lastHasText = true
    }

    // MARK: Tools

    private func call(_ item: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) -> Part {
        var part = Part(.toolCall)
        part.id = try place.text(item["call_id"], ".call_id")
        part.name = try place.text(item["name"], ".name")
        guard !part.name.isEmpty else { throw place.fault(.wrongType("a string"), ".name") }
        do throws(TranslationFault) {
            part.arguments = try ToolArguments.object(item["arguments"], "", conversation.arena)
        } catch {
            throw place.fault(error.problem, ".arguments")
        }
        return part
    }

    private mutating func readResult(_ item: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) {
        var result = Part(.toolResult)
        result.id = try place.text(item["call_id"], ".call_id")
        let position = conversation.parts.count
        conversation.parts.append(result)
        try ResponsesPartReader.readContent(
            item["output"], allowsMedia: true, place, into: &conversation.parts)
        conversation.parts[position].childCount = conversation.parts.count - position - 1
        close(.user, from: position, joins: !lastHasText)
    }
}

/// Where in `input` something stands, in the caller's words; made into text only for a fault.
struct ResponsesPlace {
    var item: Int
    var part: Int?

    func fault(_ problem: TranslationFault.Problem, _ member: StaticString = "") -> TranslationFault {
        TranslationFault(problem, at: "input[\(item)]\(part.map { ".content[\($0)]" } ?? "")\(member)")
    }

    func text(_ element: JSONElement?, _ member: StaticString) throws(TranslationFault) -> JSONString {
        guard let text = element?.string else { throw fault(.wrongType("a string"), member) }
        return text
    }
}
