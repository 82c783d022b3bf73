// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Whether the fragments of a call's arguments are a whole object by now.
///
/// OpenAI's stream does not say where one call ends and may mix two of them; wires with blocks want one after the
/// other. So a block ends early if its object is whole, and stays open if not.
/// - Cost: one look at every byte.
struct ArgumentsProgress {
    private var depth = 0
    private var isInString = false
    /// Behind a backslash of the arguments' own.
    private var isEscaped = false
    /// Anything but white space came.
    private(set) var hasText = false

    var isWhole: Bool { hasText && depth <= 0 && !isInString }

    /// - Parameter fragment: escaped for a JSON string; escapes are never cut in two.
    mutating func take(_ fragment: JSONString) {
        let bytes = fragment.bytes
        var at = 0
        while at < bytes.count {
            if bytes[at] != 92 {
                take(bytes[at])
                at += 1
            } else if bytes[at + 1] == 117 {
                take(Self.character(bytes, at))
                at += 6
            } else {
                take(Self.single(bytes[at + 1]))
                at += 2
            }
        }
    }

    private mutating func take(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if isInString {
            if byte == 34 { isInString = false } else if byte == 92 { isEscaped = true }
        } else {
            switch byte {
            case 32, 10, 13, 9: return
            case 34: isInString = true
            case 123, 91: depth += 1
            case 125, 93: depth -= 1
            default: break
            }
            hasText = true
        }
    }

    private static func single(_ letter: UInt8) -> UInt8 {
        switch letter {
        case 110, 114, 116: 32
        default: letter
        }
    }

    /// A character below 128; others mean nothing here, and stand as a letter.
    private static func character(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt8 {
        guard bytes[at + 2] == 48, bytes[at + 3] == 48 else { return 120 }
        let high = nibble(bytes[at + 4])
        return high < 8 ? high << 4 | nibble(bytes[at + 5]) : 120
    }

    private static func nibble(_ digit: UInt8) -> UInt8 { digit <= 57 ? digit - 48 : (digit | 0x20) - 87 }
}
