// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Glibc
public import ResourceTypes
public import Routing

/// Whose a presented key is, and how long that holds.
public struct KeyMatch: BitwiseCopyable, Sendable {
    public var key: KeyID
    /// Unix seconds; `Int64.max`: it does not end.
    public var expiresAtUnixSeconds: Int64
}

/// Who holds a presented key: bytes to `KeyID`, for the request path. Virtual keys, of which only hashes are kept, are in
/// the `HashTable`; here are the others.
///
/// Open addressing with linear probing at a load of at most one half. A slot holds the key's 64-bit hash; only where it
/// matches are bytes compared, all of them, in time that does not depend on where they differ. The hash is seeded, so
/// nobody outside can aim for a slot or learn from a probe's length which hashes exist.
/// - Cost: about one hash of the presented bytes and one comparison; no allocation, no `String`. Longer than every key:
///   nothing is read.
/// - Threading: immutable after `init`, shared by all loops.
public final class KeyTable: @unchecked Sendable {
    // Proof of @unchecked: all stored properties are `let`, the memory behind them is written in `init` only.

    private struct Slot {
        var hash: UInt64
        var offset: UInt32
        var length: UInt32
        /// Index of the key plus one; 0 marks an empty slot.
        var keyPlusOne: UInt32
        var expiresAtUnixSeconds: Int64
    }

    /// Longest key a table accepts.
    public static let keyBytesMax = 16 * 1024
    /// `KeyID` has 16 bits.
    public static let keysMax = 65_000

    private let slots: UnsafeMutablePointer<Slot>
    private let slotMask: Int
    private let bytes: UnsafeMutableRawPointer
    private let byteCount: Int
    private let longestKey: Int
    private let seed: UInt64
    private let hashes: HashTable

    /// - Parameters:
    ///   - records: `RoutingSnapshot.keys`. Of two with the same secret the first wins (the compiler of snapshots
    ///     refuses such a pair). Empty secrets are left out: they would let in whoever presents nothing.
    ///   - seed: unpredictable to callers, new for each table.
    public init(_ records: [KeyRecord], seed: UInt64) {
        precondition(records.count <= Self.keysMax, "\(records.count) keys, at most \(Self.keysMax)")
        precondition(
            records.allSatisfy { ($0.secret?.count ?? 0) <= Self.keyBytesMax },
            "a key is longer than \(Self.keyBytesMax) bytes")
        self.seed = seed
        hashes = HashTable(records.map { ($0.hashes, $0.expiresAtUnixSeconds) }, seed: seed)
        let slotCount = Self.slotCount(for: records.count)
        slotMask = slotCount - 1
        slots = .allocate(capacity: slotCount)
        slots.initialize(
            repeating: Slot(hash: 0, offset: 0, length: 0, keyPlusOne: 0, expiresAtUnixSeconds: 0), count: slotCount)
        byteCount = records.reduce(0) { $0 + ($1.secret?.count ?? 0) }
        bytes = .allocate(byteCount: max(byteCount, 1), alignment: 8)
        longestKey = records.compactMap(\.secret?.count).max() ?? 0
        var offset = 0
        for (index, record) in records.enumerated() {
            guard let secret = record.secret, !secret.isEmpty else { continue }
            secret.withBytes { insert($0, at: &offset, key: index, until: record.expiresAtUnixSeconds ?? .max) }
        }
    }

    deinit {
        // Because: freed memory is handed out again, keys must not be in it.
        explicit_bzero(bytes, byteCount)
        bytes.deallocate()
        slots.deallocate()
    }

    private static func slotCount(for keys: Int) -> Int {
        var count = 8
        while count < keys * 2 { count *= 2 }
        return count
    }

    private func insert(_ secret: UnsafeRawBufferPointer, at offset: inout Int, key: Int, until expiry: Int64) {
        guard findWhole(secret) == nil, let source = secret.baseAddress else { return }
        let hash = KeyHash.of(secret, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & slotMask
        while slots[index].keyPlusOne != 0 { index = (index + 1) & slotMask }
        (bytes + offset).copyMemory(from: source, byteCount: secret.count)
        slots[index] = Slot(
            hash: hash, offset: UInt32(offset), length: UInt32(secret.count), keyPlusOne: UInt32(key + 1),
            expiresAtUnixSeconds: expiry)
        offset += secret.count
    }

    /// The key with exactly these bytes; `nil` when there is none. Whether it has expired is the caller's question.
    public func find(_ presented: UnsafeRawBufferPointer) -> KeyMatch? {
        if KeyText.isOutlined(presented), let match = hashes.find(presented) { return match }
        return findWhole(presented)
    }

    private func findWhole(_ presented: UnsafeRawBufferPointer) -> KeyMatch? {
        guard presented.count <= longestKey, let start = presented.baseAddress, presented.count > 0 else { return nil }
        let hash = KeyHash.of(presented, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & slotMask
        // Ends: at most half of the slots are taken.
        while true {
            let slot = slots[index]
            if slot.keyPlusOne == 0 { return nil }
            if slot.hash == hash, Int(slot.length) == presented.count,
                isEqual(start, UnsafeRawPointer(bytes) + Int(slot.offset), count: presented.count)
            {
                return KeyMatch(
                    key: KeyID(Int(slot.keyPlusOne) - 1), expiresAtUnixSeconds: slot.expiresAtUnixSeconds)
            }
            index = (index + 1) & slotMask
        }
    }

    /// Eight bytes at a time, no early exit.
    @inline(__always)
    private func isEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> Bool {
        var difference: UInt64 = 0
        var index = 0
        while index + 8 <= count {
            difference |=
                a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                ^ b.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < count {
            difference |= UInt64(
                a.load(fromByteOffset: index, as: UInt8.self) ^ b.load(fromByteOffset: index, as: UInt8.self))
            index += 1
        }
        return difference == 0
    }
}
