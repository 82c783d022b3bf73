// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Budgets
internal import Pricing
internal import ResourceTypes
internal import WireFormats

/// A limit that a request does not fit under: which, how large, and when it frees.
struct BudgetRefusal {
    var account: String
    var meter: BudgetMeter
    /// Of the account; in the meter's units, as `needed`.
    var limit: Int64
    /// What the request may use.
    var needed: Int64
    var window: BudgetWindow
    /// Unix seconds; `nil`: when other requests end, or never.
    var freesAt: Int64?
    var isBeyondLimit: Bool
    var now: Int64
    var currency: String

    var answer: Refusal.Answer {
        let isMoney = meter == .money
        return Refusal.Answer(
            status: isMoney ? 402 : 429, type: isMoney ? "insufficient_quota" : "rate_limit_error",
            code: "budget_exceeded", parameter: nil, message: message, retryAfterSeconds: retryAfter)
    }

    /// A request that is larger than the whole limit is not told to come back.
    private var retryAfter: Int64 {
        if isBeyondLimit { return -1 }
        if let freesAt { return max(1, freesAt - now) }
        return meter == .concurrency ? 1 : -1
    }

    private var message: String {
        let name = "The budget \(budget) allows \(text(limit))\(period)"
        if isBeyondLimit { return "\(name); this request may need \(text(needed)).\(advice)" }
        switch meter {
        case .concurrency: return "\(name), and as many are under way. It frees when one of them ends."
        case .requests: return "\(name), and they are used up\(until)."
        case .money, .tokens:
            return "\(name); what is left is less than the \(text(needed)) that this request may need\(until).\(advice)"
        }
    }

    /// The bound shrinks with what the caller allows the answer.
    private var advice: String {
        meter == .money || meter == .tokens ? " A smaller max_tokens needs less." : ""
    }

    /// The name that a person gave it; the account's goes on with meter and window.
    private var budget: Substring { account.prefix { $0 != "/" } }

    private var period: String { window == .total ? (meter == .concurrency ? " at one time" : " in all") : " a \(window.rawValue)" }

    private var until: String {
        freesAt.map { " until \(InternetDate.text(unixSeconds: $0))" } ?? ""
    }

    private func text(_ amount: Int64) -> String {
        switch meter {
        case .money: "\(Self.amount(Money(pico: Int128(amount) * 1_000))) \(currency)"
        case .tokens: "\(amount) tokens"
        case .requests, .concurrency: amount == 1 ? "1 request" : "\(amount) requests"
        }
    }

    /// Two decimals, and more where they are there.
    private static func amount(_ money: Money) -> String {
        var text = Substring(money.text(fractionDigits: 9))
        while text.last == "0", let point = text.firstIndex(of: "."), text.distance(from: point, to: text.endIndex) > 3 {
            text.removeLast()
        }
        return String(text)
    }
}
