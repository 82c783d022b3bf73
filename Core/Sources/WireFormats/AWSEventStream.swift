// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Finds whole frames of an `application/vnd.amazon.eventstream` body, across any split of its bytes, keeping only
/// counters.
///
/// A frame begins with a prelude of twelve bytes: its length, the length of its headers, and a checksum of both. The
/// lengths are believed only once that checksum holds, and the frame only once the checksum at its end holds. A fault
/// ends the stream: there is no mark to find the next frame by, and what is broken must never look unfinished.
///
/// Source of the format: botocore 1.44.5 `eventstream.py`, read 2026-11.
public struct AWSEventStream: Sendable {
    /// Bytes of the frame under way, both checksums included; 0 until its prelude has been read. As many must be at
    /// hand before `next` gives the frame.
    public private(set) var frameBytes = 0
    private var headersBytes = 0
    private var fault: AWSEventStreamFault?
    private let payloadBytesMax: Int

    /// botocore's own limits.
    public static let headersBytesMax = 128 << 10
    public static let payloadBytesMax = 24 << 20
    static let preludeBytes = 12
    /// Prelude and the checksum at the end.
    static let overheadBytes = 16

    /// - Parameter payloadBytesMax: payloads above it are a fault, before any of their bytes is waited for.
    public init(payloadBytesMax: Int = Self.payloadBytesMax) { self.payloadBytesMax = payloadBytesMax }

    /// The frame that begins at `offset`, which moves behind it. `offset` stays where it is otherwise: the caller keeps
    /// the bytes from there on and calls again with them and more. After a fault every call gives the same fault.
    /// - Cost: O(bytes of the frame), once, when it is whole. No allocation.
    public mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> AWSEventStreamRead {
        if let fault { return .fault(fault) }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        do throws(AWSEventStreamFault) {
            if frameBytes == 0 {
                guard rest.count >= Self.preludeBytes else { return .needMore }
                try readPrelude(rest)
            }
            guard rest.count >= frameBytes else { return .needMore }
            let frame = try readFrame(bytes, offset)
            offset += frameBytes
            frameBytes = 0
            return .frame(frame)
        } catch {
            fault = error
            return .fault(error)
        }
    }

    /// What is wrong with a body that ends here; `nil` when it ends between two frames.
    /// - Parameter rest: bytes that `next` has not used.
    public func faultAtEnd(rest: Int) -> AWSEventStreamFault? { fault ?? (rest > 0 ? .truncated : nil) }

    private mutating func readPrelude(_ rest: UnsafeRawBufferPointer) throws(AWSEventStreamFault) {
        guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: rest[..<8])) == rest.word(at: 8) else {
            throw .preludeChecksum
        }
        let total = Int(rest.word(at: 0))
        let headers = Int(rest.word(at: 4))
        guard total >= Self.overheadBytes, headers <= total - Self.overheadBytes else { throw .malformedLength }
        guard headers <= Self.headersBytesMax else { throw .headersTooLarge }
        guard total - headers - Self.overheadBytes <= payloadBytesMax else { throw .payloadTooLarge }
        headersBytes = headers
        frameBytes = total
    }

    private func readFrame(
        _ bytes: UnsafeRawBufferPointer, _ start: Int
    ) throws(AWSEventStreamFault) -> AWSEventStreamFrame {
        let end = start + frameBytes
        guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[start..<end - 4])) == bytes.word(at: end - 4)
        else { throw .messageChecksum }
        let headers = start + Self.preludeBytes
        var frame = AWSEventStreamFrame()
        frame.raw = ByteRange(start, end)
        frame.payload = ByteRange(headers + headersBytes, end - 4)
        var reader = AWSEventStreamHeaderReader(bytes, headers..<headers + headersBytes)
        try reader.read(into: &frame)
        return frame
    }
}

/// What `AWSEventStream` found.
public enum AWSEventStreamRead: Sendable {
    case frame(AWSEventStreamFrame)
    /// No whole frame is at hand.
    case needMore
    case fault(AWSEventStreamFault)
}

/// One frame. Ranges are of the bytes it was read from; empty for what it does not have.
public struct AWSEventStreamFrame: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// Also when the frame does not say what it is.
        case event
        /// A modelled error: `exceptionType` says which, the payload is JSON with a message.
        case exception
        /// Any other error: `errorCode` and `errorMessage`, and no payload.
        case error
        /// A `:message-type` that nobody has heard of.
        case unknown
    }

    public var kind = Kind.event
    /// The whole frame.
    public var raw = ByteRange.empty
    public var eventType = ByteRange.empty
    public var exceptionType = ByteRange.empty
    public var errorCode = ByteRange.empty
    public var errorMessage = ByteRange.empty
    public var contentType = ByteRange.empty
    public var payload = ByteRange.empty

    public init() {}

    /// Both kinds of failure end the stream.
    public var isFailure: Bool { kind == .exception || kind == .error }
}

/// Why bytes are no event stream.
public enum AWSEventStreamFault: Error, Equatable, Sendable, CaseIterable {
    case preludeChecksum, messageChecksum
    /// Lengths that contradict each other, under a checksum that holds.
    case malformedLength
    case headersTooLarge, payloadTooLarge, tooManyHeaders
    /// A header that does not fit into its frame, has no name, or has a value of the wrong kind.
    case malformedHeader
    case unknownHeaderType, duplicateHeader
    /// The body ended inside a frame.
    case truncated

    public var explanation: StaticString {
        switch self {
        case .preludeChecksum: "the checksum of a frame's lengths is wrong"
        case .messageChecksum: "the checksum of a frame is wrong"
        case .malformedLength: "a frame's lengths contradict each other"
        case .headersTooLarge: "a frame has more than 128 KiB of headers"
        case .payloadTooLarge: "a frame's payload is larger than allowed"
        case .tooManyHeaders: "a frame has more than 64 headers"
        case .malformedHeader: "a frame's header is malformed"
        case .unknownHeaderType: "a frame's header has a value of an unknown type"
        case .duplicateHeader: "a frame has the same header twice"
        case .truncated: "the stream ends inside a frame"
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Four bytes in network order.
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
