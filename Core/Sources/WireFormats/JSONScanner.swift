// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Why bytes are not JSON that we accept (RFC 8259, strict).
public enum JSONFault: Error, Equatable, Sendable {
    case unexpectedEnd, unexpectedByte, malformedNumber, malformedString, controlCharacter, malformedEscape,
        malformedUTF8, tooDeep,
        trailingBytes, byteOrderMark

    public var explanation: StaticString {
        switch self {
        case .unexpectedEnd: "it ends too early"
        case .unexpectedByte: "a value, comma, colon or bracket is missing or misplaced"
        case .malformedNumber: "a number is malformed"
        case .malformedString: "a string does not end"
        case .controlCharacter: "a string contains an unescaped control character"
        case .malformedEscape: "a string contains an invalid escape"
        case .malformedUTF8: "it is not valid UTF-8"
        case .tooDeep: "it nests deeper than 128 levels"
        case .trailingBytes: "something follows the value"
        case .byteOrderMark: "it begins with a byte order mark"
        }
    }
}

/// What kind of value stands at a position.
enum JSONKind: Equatable { case object, array, string, number, bool, null }

/// A strict JSON reader that moves over values and says where they are. No tree, no allocation; nesting is a bit per
/// level.
///
/// - Cost: strings go 16 bytes a step, ASCII with short escapes 64 where the processor has AVX2; everything else one
///   byte a step.
struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private(set) var at: UnsafePointer<UInt8>
    /// A string inside of a value that was passed over may be marked (`MarkPrefix`).
    private(set) var sawMark = false
    /// Whether a string that was passed over as a value, or inside one, begins as a `LocalFileAddress` does.
    private(set) var sawLocalFile = false

    static let depthMax = 128

    /// - Parameter bytes: not empty.
    init(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { preconditionFailure("a scanner needs bytes") }
        self.bytes = bytes
        start = base.assumingMemoryBound(to: UInt8.self)
        end = start + bytes.count
        at = start
    }

    var position: Int {
        get { at - start }
        set { at = start + newValue }
    }

    @inline(__always) var isAtEnd: Bool { at == end }

    @inline(__always)
    mutating func skipSpace() {
        while at < end {
            switch at.pointee {
            case 32, 10, 13, 9: at += 1
            default: return
            }
        }
    }

    /// The next byte that is not white space, without taking it.
    @inline(__always)
    mutating func peek() throws(JSONFault) -> UInt8 {
        // Nearly all JSON on the wire is compact.
        if at < end, at.pointee > 32 { return at.pointee }
        return try peekBehindSpace()
    }

    @inline(never)
    private mutating func peekBehindSpace() throws(JSONFault) -> UInt8 {
        skipSpace()
        guard at < end else { throw .unexpectedEnd }
        return at.pointee
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) throws(JSONFault) {
        guard try peek() == byte else { throw .unexpectedByte }
        at += 1
    }

    @inline(__always)
    mutating func takeIf(_ byte: UInt8) throws(JSONFault) -> Bool {
        guard try peek() == byte else { return false }
        at += 1
        return true
    }

    @inline(__always)
    mutating func kind() throws(JSONFault) -> JSONKind {
        switch try peek() {
        case 123: return .object
        case 91: return .array
        case 34: return .string
        case 116, 102: return .bool
        case 110: return .null
        case 45, 48...57: return .number
        default: throw .unexpectedByte
        }
    }

    /// Nothing but white space may follow.
    mutating func finish() throws(JSONFault) {
        skipSpace()
        guard at == end else { throw .trailingBytes }
    }

    // MARK: Strings

    /// A string; the range is what stands between the quotes.
    mutating func string() throws(JSONFault) -> (range: ByteRange, hasEscapes: Bool) {
        try take(34)
        let first = at
        let stop = plainEnd(first)
        guard stop < end, stop.pointee == 34 else { return try richString(first, stop) }
        at = stop + 1
        return (ByteRange(first - start, stop - start), false)
    }

    /// End of the plain ASCII that begins at `from`.
    @inline(__always)
    private func plainEnd(_ from: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> { isobar_json_plain_end(from, end) }

    /// A string with escapes or characters of several bytes, from the first of them on.
    @inline(never)
    private mutating func richString(
        _ first: UnsafePointer<UInt8>, _ from: UnsafePointer<UInt8>
    ) throws(JSONFault) -> (range: ByteRange, hasEscapes: Bool) {
        var hasEscapes = false
        var here = from
        while here < end {
            let byte = here.pointee
            if byte == 34 {
                at = here + 1
                return (ByteRange(first - start, here - start), hasEscapes)
            } else if byte == 92 {
                hasEscapes = true
                if end - here >= 2, isobar_json_is_short_escape(here[1]) != 0 {
                    here = isobar_json_text_end(here + 2, end, &hasEscapes)
                } else {
                    here = plainEnd(try unicodeEscape(here))
                }
            } else {
                here = plainEnd(try unusual(here))
            }
        }
        at = end
        throw .malformedString
    }

    /// `\uXXXX`, or the fault of an escape that is none.
    @inline(never)
    private mutating func unicodeEscape(_ from: UnsafePointer<UInt8>) throws(JSONFault) -> UnsafePointer<UInt8> {
        at = from
        guard end - at >= 2 else { throw .malformedString }
        guard at[1] == 117 else { throw .malformedEscape }
        guard end - at >= 6 else { throw .malformedString }
        for i in 2..<6 where !Self.isHexadecimal(at[i]) { throw .malformedEscape }
        return at + 6
    }

    /// A run of characters of several bytes, or the fault of a control character.
    @inline(never)
    private mutating func unusual(_ from: UnsafePointer<UInt8>) throws(JSONFault) -> UnsafePointer<UInt8> {
        at = from
        guard at.pointee > 0x7F else { throw .controlCharacter }
        repeat { try multibyte() } while at < end && at.pointee > 0x7F
        return at
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (byte >= 48 && byte <= 57) || ((byte | 0x20) >= 97 && (byte | 0x20) <= 102)
    }

    /// One UTF-8 sequence of two to four bytes; shortest form, no surrogates, at most U+10FFFF (RFC 3629).
    private mutating func multibyte() throws(JSONFault) {
        let first = at.pointee
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, end - at >= length else { throw .malformedUTF8 }
        let second = at[1]
        let range: ClosedRange<UInt8> =
            switch first {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard range.contains(second) else { throw .malformedUTF8 }
        for i in 2..<max(length, 2) where at[i] & 0xC0 != 0x80 { throw .malformedUTF8 }
        at += length
    }

    // MARK: Numbers and words

    /// - Returns: the number's text; 64-bit integers and long decimals stay as they are.
    mutating func number() throws(JSONFault) -> ByteRange {
        let first = at
        if at < end, at.pointee == 45 { at += 1 }
        guard at < end else { throw .unexpectedEnd }
        if at.pointee == 48 { at += 1 } else { try digits() }
        if at < end, at.pointee == 46 {
            at += 1
            try digits()
        }
        if at < end, at.pointee | 0x20 == 101 {
            at += 1
            if at < end, at.pointee == 43 || at.pointee == 45 { at += 1 }
            try digits()
        }
        return ByteRange(first - start, at - start)
    }

    private mutating func digits() throws(JSONFault) {
        let first = at
        while at < end, at.pointee >= 48, at.pointee <= 57 { at += 1 }
        guard at > first else { throw .malformedNumber }
    }

    mutating func bool() throws(JSONFault) -> Bool {
        if try peek() == 116 {
            try word("true")
            return true
        }
        try word("false")
        return false
    }

    @inline(__always)
    mutating func word(_ text: StaticString) throws(JSONFault) {
        guard end - at >= text.utf8CodeUnitCount else { throw .unexpectedEnd }
        guard UnsafeRawBufferPointer(start: at, count: text.utf8CodeUnitCount).equals(text) else {
            throw .unexpectedByte
        }
        at += text.utf8CodeUnitCount
    }

    // MARK: Whole values

    /// Moves over any value.
    /// - Parameter depth: levels already open around it.
    mutating func skipValue(depth: Int) throws(JSONFault) {
        let byte = try peek()
        if byte == 123 || byte == 91 { try skipContainer(depth: depth) } else { try skipScalar(byte) }
    }

    /// Iterative, so that nesting costs bits instead of stack.
    private mutating func skipContainer(depth outer: Int) throws(JSONFault) {
        // Bit per level: 1 is an object.
        var kinds: (UInt64, UInt64) = (0, 0)
        var depth = 0
        var isObject = false
        while true {
            // A value is expected here.
            let byte = try peek()
            if byte == 123 || byte == 91 {
                guard outer + depth < Self.depthMax else { throw .tooDeep }
                at += 1
                kinds = (kinds.0 << 1 | (byte == 123 ? 1 : 0), kinds.1 << 1 | kinds.0 >> 63)
                depth += 1
                isObject = byte == 123
                if try peek() == (isObject ? 125 : 93) {
                    // Empty: falls to the closing bracket below.
                } else {
                    if isObject { try memberName() }
                    continue
                }
            } else {
                try skipScalar(byte)
                if depth == 0 { return }
            }
            // After a value: a comma, or closing brackets.
            while true {
                let byte = try peek()
                at += 1
                if byte == 44 {
                    if isObject { try memberName() }
                    break
                }
                guard byte == (isObject ? 125 : 93) else { throw .unexpectedByte }
                depth -= 1
                kinds = (kinds.0 >> 1 | kinds.1 << 63, kinds.1 >> 1)
                if depth == 0 { return }
                isObject = kinds.0 & 1 == 1
            }
        }
    }

    @inline(__always)
    private mutating func memberName() throws(JSONFault) {
        _ = try string()
        try take(58)
    }

    private mutating func skipScalar(_ first: UInt8) throws(JSONFault) {
        switch first {
        case 34:
            let text = at + 1
            if MarkPrefix.mayBegin(text, end) { sawMark = true }
            _ = try string()
            if LocalFileAddress.mayBegin(with: text.pointee) { noteLocalFile(text) }
        case 45, 48...57: _ = try number()
        case 116: try word("true")
        case 102: try word("false")
        case 110: try word("null")
        default: throw .unexpectedByte
        }
    }

    /// - Parameter text: begins behind the quote of the string that was passed over last.
    @inline(never)
    private mutating func noteLocalFile(_ text: UnsafePointer<UInt8>) {
        let text = UnsafeRawBufferPointer(start: text, count: at - 1 - text)
        if LocalFileAddress.begins(text) { sawLocalFile = true }
    }
}
