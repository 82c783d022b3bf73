// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
internal import ResourceTypes
public import Routing

/// Which key a workload's certificate stands for.
/// - Threading: immutable after `init`.
public struct WorkloadTable: Sendable {
    private var keys: [SPIFFEID: KeyID] = [:]
    private let ends: [Int64]

    /// - Parameter records: `RoutingSnapshot.keys`. Of two with one id the first wins (the compiler of snapshots refuses
    ///   such a pair).
    public init(_ records: [KeyRecord]) {
        ends = records.map { $0.expiresAtUnixSeconds ?? .max }
        for (index, record) in records.enumerated() {
            for workload in record.workloads.compactMap({ SPIFFEID($0) }) where keys[workload] == nil {
                keys[workload] = KeyID(index)
            }
        }
    }

    /// - Parameter expiresAtUnixSeconds: when the certificate ends.
    public func find(_ workload: SPIFFEID, expiresAtUnixSeconds: Int64) -> KeyMatch? {
        guard let key = keys[workload] else { return nil }
        return KeyMatch(key: key, expiresAtUnixSeconds: min(expiresAtUnixSeconds, ends[Int(key.index)]))
    }
}
