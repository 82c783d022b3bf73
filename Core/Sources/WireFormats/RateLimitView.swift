// SPDX-License-Identifier: Apache-2.0
// Isobar

/// An account's headroom as the response's headers state it. -1 means not said.
///
/// Names: OpenAI and Azure `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, Azure
/// `azure-openai-deployment-utilization` (percent), Anthropic
/// `anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}` (vendor references, read 2026-11). Azure states -1
/// for unknown, and resets as whole seconds; Anthropic states points in time.
public struct RateLimitView: Equatable, Sendable {
    public var limitRequests: Int64 = -1
    public var remainingRequests: Int64 = -1
    public var limitTokens: Int64 = -1
    public var remainingTokens: Int64 = -1
    public var resetRequestsNanoseconds: Int64 = -1
    public var resetTokensNanoseconds: Int64 = -1
    public var utilizationPercent: Int16 = -1

    public init() {}

    /// - Parameter nowUnixSeconds: what resets stated as points in time are relative to; without it they are not said.
    public static func parse(
        response bytes: UnsafeRawBufferPointer, fields: UnsafeMutableBufferPointer<HeaderField>, count: Int,
        nowUnixSeconds: Int64? = nil
    ) -> RateLimitView {
        var view = RateLimitView()
        for field in fields[..<count] {
            let value = field.value.slice(bytes)
            switch field.known {
            case .rateLimit: view.note(field.name.slice(bytes), value, nowUnixSeconds)
            case .utilization: view.utilizationPercent = percent(value)
            default: break
            }
        }
        return view
    }

    private mutating func note(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ now: Int64?) {
        if name.matches("x-ratelimit-limit-requests") || name.matches("anthropic-ratelimit-requests-limit") {
            limitRequests = HTTPDate.number(value) ?? -1
        } else if name.matches("x-ratelimit-remaining-requests")
            || name.matches("anthropic-ratelimit-requests-remaining")
        {
            remainingRequests = HTTPDate.number(value) ?? -1
        } else if name.matches("x-ratelimit-limit-tokens") || name.matches("anthropic-ratelimit-tokens-limit") {
            limitTokens = HTTPDate.number(value) ?? -1
        } else if name.matches("x-ratelimit-remaining-tokens") || name.matches("anthropic-ratelimit-tokens-remaining") {
            remainingTokens = HTTPDate.number(value) ?? -1
        } else if name.matches("x-ratelimit-reset-requests") || name.matches("anthropic-ratelimit-requests-reset") {
            resetRequestsNanoseconds = Self.span(value, now)
        } else if name.matches("x-ratelimit-reset-tokens") || name.matches("anthropic-ratelimit-tokens-reset") {
            resetTokensNanoseconds = Self.span(value, now)
        }
    }

    private static func span(_ value: UnsafeRawBufferPointer, _ now: Int64?) -> Int64 {
        if let stated = RetryHint.goDuration(value) ?? Decimal.nanoseconds(value, unit: 1_000_000_000) { return stated }
        guard let now, let date = InternetDate.parse(value) else { return -1 }
        return RetryHint.nanoseconds(from: now, until: date)
    }

    /// `82`, `82.5` or `82.5%`, cut to whole percent; above 1,000 is nonsense.
    private static func percent(_ value: UnsafeRawBufferPointer) -> Int16 {
        let digits = value.last == 37 ? UnsafeRawBufferPointer(rebasing: value.dropLast()) : value
        guard let thousandths = Decimal.nanoseconds(digits, unit: 1_000), thousandths <= 1_000_000 else { return -1 }
        return Int16(thousandths / 1_000)
    }
}
