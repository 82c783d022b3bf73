// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// What one event of a streamed answer meant, for whoever has to deliver and meter it.
public struct StreamFacts {
    /// From here on the caller has a part of an answer.
    public var hasContent = false
    /// The answer said how it ends.
    public var hasFinished = false
    /// Nothing more comes, and that is good.
    public var hasEnded = false
    /// The provider's own error, as JSON; points into the event.
    public var failure: UnsafeRawBufferPointer?

    public init() {}
}

/// Brings one answer from the endpoint's wire to the caller's, or only watches it pass where both are the same.
///
/// Output collects in `output`; whoever sends it resets it. Used for one answer after the other: `begin` starts anew.
/// - Threading: confined to its loop.
public final class AnswerTranslator {
    public let output = JSONWriter(capacity: 4 << 10)
    /// The last word on usage so far.
    public private(set) var usage: UsageCounts?
    /// Events with content so far, to estimate tokens when no usage comes.
    public private(set) var contentEvents = 0

    /// Hash of the answer's own id, by the process's own seed; `nil` until it is known.
    public private(set) var answerHash: Int?

    private let tape = JSONTape()
    private let answer = Answer()
    private var events: [StreamEvent] = []
    private var reader = AnyStreamReader(.chatCompletions)
    private var writer: AnyStreamWriter?
    /// The endpoint's wire.
    public private(set) var source = ChatWire.chatCompletions
    private var caller: ChatWire?
    private var target = AnswerTarget(model: .empty, id: .empty, createdUnixSeconds: 0)
    /// Owns the texts of `target`.
    private let names = ByteArena()
    private var aliases: [ToolAlias] = []
    private var marks: AnswerSignatures?
    private var nativeSignatures: NativeSignatures?
    /// For the marked signatures of one event.
    private let arena = ByteArena()
    /// One chunk of an array, marked.
    private let marked = JSONWriter(capacity: 1 << 10)
    /// Where the caller only watches, but gets the endpoint's chunks as one array.
    private var passing: GenerateContentPassage?

    public init() {}

    /// - Parameters:
    ///   - source: the endpoint's wire.
    ///   - origin: whose the endpoint's signatures are.
    ///   - caller: the caller's wire; `nil` only watches: events go through as they are.
    ///   - isThinkingAsked: whether the caller asked for thinking.
    ///   - marksNative: when watching, mark what the endpoint signed all the same.
    ///   - isStream: the caller asked for a stream; a whole answer needs neither reader nor writer of events.
    ///   - model: the public name, as a JSON string's content; copied.
    ///   - identifier: of the request; makes the id where the endpoint's wire has none.
    ///   - framing: an array is for callers of Google's wire only.
    public func begin(
        from source: ChatWire, of origin: SignatureOrigin?, to caller: ChatWire?, isThinkingAsked: Bool = false,
        marksNative: Bool = false, isStream: Bool, model: UnsafeRawBufferPointer, identifier: UInt64,
        createdUnixSeconds: Int64,
        includesUsage: Bool, framing: AnswerFraming, aliases: [ToolAlias]
    ) {
        self.source = source
        self.caller = caller
        self.aliases = aliases
        output.reset()
        usage = nil
        contentEvents = 0
        answerHash = nil
        names.reset()
        writer = nil
        passing = nil
        marks = nil
        nativeSignatures = marksNative ? origin.map { NativeSignatures(origin: $0, wire: source) } : nil
        if isStream { reader = AnyStreamReader(source) }
        guard let caller else {
            if isStream, framing == .array { passing = GenerateContentPassage() }
            return
        }
        marks = origin.map { AnswerSignatures($0, for: caller, isThinkingAsked: isThinkingAsked) }
        let id = makeID(caller, identifier)
        target = AnswerTarget(
            model: JSONString(names.copy(model), hasEscapes: true), id: JSONString(id, hasEscapes: false),
            createdUnixSeconds: createdUnixSeconds, includesUsage: includesUsage, framing: framing)
        if isStream { writer = AnyStreamWriter(caller, target) }
    }

    /// The wire's prefix and sixteen hexadecimal digits.
    private func makeID(_ caller: ChatWire, _ identifier: UInt64) -> UnsafeRawBufferPointer {
        let prefix = Self.idPrefix(caller)
        let count = prefix.utf8CodeUnitCount
        let memory = names.take(count + 16)
        for i in 0..<count { memory[i] = prefix.utf8Start[i] }
        for i in 0..<16 {
            let nibble = UInt8(truncatingIfNeeded: identifier >> UInt64(60 - 4 * i)) & 15
            memory[count + i] = nibble < 10 ? 48 + nibble : 87 + nibble
        }
        return UnsafeRawBufferPointer(memory)
    }

    private static func idPrefix(_ wire: ChatWire) -> StaticString {
        switch wire {
        case .chatCompletions: "chatcmpl-"
        case .responses: "resp_"
        case .messages: "msg_"
        case .generateContent, .converse: ""
        }
    }

    private func note(id: JSONString) {
        guard !id.isEmpty else { return }
        var hasher = Hasher()
        hasher.combine(bytes: id.bytes)
        answerHash = hasher.finalize()
    }

    // MARK: Whole answers

    /// Reads a complete answer and writes it to `output`, or only reads its usage when watching: `output` stays empty then,
    /// unless there was something to mark.
    public func whole(_ body: UnsafeRawBufferPointer) throws(TranslationFault) {
        answer.reset()
        output.reset()
        try read(try tape.document(body))
        usage = answer.usage
        note(id: answer.id)
        guard let caller else { return markNative(body) { nativeSignatures?.write($0, to: output, arena) } }
        guard answer.finish != nil else { throw TranslationFault(.incompleteAnswer) }
        if !aliases.isEmpty { restoreNames() }
        marks?.mark(answer)
        switch caller {
        case .chatCompletions: ChatAnswerWriter.write(answer, for: target, to: output)
        case .responses: ResponsesAnswerWriter.write(answer, for: target, to: output)
        case .messages: MessagesAnswerWriter.write(answer, for: target, to: output)
        case .generateContent: GenerateContentAnswerWriter.write(answer, for: target, to: output)
        case .converse: break
        }
    }

    private func read(_ body: JSONElement) throws(TranslationFault) {
        switch source {
        case .chatCompletions: try ChatAnswerReader.read(body, into: answer)
        case .responses: try ResponsesAnswerReader.read(body, into: answer)
        case .messages: try MessagesAnswerReader.read(body, into: answer)
        case .generateContent: try GenerateContentAnswerReader.read(body, into: answer)
        case .converse: try ConverseAnswerReader.read(body, into: answer)
        }
    }

    private func restoreNames() {
        for i in answer.parts.indices where answer.parts[i].kind == .toolCall {
            answer.parts[i].name = original(answer.parts[i].name)
        }
    }

    private func original(_ name: JSONString) -> JSONString {
        guard let alias = aliases.first(where: { $0.written.elementsEqual(name.bytes) }) else { return name }
        return JSONString(alias.original.withUnsafeBytes { names.copy($0) }, hasEscapes: true)
    }

    // MARK: Streams

    /// Reads one event and writes what it means to `output`; when watching, the event itself.
    /// - Parameter raw: the event with its framing, for watching.
    public func event(_ event: WireEvent, raw: UnsafeRawBufferPointer) throws(TranslationFault) -> StreamFacts {
        events.removeAll(keepingCapacity: true)
        do throws(TranslationFault) {
            try reader.read(event, tape: tape, into: &events)
        } catch {
            // What passes by as it is need not be understood to the last word, unless it would spoil an array.
            guard caller == nil, passing == nil, case .json = error.problem else { throw error }
        }
        if caller == nil { pass(event, raw) }
        return deliver()
    }

    /// An event that has to be marked is framed anew.
    private func pass(_ event: WireEvent, _ raw: UnsafeRawBufferPointer) {
        guard passing == nil else { return passElement(event.data) }
        let before = output.count
        markNative(event.data) { data in
            if !event.name.isEmpty {
                output.text("event: ")
                output.append(event.name)
                output.text("\n")
            }
            output.text("data: ")
            nativeSignatures?.write(data, to: output, arena)
            output.text("\n\n")
        }
        if output.count == before { output.append(raw) }
    }

    private func passElement(_ data: UnsafeRawBufferPointer) {
        marked.reset()
        markNative(data) { nativeSignatures?.write($0, to: marked, arena) }
        passing?.pass(marked.count > 0 ? marked.bytes : data, to: output)
    }

    private func markNative(_ json: UnsafeRawBufferPointer, _ write: (JSONElement) -> Void) {
        guard let nativeSignatures, let value = try? tape.read(json), nativeSignatures.isSigned(value) else { return }
        arena.reset()
        write(value)
    }

    /// The body ended the way its framing says.
    public func bodyEnded() -> StreamFacts {
        events.removeAll(keepingCapacity: true)
        reader.bodyEnded(into: &events)
        return deliver()
    }

    private func deliver() -> StreamFacts {
        var facts = StreamFacts()
        arena.reset()
        for (position, event) in events.enumerated() {
            note(event, &facts)
            if facts.failure != nil { break }
            guard let marks, marks.concerns(event) else {
                write(event)
                continue
            }
            let next = position + 1 < events.count ? events[position + 1] : nil
            self.marks?.mark(event, before: next, arena) { write($0) }
        }
        if facts.hasEnded || facts.failure != nil { passing?.close(output) }
        return facts
    }

    private func write(_ event: StreamEvent) {
        guard case .toolStarted(let block, let id, let name) = event, !aliases.isEmpty else {
            writer?.write(event, to: output)
            return
        }
        writer?.write(.toolStarted(block: block, id: id, name: original(name)), to: output)
    }

    private func note(_ event: StreamEvent, _ facts: inout StreamFacts) {
        if event.isContent {
            facts.hasContent = true
            contentEvents += 1
        }
        switch event {
        case .finished: facts.hasFinished = true
        case .ended: facts.hasEnded = true
        case .usage(let counts): usage = counts
        case .failed(let error): facts.failure = error.bytes
        case .started(let id, _): note(id: id)
        default: break
        }
    }

    /// Writes a sign of life.
    /// - Returns: false when only watching events.
    public func keepAlive() -> Bool {
        if let passing { return passing.keepAlive(output) }
        guard writer != nil else { return false }
        writer?.keepAlive(to: output)
        return true
    }

    /// Writes the terminal event of a stream that broke, in the caller's own form.
    /// - Returns: false when only watching events: the caller's wire is not known here then.
    public func fail(_ error: WireError) -> Bool {
        if passing != nil {
            passing?.fail(error, to: output)
            return true
        }
        guard writer != nil else { return false }
        writer?.fail(error, to: output)
        return true
    }
}
