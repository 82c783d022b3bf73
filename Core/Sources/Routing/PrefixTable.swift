// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Which endpoint recently answered a conversation that began with these messages, and so holds its prompt in cache.
///
/// A set-associative table from prefix hash to at most two endpoints: 4,096 sets of four entries, a set is one cache
/// line, the least recently used entry of a full set is replaced. An entry is believed for ten minutes, the life of the
/// providers' own prompt caches.
/// - Limits: 16,384 prefixes, 256 KiB, whatever the traffic. No prompt is stored, only 64-bit hashes.
struct PrefixTable: ~Copyable {
    static let setCount = 4096
    static let ways = 4
    static let lifeSeconds: UInt32 = 600
    private static let noEndpoint = UInt16.max

    struct Entry: BitwiseCopyable {
        var key: UInt64 = 0
        /// Most recent first.
        var newest = PrefixTable.noEndpoint
        var older = PrefixTable.noEndpoint
        /// Seconds on the callers' clock, wrapping.
        var usedAt: UInt32 = 0
    }
    private let entries = Slab(repeating: Entry(), count: setCount * ways)

    /// Endpoints that know a prefix of the request, longest first, each with the number of messages that it knows.
    func matches(_ features: RequestFeatures, salt: UInt64, now: Instant) -> Matches {
        var found = Matches()
        let count = min(features.prefixCount, RequestFeatures.prefixesMax)
        var k = count
        while k > 0, found.count < Matches.capacity {
            k -= 1
            guard let entry = entry(features.prefixHashes[k] ^ salt, now: now) else { continue }
            found.insert(entry.pointee.newest, depth: k + 1)
            found.insert(entry.pointee.older, depth: k + 1)
        }
        return found
    }

    /// `endpoint` has just answered this conversation.
    mutating func remember(_ features: RequestFeatures, salt: UInt64, endpoint: EndpointID, now: Instant) {
        for k in 0..<max(0, min(features.prefixCount, RequestFeatures.prefixesMax)) {
            let key = features.prefixHashes[k] ^ salt
            let slot = entry(key, now: now) ?? replaceable(key, now: now)
            if slot.pointee.key != key || isStale(slot.pointee, now: now) { slot.pointee = Entry(key: key) }
            if slot.pointee.newest != endpoint.index {
                slot.pointee.older = slot.pointee.newest
                slot.pointee.newest = endpoint.index
            }
            slot.pointee.usedAt = Self.seconds(now)
        }
    }

    /// Endpoints by their ids in a newer snapshot; those that are gone are forgotten.
    mutating func translate(_ translation: SnapshotTranslation) {
        for i in 0..<entries.count {
            let entry = entries[i]
            entry.pointee.newest = Self.translated(entry.pointee.newest, translation)
            entry.pointee.older = Self.translated(entry.pointee.older, translation)
        }
    }

    private static func translated(_ index: UInt16, _ translation: SnapshotTranslation) -> UInt16 {
        index == noEndpoint ? noEndpoint : translation.endpoint(EndpointID(Int(index)))?.index ?? noEndpoint
    }

    @inline(__always)
    private func entry(_ key: UInt64, now: Instant) -> UnsafeMutablePointer<Entry>? {
        let first = entries[Self.firstWay(key)]
        for way in 0..<Self.ways where (first + way).pointee.key == key && !isStale((first + way).pointee, now: now) {
            return first + way
        }
        return nil
    }

    /// The entry of the key's set that was not used for longest.
    private func replaceable(_ key: UInt64, now: Instant) -> UnsafeMutablePointer<Entry> {
        let first = entries[Self.firstWay(key)]
        var oldest = first
        for way in 1..<Self.ways where age((first + way).pointee, now: now) > age(oldest.pointee, now: now) {
            oldest = first + way
        }
        return oldest
    }

    private func isStale(_ entry: Entry, now: Instant) -> Bool { age(entry, now: now) > Self.lifeSeconds }

    /// An empty entry is the oldest of all.
    private func age(_ entry: Entry, now: Instant) -> UInt32 {
        entry.newest == Self.noEndpoint && entry.older == Self.noEndpoint ? .max : Self.seconds(now) &- entry.usedAt
    }

    /// Multiplicative hashing; 12 bits choose one of 4,096 sets.
    private static func firstWay(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> (64 - 12)) * ways }
    private static func seconds(_ now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000_000)
    }

    /// At most four endpoints with what they know, best first.
    struct Matches: BitwiseCopyable {
        static let capacity = 4
        private(set) var count = 0
        private var endpoints = InlineArray<4, UInt16>(repeating: 0)
        private var depths = InlineArray<4, Int>(repeating: 0)

        func endpoint(_ i: Int) -> EndpointID { EndpointID(Int(endpoints[i])) }
        /// Number of the request's first messages that the endpoint has in cache.
        func depth(_ i: Int) -> Int { depths[i] }

        fileprivate mutating func insert(_ endpoint: UInt16, depth: Int) {
            guard endpoint != PrefixTable.noEndpoint, count < Self.capacity else { return }
            for i in 0..<count where endpoints[i] == endpoint { return }
            endpoints[count] = endpoint
            depths[count] = depth
            count += 1
        }
    }
}
