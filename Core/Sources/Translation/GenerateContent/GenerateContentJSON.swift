// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Google's servers read JSON leniently, and their own examples count on it: members may have the name they have in the
// protocol definition, and a list of one may be written without its brackets.
extension JSONElement {
    /// The member under its JSON name, or under its name in the protocol definition; not `null`.
    func either(_ name: StaticString, _ original: StaticString) -> JSONElement? { present(name) ?? present(original) }

    /// Calls `body` with each element of an array and its position, or with the value itself when it is no array.
    func forEachItem(
        _ body: (JSONElement, Int) throws(TranslationFault) -> Void
    ) throws(TranslationFault) {
        guard isArray else { return try body(self, 0) }
        for (index, element) in elements.enumerated() { try body(element, index) }
    }
}

extension JSONString {
    /// Equality without regard to case; `text` must be lower case ASCII. Google's enumerations are read that way.
    func matches(_ text: StaticString) -> Bool { bytes.count == text.utf8CodeUnitCount && begins(text) }
}

/// Where in a request something stands; made into text only for a fault.
struct GenerateContentPlace {
    var list: StaticString
    /// `nil` where the list is a single value.
    var index: Int?
    var part: Int?

    func fault(_ problem: TranslationFault.Problem, _ member: StaticString = "") -> TranslationFault {
        let index = index.map { "[\($0)]" } ?? ""
        let part = part.map { ".parts[\($0)]" } ?? ""
        return TranslationFault(problem, at: "\(list)\(index)\(part)\(member)")
    }
}
