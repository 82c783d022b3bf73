// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import WireFormats

/// Translates requests to count tokens and their answers, one after the other, and keeps its memory.
/// - Threading: confined to its loop.
public final class TokenCountTranslator {
    private let tape = JSONTape()
    private let conversation = Conversation()
    private let writer = JSONWriter(capacity: 16 << 10)
    /// For what is wrapped once more.
    private let inner = JSONWriter(capacity: 4 << 10)
    private var losses = Losses()
    private let filter: SignatureFilter

    public init() { filter = SignatureFilter(writer, conversation.arena) }

    /// What was written last; valid until the next call.
    public var output: UnsafeRawBufferPointer { writer.bytes }
    public var isComplete: Bool { losses.isEmpty }

    /// What the endpoint's counter could not be told, in the caller's words. Valid until the next translation.
    public func lossNames(in source: ChatWire) -> [String] { losses.names(in: source) }

    /// - Parameters:
    ///   - body: the caller's request: of Anthropic's `count_tokens`, Google's `countTokens` or OpenAI's `input_tokens`.
    ///   - source: the caller's wire.
    ///   - target: its texts must stay valid until the call returns.
    /// - Throws: what makes no sense in the caller's request.
    public func write(
        _ body: UnsafeRawBufferPointer, from source: ChatWire, for api: TokenCountAPI, target: EndpointTarget
    ) throws(TranslationFault) {
        conversation.reset()
        losses.reset()
        writer.reset()
        inner.reset()
        let document = try tape.document(body)
        if source == .generateContent, api == .generateContent {
            filter.begin(.generateContent, target)
            return try GenerateContentCount.pass(document, for: target, through: filter, losses: &losses)
        }
        try read(document, source)
        conversation.settleSignatures(from: source, for: target.origin)
        conversation.keepInput()
        try write(api, target)
    }

    private func read(_ body: JSONElement, _ source: ChatWire) throws(TranslationFault) {
        switch source {
        case .messages: try MessagesRequestReader.read(body, into: conversation)
        case .responses: try ResponsesRequestReader.read(body, into: conversation)
        case .generateContent:
            try GenerateContentRequestReader.read(GenerateContentCount.request(in: body), into: conversation)
        case .chatCompletions, .converse:
            throw TranslationFault(.wrongType("a request of a wire that counts tokens"))
        }
    }

    private func write(_ api: TokenCountAPI, _ target: EndpointTarget) throws(TranslationFault) {
        switch api {
        case .messages: try writeMessages(target)
        case .generateContent:
            try GenerateContentCount.write(conversation, for: target, to: writer, losses: &losses)
        case .converse: try writeConverse(target)
        case .invokeModel: try writeInvocation(target)
        case .responses: try writeResponses(target)
        case .tokenize:
            try ChatRequestWriter.writeCount(conversation, for: target, to: writer, losses: &losses)
        }
    }

    // MARK: Requests

    private func writeMessages(_ target: EndpointTarget) throws(TranslationFault) {
        var body = MessagesBody(conversation, target, writer)
        for member in conversation.foreign { body.losses.add(member) }
        defer { losses = body.losses }
        try body.writeCount()
    }

    private func writeResponses(_ target: EndpointTarget) throws(TranslationFault) {
        var body = ResponsesBody(conversation, target, writer)
        for member in conversation.foreign { body.losses.add(member) }
        defer { losses = body.losses }
        try body.writeCount()
    }

    private func writeConverse(_ target: EndpointTarget) throws(TranslationFault) {
        writer.beginObject()
        writer.name("input")
        writer.beginObject()
        writer.name("converse")
        var body = ConverseBody(conversation, target, writer)
        for member in conversation.foreign { body.losses.add(member) }
        defer { losses = body.losses }
        try body.writeCount()
        writer.endObject()
        writer.endObject()
    }

    /// What InvokeModel would get, as base64.
    private func writeInvocation(_ target: EndpointTarget) throws(TranslationFault) {
        try MessagesRequestWriter.write(conversation, for: target, to: inner, losses: &losses)
        writer.beginObject()
        writer.name("input")
        writer.beginObject()
        writer.name("invokeModel")
        writer.beginObject()
        writer.name("body")
        writer.beginString()
        Base64.encode(Array(inner.bytes)).withUnsafeBytes { writer.append($0) }
        writer.endString()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    // MARK: Answers

    /// - Throws: when there is no count in the answer.
    public func write(
        answer body: UnsafeRawBufferPointer, from api: TokenCountAPI, to caller: ChatWire
    ) throws(TranslationFault) {
        writer.reset()
        let document = try tape.document(body)
        guard let count = Self.count(in: document, api) else { throw TranslationFault(.incompleteAnswer) }
        if caller == .generateContent, api == .generateContent { return writer.append(body) }
        writer.beginObject()
        if caller == .responses { writer.member("object", "response.input_tokens") }
        writer.member(caller == .generateContent ? "totalTokens" : "input_tokens", count)
        writer.endObject()
    }

    private static func count(in answer: JSONElement, _ api: TokenCountAPI) -> Int64? {
        let value =
            switch api {
            case .messages, .responses: answer["input_tokens"]
            case .generateContent: answer["totalTokens"]
            case .converse, .invokeModel: answer["inputTokens"]
            case .tokenize: answer["count"]
            }
        return value?.integer.flatMap { $0 >= 0 ? $0 : nil }
    }
}
