// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// A position in the bytes of a head, with the steps that a head's grammar consists of.
struct HeadCursor {
    let bytes: UnsafeRawBufferPointer
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var at: UnsafePointer<UInt8>

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        guard let base = bytes.baseAddress else { preconditionFailure("a cursor needs bytes") }
        start = base.assumingMemoryBound(to: UInt8.self)
        end = start + bytes.count
        at = start
    }

    var position: Int { at - start }

    @inline(__always)
    mutating func next() throws(HeadStop) -> UInt8 {
        guard at < end else { throw .incomplete }
        defer { at += 1 }
        return at.pointee
    }

    @inline(__always)
    func peek() throws(HeadStop) -> UInt8 {
        guard at < end else { throw .incomplete }
        return at.pointee
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, _ fault: HTTPFault) throws(HeadStop) {
        guard try next() == byte else { throw .fault(fault) }
    }

    /// CRLF and nothing else.
    @inline(__always)
    mutating func lineEnd(_ fault: HTTPFault) throws(HeadStop) {
        switch try next() {
        case 13: guard try next() == 10 else { throw .fault(.bareCarriageReturn) }
        case 10: throw .fault(.bareLineFeed)
        default: throw .fault(fault)
        }
    }

    mutating func skipEmptyLine() throws(HeadStop) {
        guard try peek() == 13 else { return }
        try lineEnd(.malformedRequestLine)
    }

    // MARK: First lines

    mutating func token(max: Int, fault: HTTPFault, tooLong: HTTPFault) throws(HeadStop) -> UnsafeRawBufferPointer {
        let first = at
        guard let tokenEnd = isobar_token_end(first, end) else { throw .incomplete }
        guard tokenEnd - first <= max else { throw .fault(tooLong) }
        guard tokenEnd < end else { throw .incomplete }
        guard tokenEnd > first else { throw .fault(fault) }
        at = tokenEnd
        return UnsafeRawBufferPointer(start: first, count: tokenEnd - first)
    }

    /// Visible ASCII without `#`; ends before the space.
    mutating func target(max: Int) throws(HeadStop) -> ByteRange {
        let first = at
        var p = at
        while p < end, p.pointee > 32, p.pointee < 127, p.pointee != 35 { p += 1 }
        guard p - first <= max else { throw .fault(.targetTooLong) }
        guard p < end else { throw .incomplete }
        guard p > first, p.pointee == 32 else { throw .fault(p > first ? .malformedTarget : .malformedRequestLine) }
        at = p
        return ByteRange(first - start, p - start)
    }

    /// `HTTP/1.1` or `HTTP/1.0`, to the letter.
    mutating func version() throws(HeadStop) -> Bool {
        let expected: StaticString = "HTTP/1."
        for i in 0..<7 { try expect(expected.utf8Start[i], .unsupportedVersion) }
        switch try next() {
        case 49: return true
        case 48: return false
        default: throw .fault(.unsupportedVersion)
        }
    }

    mutating func skipReason() throws(HeadStop) {
        guard let stop = isobar_header_value_end(at, end), stop < end else { throw .incomplete }
        at = stop
    }

    // MARK: Fields

    /// All header lines and the empty line.
    mutating func fields(
        into fields: UnsafeMutableBufferPointer<HeaderField>, max: Int, framing: inout FramingFields
    ) throws(HeadStop) -> Int {
        var count = 0
        while true {
            let byte = try peek()
            if byte == 13 {
                at += 1
                guard try next() == 10 else { throw .fault(.bareCarriageReturn) }
                return count
            }
            guard count < max, count < fields.count else { throw .fault(.tooManyFields) }
            try field(&fields[count])
            try framing.note(fields[count], count, bytes)
            count += 1
        }
    }

    /// One line: name, colon, value, CRLF. Works on local pointers, because this runs once per header of every message.
    @inline(__always)
    private mutating func field(_ field: inout HeaderField) throws(HeadStop) {
        let line = at
        guard let colon = isobar_token_end(line, end), colon < end else { throw .incomplete }
        guard colon.pointee == 58, colon > line else { throw .fault(nameFault(line, colon)) }
        var value = colon + 1
        while value < end, value.pointee == 32 || value.pointee == 9 { value += 1 }
        guard let stop = isobar_header_value_end(value, end), stop < end else { throw .incomplete }
        var valueEnd = stop
        while valueEnd > value, valueEnd[-1] == 32 || valueEnd[-1] == 9 { valueEnd -= 1 }
        at = stop
        try lineEnd(.malformedFieldValue)
        field.name = ByteRange(line - start, colon - start)
        field.value = ByteRange(value - start, valueEnd - start)
        field.line = ByteRange(line - start, at - start)
        field.known = KnownHeader.recognise(UnsafeRawBufferPointer(start: line, count: colon - line))
        // A next line that begins with white space would be a continuation of this one.
        let following = try peek()
        if following == 32 || following == 9 { throw .fault(.foldedLine) }
    }

    private func nameFault(_ line: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) -> HTTPFault {
        switch stop.pointee {
        case 10: .bareLineFeed
        case 32 where stop > line, 9 where stop > line: .spaceBeforeColon
        case 32, 9: .foldedLine
        default: .malformedFieldName
        }
    }
}
