// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// What one side said until the other one spoke: neighbouring turns as one, each kind of part by itself, because wires
/// differ in the order they want.
struct ToldGroup: Equatable {
    var role: Turn.Role
    var text = Words()
    var calls: [ToldCall] = []
    var results: [ToldResult] = []
    var media: [ToldMedia] = []
    /// Signed thinking, and what was sealed as a whole.
    var thoughts: [String] = []

    var isEmpty: Bool {
        text.isEmpty && calls.isEmpty && results.isEmpty && media.isEmpty && thoughts.isEmpty
    }

    mutating func add(_ other: ToldGroup) {
        text = Words(text.description + other.text.description)
        calls += other.calls
        results += other.results
        media = (media + other.media).sorted()
        thoughts += other.thoughts
    }
}

struct ToldCall: Equatable {
    var id: String
    var name: String
    var arguments: String
    var signature: String

    /// Ids may be made up on the way; which result answers which call may not.
    static func == (a: ToldCall, b: ToldCall) -> Bool {
        a.name == b.name && a.arguments == b.arguments && a.signature == b.signature
    }
}

struct ToldResult: Equatable {
    var id: String
    /// Which of all calls it answers, counted from the beginning; `nil` when it answers none.
    var call: Int?
    var isError: Bool
    var text: Words
    var media: [ToldMedia]

    static func == (a: ToldResult, b: ToldResult) -> Bool {
        a.call == b.call && a.isError == b.isError && a.text == b.text && a.media == b.media
    }
}

struct ToldMedia: Equatable, Comparable {
    var type: String
    var value: String
    static func < (a: ToldMedia, b: ToldMedia) -> Bool { (a.type, a.value) < (b.type, b.value) }
}

extension [ToldGroup] {
    /// As a group of its own, or with the last one where that has the same role. One that says nothing is none.
    mutating func add(_ group: ToldGroup) {
        guard !group.isEmpty else { return }
        if last?.role == group.role { self[count - 1].add(group) } else { append(group) }
    }
}

/// Turns of a conversation as groups, as far as `wire` has words for them.
struct TurnTeller {
    let conversation: Conversation
    let wire: ChatWire
    /// Text files, which some wires take as text, make the order of texts a matter of choice.
    private(set) var hasTextFiles = false
    private var groups: [ToldGroup] = []

    init(_ conversation: Conversation, _ wire: ChatWire) {
        self.conversation = conversation
        self.wire = wire
    }

    mutating func tell() -> [ToldGroup] {
        for turn in conversation.turns {
            groups.add(tell(turn))
        }
        ToldResult.findCalls(in: &groups)
        return groups
    }

    private mutating func tell(_ turn: Turn) -> ToldGroup {
        var group = ToldGroup(role: turn.role)
        var texts: [JSONString] = []
        var position = turn.start
        while position < turn.end {
            let part = conversation.parts[position]
            switch part.kind {
            case .text, .refusal: texts.append(part.text)
            case .image, .document, .audio, .video: add(part, to: &texts, &group.media)
            case .toolCall: group.calls.append(call(part))
            case .toolResult: group.results.append(result(part, position))
            case .thinking: if let thought = thought(part, turn.role) { group.thoughts.append(thought) }
            case .redactedThinking: if wire == .messages { group.thoughts.append("sealed \(part.text.text)") }
            }
            position += 1 + part.childCount
        }
        group.text = Words(joining: texts).solid
        group.media.sort()
        return group
    }

    // MARK: Parts

    private func call(_ part: Part) -> ToldCall {
        ToldCall(
            id: part.id.text, name: written(part.name), arguments: part.arguments.compact,
            signature: wire == .chatCompletions ? part.signature.text : "")
    }

    func written(_ name: JSONString) -> String {
        let arena = ByteArena()
        return withExtendedLifetime(arena) { ToolNames.written(name, for: wire, arena: arena).text }
    }

    private mutating func result(_ part: Part, _ position: Int) -> ToldResult {
        var texts: [JSONString] = []
        var media: [ToldMedia] = []
        for child in conversation.parts[(position + 1)..<(position + 1 + part.childCount)] {
            if child.kind == .text || child.kind == .refusal {
                texts.append(child.text)
            } else {
                add(child, to: &texts, &media)
            }
        }
        let saysErrors = wire != .chatCompletions && wire != .responses
        return ToldResult(
            id: part.id.text, isError: saysErrors && part.isError, text: Words(joining: texts).solid,
            media: media.sorted())
    }

    /// Only who signed thinking takes it back: Anthropic's wire, and Responses for sealed reasoning.
    private func thought(_ part: Part, _ role: Turn.Role) -> String? {
        guard role == .assistant, !part.signature.isEmpty, wire == .messages || wire == .responses else { return nil }
        if wire == .responses, SealedThinking.data(part.signature) != nil { return nil }
        return "\(part.text.text) signed \(part.signature.text)"
    }

    // MARK: Media

    private mutating func add(_ part: Part, to texts: inout [JSONString], _ media: inout [ToldMedia]) {
        if part.kind == .document, let text = text(of: part.media) {
            hasTextFiles = true
            return texts.append(text)
        }
        let isInline = part.media.source == .base64 || part.media.source == .text
        let type = isInline ? DataURL.canonical(part.media.type).text : ""
        media.append(ToldMedia(type: type, value: isInline ? standard(part.media.value) : part.media.value.text))
    }

    private func text(of media: Media) -> JSONString? {
        if media.source == .text { return media.value }
        guard media.source == .base64, media.type.begins("text/") else { return nil }
        guard let characters = Base64.decoded(media.value, conversation.arena) else { return nil }
        var escaped: [UInt8] = []
        JSONText.append(String(decoding: characters, as: UTF8.self), to: &escaped)
        let inner = escaped.withUnsafeBytes {
            conversation.arena.copy(UnsafeRawBufferPointer(rebasing: $0[1..<($0.count - 1)]))
        }
        return JSONString(inner, hasEscapes: true)
    }

    private func standard(_ base64: JSONString) -> String {
        let arena = ByteArena()
        return withExtendedLifetime(arena) { Base64.standard(base64, arena)?.text ?? base64.text }
    }
}

extension ToldResult {
    /// Finds the call that each result answers: of the turn in front, the first with its id that has no result yet; else
    /// any before.
    static func findCalls(in groups: inout [ToldGroup]) {
        var before: [(id: String, number: Int)] = []
        var last: Range<Int> = 0..<0
        for position in groups.indices {
            let start = before.count
            for call in groups[position].calls { before.append((call.id, before.count)) }
            var taken: Set<Int> = []
            for index in groups[position].results.indices {
                let id = groups[position].results[index].id
                let near = last.first { before[$0].id == id && !taken.contains($0) }
                groups[position].results[index].call = near ?? before.last { $0.id == id }?.number
                if let near { taken.insert(near) }
            }
            groups[position].results.sort { a, b in
                (a.call ?? -1, a.text.description) < (b.call ?? -1, b.text.description)
            }
            if !groups[position].calls.isEmpty { last = start..<before.count }
        }
    }
}
