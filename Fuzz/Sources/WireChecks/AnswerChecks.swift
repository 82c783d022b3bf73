// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// Bytes as a complete answer, on their way to every caller.
enum AnswerChecks {
    /// Text may be said twice, and what a wire always has is added to each part.
    static func bound(_ count: Int) -> Int { 16 * count + 4096 }

    static func check(_ bytes: [UInt8], _ source: ChatWire) {
        let target = AnswerTarget(
            model: "the-model", id: "id-0123456789abcdef", createdUnixSeconds: 1_700_000_000)
        Fuzz.withCopy(of: bytes) { raw in
            let answer = Answer()
            guard read(raw, source, JSONTape(), into: answer), answer.finish != nil else { return }
            let said = ToldAnswer(answer)
            for caller in ChatWire.callers {
                let writer = JSONWriter()
                // Marks are written into the answer.
                let answer = Answer()
                _ = read(raw, source, JSONTape(), into: answer)
                AnswerSignatures(Signs.origin, for: caller, isThinkingAsked: false).mark(answer)
                write(answer, caller, target, writer)
                check(Array(writer.bytes), writer.isBalanced, said, caller, bytes)
            }
        }
    }

    private static func check(
        _ written: [UInt8], _ isBalanced: Bool, _ said: ToldAnswer, _ caller: ChatWire, _ bytes: [UInt8]
    ) {
        let documents = "\(String(decoding: bytes, as: UTF8.self)) → \(String(decoding: written, as: UTF8.self))"
        Fuzz.check(isBalanced, "brackets are balanced for \(caller): \(documents)")
        Fuzz.check(written.count <= bound(bytes.count), "\(written.count) bytes for \(caller): \(documents)")
        do throws(JSONFault) { _ = try JSONValue(parsing: written) } catch {
            return Fuzz.check(error == .tooDeep, "an answer is JSON for \(caller): \(documents)")
        }
        Fuzz.withCopy(of: written) { raw in
            let answer = Answer()
            guard read(raw, caller, JSONTape(), into: answer) else {
                // Google has no word for a pause, and says that the answer is none.
                let isPause = caller == .generateContent && said.finish == .paused
                return Fuzz.check(isPause, "an answer can be read by \(caller): \(documents)")
            }
            AnswerComparison(
                said: said, heard: ToldAnswer(answer), wire: caller, isStream: false, documents: documents
            ).check()
        }
    }

    private static func read(
        _ raw: UnsafeRawBufferPointer, _ wire: ChatWire, _ tape: JSONTape, into answer: Answer
    ) -> Bool {
        do {
            let body = try tape.read(raw)
            switch wire {
            case .chatCompletions: try ChatAnswerReader.read(body, into: answer)
            case .responses: try ResponsesAnswerReader.read(body, into: answer)
            case .messages: try MessagesAnswerReader.read(body, into: answer)
            case .generateContent: try GenerateContentAnswerReader.read(body, into: answer)
            case .converse: try ConverseAnswerReader.read(body, into: answer)
            }
            return true
        } catch {
            return false
        }
    }

    private static func write(_ answer: Answer, _ caller: ChatWire, _ target: AnswerTarget, _ writer: JSONWriter) {
        switch caller {
        case .chatCompletions: ChatAnswerWriter.write(answer, for: target, to: writer)
        case .responses: ResponsesAnswerWriter.write(answer, for: target, to: writer)
        case .messages: MessagesAnswerWriter.write(answer, for: target, to: writer)
        case .generateContent: GenerateContentAnswerWriter.write(answer, for: target, to: writer)
        case .converse: break
        }
    }
}
