// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// The value of a header field with parameters, `token; name=value; name="quoted value"`, read strictly.
///
/// For the two that frame a form, Content-Type and Content-Disposition: what one reader takes for a boundary or a name
/// and another does not is how a request is made to mean two things, so whatever is not by the grammar is refused.
/// - Facts: RFC 9110, 5.6.6 and 8.3.1; RFC 2183, 2.
struct HeaderParameters {
    struct Parameter {
        var name: UnsafeRawBufferPointer
        /// Between the quotes where it is quoted.
        var value: UnsafeRawBufferPointer
        /// A backslash stands in it, which readers disagree on.
        var hasEscapes = false
    }

    /// What stands before the first semicolon: a token, or two with a slash.
    let kind: UnsafeRawBufferPointer
    private let bytes: UnsafeRawBufferPointer
    private var at: Int

    /// - Returns: `nil` when it begins with no token.
    init?(_ value: UnsafeRawBufferPointer) {
        bytes = value.trimmed
        var end = Self.tokenEnd(bytes, 0)
        guard end > 0 else { return nil }
        if end < bytes.count, bytes[end] == UInt8(ascii: "/") {
            let subtype = Self.tokenEnd(bytes, end + 1)
            guard subtype > end + 1 else { return nil }
            end = subtype
        }
        kind = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        at = end
    }

    enum Step {
        case parameter(Parameter)
        case end
        case malformed
    }

    mutating func next() -> Step {
        skipSpace()
        guard at < bytes.count else { return .end }
        guard bytes[at] == UInt8(ascii: ";") else { return .malformed }
        at += 1
        skipSpace()
        let nameEnd = Self.tokenEnd(bytes, at)
        guard nameEnd > at, nameEnd < bytes.count, bytes[nameEnd] == UInt8(ascii: "=") else { return .malformed }
        let name = UnsafeRawBufferPointer(rebasing: bytes[at..<nameEnd])
        at = nameEnd + 1
        return at < bytes.count && bytes[at] == UInt8(ascii: "\"") ? quoted(name) : plain(name)
    }

    private mutating func plain(_ name: UnsafeRawBufferPointer) -> Step {
        let end = Self.tokenEnd(bytes, at)
        guard end > at else { return .malformed }
        defer { at = end }
        return .parameter(Parameter(name: name, value: UnsafeRawBufferPointer(rebasing: bytes[at..<end])))
    }

    private mutating func quoted(_ name: UnsafeRawBufferPointer) -> Step {
        let start = at + 1
        var hasEscapes = false
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            let isEscape = bytes[end] == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            end += isEscape ? 2 : 1
        }
        guard end < bytes.count else { return .malformed }
        at = end + 1
        let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        return .parameter(Parameter(name: name, value: value, hasEscapes: hasEscapes))
    }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\t") { at += 1 }
    }

    /// Position after the token that begins at `from`.
    private static func tokenEnd(_ bytes: UnsafeRawBufferPointer, _ from: Int) -> Int {
        var end = from
        while end < bytes.count, isobar_is_token(bytes[end]) != 0 { end += 1 }
        return end
    }
}
