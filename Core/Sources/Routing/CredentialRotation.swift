// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Which of an endpoint's credentials a request takes: the first that was not refused lately.
///
/// A loop keeps one per address, beside what it sends for each credential. Order is preference, not balance: the second
/// key is there for the day on which the first is revoked or its quota is used up.
/// - Cost: no allocation; at most `EndpointCredential.perEndpointMax` comparisons.
/// - Threading: confined to its loop.
public struct CredentialRotation: Sendable {
    private var cooledUntil = InlineArray<8, Instant>(repeating: .distantPast)
    private let count: Int

    /// - Parameter count: of the endpoint's credentials, at most `EndpointCredential.perEndpointMax`.
    public init(count: Int) {
        precondition(count >= 0 && count <= EndpointCredential.perEndpointMax, "\(count) credentials of one endpoint")
        self.count = count
    }

    /// - Parameter ready: bit i: there is something to send for credential i. A key that stands in the configuration
    ///   always is; a cloud's has to be fetched first, and may have expired.
    /// - Returns: the index; when all that are ready are being left alone, the one whose pause ends first, because an
    ///   attempt that may fail says more than none. `nil`: none is ready.
    public func pick(ready: UInt8, now: Instant) -> Int? {
        if let available = available(ready: ready, now: now) { return available }
        var soonest: Int?
        for index in 0..<count where ready & 1 << UInt8(index) != 0 {
            if soonest.map({ cooledUntil[index] < cooledUntil[$0] }) ?? true { soonest = index }
        }
        return soonest
    }

    /// - Returns: the first that is ready and not being left alone.
    public func available(ready: UInt8, now: Instant) -> Int? {
        for index in 0..<count where ready & 1 << UInt8(index) != 0 && cooledUntil[index] <= now { return index }
        return nil
    }

    /// Until when a credential is left alone; in the past when it is not.
    public func pausedUntil(_ index: Int) -> Instant {
        precondition(index < count, "credential \(index) of \(count)")
        return cooledUntil[index]
    }

    /// The endpoint refused the credential, or its quota is used up: others come first until `time`. An earlier, longer
    /// pause stays.
    public mutating func cool(_ index: Int, until time: Instant) {
        precondition(index < count, "credential \(index) of \(count)")
        cooledUntil[index] = max(cooledUntil[index], time)
    }

    /// A fresh key or token has come for the credential: what was said about the old one no longer holds.
    public mutating func renew(_ index: Int) {
        precondition(index < count, "credential \(index) of \(count)")
        cooledUntil[index] = .distantPast
    }
}
