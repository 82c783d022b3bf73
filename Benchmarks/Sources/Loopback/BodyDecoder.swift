// SPDX-License-Identifier: Apache-2.0
// Isobar

// Removes the framing of a message body in place, in whatever pieces it arrives.

internal import Glibc

/// Finds the end of one body and strips chunked framing (RFC 9112, section 7.1) from it.
public struct BodyDecoder {
    private enum State: Equatable {
        case length(Int)
        case untilClose
        case chunkSize(Int, digits: Int)
        case chunkExtension(Int)
        case chunkData(Int)
        case chunkDataEnd
        /// Inside the trailer section; the payload counts the bytes of the current line, CR and LF apart.
        case trailer(Int)
        case complete
        case malformed
    }

    private var state: State

    /// - Parameter isRequest: a request without framing has no body; an answer without it lasts until the connection
    ///   ends.
    public init(_ framing: BodyFraming, isRequest: Bool) {
        switch framing {
        case .length(let count): state = count == 0 ? .complete : .length(count)
        case .chunked: state = .chunkSize(0, digits: 0)
        case .unstated: state = isRequest ? .complete : .untilClose
        }
    }

    public var isComplete: Bool { state == .complete }
    public var isMalformed: Bool { state == .malformed }
    public var endsWithConnection: Bool { state == .untilClose }

    /// Consumes bytes up to the end of the body and moves the content to the front.
    /// - Returns: bytes consumed, and how many content bytes are now at the front. Bytes behind the end of the body
    ///   stay where they are.
    public mutating func decode(_ bytes: UnsafeMutableRawBufferPointer) -> (consumed: Int, content: Int) {
        var input = 0
        var output = 0
        while input < bytes.count {
            switch state {
            case .complete, .malformed:
                return (input, output)
            case .untilClose:
                move(bytes.count - input, of: bytes, from: &input, to: &output)
            case .length(let left):
                let step = min(left, bytes.count - input)
                move(step, of: bytes, from: &input, to: &output)
                state = step == left ? .complete : .length(left - step)
            case .chunkData(let left):
                let step = min(left, bytes.count - input)
                move(step, of: bytes, from: &input, to: &output)
                state = step == left ? .chunkDataEnd : .chunkData(left - step)
            default:
                readFraming(bytes[input])
                input += 1
            }
        }
        return (input, output)
    }

    private mutating func readFraming(_ byte: UInt8) {
        switch state {
        case .chunkSize(let size, let digits): readSize(byte, size: size, digits: digits)
        case .chunkExtension(let size): if byte == UInt8(ascii: "\n") { beginChunk(size) }
        case .chunkDataEnd:
            if byte == UInt8(ascii: "\n") {
                state = .chunkSize(0, digits: 0)
            } else if byte != UInt8(ascii: "\r") {
                state = .malformed
            }
        case .trailer(let count):
            if byte == UInt8(ascii: "\n") {
                state = count == 0 ? .complete : .trailer(0)
            } else if byte != UInt8(ascii: "\r") {
                state = .trailer(count + 1)
            }
        default: state = .malformed
        }
    }

    private mutating func readSize(_ byte: UInt8, size: Int, digits: Int) {
        if let digit = hexadecimal(byte) {
            state = digits < 8 ? .chunkSize(size << 4 | digit, digits: digits + 1) : .malformed
        } else if digits == 0 {
            state = .malformed
        } else if byte == UInt8(ascii: "\n") {
            beginChunk(size)
        } else {
            state = .chunkExtension(size)
        }
    }

    private mutating func beginChunk(_ size: Int) { state = size == 0 ? .trailer(0) : .chunkData(size) }

    private func move(_ step: Int, of bytes: UnsafeMutableRawBufferPointer, from input: inout Int, to output: inout Int)
    {
        if input != output, let start = bytes.baseAddress { memmove(start + output, start + input, step) }
        input += step
        output += step
    }

    private func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte - 48)
        case 65...70: Int(byte - 55)
        case 97...102: Int(byte - 87)
        default: nil
        }
    }
}
