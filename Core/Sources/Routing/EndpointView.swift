// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// One endpoint as one loop sees it, for status pages and metrics.
public struct EndpointView: Equatable, BitwiseCopyable, Sendable {
    public enum State: String, BitwiseCopyable, Sendable {
        case up
        /// At a limit or asked to slow down: alive, but takes no more now.
        case full
        /// Told us to stay away until a time.
        case coolDown = "cool-down"
        /// The breaker admits one trial request.
        case halfOpen = "half-open"
        /// The breaker is open.
        case open
        /// There is nothing to send as its credential: none has come yet, or the last one expired.
        case noCredential = "no-credential"
        /// Its health probes fail.
        case down
    }
    public var endpoint: EndpointID
    public var state: State
    /// Requests at the address, over all loops.
    public var inFlight: Int
    /// Estimate for the next request.
    public var timeToFirstToken: TimeSpan
    public var timeToFirstTokenP95: TimeSpan
    public var timePerOutputToken: TimeSpan
    /// Smoothed share of failures, 0…1.
    public var errorRate: Double
    /// Free share of the tightest limit in percent, 0…100; 100 when nothing limits it.
    public var headroomPercent: Int
    public var breaker: CircuitBreaker.Phase
    /// Attempts this loop began here since the start.
    public var attempts: UInt64
    /// Attempts that ended well.
    public var successes: UInt64
    /// Attempts that ended in a failure that counts against the endpoint.
    public var failures: UInt64
    public var outputTokens: UInt64
}
