// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Takes the marks off a body that goes to an endpoint of the caller's own wire, and leaves out what that endpoint did
/// not sign. Everything else stays byte for byte, members that only this wire has included.
final class SignatureFilter {
    let writer: JSONWriter
    let arena: ByteArena
    private(set) var target: EndpointTarget
    private var wire = ChatWire.chatCompletions
    /// A mark was found, or an unmarked signature that the endpoint did not make; else the body may stay as it is.
    private(set) var hasFound = false
    /// The caller asked for thinking, and the endpoint would refuse it at this point of the conversation.
    var isThinkingOff = false

    init(_ writer: JSONWriter, _ arena: ByteArena) {
        self.writer = writer
        self.arena = arena
        target = EndpointTarget(model: .empty)
    }

    func filter(_ body: JSONElement, on wire: ChatWire, for target: EndpointTarget) {
        begin(wire, target)
        switch wire {
        case .chatCompletions: filterChat(body)
        case .responses: filterResponses(body)
        case .messages: filterMessages(body)
        case .generateContent: filterGenerateContent(body)
        case .converse: writer.raw(body.raw)
        }
    }

    func begin(_ wire: ChatWire, _ target: EndpointTarget) {
        self.wire = wire
        self.target = target
        hasFound = false
        isThinkingOff = false
    }

    // MARK: Verdicts

    enum Verdict {
        /// Nothing of ours: stays as it is.
        case unmarked
        /// The endpoint's own, which gets it back.
        case own(JSONString)
        /// The endpoint's own mark, and nobody signed anything behind it.
        case unsigned
        /// Another's.
        case foreign

        var isMarked: Bool { if case .unmarked = self { false } else { true } }
        /// Nothing that the endpoint could take.
        var isForeign: Bool {
            switch self {
            case .unmarked, .own: false
            case .unsigned, .foreign: true
            }
        }
        var isOthers: Bool { if case .foreign = self { true } else { false } }
    }

    /// - Parameter value: a signature or sealed text.
    func verdict(_ value: JSONElement?) -> Verdict {
        guard let text = value?.string else { return .unmarked }
        guard let mark = SignatureMark(text, arena) else {
            guard !text.isEmpty, target.origin.map({ !$0.takesUnmarked(on: wire) }) ?? false else { return .unmarked }
            hasFound = true
            return .foreign
        }
        hasFound = true
        guard let origin = target.origin, mark.origin == origin else { return .foreign }
        return mark.signature.isEmpty ? .unsigned : .own(mark.signature)
    }

    // MARK: Writing

    /// Writes an object with the values of some members replaced.
    /// - Parameter replace: writes the member, name and all, and returns true; or returns false to have it as it is.
    func write(_ object: JSONElement, replacing replace: (JSONString, JSONElement) -> Bool) {
        writer.beginObject()
        for (name, value) in object.members where !replace(name, value) { writer.member(name, raw: value.raw) }
        writer.endObject()
    }

    /// Writes an object with another text as the value of one member.
    func write(_ object: JSONElement, _ member: StaticString, _ text: JSONString) {
        write(object) { name, _ in
            guard name == member else { return false }
            writer.member(name, text)
            return true
        }
    }

    /// Writes a list element by element; what is no list stays as it is.
    func writeList(_ list: JSONElement, _ write: (JSONElement) -> Void) {
        guard list.isArray else { return writer.raw(list.raw) }
        writer.beginArray()
        for element in list.elements { write(element) }
        writer.endArray()
    }
}
