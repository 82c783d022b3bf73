// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Refusals of whom nobody knows, as far as they are written down: ten a second and loop. Strangers must not be able to
/// fill a disk.
struct StrangerQuota {
    private var second: Int64 = -1
    private var taken = 0
    private var suppressed: UInt32 = 0

    private static let perSecond = 10

    /// - Returns: how many were not written since the last one that was; `nil` when this one is not.
    mutating func take(at now: Int64) -> UInt32? {
        let current = now / 1_000_000_000
        if current != second {
            second = current
            taken = 0
        }
        guard taken < Self.perSecond else {
            suppressed &+= 1
            return nil
        }
        taken += 1
        defer { suppressed = 0 }
        return suppressed
    }
}
