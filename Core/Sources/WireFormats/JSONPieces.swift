// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What stands between the quotes of a JSON string, escapes and all: valid UTF-8 and validly escaped.
///
/// Every wire that we translate between is JSON, so text moves from one to the other as it was written. Only what has a
/// meaning of its own inside a string (a tool's arguments) is ever unescaped.
/// - Lifetime: points into memory of whoever made it.
@frozen
public struct JSONString: BitwiseCopyable {
    public var bytes: UnsafeRawBufferPointer
    /// Whether it contains a backslash.
    public var hasEscapes: Bool

    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer, hasEscapes: Bool) {
        self.bytes = bytes
        self.hasEscapes = hasEscapes
    }

    @inlinable
    init(_ text: StaticString) {
        bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        hasEscapes = false
    }

    @inlinable public static var empty: JSONString {
        JSONString(UnsafeRawBufferPointer(start: nil, count: 0), hasEscapes: false)
    }

    @inlinable public var isEmpty: Bool { bytes.isEmpty }

    /// Compares with a text that needs no escapes.
    public static func == (string: JSONString, text: StaticString) -> Bool { string.bytes.equals(text) }

    /// Whether both are written the same way.
    public func isSame(as other: JSONString) -> Bool {
        bytes.count == other.bytes.count && bytes.elementsEqual(other.bytes)
    }

    /// Prefix test without regard to case; `prefix` must be lower case ASCII.
    public func begins(_ prefix: StaticString) -> Bool { bytes.begins(prefix) }

    /// Nothing but white space: spaces, and line ends and tabs as escapes.
    public var isBlank: Bool {
        var at = 0
        while at < bytes.count {
            if bytes[at] == 32 {
                at += 1
            } else if bytes[at] == 92, at + 1 < bytes.count, [110, 114, 116].contains(bytes[at + 1]) {
                at += 2
            } else {
                return false
            }
        }
        return true
    }

    /// The characters meant, for people and for cold paths.
    public var text: String { JSONText.unescaped(bytes) }
}

/// Any JSON value as it is written: validated by whoever made it, carried byte for byte.
/// - Lifetime: points into memory of whoever made it.
@frozen
public struct JSONRaw: BitwiseCopyable {
    public var bytes: UnsafeRawBufferPointer

    @inlinable public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    @inlinable
    init(_ json: StaticString) {
        bytes = UnsafeRawBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount)
    }

    public static func == (raw: JSONRaw, text: StaticString) -> Bool { raw.bytes.equals(text) }
}

/// Text known when this is compiled; must need no escapes.
extension JSONString: ExpressibleByStringLiteral {
    @inlinable public init(stringLiteral value: StaticString) { self.init(value) }
}

/// JSON known when this is compiled.
extension JSONRaw: ExpressibleByStringLiteral {
    @inlinable public init(stringLiteral value: StaticString) { self.init(value) }
}

/// Asked of text that is about to become a part of a larger document.
public enum JSONNumber {
    /// Whether the bytes are one JSON number and nothing else.
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, first == 45 || first >= 48 && first <= 57 else { return false }
        var scanner = JSONScanner(bytes)
        guard let number = try? scanner.number() else { return false }
        return number.count == bytes.count
    }
}

/// Asked of text that is about to become a part of a larger document.
public enum JSONObject {
    /// Whether the bytes are one JSON object and nothing else but white space.
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty else { return false }
        var scanner = JSONScanner(bytes)
        do throws(JSONFault) {
            guard try scanner.kind() == .object else { return false }
            try scanner.skipValue(depth: 0)
            try scanner.finish()
            return true
        } catch {
            return false
        }
    }

    /// Calls `body` with each member of an object, in order; with `nil` where the value is no string. Does nothing for
    /// what is no object.
    /// - Cost: one pass, no allocation.
    public static func forEachMember(of raw: JSONRaw, _ body: (_ name: JSONString, _ value: JSONString?) -> Void) {
        guard raw.bytes.first == 123 else { return }
        var scanner = JSONScanner(raw.bytes)
        // Whoever made the value validated it, so nothing is ever thrown here.
        try? scanner.members(depth: 0) { scanner, name throws(JSONFault) in
            let name = JSONString(name, hasEscapes: name.contains(92))
            guard try scanner.kind() == .string else {
                try scanner.skipValue(depth: 1)
                return body(name, nil)
            }
            let value = try scanner.string()
            body(name, JSONString(value.range.slice(scanner.bytes), hasEscapes: value.hasEscapes))
        }
    }
}
