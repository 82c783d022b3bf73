// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Where in a request something stands, in the caller's words; made into text only for a fault.
struct MessagesPlace {
    var list: StaticString
    var index: Int
    var block: Int?
    var child: Int?

    init(_ list: StaticString, _ index: Int) {
        self.list = list
        self.index = index
    }

    func block(_ number: Int) -> MessagesPlace {
        var place = self
        if place.block == nil { place.block = number } else { place.child = number }
        return place
    }

    func fault(_ problem: TranslationFault.Problem, _ member: StaticString = "") -> TranslationFault {
        let block = block.map { ".content[\($0)]" } ?? ""
        let child = child.map { ".content[\($0)]" } ?? ""
        return TranslationFault(problem, at: "\(list)[\(index)]\(block)\(child)\(member)")
    }

    /// The member as a string.
    func text(_ element: JSONElement?, _ member: StaticString) throws(TranslationFault) -> JSONString {
        guard let text = element?.string else { throw fault(.wrongType("a string"), member) }
        return text
    }
}
