// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import WireFormats

@testable import Translation

/// A request for Converse and what it could not say.
struct ConverseWritten {
    var body: JSONValue
    var losses: [Feature]
    var members: [String]

    /// - Parameter chat: a chat completions request.
    /// - Parameter edit: changes what chat completions cannot say.
    init(
        chat: String, thinking: Capabilities.Thinking = .adaptive, takesSampling: Bool = true,
        takesSchemas: Bool = true, edit: (Conversation) -> Void = { _ in }
    ) throws {
        var target = EndpointTarget(model: "m")
        target.capabilities.thinking = thinking
        target.capabilities.takesSampling = takesSampling
        target.capabilities.takesSchemas = takesSchemas
        self = try withChat(chat) { conversation in
            edit(conversation)
            return try ConverseWritten(conversation, target)
        }
    }

    init(_ conversation: Conversation, _ target: EndpointTarget = EndpointTarget(model: "m")) throws {
        let writer = JSONWriter()
        var found = Losses()
        try ConverseRequestWriter.write(conversation, for: target, to: writer, losses: &found)
        body = try JSONValue(parsing: Array(writer.bytes))
        precondition(writer.isBalanced, "brackets are balanced")
        losses = found.features
        members = found.members.map(\.text)
    }

    subscript(name: String) -> JSONValue? { body[name] }

    var messages: [JSONValue] { body["messages"]?.arrayValue ?? [] }

    /// Blocks of the message at `index`.
    func blocks(_ index: Int) -> [JSONValue] {
        index < messages.count ? messages[index]["content"]?.arrayValue ?? [] : []
    }
}

/// Texts that the tests of this wire are made of.
enum Bedrock {
    /// A chat request with one user message and more members.
    static func chat(_ members: String = "", content: String = #""x""#) -> String {
        #"{"messages":[{"role":"user","content":\#(content)}]\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    static func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
}

extension Part {
    init(_ kind: Kind, _ text: JSONString, signature: JSONString = .empty, cache: CacheMark = .none) {
        self.init(kind)
        self.text = text
        self.signature = signature
        self.cache = cache
    }

    init(_ kind: Kind, media: Media, name: JSONString = .empty) {
        self.init(kind)
        self.media = media
        self.name = name
    }

    init(call id: JSONString, _ name: JSONString, _ arguments: JSONRaw = "{}") {
        self.init(.toolCall)
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    init(result id: JSONString, children: Int = 0) {
        self.init(.toolResult)
        self.id = id
        childCount = children
    }
}

extension Conversation {
    func add(_ role: Turn.Role, _ parts: [Part]) {
        turns.append(Turn(role: role, start: self.parts.count, end: self.parts.count + parts.count))
        self.parts += parts
    }
}
