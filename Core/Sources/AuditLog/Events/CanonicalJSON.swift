// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// JSON with one way to write it (RFC 8785): members sorted by UTF-16 code units, no spaces, fixed escapes.
///
/// Numbers are integers of at most 53 bits here; what RFC 8785 says about fractions is not needed for our entries.
public enum CanonicalJSON {
    /// Every integer up to this size is the same number to every reader.
    static let integerMax = 1 << 53 - 1

    /// `nil` when a number is no such integer, or a member is there twice.
    public static func bytes(_ value: JSONValue) -> [UInt8]? {
        var output: [UInt8] = []
        return append(value, to: &output) ? output : nil
    }

    /// Whether the bytes are what `bytes` writes for the value they mean.
    public static func isCanonical(_ text: [UInt8]) -> Bool {
        guard let value = try? JSONValue(parsing: text) else { return false }
        return bytes(value) == text
    }

    private static func append(_ value: JSONValue, to output: inout [UInt8]) -> Bool {
        switch value {
        case .object(let members): return appendObject(members, to: &output)
        case .array(let values):
            output.append(91)
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(44) }
                guard append(value, to: &output) else { return false }
            }
            output.append(93)
        case .string(let text): appendString(text, to: &output)
        case .number:
            guard let number = value.integerValue, number.magnitude <= integerMax else { return false }
            output += String(number).utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .null: output += "null".utf8
        }
        return true
    }

    private static func appendObject(_ members: [(String, JSONValue)], to output: inout [UInt8]) -> Bool {
        let sorted = members.sorted { $0.0.utf16.lexicographicallyPrecedes($1.0.utf16) }
        output.append(123)
        for (index, member) in sorted.enumerated() {
            if index > 0 {
                guard sorted[index - 1].0 != member.0 else { return false }
                output.append(44)
            }
            appendString(member.0, to: &output)
            output.append(58)
            guard append(member.1, to: &output) else { return false }
        }
        output.append(125)
        return true
    }

    /// With quotes.
    public static func appendString(_ text: String, to output: inout [UInt8]) {
        output.append(34)
        for byte in text.utf8 {
            switch byte {
            case 34, 92: output += [92, byte]
            case 8: output += [92, 98]
            case 9: output += [92, 116]
            case 10: output += [92, 110]
            case 12: output += [92, 102]
            case 13: output += [92, 114]
            case 0..<32: output += Array("\\u00".utf8) + Array(Hexadecimal.text([byte]).utf8)
            default: output.append(byte)
            }
        }
        output.append(34)
    }
}
