// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CoreTestSupport
internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// Bytes as a stream, on its way to every caller.
enum StreamChecks {
    /// Responses says every text four times, and other wires put much around each piece.
    static func bound(_ count: Int) -> Int { 64 * count + 8192 }

    static func check(_ input: [UInt8], _ source: ChatWire, _ choices: inout SeededGenerator) {
        let bytes = source == .converse ? StreamFeed.frames(input) : input
        let said = tell(bytes, source)
        let cuts = cuts(bytes, &choices)
        for caller in ChatWire.callers {
            let pause = choices.below(8)
            let whole = StreamRun(from: source, to: caller, isPausedAfter: pause).run([bytes[...]], of: bytes)
            let split = StreamRun(from: source, to: caller, isPausedAfter: pause).run(cuts, of: bytes)
            let documents = "\(String(decoding: input, as: UTF8.self)) → \(String(decoding: whole, as: UTF8.self))"
            Fuzz.check(split == whole, "a stream in pieces is the same for \(caller): \(documents)")
            Fuzz.check(whole.count <= bound(bytes.count), "\(whole.count) bytes for \(caller): \(documents)")
            check(whole, said, caller, documents)
        }
        checkWatching(bytes, source, cuts)
    }

    /// Two pieces, or one for every byte.
    private static func cuts(_ bytes: [UInt8], _ choices: inout SeededGenerator) -> [ArraySlice<UInt8>] {
        if bytes.count < 512, choices.oneIn(4) { return bytes.indices.map { bytes[$0...$0] } }
        let cut = choices.below(bytes.count + 1)
        return [bytes[..<cut], bytes[cut...]]
    }

    /// What the source says, by its own wire's reader.
    private static func tell(_ bytes: [UInt8], _ source: ChatWire) -> ToldAnswer {
        var feed = StreamFeed(source, bytes)
        var reader = AnyStreamReader(source)
        var teller = StreamTeller()
        var isReadable = true
        var events: [StreamEvent] = []
        func tellAll() -> Bool {
            for event in events {
                teller.take(event)
                if teller.told.hasFailed { return false }
            }
            return !teller.told.isEnded
        }
        feed.feed(bytes[...]) { event, _ in
            events.removeAll()
            do throws(TranslationFault) {
                try reader.read(event, tape: JSONTape(), into: &events)
            } catch {
                isReadable = false
                return false
            }
            return tellAll()
        }
        if isReadable, feed.isWhole, !feed.isOver {
            events.removeAll()
            reader.bodyEnded(into: &events)
            _ = tellAll()
        }
        return teller.tell()
    }

    private static func check(_ output: [UInt8], _ said: ToldAnswer, _ caller: ChatWire, _ documents: String) {
        let judged = StreamJudge(caller).judge(output)
        Fuzz.check(judged.problem == nil, "\(judged.problem ?? "") for \(caller): \(documents)")
        let heard = judged.told
        let hasFinished = said.isEnded && said.finish != nil
        Fuzz.check(hasFinished || heard.finish == nil, "an ending is never invented for \(caller): \(documents)")
        // Google has no word for a pause, and says that the answer is none.
        if caller == .generateContent, said.finish == .paused { return }
        Fuzz.check(heard.isEnded != heard.hasFailed, "a stream ends well or badly for \(caller): \(documents)")
        // What is no object cannot be called, and Google's wire has no fragments to hand on.
        guard said.isOrderly || caller != .generateContent else { return }
        let comparison = AnswerComparison(
            said: said, heard: heard, wire: caller, isStream: true, documents: documents)
        comparison.checkWords()
        guard hasFinished, said.isOrderly else { return }
        Fuzz.check(heard.isEnded, "what ended well ends well for \(caller): \(documents)")
        comparison.check()
    }

    /// Whoever only watches hands on what he sees, to the byte, up to an error.
    private static func checkWatching(_ bytes: [UInt8], _ source: ChatWire, _ pieces: [ArraySlice<UInt8>]) {
        let translator = AnswerTranslator()
        begin(translator, from: source, to: nil)
        var feed = StreamFeed(source, bytes)
        var seen: [UInt8] = []
        for piece in pieces {
            feed.feed(piece) { event, raw in
                do throws(TranslationFault) {
                    let facts = try translator.event(event, raw: raw)
                    seen += raw
                    return facts.failure == nil && !facts.hasEnded
                } catch {
                    return false
                }
            }
        }
        Fuzz.check(translator.output.bytes.elementsEqual(seen), "what is watched goes on as it is")
    }

    static func begin(_ translator: AnswerTranslator, from source: ChatWire, to caller: ChatWire?) {
        _ = AnswerComparison.model.utf8.withContiguousStorageIfAvailable { model in
            translator.begin(
                from: source, of: caller == nil ? nil : Signs.origin, to: caller, isStream: true, model: UnsafeRawBufferPointer(model),
                identifier: 0x0123_4567_89AB_CDEF, createdUnixSeconds: 1_700_000_000, includesUsage: true,
                framing: .events, aliases: [])
        }
    }
}

/// One stream through a translator, as the gateway drives it.
struct StreamRun {
    private let source: ChatWire
    private let translator = AnswerTranslator()
    /// After so many events the caller is sent a sign of life.
    private let isPausedAfter: Int

    init(from source: ChatWire, to caller: ChatWire, isPausedAfter: Int) {
        self.source = source
        self.isPausedAfter = isPausedAfter
        StreamChecks.begin(translator, from: source, to: caller)
    }

    /// - Returns: what the caller gets. A stream that is broken, or was cut off, is ended with an error.
    func run(_ pieces: [ArraySlice<UInt8>], of bytes: [UInt8]) -> [UInt8] {
        var feed = StreamFeed(source, bytes)
        var count = 0
        var isGood = true
        var hasEnded = false
        for piece in pieces {
            feed.feed(piece) { event, raw in
                do throws(TranslationFault) {
                    let facts = try translator.event(event, raw: raw)
                    isGood = facts.failure == nil
                    hasEnded = facts.hasEnded
                } catch {
                    isGood = false
                }
                count += 1
                if count == isPausedAfter, isGood, !hasEnded { _ = translator.keepAlive() }
                return isGood && !hasEnded
            }
        }
        if isGood, feed.isWhole, !hasEnded { hasEnded = translator.bodyEnded().hasEnded }
        if !hasEnded { _ = translator.fail(WireError(status: 502, message: "it broke", type: "api_error")) }
        return Array(translator.output.bytes)
    }
}
