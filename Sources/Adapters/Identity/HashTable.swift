// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ResourceTypes
internal import Routing

/// Virtual keys by their public id.
///
/// Whatever is presented is hashed once and compared in constant time, an unknown id like a known one, so that time does
/// not tell which ids exist.
/// - Cost: two compressions of SHA-256; no allocation.
/// - Threading: immutable after `init`.
struct HashTable {
    private struct Slot {
        var id: UInt64 = 0
        var digest: PepperedHash.Digest = (0, 0, 0, 0)
        /// Index of the key plus one; 0 marks an empty slot.
        var keyPlusOne: UInt32 = 0
        var pepper: UInt32 = 0
        var expiresAtUnixSeconds: Int64 = .max
    }

    private let slots: [Slot]
    private let peppers: [PepperedHash]
    private let seed: UInt64

    /// Somebody whom any of these hashes admits, and their own end in Unix seconds.
    typealias Holder = (hashes: [SecretHash], expiresAtUnixSeconds: Int64?)

    /// - Parameter holders: a match's key is a position in them. Of two hashes with one id the first wins (the compiler of
    ///   snapshots refuses such a pair).
    init(_ holders: [Holder], seed: UInt64) {
        self.seed = seed | 1
        let count = holders.reduce(0) { $0 + $1.hashes.count }
        var capacity = count == 0 ? 0 : 8
        while capacity < count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(), count: capacity)
        var peppers: [PepperedHash] = []
        var known: [[UInt8]: Int] = [:]
        for (index, holder) in holders.enumerated() {
            for hash in holder.hashes {
                let pepper = hash.pepper.withBytes { Array($0) }
                if known[pepper] == nil {
                    known[pepper] = peppers.count
                    peppers.append(PepperedHash(pepper: hash.pepper))
                }
                Self.insert(hash, of: holder, key: index, pepper: known[pepper] ?? 0, self.seed, into: &slots)
            }
        }
        self.slots = slots
        self.peppers = peppers
    }

    private static func insert(
        _ hash: SecretHash, of holder: Holder, key: Int, pepper: Int, _ seed: UInt64, into slots: inout [Slot]
    ) {
        guard let id = KeyText.id(hash.id), hash.digest.count == MemoryLayout<PepperedHash.Digest>.size else { return }
        var position = position(of: id, seed, mask: slots.count - 1)
        while slots[position].keyPlusOne != 0 {
            if slots[position].id == id { return }
            position = (position + 1) & (slots.count - 1)
        }
        slots[position] = Slot(
            id: id, digest: hash.digest.withUnsafeBytes { $0.loadUnaligned(as: PepperedHash.Digest.self) },
            keyPlusOne: UInt32(key + 1), pepper: UInt32(pepper),
            expiresAtUnixSeconds: min(hash.expiresAtUnixSeconds ?? .max, holder.expiresAtUnixSeconds ?? .max))
    }

    /// Nobody outside can aim for a slot: ids are ours, and the seed is new for each table.
    @inline(__always)
    private static func position(of id: UInt64, _ seed: UInt64, mask: Int) -> Int {
        let product = (id ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low) & mask
    }

    /// - Parameter presented: `KeyText.isOutlined`.
    func find(_ presented: UnsafeRawBufferPointer) -> KeyMatch? {
        guard !slots.isEmpty else { return nil }
        let id = KeyText.id(presented)
        var position = Self.position(of: id, seed, mask: slots.count - 1)
        // Ends: at most half of the slots are taken.
        while slots[position].keyPlusOne != 0, slots[position].id != id {
            position = (position + 1) & (slots.count - 1)
        }
        let slot = slots[position]
        let digest = peppers[Int(slot.pepper)].words(
            of: UnsafeRawBufferPointer(rebasing: presented[KeyText.hashedRange]))
        let difference =
            (digest.0 ^ slot.digest.0) | (digest.1 ^ slot.digest.1) | (digest.2 ^ slot.digest.2)
            | (digest.3 ^ slot.digest.3)
        guard difference == 0, slot.keyPlusOne != 0 else { return nil }
        return KeyMatch(key: KeyID(Int(slot.keyPlusOne) - 1), expiresAtUnixSeconds: slot.expiresAtUnixSeconds)
    }
}
