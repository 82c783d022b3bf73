// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import WireFormats

@testable import Translation

/// Makes conversations and answers of what Google's wire can say.
struct GeminiConversationMaker {
    private var dice: SeededGenerator
    private let arena = ByteArena()
    let thinking: Capabilities.Thinking

    init(seed: UInt64) {
        dice = SeededGenerator(seed: seed)
        thinking = dice.oneIn(2) ? .budget : .adaptive
    }

    // MARK: Pieces

    private func text(_ characters: String, hasEscapes: Bool = false) -> JSONString {
        JSONString(arena.copy(characters), hasEscapes: hasEscapes)
    }

    private mutating func words() -> JSONString {
        let pieces = ["a", "grüße", "👋", #"\""#, #"\n"#, #"\u00e9"#, "{", "data: ", " x", #"\\"#]
        let joined = "w" + (0..<dice.below(6)).map { _ in dice.one(pieces) }.joined()
        return text(joined, hasEscapes: joined.contains("\\"))
    }

    private mutating func name() -> JSONString { text(dice.one(["f", "get.weather", "_x:y", "a-b_c9"])) }

    private mutating func number() -> JSONRaw {
        JSONRaw(arena.copy(dice.one(["0.7", "1", "40", "1e-3", "9007199254740993", "-0.5"])))
    }

    private mutating func object() -> JSONRaw {
        let values = ["{}", #"{"a":1}"#, #"{"b":{"c":[1,2.50,"x y"]},"a":null}"#, #"{"q":"\"\\ \u00e9 👋"}"#]
        return JSONRaw(arena.copy(dice.one(values)))
    }

    private mutating func base64() -> JSONString {
        let alphabet = Array("ABCDabcd0189+/")
        var characters = String((0..<(4 * (1 + dice.below(4)))).map { _ in dice.one(alphabet) })
        let padding = dice.below(3)
        characters = characters.dropLast(padding) + String(repeating: "=", count: padding)
        return text(characters)
    }

    private mutating func call(_ id: String, isSigned: Bool) -> Part {
        var part = Part(.toolCall)
        part.id = text(id)
        part.name = name()
        part.arguments = object()
        if isSigned { part.signature = base64() }
        return part
    }

    private mutating func media() -> Part {
        let kinds: [(Part.Kind, String, String)] = [
            (.image, "image/png", "gs://b/p"), (.audio, "audio/wav", "gs://b/s"), (.video, "video/mp4", "gs://b/v"),
            (.document, "application/pdf", "gs://b/d"),
        ]
        let (kind, type, address) = dice.one(kinds)
        var part = Part(kind)
        let isAddress = dice.oneIn(3)
        part.media = Media(isAddress ? .url : .base64, type: text(type), value: isAddress ? text(address) : base64())
        return part
    }

    // MARK: Conversations

    mutating func make() -> Conversation {
        let conversation = Conversation()
        conversation.system = (0..<dice.below(3)).map { _ in .text(words()) }
        for _ in 0...dice.below(4) {
            addUser(to: conversation)
            if dice.oneIn(2) { addModel(to: conversation) }
        }
        for _ in 0..<dice.below(3) {
            conversation.tools.append(
                Tool(
                    name: name(), description: dice.oneIn(2) ? words() : nil, parameters: dice.oneIn(2) ? object() : nil
                ))
        }
        if !conversation.tools.isEmpty { choose(conversation) }
        configure(conversation)
        return conversation
    }

    private mutating func addUser(to conversation: Conversation) {
        let start = conversation.parts.count
        for _ in 0...dice.below(3) { conversation.parts.append(dice.oneIn(3) ? media() : .text(words())) }
        conversation.turns.append(Turn(role: .user, start: start, end: conversation.parts.count))
    }

    /// Text, calls and their results, in the order in which Google wants them.
    private mutating func addModel(to conversation: Conversation) {
        let start = conversation.parts.count
        var said = Part.text(words())
        if dice.oneIn(3) { said.signature = base64() }
        conversation.parts.append(said)
        let count = dice.below(4)
        let first = conversation.parts.count
        for number in 0..<count {
            // Gemini 3 has the first call of a step signed.
            let isSigned = number == 0 && thinking == .adaptive || dice.oneIn(3)
            conversation.parts.append(call("id\(first)-\(number)", isSigned: isSigned))
        }
        conversation.turns.append(Turn(role: .assistant, start: start, end: conversation.parts.count))
        guard count > 0 else { return }
        let results = conversation.parts.count
        for number in 0..<count {
            var result = Part(.toolResult)
            result.id = conversation.parts[first + number].id
            result.isError = dice.oneIn(3)
            let children = dice.oneIn(4) ? [] : dice.oneIn(4) ? [Part.text(words()), picture()] : [.text(words())]
            result.childCount = children.count
            conversation.parts += [result] + children
        }
        conversation.turns.append(Turn(role: .user, start: results, end: conversation.parts.count))
    }

    private mutating func picture() -> Part {
        var part = Part(.image)
        part.media = Media(.base64, type: "image/png", value: base64())
        return part
    }

    private mutating func choose(_ conversation: Conversation) {
        switch dice.below(5) {
        case 0: conversation.toolChoice = .auto
        case 1: conversation.toolChoice = ToolChoice.none
        case 2: conversation.toolChoice = .named(conversation.tools[0].name)
        case 3:
            conversation.toolChoice = .any
            if dice.oneIn(2) { conversation.allowedTools = ["f", "g"] }
        default: break
        }
    }

    private mutating func configure(_ conversation: Conversation) {
        if dice.oneIn(2) { conversation.sampling.temperature = number() }
        if dice.oneIn(3) { conversation.sampling.topP = number() }
        if dice.oneIn(3) { conversation.sampling.topK = number() }
        if dice.oneIn(3) { conversation.sampling.seed = number() }
        if dice.oneIn(3) { conversation.sampling.presencePenalty = number() }
        if dice.oneIn(3) { conversation.sampling.frequencyPenalty = number() }
        if dice.oneIn(2) { conversation.outputTokensMax = Int64(dice.below(100_000)) }
        conversation.stops = (0..<dice.below(3)).map { _ in words() }
        switch dice.below(3) {
        case 0: conversation.format = .jsonObject
        case 1: conversation.format = .jsonSchema(schema: object(), name: nil, description: nil, isStrict: nil)
        default: break
        }
        let budgets: [Reasoning?] = [nil, .off, .adaptive, .budget(1), .budget(24576)]
        let levels: [Reasoning?] = [
            nil, .adaptive, .effort(.minimal), .effort(.low), .effort(.medium), .effort(.high),
        ]
        conversation.reasoning = dice.one(thinking == .budget ? budgets : levels)
        conversation.serviceTier = dice.one([nil, .standard, .flex, .priority])
    }

    // MARK: Answers

    mutating func answer() -> Answer {
        let answer = Answer()
        answer.id = text("resp-\(dice.below(1000))")
        answer.model = text("gemini-\(dice.below(10))")
        for number in 0..<dice.below(6) {
            switch dice.below(3) {
            case 0: answer.parts.append(.text(words()))
            case 1: answer.parts.append(call("c\(number)", isSigned: dice.oneIn(2)))
            default:
                var part = Part(.thinking)
                part.text = words()
                if dice.oneIn(2) { part.signature = base64() }
                answer.parts.append(part)
            }
        }
        let done: Finish.Reason = answer.hasToolCalls ? .toolCalls : .stop
        answer.finish = Finish(dice.one([done, done, .length, .filtered]))
        if !dice.oneIn(4) {
            let reasoning = Int64(dice.below(50))
            answer.usage = UsageCounts(
                prompt: Int64(dice.below(1000)), cached: Int64(dice.below(50)),
                completion: reasoning + Int64(dice.below(100)),
                reasoning: reasoning)
        }
        return answer
    }

    /// The answer as its stream, with arguments in pieces of any length at times.
    mutating func events(of answer: Answer) -> [StreamEvent] {
        var events: [StreamEvent] = [.started(id: answer.id, model: answer.model)]
        var block = dice.below(3)
        for part in answer.parts {
            switch part.kind {
            case .thinking:
                events.append(.thinking(part.text))
                if !part.signature.isEmpty { events.append(.signature(part.signature, block: nil)) }
            case .toolCall:
                events.append(.toolStarted(block: block, id: part.id, name: part.name))
                if !part.signature.isEmpty { events.append(.signature(part.signature, block: block)) }
                events +=
                    dice.oneIn(2)
                    ? [.toolObject(block: block, arguments: part.arguments)] : pieces(part.arguments, block)
                events.append(.toolEnded(block: block))
                block += 1 + dice.below(2)
            default: events.append(.text(part.text))
            }
        }
        if let finish = answer.finish { events.append(.finished(finish)) }
        if let usage = answer.usage { events.append(.usage(usage)) }
        return events + [.ended]
    }

    private mutating func pieces(_ arguments: JSONRaw, _ block: Int) -> [StreamEvent] {
        var rest = arguments.text[...]
        var events: [StreamEvent] = []
        while !rest.isEmpty {
            let piece = String(rest.prefix(1 + dice.below(5)))
            rest = rest.dropFirst(piece.count)
            let quoted = arena.quoted(JSONRaw(arena.copy(piece)))
            events.append(.toolArguments(block: block, fragment: quoted))
        }
        return events
    }
}
