// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// What the decoder found next.
public enum ChunkEvent: Sendable {
    /// Content, as a range of the bytes given.
    case data(ByteRange)
    /// Everything given was used; more is needed.
    case needMore
    /// The body is complete; `offset` stands behind it.
    case end
    case fault(HTTPFault)
}

/// Takes the chunked transfer coding off a body (RFC 9112 §7.1), across any split of its bytes, keeping only counters.
///
/// Extensions and trailers are checked, bounded and dropped: merging trailers into headers has been an attack.
public struct ChunkedDecoder: Sendable {
    private enum State {
        case size, extensions, sizeLineFeed, data, dataCarriageReturn, dataLineFeed, trailerStart, trailerName,
            trailerValue, trailerLineFeed, finalLineFeed, done
    }

    private var state = State.size
    private var remaining: Int64 = 0
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0

    private static let digitsMax = 15
    private static let extensionBytesMax = 1 << 10
    private static let trailerBytesMax = 8 << 10

    public init() {}

    public mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> ChunkEvent {
        while offset < bytes.count {
            if state == .data { return .data(takeData(bytes.count, &offset)) }
            if state == .done { return .end }
            let byte = bytes[offset]
            offset += 1
            if let fault = step(byte) { return .fault(fault) }
            if state == .done { return .end }
        }
        return state == .done ? .end : .needMore
    }

    private mutating func takeData(_ count: Int, _ offset: inout Int) -> ByteRange {
        let taken = Int(min(Int64(count - offset), remaining))
        let range = ByteRange(offset, offset + taken)
        offset += taken
        remaining -= Int64(taken)
        if remaining == 0 { state = .dataCarriageReturn }
        return range
    }

    private mutating func step(_ byte: UInt8) -> HTTPFault? {
        switch state {
        case .size: return size(byte)
        case .extensions: return extensions(byte)
        case .sizeLineFeed:
            guard byte == 10 else { return .bareCarriageReturn }
            state = remaining > 0 ? .data : .trailerStart
        case .dataCarriageReturn:
            guard byte == 13 else { return .malformedChunkEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 10 else { return .malformedChunkEnd }
            startChunk()
        case .trailerStart: return trailerStart(byte)
        case .trailerName: return trailerName(byte)
        case .trailerValue: return trailerValue(byte)
        case .trailerLineFeed:
            guard byte == 10 else { return .bareCarriageReturn }
            state = .trailerStart
        case .finalLineFeed:
            guard byte == 10 else { return .bareCarriageReturn }
            state = .done
        case .data, .done: break
        }
        return nil
    }

    private mutating func startChunk() {
        state = .size
        remaining = 0
        digits = 0
        extensionBytes = 0
    }

    private mutating func size(_ byte: UInt8) -> HTTPFault? {
        if let digit = Self.hexadecimal(byte) {
            digits += 1
            guard digits <= Self.digitsMax else { return .malformedChunkSize }
            remaining = remaining << 4 | Int64(digit)
            return nil
        }
        guard digits > 0 else { return .malformedChunkSize }
        switch byte {
        case 13: state = .sizeLineFeed
        case 59: state = .extensions
        case 10: return .bareLineFeed
        default: return .malformedChunkSize
        }
        return nil
    }

    private mutating func extensions(_ byte: UInt8) -> HTTPFault? {
        extensionBytes += 1
        guard extensionBytes <= Self.extensionBytesMax else { return .malformedChunkExtension }
        if byte == 13 {
            state = .sizeLineFeed
        } else if byte == 10 {
            return .bareLineFeed
        } else if byte < 32 && byte != 9 || byte == 127 {
            return .malformedChunkExtension
        }
        return nil
    }

    private mutating func trailerStart(_ byte: UInt8) -> HTTPFault? {
        trailerBytes += 1
        switch byte {
        case 13:
            state = .finalLineFeed
            return nil
        case 10: return .bareLineFeed
        default:
            guard isobar_is_token(byte) != 0 else { return .malformedTrailer }
            state = .trailerName
            return trailerBytes > Self.trailerBytesMax ? .trailersTooLarge : nil
        }
    }

    private mutating func trailerName(_ byte: UInt8) -> HTTPFault? {
        trailerBytes += 1
        guard trailerBytes <= Self.trailerBytesMax else { return .trailersTooLarge }
        if byte == 58 {
            state = .trailerValue
        } else if isobar_is_token(byte) == 0 {
            return .malformedTrailer
        }
        return nil
    }

    private mutating func trailerValue(_ byte: UInt8) -> HTTPFault? {
        trailerBytes += 1
        guard trailerBytes <= Self.trailerBytesMax else { return .trailersTooLarge }
        if byte == 13 {
            state = .trailerLineFeed
        } else if byte == 10 {
            return .bareLineFeed
        } else if byte < 32 && byte != 9 || byte == 127 {
            return .malformedTrailer
        }
        return nil
    }

    @inline(__always)
    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
