// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// A conversation's home among the endpoints of a tier: consistent hashing with bounded loads.
///
/// Mirrokni, Thorup and Zadimoghaddam's scheme as KubeAI applies it to prompts: each endpoint owns points on a ring of
/// 2⁶⁴, a key belongs to the first point at or after it, and an endpoint above the load bound is passed over. Adding or
/// removing one of n endpoints moves about 1/n of the keys, and every loop and every gateway computes the same home
/// without talking.
/// - Threading: immutable, built with the snapshot, shared by all loops.
/// - Cost: 10 bytes per point. A lookup is one binary search and a short walk.
// Proof for @unchecked: the pointers are fixed and their memory is never written after `init`.
final class ConsistentHashRing: @unchecked Sendable {
    /// KubeAI's number; the largest of 5 shares is then within about 15 % of the mean.
    static let pointsPerEndpointMax = 256
    /// Keeps a tier of thousands of endpoints at some hundred kilobytes.
    static let pointsMax = 65_536
    /// Longest walk past endpoints that do not qualify.
    static let stepsMax = 512

    /// The points themselves; valid as long as the ring.
    let points: RingPoints

    /// - Parameter names: by endpoint; the ring depends on names only, so that ids may change between snapshots.
    init(endpoints: [EndpointID], names: [String]) {
        precondition(endpoints.count == names.count, "\(endpoints.count) endpoints, \(names.count) names")
        let perEndpoint = max(1, min(Self.pointsPerEndpointMax, Self.pointsMax / max(1, endpoints.count)))
        var ring: [(point: UInt64, owner: UInt16)] = []
        ring.reserveCapacity(perEndpoint * endpoints.count)
        for (endpoint, name) in zip(endpoints, names) {
            let seed = ByteHash.hash(name)
            for i in 0..<perEndpoint {
                ring.append((mixed(seed &+ UInt64(i) &* 0x9E37_79B9_7F4A_7C15), endpoint.index))
            }
        }
        ring.sort { $0.point < $1.point }
        points = RingPoints(ring)
    }

    deinit { points.deallocate() }
}

/// The points of a ring in order, as a plain value that a router may keep beside the snapshot that owns the ring.
struct RingPoints: BitwiseCopyable {
    private let keys: UnsafeMutablePointer<UInt64>
    private let owners: UnsafeMutablePointer<UInt16>
    let count: Int

    fileprivate init(_ ring: [(point: UInt64, owner: UInt16)]) {
        count = ring.count
        keys = .allocate(capacity: max(1, count))
        owners = .allocate(capacity: max(1, count))
        for (i, entry) in ring.enumerated() {
            (keys + i).initialize(to: entry.point)
            (owners + i).initialize(to: entry.owner)
        }
    }

    fileprivate func deallocate() {
        keys.deallocate()
        owners.deallocate()
    }

    /// The first endpoint from `key` on that qualifies.
    /// - Returns: `nil` when none did within `stepsMax` points; there is then no home and load decides.
    @inline(__always)
    func home(of key: UInt64, qualifies: (EndpointID) -> Bool) -> EndpointID? {
        guard count > 0 else { return nil }
        var position = firstPoint(atOrAfter: key)
        var rejected = UInt16.max
        for _ in 0..<min(count, ConsistentHashRing.stepsMax) {
            let owner = owners[position]
            if owner != rejected {
                let endpoint = EndpointID(Int(owner))
                if qualifies(endpoint) { return endpoint }
                rejected = owner
            }
            position = position + 1 == count ? 0 : position + 1
        }
        return nil
    }

    private func firstPoint(atOrAfter key: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) >> 1
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low == count ? 0 : low
    }
}

/// The most requests an endpoint may hold and still attract conversations: ⌈1.25 · (total + 1) / n⌉, at least `floor`.
enum LoadBound {
    static let factor = 1.25
    /// Batching engines run a few requests side by side at no cost; without a floor a bound of 1 would break every
    /// conversation at low load.
    static let floor = 4

    @inline(__always)
    static func inFlightMax(total: Int, endpoints: Int) -> Int {
        max(floor, Int((factor * Double(total + 1) / Double(max(1, endpoints))).rounded(.up)))
    }
}
