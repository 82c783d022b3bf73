// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A JSON document as a tree, for cold paths and translation: members keep their order, numbers keep their text.
public indirect enum JSONValue: Sendable, Equatable {
    case object([(String, JSONValue)])
    case array([JSONValue])
    case string(String)
    /// The number's own text, so that 64-bit integers and long decimals survive.
    case number(String)
    case bool(Bool)
    case null

    public static func integer(_ value: some BinaryInteger) -> JSONValue { .number(String(value)) }

    /// A finite number; JSON has no others, so those become `null`.
    public static func decimal(_ value: some BinaryFloatingPoint & LosslessStringConvertible) -> JSONValue {
        guard value.isFinite else { return .null }
        return .number(value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value))
    }

    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.object(let x), .object(let y)):
            x.count == y.count && zip(x, y).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
        case (.array(let x), .array(let y)): x == y
        case (.string(let x), .string(let y)), (.number(let x), .number(let y)): x == y
        case (.bool(let x), .bool(let y)): x == y
        case (.null, .null): true
        default: false
        }
    }
}

// MARK: Reading

extension JSONValue {
    /// The first member of this name; `nil` when there is none or this is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.0 == name }?.1
    }

    public var arrayValue: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    public var members: [(String, JSONValue)]? { if case .object(let members) = self { members } else { nil } }
    public var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    public var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }
    /// `nil` for fractions, exponents and what does not fit.
    public var integerValue: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    public var doubleValue: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// Strict RFC 8259; at most 128 levels deep. The caller bounds the size.
    public init(parsing bytes: [UInt8]) throws(JSONFault) {
        guard !bytes.isEmpty else { throw .unexpectedEnd }
        guard bytes.count < 3 || bytes[0] != 0xEF || bytes[1] != 0xBB else { throw .byteOrderMark }
        var result: Result<JSONValue, JSONFault> = .failure(.unexpectedEnd)
        bytes.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            do throws(JSONFault) {
                let value = try Self.read(&scanner, depth: 0)
                try scanner.finish()
                result = .success(value)
            } catch {
                result = .failure(error)
            }
        }
        self = try result.get()
    }

    private static func read(_ scanner: inout JSONScanner, depth: Int) throws(JSONFault) -> JSONValue {
        guard depth <= JSONScanner.depthMax else { throw .tooDeep }
        switch try scanner.kind() {
        case .object:
            guard depth < JSONScanner.depthMax else { throw .tooDeep }
            try scanner.take(123)
            var members: [(String, JSONValue)] = []
            if try scanner.takeIf(125) { return .object([]) }
            repeat {
                let name = try text(&scanner)
                try scanner.take(58)
                members.append((name, try read(&scanner, depth: depth + 1)))
            } while try scanner.takeIf(44)
            try scanner.take(125)
            return .object(members)
        case .array:
            guard depth < JSONScanner.depthMax else { throw .tooDeep }
            try scanner.take(91)
            var values: [JSONValue] = []
            if try scanner.takeIf(93) { return .array([]) }
            repeat { values.append(try read(&scanner, depth: depth + 1)) } while try scanner.takeIf(44)
            try scanner.take(93)
            return .array(values)
        case .string: return .string(try text(&scanner))
        case .number: return .number(String(decoding: try scanner.number().slice(scanner.bytes), as: UTF8.self))
        case .bool: return .bool(try scanner.bool())
        case .null:
            try scanner.word("null")
            return .null
        }
    }

    private static func text(_ scanner: inout JSONScanner) throws(JSONFault) -> String {
        let found = try scanner.string()
        let raw = found.range.slice(scanner.bytes)
        return found.hasEscapes ? JSONText.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }
}

// MARK: Writing

extension JSONValue {
    /// Compact UTF-8.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .object(let members):
            bytes.append(123)
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(44) }
                JSONText.append(member.0, to: &bytes)
                bytes.append(58)
                member.1.write(to: &bytes)
            }
            bytes.append(125)
        case .array(let values):
            bytes.append(91)
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(44) }
                value.write(to: &bytes)
            }
            bytes.append(93)
        case .string(let text): JSONText.append(text, to: &bytes)
        case .number(let text): bytes += text.utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .null: bytes += "null".utf8
        }
    }
}

/// JSON's string syntax.
public enum JSONText {
    /// Appends with quotes; escapes what must be and nothing else.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(34)
        for byte in text.utf8 {
            switch byte {
            case 34: bytes += [92, 34]
            case 92: bytes += [92, 92]
            case 10: bytes += [92, 110]
            case 13: bytes += [92, 114]
            case 9: bytes += [92, 116]
            case 0..<32: bytes += Array("\\u00".utf8) + [hexadecimal(byte >> 4), hexadecimal(byte & 15)]
            default: bytes.append(byte)
            }
        }
        bytes.append(34)
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

    /// The content of a valid JSON string. A lone surrogate, which no UTF-8 can carry, becomes U+FFFD.
    public static func unescaped(_ raw: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: raw.count) { memory in
            unescape(raw, into: UnsafeMutableRawBufferPointer(memory)).count
        }
    }

    /// How many Unicode scalars a valid JSON string means; a surrogate pair is one.
    static func scalarCount(_ raw: UnsafeRawBufferPointer) -> Int {
        var count = 0
        var at = 0
        while at < raw.count {
            if raw[at] == 92, raw[at + 1] == 117 {
                // The second half of a pair, DC00 to DFFF, belongs to the first.
                let isLow = raw[at + 2] | 0x20 == 100 && (raw[at + 3] | 0x20 >= 99)
                if !isLow { count += 1 }
                at += 6
            } else {
                count += raw[at] & 0xC0 == 0x80 ? 0 : 1
                at += raw[at] == 92 ? 2 : 1
            }
        }
        return count
    }

    /// - Parameter memory: as many bytes as `raw`: what is meant is never longer than what is written.
    /// - Returns: the part of `memory` that was filled, valid UTF-8.
    static func unescape(_ raw: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer)
        -> UnsafeRawBufferPointer
    {
        var at = 0
        var filled = 0
        while at < raw.count {
            if raw[at] != 92 {
                memory[filled] = raw[at]
                at += 1
                filled += 1
            } else if raw[at + 1] == 117 {
                for unit in UTF8.encode(scalar(raw, &at)) ?? UTF8.encodedReplacementCharacter {
                    memory[filled] = unit
                    filled += 1
                }
            } else {
                memory[filled] = single(raw[at + 1])
                at += 2
                filled += 1
            }
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled])
    }

    private static func single(_ letter: UInt8) -> UInt8 {
        switch letter {
        case 98: 8
        case 102: 12
        case 110: 10
        case 114: 13
        case 116: 9
        default: letter
        }
    }

    /// `\uXXXX`, or two of them for a character beyond U+FFFF.
    private static func scalar(_ raw: UnsafeRawBufferPointer, _ at: inout Int) -> Unicode.Scalar {
        let high = unit(raw, at)
        at += 6
        if high >= 0xD800, high < 0xDC00, at + 5 < raw.count, raw[at] == 92, raw[at + 1] == 117 {
            let low = unit(raw, at)
            if low >= 0xDC00, low < 0xE000 {
                at += 6
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(high) ?? "\u{FFFD}"
    }

    private static func unit(_ raw: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in 2..<6 {
            let byte = raw[at + i]
            value = value << 4 | UInt32(byte <= 57 ? byte - 48 : (byte | 0x20) - 87)
        }
        return value
    }
}
