// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Calendar time derived from the loop's monotonic clock, corrected once a second, so that a request costs no system
/// call for it.
struct WallClock {
    private var offset: Int64 = 0
    private var correctedAt: Int64 = .min

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    mutating func unixNanoseconds(monotonic now: Int64) -> Int64 {
        if correctedAt == .min || now - correctedAt > 1_000_000_000 {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            offset = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) - now
            correctedAt = now
        }
        return now + offset
    }
}
