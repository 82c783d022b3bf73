// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Raw memory with a fill level, owned by exactly one holder and given back to its pool by hand.
///
/// A plain struct instead of a class: a buffer changes hands several times a request and must cost no reference
/// counting.
public struct Buffer: @unchecked Sendable {
    // Proof of @unchecked: a handle moves between holders of one loop; the type has no shared state of its own.
    public fileprivate(set) var base: UnsafeMutableRawPointer?
    public fileprivate(set) var capacity: Int
    /// Bytes filled from the front. The holder keeps `0 <= count <= capacity`.
    public var count: Int

    public static let none = Buffer(base: nil, capacity: 0, count: 0)

    @inlinable public var isEmpty: Bool { count == 0 }
    @inlinable public var room: Int { capacity - count }
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Where the next byte goes. Only valid while `room > 0`.
    @inlinable public var end: UnsafeMutableRawPointer {
        guard let base else { preconditionFailure("buffer without memory") }
        return base + count
    }
}

/// Reusable memory of one loop in power-of-two sizes, most recently used first so that it is still in the cache.
///
/// A handle to memory that the loop owns, not a class: it is used a dozen times a request, and each use of a class's
/// method costs a retain and a release. Free buffers are chained through their own first bytes.
/// - Limits: keeps at most `keptPerClass` free buffers and `keptBytesPerClass` bytes of each size; sizes beyond the
///   largest class go straight back to the allocator.
public struct BufferPool {
    private static let smallestShift = 12
    private static let classes = 10
    private static let keptPerClass = 256
    private static let keptBytesPerClass = 8 << 20

    /// The free buffers of one size.
    struct FreeList {
        var first: UnsafeMutableRawPointer?
        var count = 0
    }

    /// One list per size.
    private let lists: UnsafeMutablePointer<FreeList>
    private let inUse: UnsafeMutablePointer<Int>

    init() {
        lists = .allocate(capacity: Self.classes)
        lists.initialize(repeating: FreeList(), count: Self.classes)
        inUse = .allocate(capacity: 1)
        inUse.initialize(to: 0)
    }

    /// Frees what the pool keeps; buffers still out are their holders'.
    func deallocate() {
        for index in 0..<Self.classes {
            while let memory = popFree(index) { memory.deallocate() }
        }
        lists.deallocate()
        inUse.deallocate()
    }

    /// Bytes handed out and not yet returned.
    public var bytesInUse: Int { inUse.pointee }

    private static func shift(for bytes: Int) -> Int {
        max(smallestShift, Int.bitWidth - max(bytes - 1, 1).leadingZeroBitCount)
    }

    private func popFree(_ index: Int) -> UnsafeMutableRawPointer? {
        guard let memory = lists[index].first else { return nil }
        lists[index].first = memory.load(as: UnsafeMutableRawPointer?.self)
        lists[index].count -= 1
        return memory
    }

    private func pushFree(_ memory: UnsafeMutableRawPointer, _ index: Int) {
        memory.storeBytes(of: lists[index].first, as: UnsafeMutableRawPointer?.self)
        lists[index].first = memory
        lists[index].count += 1
    }

    /// A buffer with at least `bytes` of capacity and nothing in it.
    public func take(_ bytes: Int) -> Buffer {
        let shift = Self.shift(for: bytes)
        let index = shift - Self.smallestShift
        let capacity = 1 << shift
        inUse.pointee += capacity
        if index < Self.classes, let memory = popFree(index) {
            return Buffer(base: memory, capacity: capacity, count: 0)
        }
        return Buffer(base: .allocate(byteCount: capacity, alignment: 64), capacity: capacity, count: 0)
    }

    /// Takes the memory back and leaves `.none` behind. Nothing happens for an empty handle.
    @inlinable public func give(_ buffer: inout Buffer) {
        if buffer.base != nil { takeBack(&buffer) }
    }

    @usableFromInline func takeBack(_ buffer: inout Buffer) {
        guard let memory = buffer.base else { return }
        let capacity = buffer.capacity
        buffer = .none
        inUse.pointee -= capacity
        let index = capacity.trailingZeroBitCount - Self.smallestShift
        let keeps =
            index < Self.classes
            && lists[index].count < min(Self.keptPerClass, Self.keptBytesPerClass >> (index + Self.smallestShift))
        if keeps { pushFree(memory, index) } else { memory.deallocate() }
    }

    /// Makes room for `bytes` in total, moving what is there into a larger buffer when needed.
    @inlinable public func reserve(_ bytes: Int, in buffer: inout Buffer) {
        if buffer.capacity < bytes { enlarge(&buffer, to: bytes) }
    }

    @usableFromInline func enlarge(_ buffer: inout Buffer, to bytes: Int) {
        var larger = take(max(bytes, buffer.capacity * 2))
        if let old = buffer.base, let new = larger.base { new.copyMemory(from: old, byteCount: buffer.count) }
        larger.count = buffer.count
        give(&buffer)
        buffer = larger
    }

    /// Appends a copy, growing the buffer when needed.
    @inlinable public func append(_ bytes: UnsafeRawBufferPointer, to buffer: inout Buffer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(buffer.count + bytes.count, in: &buffer)
        buffer.end.copyMemory(from: source, byteCount: bytes.count)
        buffer.count += bytes.count
    }

    /// Drops the first `bytes` bytes, moving the rest to the front.
    public func dropFirst(_ bytes: Int, of buffer: inout Buffer) {
        guard let base = buffer.base, bytes > 0 else { return }
        let rest = buffer.count - bytes
        if rest > 0 { memmove(base, base + bytes, rest) }
        buffer.count = rest
    }
}
