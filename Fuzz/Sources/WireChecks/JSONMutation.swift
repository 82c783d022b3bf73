// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CoreTestSupport
internal import WireFormats

/// Changes documents as trees, because most changes of bytes only break them.
///
/// Nothing here knows a vendor's words: values move inside a document, or from one seed into another.
struct JSONMutation {
    var choices: SeededGenerator

    /// The document with one to three changes.
    mutating func change(_ document: JSONValue, grafting graft: JSONValue? = nil) -> JSONValue {
        var document = document
        for _ in 0...choices.below(3) { document = changeOnce(document, graft) }
        return document
    }

    private mutating func changeOnce(_ document: JSONValue, _ graft: JSONValue?) -> JSONValue {
        let target = choices.below(document.nodeCount)
        let replacement: JSONValue
        switch choices.below(5) {
        case 0: replacement = choices.one(Self.values)
        case 1: replacement = document.node(choices.below(document.nodeCount))
        case 2 where graft != nil:
            let graft = graft ?? .null
            replacement = graft.node(choices.below(graft.nodeCount))
        case 3: replacement = changeText(document.node(target))
        default: replacement = changeList(document.node(target), graft)
        }
        return document.replacing(target, with: replacement)
    }

    /// Made anew every time: the sanitizer does not find the way to values that a constant keeps, and takes them for lost.
    private static var values: [JSONValue] {
        [
            .null, .bool(true), .bool(false), .number("0"), .number("-1"), .number("1.5"), .number("1e999"),
            .number("999999999999999999"), .number("18446744073709551616"), .string(""), .string(" \n"), .string("x"),
            .string("grüße 👋"), .string("\"\\\u{1}"), .string("{}"), .string("{\"a\":[1, 2]}"), .string("AA=="),
            .array([]), .object([]), .array([.null]),
        ]
    }

    private mutating func changeText(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, !text.isEmpty else { return choices.one(Self.values) }
        switch choices.below(4) {
        case 0: return .string(text + text)
        case 1: return .string(String(text.dropFirst(choices.below(text.count))))
        case 2: return .string(String(text.prefix(choices.below(text.count))))
        default: return .string(text + choices.one(["\u{301}", "\n", "\"", "\\", "\u{7F}", ",", "_", "€"]))
        }
    }

    /// Adds, takes away, repeats or moves a member or an element.
    private mutating func changeList(_ value: JSONValue, _ graft: JSONValue?) -> JSONValue {
        switch value {
        case .array(let values): .array(change(values))
        case .object(let members):
            if let donor = graft?.members, !donor.isEmpty, choices.oneIn(2) {
                .object(members + [choices.one(donor)])
            } else if !members.isEmpty, choices.oneIn(3) {
                .object(exchange(members))
            } else {
                .object(change(members))
            }
        default: choices.one(Self.values)
        }
    }

    private mutating func change<Element>(_ list: [Element]) -> [Element] {
        guard !list.isEmpty else { return list }
        var list = list
        let at = choices.below(list.count)
        switch choices.below(3) {
        case 0: list.remove(at: at)
        case 1: list.insert(list[at], at: choices.below(list.count))
        default: list.swapAt(at, choices.below(list.count))
        }
        return list
    }

    /// Two members have each other's names.
    private mutating func exchange(_ members: [(String, JSONValue)]) -> [(String, JSONValue)] {
        var members = members
        let (a, b) = (choices.below(members.count), choices.below(members.count))
        (members[a].0, members[b].0) = (members[b].0, members[a].0)
        return members
    }
}

extension JSONValue {
    /// Values inside, this one included.
    fileprivate var nodeCount: Int { children.reduce(1) { $0 + $1.nodeCount } }

    private var children: [JSONValue] { arrayValue ?? members?.map(\.1) ?? [] }

    /// The value that comes as number `index` when this one is 0 and children follow their parents.
    fileprivate func node(_ index: Int) -> JSONValue {
        var rest = index - 1
        guard rest >= 0 else { return self }
        for child in children {
            let count = child.nodeCount
            if rest < count { return child.node(rest) }
            rest -= count
        }
        return self
    }

    fileprivate func replacing(_ index: Int, with value: JSONValue) -> JSONValue {
        guard index > 0 else { return value }
        var rest = index - 1
        var children = children
        for position in children.indices {
            let count = children[position].nodeCount
            if rest < count {
                children[position] = children[position].replacing(rest, with: value)
                break
            }
            rest -= count
        }
        if let members { return .object(zip(members, children).map { ($0.0.0, $0.1) }) }
        return .array(children)
    }
}
