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
        while at < end, isobar_is_token(at.pointee) != 0 {
            at += 1
            guard at - first <= max else { throw .fault(tooLong) }
        }
        guard at < end else { throw .incomplete }
        guard at > first else { throw .fault(fault) }
        return UnsafeRawBufferPointer(start: first, count: at - first)
    }

    /// Visible ASCII without `#`; ends before the space.
    mutating func target(max: Int) throws(HeadStop) -> ByteRange {
        let first = at
        while at < end, at.pointee > 32, at.pointee < 127, at.pointee != 35 {
            at += 1
            guard at - first <= max else { throw .fault(.targetTooLong) }
        }
        guard at < end else { throw .incomplete }
        guard at > first, at.pointee == 32 else { throw .fault(at > first ? .malformedTarget : .malformedRequestLine) }
        return ByteRange(first - start, at - start)
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
        at = isobar_header_value_end(at, end)
        guard at < end else { throw .incomplete }
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

    private mutating func field(_ field: inout HeaderField) throws(HeadStop) {
        let line = at
        while at < end, isobar_is_token(at.pointee) != 0 { at += 1 }
        guard at < end else { throw .incomplete }
        guard at.pointee == 58, at > line else { throw .fault(nameFault(line)) }
        field.name = ByteRange(line - start, at - start)
        field.known = KnownHeader.recognise(UnsafeRawBufferPointer(start: line, count: at - line))
        at += 1
        while at < end, at.pointee == 32 || at.pointee == 9 { at += 1 }
        let value = at
        at = isobar_header_value_end(at, end)
        guard at < end else { throw .incomplete }
        var valueEnd = at
        while valueEnd > value, valueEnd[-1] == 32 || valueEnd[-1] == 9 { valueEnd -= 1 }
        field.value = ByteRange(value - start, valueEnd - start)
        try lineEnd(.malformedFieldValue)
        field.line = ByteRange(line - start, at - start)
        // A next line that begins with white space would be a continuation of this one.
        let following = try peek()
        if following == 32 || following == 9 { throw .fault(.foldedLine) }
    }

    private func nameFault(_ line: UnsafePointer<UInt8>) -> HTTPFault {
        switch at.pointee {
        case 10: .bareLineFeed
        case 32 where at > line, 9 where at > line: .spaceBeforeColon
        case 32, 9: .foldedLine
        default: .malformedFieldName
        }
    }
}
