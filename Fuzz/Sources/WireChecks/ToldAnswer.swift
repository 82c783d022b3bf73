// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

@testable internal import Translation

/// An answer in words that can be compared, whether it came whole or as a stream.
struct ToldAnswer {
    var id = ""
    var model = ""
    var text = Words()
    var refusal = Words()
    /// Texts and refusals as they came.
    var words = Words()
    var thinking = Words()
    var signatures: [String] = []
    var sealed: [String] = []
    var calls: [ToldCall] = []
    var finish: Finish.Reason?
    var usage: UsageCounts?
    /// The source said that nothing more comes, and that is good.
    var isEnded = false
    var hasFailed = false
    /// Order and arguments are those of a good stream.
    var isOrderly = true

    init() {}

    init(_ answer: Answer) {
        func joined(_ kinds: Part.Kind...) -> Words {
            Words(joining: answer.parts.filter { kinds.contains($0.kind) }.map(\.text))
        }
        id = answer.id.text
        model = answer.model.text
        text = joined(.text)
        refusal = joined(.refusal)
        words = joined(.text, .refusal)
        thinking = joined(.thinking)
        for part in answer.parts {
            switch part.kind {
            case .thinking: if !part.signature.isEmpty { signatures.append(part.signature.text) }
            case .redactedThinking: sealed.append(part.text.text)
            case .toolCall:
                calls.append(
                    ToldCall(
                        id: part.id.text, name: part.name.text, arguments: part.arguments.compact,
                        signature: part.signature.text))
            default: break
            }
        }
        finish = answer.finish?.reason
        usage = answer.usage
        isEnded = finish != nil
    }
}

/// Collects the events of a stream, whose texts end with each of them.
struct StreamTeller {
    private(set) var told = ToldAnswer()
    private var texts = Pieces()
    private var refusals = Pieces()
    private var words = Pieces()
    private var thinking = Pieces()
    private var calls: [CallTeller] = []
    private var hasStarted = false
    private var hasSaid = false

    /// Pieces of one text, copied.
    private struct Pieces {
        private var bytes: [UInt8] = []
        mutating func add(_ piece: JSONString) { bytes += piece.bytes }
        var words: Words { bytes.withUnsafeBytes { Words(JSONString($0, hasEscapes: true)) } }
    }

    mutating func take(_ event: StreamEvent) {
        let isSaying = event.isContent
        defer { if isSaying { hasSaid = true } }
        if case .finished = event {} else if isSaying, told.finish != nil { told.isOrderly = false }
        switch event {
        case .started(let id, let model): start(id, model)
        case .text(let piece):
            texts.add(piece)
            words.add(piece)
        case .refusal(let piece):
            refusals.add(piece)
            words.add(piece)
        case .thinking(let piece): thinking.add(piece)
        case .signature(let signature, let block): if block == nil { told.signatures.append(signature.text) }
        case .redactedThinking(let data): told.sealed.append(data.text)
        case .toolStarted(let block, let id, let name):
            if block != calls.count { told.isOrderly = false }
            calls.append(CallTeller(block: block, id: id.text, name: name.text))
        case .toolArguments(let block, let fragment): change(block) { $0.add(fragment) }
        case .toolObject(let block, let arguments): change(block) { $0.set(arguments) }
        case .toolEnded(let block): change(block) { $0.isEnded = true }
        case .finished(let finish): told.finish = finish.reason
        case .usage(let counts): told.usage = counts
        case .failed: told.hasFailed = true
        case .ended: told.isEnded = true
        }
        // Words in the middle of a call's arguments: no wire has that.
        if isSaying, !event.isOfCall, calls.contains(where: { $0.isBegun }) { told.isOrderly = false }
    }

    private mutating func start(_ id: JSONString, _ model: JSONString) {
        if hasSaid { told.isOrderly = false }
        guard !hasStarted else { return told.isOrderly = false }
        hasStarted = true
        told.id = id.text
        told.model = model.text
    }

    private mutating func change(_ block: Int, _ change: (inout CallTeller) -> Void) {
        guard let index = calls.lastIndex(where: { $0.block == block }), !calls[index].isEnded else {
            return told.isOrderly = false
        }
        change(&calls[index])
    }

    /// All that came so far.
    mutating func tell() -> ToldAnswer {
        told.text = texts.words
        told.refusal = refusals.words
        told.words = words.words
        told.thinking = thinking.words
        told.calls = calls.map { ToldCall(id: $0.id, name: $0.name, arguments: $0.object ?? "", signature: "") }
        if calls.contains(where: { $0.object == nil }) || calls.count > Self.callsMax { told.isOrderly = false }
        return told
    }

    /// As many calls may be open at once.
    private static let callsMax = 16
}

extension StreamEvent {
    fileprivate var isOfCall: Bool {
        switch self {
        case .toolStarted, .toolArguments, .toolObject, .finished: true
        default: false
        }
    }
}

/// A call of a stream.
private struct CallTeller {
    let block: Int
    let id: String
    let name: String
    var isEnded = false
    private var fragments: [UInt8] = []
    private var objects: [String] = []

    init(block: Int, id: String, name: String) {
        self.block = block
        self.id = id
        self.name = name
    }

    mutating func add(_ fragment: JSONString) { fragments += fragment.bytes }
    mutating func set(_ object: JSONRaw) { objects.append(object.compact) }

    private var text: Words { fragments.withUnsafeBytes { Words(JSONString($0, hasEscapes: true)) } }

    /// Arguments came, and more must come.
    var isBegun: Bool { !text.solid.isEmpty && object == nil }

    /// The arguments; `nil` when they are no object, or came twice.
    var object: String? {
        let text = text
        if text.solid.isEmpty { return objects.count > 1 ? nil : objects.first ?? "{}" }
        guard objects.isEmpty, text.bytes.withUnsafeBytes({ JSONObject.isValid($0) }) else { return nil }
        return text.bytes.withUnsafeBytes { JSONRaw($0).compact }
    }
}
