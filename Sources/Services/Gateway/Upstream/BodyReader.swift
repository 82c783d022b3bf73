// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Takes the framing off a message body, whichever of HTTP/1.1's three it uses.
struct BodyReader {
    private enum Framing { case none, length(Int64), chunked, untilClose }
    private var framing: Framing = .none
    private var decoder = ChunkedDecoder()

    static let empty = BodyReader()

    init() {}

    init(_ framing: BodyFraming) {
        switch framing {
        case .none: self.framing = .none
        case .length(let bytes): self.framing = .length(bytes)
        case .chunked: self.framing = .chunked
        case .untilClose: self.framing = .untilClose
        }
    }

    /// Bytes still to come when the length was announced; -1 otherwise.
    var announced: Int64 {
        if case .length(let rest) = framing { return rest }
        if case .none = framing { return 0 }
        return -1
    }

    /// Whether the end of the connection is the proper end of the body.
    var endsWithConnection: Bool {
        if case .untilClose = framing { return true }
        return false
    }

    /// The next stretch of content in `bytes` from `offset`, or what else is there.
    mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> ChunkEvent {
        switch framing {
        case .none: return .end
        case .chunked: return decoder.next(bytes, from: &offset)
        case .untilClose: return take(bytes, &offset, bytes.count - offset)
        case .length(let rest):
            if rest == 0 { return .end }
            let available = min(Int64(bytes.count - offset), rest)
            if available == 0 { return .needMore }
            framing = .length(rest - available)
            return take(bytes, &offset, Int(available))
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ count: Int) -> ChunkEvent {
        guard count > 0 else { return .needMore }
        let range = ByteRange(start: Int32(offset), count: Int32(count))
        offset += count
        return .data(range)
    }
}
