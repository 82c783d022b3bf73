// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How long a caller may take over its body: never silent for longer than the idle limit, and as a whole not slower
/// than the minimum rate, with the idle limit as the time in which to catch up.
///
/// The second bound is what a trickle runs into: a byte every few seconds is never silent, and each body that is under
/// way holds its buffer. Time is earned by bytes that have come, not by those announced, so that a large
/// `Content-Length` buys nothing and a chunked body has the same bound.
struct BodyPace {
    /// Monotonic nanoseconds at which the body began.
    private let beganAt: Int64
    private let idleNanoseconds: Int64
    private let bytesPerSecondMin: Int64

    init(beganAt: Int64, limits: GatewayLimits) {
        self.beganAt = beganAt
        idleNanoseconds = limits.bodyIdleNanoseconds
        bytesPerSecondMin = Int64(limits.bodyBytesPerSecondMin)
    }

    /// When the body is too slow, unless more of it comes before.
    /// - Parameter bytes: of the body so far; a gibibyte, the largest limit, does not overflow.
    func deadline(bytes: Int, now: Int64) -> Int64 {
        let earned = Int64(bytes) * 1_000_000_000 / bytesPerSecondMin
        return min(now + idleNanoseconds, beganAt + idleNanoseconds + earned)
    }
}
