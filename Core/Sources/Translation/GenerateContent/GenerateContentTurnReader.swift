// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads `contents` into turns.
///
/// Two things that Google's wire leaves open are settled here, because other wires demand them:
/// - Every call gets an id, and every result the id of its call. A result without one answers the first open call of its
///   name; calls are open in the turn that follows them.
/// - Thinking comes in as many parts as it was streamed in; the signature that ends it makes it one. Thinking that no
///   signature ends is of no use to anybody and is left out.
struct GenerateContentTurnReader {
    private let conversation: Conversation
    private var role: Turn.Role?
    /// Positions of the calls without a result, in order.
    private var open: [Int] = []
    private var callCount = 0
    /// Texts of thinking that has no signature yet.
    private var thoughts: [JSONString] = []

    /// Results are matched by looking at every open call, so their number must be small. No model makes that many.
    static let openCallsMax = 1024

    private init(_ conversation: Conversation) { self.conversation = conversation }

    static func read(_ contents: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        var reader = GenerateContentTurnReader(conversation)
        guard contents.isArray else { return try reader.read(contents, GenerateContentPlace(list: "contents")) }
        for (index, content) in contents.elements.enumerated() {
            try reader.read(content, GenerateContentPlace(list: "contents", index: index))
        }
    }

    private mutating func read(_ content: JSONElement, _ place: GenerateContentPlace) throws(TranslationFault) {
        guard content.isObject else { throw place.fault(.wrongType("a message")) }
        let role = try Self.role(content, place)
        if role != self.role {
            if role == .assistant { open.removeAll(keepingCapacity: true) }
            thoughts.removeAll(keepingCapacity: true)
            self.role = role
        }
        let start = conversation.parts.count
        if let parts = content.present("parts") {
            // A loop of its own: the closure of `forEachItem` could not change `self`.
            if parts.isArray {
                for (number, part) in parts.elements.enumerated() { try read(part, role, place.part(number)) }
            } else {
                try read(parts, role, place.part(0))
            }
        }
        guard conversation.parts.count > start else { return }
        conversation.turns.append(Turn(role: role, start: start, end: conversation.parts.count))
    }

    private static func role(_ content: JSONElement, _ place: GenerateContentPlace) throws(TranslationFault)
        -> Turn.Role
    {
        guard let role = content.present("role") else { return .user }
        // Results had a role of their own once.
        if let text = role.string, text == "user" || text == "function" { return .user }
        if let text = role.string, text == "model" { return .assistant }
        throw place.fault(.wrongType("user or model"), ".role")
    }

    // MARK: Parts

    private mutating func read(
        _ part: JSONElement, _ role: Turn.Role, _ place: GenerateContentPlace
    ) throws(TranslationFault) {
        guard part.isObject else { throw place.fault(.wrongType("a part")) }
        let signature = part.either("thoughtSignature", "thought_signature")?.string
            .flatMap { Base64.standard($0, conversation.arena) }
        if part["thought"]?.bool ?? false, role == .assistant {
            return readThought(part["text"]?.string ?? .empty, signature)
        }
        thoughts.removeAll(keepingCapacity: true)
        if let call = part.either("functionCall", "function_call") {
            guard role == .assistant else { throw place.fault(.wrongType("a part of a model's message")) }
            return try readCall(call, signature, place)
        }
        if let result = part.either("functionResponse", "function_response") {
            guard role == .user else { throw place.fault(.wrongType("a part of a user's message")) }
            return try readResult(result, place)
        }
        guard var read = try GenerateContentPartReader.read(part, place, conversation) else { return }
        if role == .assistant { read.signature = signature ?? .empty }
        if read.kind == .text, read.text.isEmpty, read.signature.isEmpty { return }
        conversation.parts.append(read)
    }

    private mutating func readThought(_ text: JSONString, _ signature: JSONString?) {
        if !text.isEmpty { thoughts.append(text) }
        guard let signature, !signature.isEmpty else { return }
        var part = Part(.thinking)
        part.text = conversation.arena.joined(thoughts)
        part.signature = signature
        conversation.parts.append(part)
        thoughts.removeAll(keepingCapacity: true)
    }

    // MARK: Calls

    private mutating func readCall(
        _ call: JSONElement, _ signature: JSONString?, _ place: GenerateContentPlace
    ) throws(TranslationFault) {
        guard let name = call["name"]?.string, !name.isEmpty else {
            throw place.fault(.wrongType("a string"), ".functionCall.name")
        }
        guard open.count < Self.openCallsMax else {
            throw place.fault(.wrongType("among at most \(Self.openCallsMax) function calls in a row"))
        }
        var part = Part(.toolCall)
        part.name = name
        part.id = call.present("id")?.string ?? .empty
        if part.id.isEmpty { part.id = GenerateContentCallID.id(callCount, conversation.arena) }
        if let arguments = call.present("args") {
            guard arguments.isObject else { throw place.fault(.malformedArguments, ".functionCall.args") }
            part.arguments = arguments.raw
        }
        part.signature = signature ?? .empty
        callCount += 1
        open.append(conversation.parts.count)
        conversation.parts.append(part)
    }

    private mutating func readResult(_ value: JSONElement, _ place: GenerateContentPlace) throws(TranslationFault) {
        let id = value.present("id")?.string ?? .empty
        let name = value["name"]?.string ?? .empty
        let position = open.firstIndex { call in
            id.isEmpty
                ? conversation.parts[call].name.isSame(as: name) : conversation.parts[call].id.isSame(as: id)
        }
        guard let position else { throw place.fault(.unmatchedToolCall, ".functionResponse") }
        var result = Part(.toolResult)
        result.id = conversation.parts[open.remove(at: position)].id
        result.name = name
        try GenerateContentPartReader.readResult(value, result, place, into: conversation)
    }
}

extension GenerateContentPlace {
    func part(_ number: Int) -> GenerateContentPlace {
        GenerateContentPlace(list: list, index: index, part: number)
    }
}

extension ByteArena {
    func joined(_ texts: [JSONString]) -> JSONString {
        guard texts.count > 1 else { return texts.first ?? .empty }
        let memory = take(texts.reduce(0) { $0 + $1.bytes.count })
        var count = 0
        for text in texts {
            UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: text.bytes)
            count += text.bytes.count
        }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: texts.contains { $0.hasEscapes })
    }
}
