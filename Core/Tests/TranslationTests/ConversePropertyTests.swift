// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing
import WireFormats

@testable import Translation

// Goal: whatever a caller says in whatever order, Bedrock would take the request, and nothing of it is lost in silence.
// Method: random conversations, and a model of Bedrock's documented constraints that judges the body; random answers,
// told whole and as a stream, and both must be read as the same answer.

@Suite("Converse: properties")
struct ConversePropertyTests {
    @Test("Bedrock takes every request that is written")
    func requests() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let conversation = Self.conversation(&random)
            var target = EndpointTarget(model: "m")
            target.capabilities.thinking = random.one(Capabilities.Thinking.allCases)
            target.capabilities.takesSampling = random.chance(70)
            target.capabilities.takesSchemas = random.chance(70)
            let written = try ConverseWritten(conversation, target)
            if let problem = BedrockRules.problem(written.body) {
                Issue.record("seed \(seed): \(problem): \(written.body.text)")
                return
            }
            #expect(BedrockRules.words(written.body) == Self.words(conversation), "seed \(seed)")
        }
    }

    private static var texts: [JSONString] { ["a", "b c", " ", "", "d"] }
    private static var names: [JSONString] { ["f", "get.weather", "g-1"] }

    /// Calls are answered in the next turn; everything else is as it comes.
    private static func conversation(_ random: inout SeededGenerator) -> Conversation {
        let conversation = Conversation()
        conversation.add(.user, [.text("first")])
        for turn in 0..<Int.random(in: 0...6, using: &random) {
            if random.chance(30) {
                addCalls(conversation, turn, &random)
            } else {
                let role: Turn.Role = random.chance(50) ? .user : .assistant
                conversation.add(role, (0..<Int.random(in: 0...3, using: &random)).map { _ in part(&random) })
            }
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) { conversation.tools.append(Tool(name: random.one(names))) }
        let choices: [ToolChoice?] =
            [nil, .auto, ToolChoice.none] + (conversation.tools.isEmpty ? [] : [.any, .named("f")])
        conversation.toolChoice = random.one(choices)
        conversation.system = (0..<2).map { _ in Part(.text, random.one(texts), cache: random.one([.none, .oneHour])) }
        conversation.reasoning = random.one([nil, .off, .adaptive, .effort(.high), .budget(3000)])
        conversation.outputTokensMax = random.one([nil, 100, 2000])
        conversation.sampling.temperature = random.one([nil, "0.5", "1.5"])
        conversation.sampling.topK = random.one([nil, "5"])
        conversation.format = random.one([nil, .jsonObject])
        conversation.serviceTier = random.one([nil, .auto, .flex])
        conversation.user = random.one([nil, "u", "ü"])
        return conversation
    }

    private static func addCalls(_ conversation: Conversation, _ turn: Int, _ random: inout SeededGenerator) {
        let ids: [JSONString] = [["a"], ["a", "b"], ["a|1", "b"]][Int.random(in: 0..<3, using: &random)]
        // A turn of its own before, so that no calls of two turns run together.
        conversation.add(.user, [.text("call")])
        conversation.add(.assistant, [part(&random)] + ids.map { Part(call: $0, random.one(names)) })
        conversation.add(
            .user, ids.reversed().flatMap { [Part(result: $0, children: 1), Part.text(random.one(texts))] })
    }

    private static func part(_ random: inout SeededGenerator) -> Part {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: Part(.image, media: Media(.base64, type: random.one(["image/png", "image/tiff"]), value: "AA=="))
        case 1: Part(.document, media: Media(.base64, type: "application/pdf", value: "AA=="))
        case 2: Part(.thinking, "t", signature: random.one(["", "s"]))
        case 3: Part(.image, media: Media(.url, type: "", value: random.one(["https://x", "s3://b/a.png"])))
        case 4: Part(.text, random.one(texts), cache: .fiveMinutes)
        default: .text(random.one(texts))
        }
    }

    /// Every text that is not blank, in any order: results come before other content.
    private static func words(_ conversation: Conversation) -> [String] {
        (conversation.system + conversation.parts).filter { $0.kind == .text && !$0.text.isBlank }.map(\.text.text)
            .sorted()
    }

    // MARK: Answers

    @Test("an answer means the same whole and as a stream")
    func answers() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            let told = ToldAnswer(&random)
            let whole = try withConverseAnswer(told.whole) { answer in
                ToldAnswer.lines(answer.parts) + ["finished \(answer.finish.map { "\($0.reason)" } ?? "") "]
            }
            let streamed = ConverseStreamed(told.stream)
            #expect(streamed.isEnded && streamed.fault == nil, "seed \(seed)")
            #expect(ToldAnswer.joined(streamed.events) == whole, "seed \(seed)")
        }
    }
}
