// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

// Goal: a signature gets back to whoever made it and to nobody else, over every caller's wire; a mark gets to nobody.
// Method: every endpoint's answer to every caller, sent back to every endpoint; and random answers likewise.

@Suite("Signatures find their way")
struct SignatureTravelTests {
    @Test("to their maker, and to nobody else", arguments: Travel.endpoints, Travel.callers)
    func everyPair(_ source: Travel.Endpoint, _ caller: ChatWire) throws {
        let body = Travel.next(try Travel.told(source.answer, by: source, to: caller), on: caller)
        for target in Travel.endpoints {
            let sent = try Travel.sent(body, by: caller, to: target).body
            #expect(!Travel.hasMark(sent), "\(target.name)")
            // An endpoint of the caller's own wire is passed what another endpoint of that wire said, unseen.
            let isUnseen = caller == source.wire && caller == target.wire && target.origin != source.origin
            let isBack =
                isUnseen || source.origin == target.origin && target.wire != .chatCompletions
            for secret in source.secrets where !isUnseen || isBack {
                #expect(sent.contains(secret) == isBack, "\(secret) to \(target.name): \(sent)")
            }
        }
    }

    @Test("thoughts of others are never said aloud", arguments: Travel.endpoints, Travel.callers)
    func notAloud(_ source: Travel.Endpoint, _ caller: ChatWire) throws {
        let body = Travel.next(try Travel.told(source.answer, by: source, to: caller), on: caller)
        guard body.contains("Hm") else { return }
        for target in Travel.endpoints where target.origin != source.origin && target.wire != source.wire {
            #expect(!(try Travel.sent(body, by: caller, to: target).body.contains("Hm")), "\(target.name)")
        }
    }

    @Test("calls that come without thinking say so to a caller of Messages who asked for it, and to nobody else")
    func unthought() throws {
        let answer =
            #"{"id":"c","choices":[{"message":{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
        for isAsked in [false, true] {
            for caller in Travel.callers where caller != .chatCompletions {
                let told = try Travel.told(answer, by: Travel.endpoints[6], to: caller, isThinkingAsked: isAsked)
                let isSaid = told.text.contains(#"{"type":"redacted_thinking","data":"isobar-1.other-"#)
                #expect(isSaid == (isAsked && caller == .messages))
                let thinking = #","thinking":{"type":"enabled","budget_tokens":1024}"#
                let next = Travel.next(told, on: caller, caller == .messages ? thinking : "")
                let sent = try Travel.sent(next, by: caller, to: Travel.endpoints[0])
                #expect(!Travel.hasMark(sent.body) && (sent.told == ["thinking"]) == isSaid)
            }
        }
    }

    @Test("the signature of a call stands in front of it where a wire has no place for it, whole and streamed")
    func callsInFront() throws {
        let gemini = Travel.endpoints[3]
        let block = #"{"type":"redacted_thinking","data":"isobar-1.google.function_call:R09PR0xF"},{"type":"tool_use""#
        let item = #""summary":[],"encrypted_content":"isobar-1.google.function_call:R09PR0xF"},{"id":"fc_"#
        #expect(try Travel.told(gemini.answer, by: gemini, to: .messages).text.contains(block))
        #expect(try Travel.told(gemini.answer, by: gemini, to: .responses).text.contains(item))
        let chunk = gemini.answer.replacing("\n", with: "")
        for (caller, expected) in [(ChatWire.messages, "redacted "), (.responses, "signature ")] {
            let told = try stream([chunk], from: gemini, to: caller)
            let place = try #require(told.firstIndex { $0.contains("isobar-1.google.function_call:R09PR0xF") })
            #expect(told[place].hasPrefix(expected) && told[place + 1].hasPrefix("tool 0"), "\(told)")
        }
    }

    /// What a caller's own reader makes of a stream.
    private func stream(_ events: [String], from source: Travel.Endpoint, to caller: ChatWire) throws -> [String] {
        let translator = AnswerTranslator()
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        translator.begin(
            from: source.wire, of: source.origin, to: caller, isStream: true, model: none, identifier: 7,
            createdUnixSeconds: 0, includesUsage: true, framing: .events, aliases: [])
        for var data in events {
            try data.withUTF8 { data in
                _ = try translator.event(WireEvent(name: none, data: UnsafeRawBufferPointer(data)), raw: none)
            }
        }
        _ = translator.bodyEnded()
        let text = String(decoding: translator.output.bytes, as: UTF8.self)
        let written = MessagesTesting.events(text)
        return caller == .messages
            ? try MessagesTesting.read(written, MessagesStreamReader.self)
            : try MessagesTesting.read(written, ResponsesStreamReader.self)
    }

    @Test("what stands between a carried signature and its call belongs to another turn")
    func carriedTooFar() throws {
        let block = #"{"type":"redacted_thinking","data":"isobar-1.google.function_call:c2ln"}"#
        let call = #"{"type":"tool_use","id":"t","name":"f","input":{}}"#
        let result = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}"#
        func sent(_ blocks: String...) throws -> String {
            let turn = #"{"role":"assistant","content":[\#(blocks.joined(separator: ","))]}"#
            return try Travel.sent(
                #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"},\#(turn),\#(result)]}"#,
                by: .messages, to: Travel.endpoints[3]
            ).body
        }
        #expect(try sent(block, call).contains(#""thoughtSignature":"c2ln""#))
        #expect(try !sent(block, #"{"type":"text","text":"a"}"#, call).contains("c2ln"))
    }

    @Test("random answers", arguments: 0..<200)
    func random(_ seed: Int) throws {
        let dice = MessagesDice(seed: seed, isResponses: false)
        var source = Travel.endpoints[0]
        source.origin = dice.pick(SignatureMarkTests.origins)
        let writer = JSONWriter()
        MessagesAnswerWriter.write(dice.answer(), for: MessagesTesting.answerTarget, to: writer)
        let answer = String(decoding: writer.bytes, as: UTF8.self)
        for caller in Travel.callers where caller != .messages {
            let told = try Travel.told(answer, by: source, to: caller)
            let body = Travel.next(told, on: caller)
            for target in Travel.endpoints {
                let sent: String
                do {
                    sent = try Travel.sent(body, by: caller, to: target).body
                } catch is TranslationFault {
                    // Answers with nothing but thoughts leave nothing to say to some.
                    continue
                }
                #expect(!Travel.hasMark(sent), "\(caller) to \(target.name)")
                let isBack = target.origin == source.origin && target.wire != .chatCompletions
                if !isBack { #expect(!sent.contains("c2ln") && !sent.contains("ZGF0"), "\(caller) to \(target.name)") }
            }
        }
    }

    @Test("streams carry the marks that whole answers carry", arguments: 0..<100, Travel.callers)
    func streams(_ seed: Int, _ caller: ChatWire) throws {
        guard caller != .messages else { return }
        let dice = MessagesDice(seed: seed, isResponses: false)
        let source = MessagesTesting.write(dice.stream(), MessagesStreamWriter.self)
        let translator = AnswerTranslator()
        let model: StaticString = "public"
        translator.begin(
            from: .messages, of: .anthropic, to: caller, isStream: true,
            model: UnsafeRawBufferPointer(start: model.utf8Start, count: model.utf8CodeUnitCount), identifier: 7,
            createdUnixSeconds: 0, includesUsage: true, framing: .events, aliases: [])
        for event in MessagesTesting.events(source) {
            var data = event.data
            try data.withUTF8 { data in
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                _ = try translator.event(WireEvent(name: none, data: UnsafeRawBufferPointer(data)), raw: none)
            }
        }
        let text = String(decoding: translator.output.bytes, as: UTF8.self)
        let marks = try marks(in: text, caller)
        let thoughts = try MessagesTesting.read(MessagesTesting.events(source), MessagesStreamReader.self)
        // Thinking ends where something else begins; neighbours without a signature are one.
        let expected = expectedSignatures(thoughts)
        #expect(marks.filter { !$0.hasSuffix("call") } == expected, "\(text)")
        #expect(marks.allSatisfy { $0.hasPrefix("anthropic ") })
    }

    /// The signatures of a caller's stream, read by its own reader.
    private func marks(in text: String, _ caller: ChatWire) throws -> [String] {
        var reader = AnyStreamReader(caller)
        let tape = JSONTape()
        let arena = ByteArena()
        var found: [String] = []
        for event in MessagesTesting.events(text) {
            var data = event.data
            try data.withUTF8 { data in
                var events: [StreamEvent] = []
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                do {
                    try reader.read(
                        WireEvent(name: none, data: UnsafeRawBufferPointer(data)), tape: tape, into: &events)
                } catch is TranslationFault {
                    // Google's wire has no word for a turn that may be continued.
                }
                for event in events {
                    guard let (signature, isCall) = Self.signature(event) else { continue }
                    let mark = try #require(SignatureMark(signature, arena))
                    let text = SealedThinking.data(mark.signature)?.text ?? mark.signature.text
                    found.append("\(mark.origin.map { "\($0.family)" } ?? "-") \(text)\(isCall ? " call" : "")")
                }
            }
        }
        return found
    }

    private static func signature(_ event: StreamEvent) -> (JSONString, isCall: Bool)? {
        switch event {
        case .signature(let text, let block): (text, block != nil)
        case .redactedThinking(let data): (data, false)
        default: nil
        }
    }

    private func expectedSignatures(_ lines: [String]) -> [String] {
        var expected: [String] = []
        var isThinking = false
        for line in lines {
            if line.hasPrefix("thinking ") {
                isThinking = true
            } else if line.hasPrefix("signature ") {
                isThinking = false
                expected.append("anthropic \(line.split(separator: " ")[1])")
            } else if line.hasPrefix("text") || line.hasPrefix("refusal") || line.hasPrefix("tool ")
                || line.hasPrefix("redacted") || line.hasPrefix("finished")
            {
                if isThinking { expected.append("anthropic ") }
                isThinking = false
                if line.hasPrefix("redacted ") { expected.append("anthropic \(line.dropFirst(9))") }
            }
        }
        return expected
    }
}
