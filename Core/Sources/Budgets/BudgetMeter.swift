// SPDX-License-Identifier: Apache-2.0
// Isobar

// Limits that are never exceeded, by reservation instead of by counting afterwards.
//
// A request reserves an upper bound of what it may use in every account it falls under, all or none, before anything is
// sent. Its end settles to what was used and gives the rest back. One `BudgetLedger` per account owns the limit; each
// gateway is a `BudgetHolder` that works inside slices leased from it, so that no request waits for a store. What a
// holder holds counts as used until it says otherwise: a lost holder makes a budget smaller, never larger.
//
// Everything is an integer: money in nano-units of the currency, tokens, requests, places. Times are Unix seconds and
// arguments; nothing here reads a clock.

/// What an account counts.
public enum BudgetMeter: String, CaseIterable, Hashable, BitwiseCopyable, Sendable {
    /// Nano-units (10⁻⁹) of the configuration's currency; an `Int64` holds 9.2 billion of it.
    case money
    /// Input and output tokens together.
    case tokens
    case requests
    /// Requests under way at one time. Nothing is used up: what was reserved comes back at the end.
    case concurrency

    /// Whether an ended request leaves something used.
    public var isUsedUp: Bool { self != .concurrency }
}
