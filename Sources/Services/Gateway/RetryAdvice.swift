// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing

/// Whether a failed request is worth sending again, for `x-should-retry`.
///
/// OpenAI's and Anthropic's clients repeat every 408, 409, 429 and 5xx by themselves: after `Retry-After`, or within
/// eight seconds where there is none. A header `x-should-retry: false` forbids it (both SDKs' base clients, read
/// 2026-11). Most failures may be mended by then, and nothing is said of them. Said is what we know: used-up money and
/// refused keys are mended by people, and where the router has nobody else to turn to until after the client's return,
/// its return only costs a minute of somebody's patience.
struct RetryAdvice {
    /// Of the answer.
    var status: UInt16
    /// Of the answer; -1 for none.
    var retryAfterSeconds: Int64
    /// Why the last attempt failed; `nil` when it was not an attempt that failed.
    var cause: FailureKind?
    /// The request is at fault whatever the status says, so that it will be the next time.
    var isCallersFault = false

    /// Longest pause that clients make of themselves.
    private static let ownPauseSeconds: Int64 = 8
    /// Longest `Retry-After` that a client obeys: Anthropic's a minute, OpenAI's two. A longer one is passed over by some.
    private static let obeyedSecondsMax: Int64 = 120

    /// - Parameter wait: how long the router has no endpoint for the request; `nil`: it will never have one. Asked only
    ///   where it decides.
    func isFutile(wait: () -> TimeSpan?) -> Bool {
        guard status >= 500 || status == 408 || status == 409 || status == 429 else { return false }
        if isCallersFault || retryAfterSeconds > Self.obeyedSecondsMax { return true }
        guard cause == .quotaExhausted || cause == .credential else { return false }
        guard let wait = wait() else { return true }
        return wait > .seconds(max(retryAfterSeconds, Self.ownPauseSeconds))
    }

    static let forbids: StaticString = "x-should-retry: false\r\n"
}
