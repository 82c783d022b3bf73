// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

/// The same bytes as a stream that is one JSON array. If they are JSON, the elements are its own.
func checkArray(_ bytes: [UInt8]) {
    let whole = Elements([bytes[...]])
    for cut in Fuzz.cuts(of: bytes) {
        Fuzz.check(Elements([bytes[..<cut], bytes[cut...]]) == whole, "elements split at \(cut) are the same")
    }
    Fuzz.check(Elements(bytes.indices.map { bytes[$0...$0] }) == whole, "elements are the same byte by byte")
    for element in whole.found {
        Fuzz.check(element.first == 123 && element.count <= Elements.bytesMax, "an element is an object in bounds")
    }
    guard let value = try? JSONValue(parsing: bytes), !whole.isMalformed else { return }
    Fuzz.check(whole.isComplete, "a whole document is a whole stream")
    let expected = value.arrayValue ?? [value]
    Fuzz.check(whole.found.map { try? JSONValue(parsing: $0) } == expected, "elements are the array's")
}

private struct Elements: Equatable {
    static let bytesMax = 200

    var found: [[UInt8]] = []
    var isComplete = false
    var isMalformed = false

    init(_ pieces: [ArraySlice<UInt8>]) {
        var framing = JSONArrayFraming(elementBytesMax: Self.bytesMax)
        var rest: [UInt8] = []
        for piece in pieces where !isMalformed {
            rest += piece
            rest.removeFirst(take(&framing, rest))
        }
        isComplete = framing.isComplete
    }

    private mutating func take(_ framing: inout JSONArrayFraming, _ rest: [UInt8]) -> Int {
        rest.withUnsafeBytes { raw in
            var offset = 0
            while true {
                switch framing.next(raw, from: &offset) {
                case .element(let range):
                    Fuzz.check(range, inside: raw.count, "element")
                    found.append(Array(range.slice(raw)))
                case .more: return offset
                case .malformed:
                    isMalformed = true
                    return offset
                }
            }
        }
    }
}
