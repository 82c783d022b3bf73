// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Marks what an endpoint signed, on its way to a caller of another wire.
///
/// Thinking that nobody signed gets a mark too, behind its last piece: its own wire's endpoints would refuse it, or take
/// it for theirs. So does a call on Google's wire, which has a place for it and endpoints that ask for a signature there.
/// Where a wire has no place for the signature of a call, it stands in front of the call as sealed thinking.
struct AnswerSignatures {
    private let origin: SignatureOrigin
    private let wire: ChatWire
    private let announcesCalls: Bool
    /// Thinking of a stream that has had no signature yet.
    private var isThinking = false
    /// The stream has had thinking, or a mark in its place.
    private var hasThought = false
    /// Calls of the stream that have begun and not ended.
    private var openCalls = 0

    /// - Parameter isThinkingAsked: calls that come without any thinking then get a mark in its place on Messages: Claude
    ///   with a budget does not go on from calls of a turn that it did not think in, and a mark says that it did not.
    init(_ origin: SignatureOrigin, for wire: ChatWire, isThinkingAsked: Bool) {
        self.origin = origin
        self.wire = wire
        announcesCalls = isThinkingAsked && wire == .messages && origin.needsMark(on: wire, .thinking)
    }

    private func marked(_ text: JSONString, _ kind: Part.Kind, _ arena: ByteArena) -> JSONString {
        guard origin.needsMark(on: wire, kind) else { return text }
        return SignatureMark.written(text, of: origin, for: wire, arena)
    }

    // MARK: Whole answers

    func mark(_ answer: Answer) {
        let carriesCalls = !placesCalls && answer.parts.contains { $0.kind == .toolCall && !$0.signature.isEmpty }
        if announcesCalls, answer.hasToolCalls, !carriesCalls,
            !answer.parts.contains(where: { $0.kind == .thinking || $0.kind == .redactedThinking })
        {
            answer.parts.insert(Part(.redactedThinking), at: 0)
        }
        for position in answer.parts.indices {
            let part = answer.parts[position]
            switch part.kind {
            case .redactedThinking: answer.parts[position] = sealed(part.text, answer.arena)
            case .thinking: answer.parts[position].signature = marked(part.signature, part.kind, answer.arena)
            case .toolCall where placesCalls && (marksCalls || !part.signature.isEmpty):
                answer.parts[position].signature = marked(part.signature, part.kind, answer.arena)
            case .text where !part.signature.isEmpty:
                answer.parts[position].signature = marked(part.signature, part.kind, answer.arena)
            default: break
            }
        }
        if carriesCalls { carryCalls(answer) }
    }

    private func carryCalls(_ answer: Answer) {
        for position in answer.parts.indices.reversed() {
            let part = answer.parts[position]
            guard part.kind == .toolCall, !part.signature.isEmpty else { continue }
            answer.parts.insert(seal(ofCall: part.signature, answer.arena), at: position)
        }
    }

    /// Marked in any case: without its mark it would be taken for thinking.
    private func seal(ofCall signature: JSONString, _ arena: ByteArena) -> Part {
        let text = SignatureMark.written(CallSignature.seal(signature, arena), of: origin, for: wire, arena)
        var part = Part(SealedThinking.hasPlace(on: wire) ? .redactedThinking : .thinking)
        if part.kind == .thinking { part.signature = text } else { part.text = text }
        return part
    }

    private func sealed(_ data: JSONString, _ arena: ByteArena) -> Part {
        var part = Part(.redactedThinking)
        if SealedThinking.hasPlace(on: wire) {
            part.text = marked(data, .redactedThinking, arena)
        } else {
            part = Part(.thinking)
            part.signature = marked(SealedThinking.signature(data, arena), .redactedThinking, arena)
        }
        return part
    }

    private var placesCalls: Bool { CallSignature.hasPlace(on: wire) }
    private var marksCalls: Bool { wire == .generateContent && origin.needsMark(on: wire, .toolCall) }

    // MARK: Streams

    /// Whether something has to be marked with an event; nearly all go out as they are.
    func concerns(_ event: StreamEvent) -> Bool {
        switch event {
        case .text, .refusal, .finished, .ended: isThinking
        case .thinking, .signature, .redactedThinking, .toolStarted, .toolEnded: true
        case .started, .toolArguments, .toolObject, .usage, .failed: false
        }
    }

    /// - Parameters:
    ///   - next: what is told right behind it; the signature of a call is.
    ///   - write: takes the event, and what has to be said before or behind it.
    mutating func mark(
        _ event: StreamEvent, before next: StreamEvent?, _ arena: ByteArena, _ write: (StreamEvent) -> Void
    ) {
        switch event {
        case .thinking(let text):
            if !text.isEmpty { (isThinking, hasThought) = (true, true) }
            write(event)
        case .signature(let text, nil):
            (isThinking, hasThought) = (false, true)
            write(.signature(marked(text, .thinking, arena), block: nil))
        case .signature(let text, let block?):
            if placesCalls { write(.signature(marked(text, .toolCall, arena), block: block)) }
        case .redactedThinking(let data):
            endThinking(arena, write)
            hasThought = true
            say(sealed(data, arena), write)
        case .toolStarted(let block, _, _):
            endThinking(arena, write)
            announce(next, arena, write)
            hasThought = true
            openCalls += 1
            write(event)
            if marksCalls { write(.signature(marked(.empty, .toolCall, arena), block: block)) }
        case .toolEnded:
            openCalls = max(0, openCalls - 1)
            write(event)
        case .text, .refusal, .finished, .ended:
            endThinking(arena, write)
            write(event)
        case .started, .toolArguments, .toolObject, .usage, .failed: write(event)
        }
    }

    private func say(_ part: Part, _ write: (StreamEvent) -> Void) {
        write(part.kind == .thinking ? .signature(part.signature, block: nil) : .redactedThinking(part.text))
    }

    /// Says what has to be said in front of a call. While another call is open nothing may come between.
    private func announce(_ next: StreamEvent?, _ arena: ByteArena, _ write: (StreamEvent) -> Void) {
        if !placesCalls, openCalls == 0, case .signature(let text, _?) = next, !text.isEmpty {
            say(seal(ofCall: text, arena), write)
        } else if announcesCalls, !hasThought {
            write(.redactedThinking(marked(.empty, .redactedThinking, arena)))
        }
    }

    private mutating func endThinking(_ arena: ByteArena, _ write: (StreamEvent) -> Void) {
        guard isThinking else { return }
        isThinking = false
        if origin.needsMark(on: wire, .thinking) { write(.signature(marked(.empty, .thinking, arena), block: nil)) }
    }
}
