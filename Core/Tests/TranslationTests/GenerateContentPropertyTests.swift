// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

/// Whatever both sides can say survives being written and read again, on this wire as on every other. The seed of a run
/// is in the message of what fails.
@Suite("Google's wire loses nothing that it can say")
struct GenerateContentPropertyTests {
    private static let runs = 400

    // MARK: Requests

    @Test("requests")
    func requests() throws {
        for seed in 0..<UInt64(Self.runs) {
            var made = GeminiConversationMaker(seed: seed)
            let original = made.make()
            let target = Gemini.target(made.thinking)
            let writer = JSONWriter()
            var losses = Losses()
            try GenerateContentRequestWriter.write(original, for: target, to: writer, losses: &losses)
            #expect(losses.isEmpty, "seed \(seed)")
            let text = String(decoding: writer.bytes, as: UTF8.self)
            try Gemini.withRequest(text) { read in
                #expect(Self.dump(read) == Self.dump(original), "seed \(seed): \(text)")
                // Written once more, it is the same to the byte.
                let again = JSONWriter()
                try GenerateContentRequestWriter.write(read, for: target, to: again, losses: &losses)
                #expect(String(decoding: again.bytes, as: UTF8.self) == text, "seed \(seed)")
            }
        }
    }

    /// Everything a conversation says, as lines. Neighbouring turns of one role say the same as one.
    private static func dump(_ conversation: Conversation) -> [String] {
        var lines = conversation.system.map { "system \($0.text.text)" }
        for turn in conversation.turns {
            for part in conversation.parts[turn.parts] { lines.append("\(turn.role) \(dump(part))") }
        }
        lines += conversation.tools.map {
            "tool \($0.name.text) \($0.description?.text ?? "-") \($0.parameters?.text ?? "-")"
        }
        switch conversation.toolChoice {
        case .named(let name): lines.append("choice \(name.text)")
        case .some(let choice): lines.append("choice \(choice)")
        case nil: break
        }
        lines.append("allowed \(conversation.allowedTools.map(\.text))")
        let sampling = conversation.sampling
        let numbers = [
            sampling.temperature, sampling.topP, sampling.topK, sampling.seed, sampling.presencePenalty,
            sampling.frequencyPenalty,
        ]
        lines.append("numbers \(numbers.map { $0?.text ?? "-" }) \(conversation.outputTokensMax ?? -1)")
        lines.append("stops \(conversation.stops.map(\.text))")
        switch conversation.format {
        case .jsonObject: lines.append("JSON")
        case .jsonSchema(let schema, _, _, _): lines.append("schema \(schema.text)")
        case nil: break
        }
        lines.append("reasoning \(String(describing: conversation.reasoning))")
        lines.append("tier \(String(describing: conversation.serviceTier)) foreign \(conversation.foreign.count)")
        return lines
    }

    private static func dump(_ part: Part) -> String {
        let media = "\(part.media.source) \(part.media.type.text) \(part.media.value.text)"
        return "\(part.kind) \(part.text.text) \(part.id.text) \(part.kind == .toolCall ? part.name.text : "")"
            + " \(part.arguments.text) \(part.signature.text) \(media) \(part.isError) \(part.childCount)"
    }

    // MARK: Answers

    @Test("answers")
    func answers() throws {
        for seed in 0..<UInt64(Self.runs) {
            var made = GeminiConversationMaker(seed: seed)
            let original = made.answer()
            let writer = JSONWriter()
            GenerateContentAnswerWriter.write(original, for: Gemini.answerTarget, to: writer)
            let text = String(decoding: writer.bytes, as: UTF8.self)
            try Gemini.withAnswer(text) { read in
                #expect(read.parts.map(Self.dump) == original.parts.map(Self.dump), "seed \(seed): \(text)")
                #expect(read.finish?.reason == original.finish?.reason, "seed \(seed): \(text)")
                #expect(read.usage == original.usage, "seed \(seed): \(text)")
                #expect(read.id.text == original.id.text && read.model.text == original.model.text, "seed \(seed)")
            }
        }
    }

    // MARK: Streams

    @Test("streams, whether arguments come whole or in fragments")
    func streams() throws {
        for seed in 0..<UInt64(Self.runs) {
            var made = GeminiConversationMaker(seed: seed)
            let answer = made.answer()
            let events = made.events(of: answer)
            let chunks = Gemini.chunks(Gemini.stream(events))
            #expect(try Gemini.read(chunks) == Self.expected(answer), "seed \(seed): \(chunks)")
        }
    }

    private static func expected(_ answer: Answer) -> [GeminiEvent] {
        var events = [GeminiEvent.started(id: answer.id.text, model: answer.model.text)]
        var block = 0
        for part in answer.parts {
            switch part.kind {
            case .thinking:
                events.append(.thinking(part.text.text))
                if !part.signature.isEmpty { events.append(.signature(part.signature.text, block: nil)) }
            case .toolCall:
                events.append(.toolStarted(block, id: part.id.text, name: part.name.text))
                if !part.signature.isEmpty { events.append(.signature(part.signature.text, block: block)) }
                events += [.toolObject(block, part.arguments.text), .toolEnded(block)]
                block += 1
            default: events.append(.text(part.text.text))
            }
        }
        events += answer.finish.map { [.finished($0.reason)] } ?? []
        events += answer.usage.map { [.usage($0)] } ?? []
        return events + [.ended]
    }
}
