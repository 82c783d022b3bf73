// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Characters as they are meant, whatever escapes they came in, so that two wires can be compared.
struct Words: Equatable, Comparable, CustomStringConvertible {
    private(set) var bytes: [UInt8] = []

    init() {}

    init(_ text: JSONString) { bytes = Array(text.text.utf8) }
    init(_ text: String) { bytes = Array(text.utf8) }

    /// Pieces that were cut between the halves of a character are one text again.
    init(joining pieces: [JSONString]) {
        let escaped = pieces.flatMap { Array($0.bytes) }
        self = escaped.withUnsafeBytes { Words(JSONString($0, hasEscapes: true)) }
    }

    var isEmpty: Bool { bytes.isEmpty }

    /// Without white space: a wire may refuse text that is blank, and another joins texts to one.
    var solid: Words {
        var solid = self
        solid.bytes.removeAll { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        return solid
    }

    /// The same bytes in no order, for where a wire may change it.
    var unordered: Words {
        var unordered = self
        unordered.bytes.sort()
        return unordered
    }

    static func < (a: Words, b: Words) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
    var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONRaw {
    /// The value without white space, its texts with no escapes but those that must be; what is no JSON as it is.
    var compact: String {
        (try? JSONValue(parsing: Array(bytes)))?.text ?? "no JSON: \(String(decoding: bytes, as: UTF8.self))"
    }

    var value: Double? { Double(String(decoding: bytes, as: UTF8.self)) }
}
