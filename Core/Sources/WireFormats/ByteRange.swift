// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A stretch of the buffer that was parsed. Parsers give back where things are, never copies of them.
public struct ByteRange: Sendable, Equatable {
    /// Offset from the beginning of the buffer.
    public var start: Int32
    public var count: Int32

    @inlinable public init(start: Int32, count: Int32) {
        self.start = start
        self.count = count
    }

    @inlinable init(_ start: Int, _ end: Int) {
        self.init(start: Int32(truncatingIfNeeded: start), count: Int32(truncatingIfNeeded: end - start))
    }

    public static let empty = ByteRange(start: 0, count: 0)

    @inlinable public var end: Int { Int(start) + Int(count) }
    @inlinable public var isEmpty: Bool { count == 0 }

    /// The bytes themselves. The buffer must be the one that was parsed.
    @inlinable public func slice(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(start)..<end])
    }
}
