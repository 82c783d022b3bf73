// SPDX-License-Identifier: Apache-2.0
// Isobar

// One read buffer for all connections keeps the working set in the cache. Only a message that arrives in pieces costs
// its connection memory: the piece waits in a `Carry` and is put in front of the next read.

internal import Glibc

/// Bytes a connection could not use yet. Empty for nearly every read.
public struct Carry: ~Copyable {
    fileprivate var bytes: UnsafeMutableRawPointer?
    public private(set) var count = 0
    private var capacity = 0

    public init() {}

    deinit { bytes?.deallocate() }

    public mutating func removeAll() { count = 0 }

    public mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        if count + source.count > capacity { grow(to: count + source.count) }
        bytes?.advanced(by: count).copyMemory(from: from, byteCount: source.count)
        count += source.count
    }

    /// Forgets the first `used` bytes.
    public mutating func dropFirst(_ used: Int) {
        guard let bytes, used > 0 else { return }
        count -= used
        memmove(bytes, bytes + used, count)
    }

    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    private mutating func grow(to needed: Int) {
        capacity = max(needed, capacity * 2, 2048)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        if let bytes { larger.copyMemory(from: bytes, byteCount: count) }
        bytes?.deallocate()
        bytes = larger
    }
}

/// The shared read buffer.
public final class ReceiveBuffer {
    /// Largest message part held at once; a message that needs more is refused.
    public static let capacity = 256 * 1024
    public let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: ReceiveBuffer.capacity, alignment: 64)

    public init() {}

    deinit { bytes.deallocate() }

    /// Puts `carry` at the front and reads behind it.
    /// - Returns: what the read did; on `.moved(n)` the first `carry.count + n` bytes are valid.
    public func fill(from fd: Int32, behind carry: borrowing Carry) -> Transfer {
        guard carry.count < bytes.count, let start = bytes.baseAddress else { return .ended }
        carry.withBytes { kept in
            if let from = kept.baseAddress { start.copyMemory(from: from, byteCount: kept.count) }
        }
        return Sockets.receive(fd, into: UnsafeMutableRawBufferPointer(rebasing: bytes[carry.count...]))
    }
}
