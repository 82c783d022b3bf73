// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Reads the headers of one frame: name length, name, type of the value, value. Their order is not fixed.
///
/// Every header is checked, whoever it is for; kept are those that somebody acts on, which must be strings.
struct AWSEventStreamHeaderReader {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private let end: Int
    /// Names so far, to find one that comes twice.
    private var names = InlineArray<64, ByteRange>(repeating: .empty)
    private var count = 0

    /// Streams of today have three. Bounded because each name is compared with those before it.
    static let headersMax = 64

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    mutating func read(into frame: inout AWSEventStreamFrame) throws(AWSEventStreamFault) {
        while at < end {
            let name = try readName()
            let type = try take(1).first
            let value = try readValue(ofType: type)
            try note(name.slice(bytes), value, isString: type == 7, in: &frame)
        }
    }

    // MARK: One header

    private mutating func readName() throws(AWSEventStreamFault) -> ByteRange {
        let length = Int(try take(1).first)
        guard length > 0 else { throw .malformedHeader }
        let name = try take(length).range
        guard count < Self.headersMax else { throw .tooManyHeaders }
        for index in 0..<count where names[index].count == name.count {
            guard !names[index].slice(bytes).elementsEqual(name.slice(bytes)) else { throw .duplicateHeader }
        }
        names[count] = name
        count += 1
        return name
    }

    /// - Returns: the value's own bytes, without its length.
    private mutating func readValue(ofType type: UInt8) throws(AWSEventStreamFault) -> ByteRange {
        switch type {
        case 0, 1: return .empty  // true and false
        case 2: return try take(1).range
        case 3: return try take(2).range
        case 4: return try take(4).range
        case 5, 8: return try take(8).range  // integer and timestamp
        case 6, 7:  // bytes and string
            let length = try take(2).range.slice(bytes)
            return try take(Int(length[0]) << 8 | Int(length[1])).range
        case 9: return try take(16).range  // UUID
        default: throw .unknownHeaderType
        }
    }

    /// - Returns: the next bytes and, for those that are one, its value; 0 when there are none.
    @inline(__always)
    private mutating func take(_ count: Int) throws(AWSEventStreamFault) -> (range: ByteRange, first: UInt8) {
        guard end - at >= count else { throw .malformedHeader }
        defer { at += count }
        return (ByteRange(at, at + count), count > 0 ? bytes[at] : 0)
    }

    // MARK: What is acted on

    private func note(
        _ name: UnsafeRawBufferPointer, _ value: ByteRange, isString: Bool, in frame: inout AWSEventStreamFrame
    ) throws(AWSEventStreamFault) {
        guard name[0] == 58 else { return }  // a colon
        if name.equals(":message-type") {
            frame.kind = Self.kind(of: try text(value, isString).slice(bytes))
        } else if name.equals(":event-type") {
            frame.eventType = try text(value, isString)
        } else if name.equals(":content-type") {
            frame.contentType = try text(value, isString)
        } else if name.equals(":exception-type") {
            frame.exceptionType = try text(value, isString)
        } else if name.equals(":error-code") {
            frame.errorCode = try text(value, isString)
        } else if name.equals(":error-message") {
            frame.errorMessage = try text(value, isString)
        }
    }

    /// The value, if it is text that may stand in a message.
    private func text(_ value: ByteRange, _ isString: Bool) throws(AWSEventStreamFault) -> ByteRange {
        let characters = value.slice(bytes)
        guard isString, characters.allSatisfy({ $0 < 0x80 }) || String(validating: characters, as: UTF8.self) != nil
        else { throw .malformedHeader }
        return value
    }

    private static func kind(of type: UnsafeRawBufferPointer) -> AWSEventStreamFrame.Kind {
        if type.equals("event") { return .event }
        if type.equals("exception") { return .exception }
        return type.equals("error") ? .error : .unknown
    }
}
