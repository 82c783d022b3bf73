// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

// Goal: nothing that a wire can say gets lost between its writer and its reader. Method: thrown conversations, answers
// and streams are written, read again and compared as text; the seed of a failure is its argument.

/// A conversation as text: neighbours of one role as one, results in front, as the wires want it.
private func lines(_ conversation: Conversation) -> [String] {
    var lines = conversation.system.map { "system \(line($0))" }
    lines += conversation.tools.map { tool in
        let schema = tool.parameters.map(text) ?? #"{"type":"object","properties":{}}"#
        return
            "tool \(tool.name.text) \(tool.description?.text ?? "-") \(schema) \(tool.isStrict ?? false) \(tool.cache)"
    }
    lines.append(
        "choice \(choice(conversation.toolChoice)) \(conversation.allowsParallelCalls.map(String.init) ?? "-")")
    lines.append("allowed \(conversation.allowedTools.map(\.text))")
    lines.append("stream \(conversation.isStream) max \(conversation.outputTokensMax ?? -1)")
    let sampling = conversation.sampling
    let numbers = [sampling.temperature, sampling.topP, sampling.topK, sampling.seed, sampling.presencePenalty]
    lines.append("numbers \(numbers.map { $0.map(text) ?? "-" })")
    lines.append("stops \(conversation.stops.map(\.text)) user \(conversation.user?.text ?? "-")")
    lines.append("reasoning \(conversation.reasoning.map(MessagesTesting.line) ?? "-")")
    lines.append("tier \(conversation.serviceTier.map { "\($0)" } ?? "-") \(conversation.metadata.map(text) ?? "-")")
    if case .jsonSchema(let schema, let name, _, let isStrict) = conversation.format {
        lines.append("format \(text(schema)) \(name?.text ?? "-") \(isStrict ?? false)")
    }
    return lines + turns(conversation) + conversation.foreign.map { "foreign \($0.text)" }
}

private func turns(_ conversation: Conversation) -> [String] {
    var lines: [String] = []
    var role: Turn.Role?
    for turn in conversation.turns {
        if turn.role != role { lines.append("\(turn.role)") }
        role = turn.role
        var position = turn.start
        while position < turn.end {
            let part = conversation.parts[position]
            let children = conversation.parts[(position + 1)..<(position + 1 + part.childCount)]
            lines.append(
                ([line(part)] + children.filter { $0.kind != .text || !$0.text.isBlank }.map(line)).joined(
                    separator: " | "))
            position += 1 + part.childCount
        }
    }
    return lines
}

private func line(_ part: Part) -> String {
    [
        "\(part.kind)", part.text.text, part.name.text, part.id.text, text(part.arguments), part.signature.text,
        "\(part.media.source)", part.media.type.text, part.media.value.text, "\(part.isError)", "\(part.cache)",
    ].joined(separator: ",")
}

private func text(_ raw: JSONRaw) -> String { String(decoding: raw.bytes, as: UTF8.self) }

private func choice(_ choice: ToolChoice?) -> String {
    switch choice {
    case nil: "-"
    case .auto: "auto"
    case .any: "any"
    case .some(.none): "none"
    case .named(let name): "named \(name.text)"
    }
}

private func survives<Reader: RequestReading, Writer: RequestWriting>(
    _ seed: Int, isResponses: Bool, _ reader: Reader.Type, _: Writer.Type
) throws {
    let dice = MessagesDice(seed: seed, isResponses: isResponses)
    let conversation = dice.conversation()
    let writer = JSONWriter()
    var losses = Losses()
    try Writer.write(conversation, for: dice.target(conversation), to: writer, losses: &losses)
    #expect(losses.isEmpty)
    let json = String(decoding: writer.bytes, as: UTF8.self)
    let read = try Documents.withRequest(json, reader) { lines($0) }
    var expected = lines(conversation)
    if isResponses { expected = joiningTexts(expected) }
    #expect(isResponses ? joiningTexts(read) == expected : read == expected)
}

/// Texts of one result are one string on OpenAI's wires.
private func joiningTexts(_ lines: [String]) -> [String] {
    lines.map { line in
        guard line.hasPrefix("toolResult") else { return line }
        let pieces = line.components(of: " | ")
        guard pieces.dropFirst().allSatisfy({ $0.hasPrefix("text,") }) else { return line }
        return pieces[0] + pieces.dropFirst().map { $0.dropFirst(5).components(of: ",,,{},")[0] }.joined()
    }
}

extension StringProtocol {
    fileprivate func components(of separator: String) -> [String] {
        var parts: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

private func survives<Reader: AnswerReading, Writer: AnswerWriting>(
    answer seed: Int, isResponses: Bool, _: Reader.Type, _: Writer.Type
) throws {
    let dice = MessagesDice(seed: seed, isResponses: isResponses)
    let answer = dice.answer()
    let writer = JSONWriter()
    Writer.write(answer, for: MessagesTesting.answerTarget, to: writer)
    func lines(_ answer: Answer) -> [String] {
        let finish = answer.finish.map { "\($0.reason) \($0.stopSequence.text)" }
        return [answer.id.text, answer.model.text, finish ?? "-", answer.usage.map(MessagesTesting.line) ?? "-"]
            + answer.parts.map(line)
    }
    let json = String(decoding: writer.bytes, as: UTF8.self)
    var expected = lines(answer)
    if isResponses, answer.hasToolCalls, answer.finish?.reason == .stop { expected[2] = "toolCalls " }
    #expect(try Documents.withAnswer(json, Reader.self) { lines($0) } == expected)
}

private func survives<Reader: StreamReading, Writer: StreamWriting>(
    stream seed: Int, isResponses: Bool, _: Reader.Type, _: Writer.Type
) throws {
    let dice = MessagesDice(seed: seed, isResponses: isResponses)
    let sent = dice.stream()
    let text = MessagesTesting.write(sent, Writer.self)
    let read = try MessagesTesting.read(MessagesTesting.events(text), Reader.self)
    let expected = sent.map(MessagesTesting.line)
    // Calls may be closed earlier than they are said to end, and usage goes out when it is final.
    func content(_ lines: [String]) -> [String] {
        lines.filter { !$0.hasPrefix("usage") && !$0.hasPrefix("toolEnded") }
    }
    #expect(content(read) == content(expected))
    #expect(read.last { $0.hasPrefix("usage") } == expected.last { $0.hasPrefix("usage") })
    #expect(Set(read.filter { $0.hasPrefix("toolEnded") }) == Set(expected.filter { $0.hasPrefix("toolEnded") }))
    for end in read.indices where read[end].hasPrefix("toolEnded ") {
        let block = read[end].dropFirst(10)
        #expect(!read[end...].contains { $0.hasPrefix("arguments \(block) ") })
    }
}

@Suite("Random conversations survive their wire")
struct MessagesPropertyTests {
    @Test("Messages requests", arguments: 0..<300)
    func messagesRequest(_ seed: Int) throws {
        try survives(seed, isResponses: false, MessagesRequestReader.self, MessagesRequestWriter.self)
    }

    @Test("Messages answers", arguments: 0..<300)
    func messagesAnswer(_ seed: Int) throws {
        try survives(answer: seed, isResponses: false, MessagesAnswerReader.self, MessagesAnswerWriter.self)
    }

    @Test("Messages streams", arguments: 0..<300)
    func messagesStream(_ seed: Int) throws {
        try survives(stream: seed, isResponses: false, MessagesStreamReader.self, MessagesStreamWriter.self)
    }

    @Test("streams that go over the other wire", arguments: 0..<300)
    func relayedStream(_ seed: Int) throws {
        let dice = MessagesDice(seed: seed, isResponses: true)
        let sent = MessagesTesting.write(dice.stream(), ResponsesStreamWriter.self)
        let there = try MessagesTesting.relay(sent, from: ResponsesStreamReader.self, to: MessagesStreamWriter.self)
        let back = try MessagesTesting.relay(there, from: MessagesStreamReader.self, to: ResponsesStreamWriter.self)
        #expect(back == sent)
    }

    @Test("Responses requests", arguments: 0..<300)
    func responsesRequest(_ seed: Int) throws {
        try survives(seed, isResponses: true, ResponsesRequestReader.self, ResponsesRequestWriter.self)
    }

    @Test("Responses answers", arguments: 0..<300)
    func responsesAnswer(_ seed: Int) throws {
        try survives(answer: seed, isResponses: true, ResponsesAnswerReader.self, ResponsesAnswerWriter.self)
    }

    @Test("Responses streams", arguments: 0..<300)
    func responsesStream(_ seed: Int) throws {
        try survives(stream: seed, isResponses: true, ResponsesStreamReader.self, ResponsesStreamWriter.self)
    }
}
