// SPDX-License-Identifier: Apache-2.0
// Isobar

// Just enough HTTP/1.1 to read what a proxy forwards and answers. It trusts the peer's syntax and checks only what the
// measurement relies on: the status, how the body is framed and whether the connection stays open.

internal import CEpoll
internal import Glibc

/// How the end of a message body is found.
public enum BodyFraming: Equatable, Sendable {
    case length(Int)
    case chunked
    /// Neither header: a request has no body, an answer lasts until the connection ends.
    case unstated
}

public struct MessageHead: Equatable, Sendable {
    /// Bytes up to and including the empty line.
    public var count: Int
    public var framing: BodyFraming
    public var keepsAlive: Bool

    public enum Parse: Equatable, Sendable {
        case complete(MessageHead)
        case incomplete
        case malformed
    }

    /// Largest head accepted.
    public static let countMax = 16 * 1024

    /// Walks the lines once: memchr is far cheaper here than searching for the empty line first.
    public static func parse(_ bytes: UnsafeRawBufferPointer) -> Parse {
        var head = MessageHead(count: 0, framing: .unstated, keepsAlive: true)
        while let lineEnd = bytes.offset(of: UInt8(ascii: "\n"), from: head.count) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[head.count..<lineEnd])
            guard line.last == UInt8(ascii: "\r") else { return .malformed }
            let isFirst = head.count == 0
            head.count = lineEnd + 1
            if line.count == 1 { return isFirst ? .malformed : .complete(head) }
            guard isFirst || head.read(field: UnsafeRawBufferPointer(rebasing: line.dropLast())) else {
                return .malformed
            }
        }
        return bytes.count > countMax ? .malformed : .incomplete
    }

    /// The status code of an answer; `nil` when the first line is not `HTTP/1.x NNN`.
    public static func status(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 12, bytes.starts(with: "HTTP/1."), bytes[8] == UInt8(ascii: " ") else { return nil }
        return decimal(UnsafeRawBufferPointer(rebasing: bytes[9..<12]))
    }

    /// - Returns: false when a field that matters has a value that makes no sense.
    private mutating func read(field: UnsafeRawBufferPointer) -> Bool {
        // Because: three names matter, and their lengths with the colon (15, 18, 11) tell them from nearly everything
        // else.
        if let value = field.value(of: "content-length:") {
            guard let count = decimal(value) else { return false }
            if framing != .chunked { framing = .length(count) }
        } else if let value = field.value(of: "transfer-encoding:") {
            guard value.equals(ignoringCase: "chunked") else { return false }
            framing = .chunked
        } else if let value = field.value(of: "connection:"), value.equals(ignoringCase: "close") {
            keepsAlive = false
        }
        return true
    }
}

/// The number written in ASCII digits; `nil` for anything else or for more than 18 digits.
public func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count > 0, bytes.count <= 18 else { return nil }
    var number = 0
    for byte in bytes {
        guard byte &- 48 < 10 else { return nil }
        number = number &* 10 &+ Int(byte &- 48)
    }
    return number
}

extension UnsafeRawBufferPointer {
    /// Where `text` begins, or `nil`.
    public func offset(of text: StaticString) -> Int? {
        guard let baseAddress,
            let found = cepoll_find(baseAddress, count, text.utf8Start, text.utf8CodeUnitCount)
        else { return nil }
        return found - baseAddress
    }

    /// Where `byte` occurs first at or after `start`, or `nil`.
    public func offset(of byte: UInt8, from start: Int) -> Int? {
        guard let baseAddress, start < count, let found = memchr(baseAddress + start, Int32(byte), count - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - baseAddress
    }

    public func starts(with text: StaticString) -> Bool {
        guard let baseAddress, count >= text.utf8CodeUnitCount else { return false }
        return memcmp(baseAddress, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// The trimmed value when this line's field is `name`, which is lower case and ends with a colon.
    fileprivate func value(of name: StaticString) -> UnsafeRawBufferPointer? {
        let nameCount = name.utf8CodeUnitCount
        guard count >= nameCount, self[nameCount - 1] == UInt8(ascii: ":") else { return nil }
        guard UnsafeRawBufferPointer(rebasing: self[..<nameCount]).equals(ignoringCase: name) else { return nil }
        var value = self[nameCount...]
        while let first = value.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { value.removeFirst() }
        while let last = value.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { value.removeLast() }
        return UnsafeRawBufferPointer(rebasing: value)
    }

    fileprivate func equals(ignoringCase text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where (self[index] | 0x20) != (text.utf8Start[index] | 0x20) { return false }
        return true
    }
}
