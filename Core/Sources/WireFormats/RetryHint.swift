// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How long an endpoint asks us to stay away, from its response's headers.
///
/// Order of precedence: `retry-after-ms`, `x-ms-retry-after-ms`, `retry-after` in seconds, `retry-after` as a date, and
/// the latest reset of a counter that has nothing left. Not a number, infinite and negative values are ignored; nothing
/// is longer than 24 hours.
public enum RetryHint {
    private static let secondsMax: Int64 = 86_400
    static let nanosecondsMax = secondsMax * 1_000_000_000

    /// - Parameter nowUnixSeconds: used for dates when the response carries no `Date`.
    /// - Returns: nanoseconds, ≥ 0; `nil` when nothing usable was said.
    public static func parse(
        response bytes: UnsafeRawBufferPointer, fields: UnsafeMutableBufferPointer<HeaderField>, count: Int,
        nowUnixSeconds: Int64
    ) -> Int64? {
        var milliseconds: Int64?
        var microsoft: Int64?
        var seconds: Int64?
        var date: Int64?
        var now = nowUnixSeconds
        for field in fields[..<count] {
            let value = field.value.slice(bytes)
            switch field.known {
            case .retryAfterMilliseconds: milliseconds = Decimal.nanoseconds(value, unit: 1_000_000)
            case .xMsRetryAfterMilliseconds: microsoft = Decimal.nanoseconds(value, unit: 1_000_000)
            case .retryAfter:
                seconds = Decimal.nanoseconds(value, unit: 1_000_000_000)
                date = HTTPDate.parse(value)
            case .date: now = HTTPDate.parse(value) ?? now
            default: break
            }
        }
        let stated = milliseconds ?? microsoft ?? seconds ?? date.map { nanoseconds(from: now, until: $0) }
        return (stated ?? reset(bytes, fields, count, now)).map { min($0, nanosecondsMax) }
    }

    /// Bounded before it is multiplied: a date may be thousands of years away.
    static func nanoseconds(from now: Int64, until date: Int64) -> Int64 {
        min(max(0, date - now), secondsMax) * 1_000_000_000
    }

    private static func reset(
        _ bytes: UnsafeRawBufferPointer, _ fields: UnsafeMutableBufferPointer<HeaderField>, _ count: Int, _ now: Int64
    ) -> Int64? {
        let view = RateLimitView.parse(response: bytes, fields: fields, count: count, nowUnixSeconds: now)
        let requests = view.remainingRequests == 0 ? view.resetRequestsNanoseconds : -1
        let tokens = view.remainingTokens == 0 ? view.resetTokensNanoseconds : -1
        let latest = max(requests, tokens)
        return latest < 0 ? nil : latest
    }

    /// A Go-style duration: `20ms`, `1s`, `6m0s`, `1h2m3s`, `7.66s`. Nanoseconds.
    public static func goDuration(_ text: UnsafeRawBufferPointer) -> Int64? {
        var total: Int64 = 0
        var start = 0
        guard !text.isEmpty else { return nil }
        while start < text.count {
            var end = start
            while end < text.count, (text[end] >= 48 && text[end] <= 57) || text[end] == 46 { end += 1 }
            var unitEnd = end
            while unitEnd < text.count, text[unitEnd] >= 97, text[unitEnd] <= 122 { unitEnd += 1 }
            let unit = UnsafeRawBufferPointer(rebasing: text[end..<unitEnd])
            guard let scale = scale(of: unit),
                let part = Decimal.nanoseconds(UnsafeRawBufferPointer(rebasing: text[start..<end]), unit: scale)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
            start = unitEnd
        }
        return total
    }

    private static func scale(of unit: UnsafeRawBufferPointer) -> Int64? {
        switch unit.count {
        case 1:
            unit.equals("s")
                ? 1_000_000_000 : unit.equals("m") ? 60_000_000_000 : unit.equals("h") ? 3_600_000_000_000 : nil
        case 2: unit.equals("ms") ? 1_000_000 : unit.equals("us") ? 1_000 : unit.equals("ns") ? 1 : nil
        default: nil
        }
    }
}

/// Decimal text to integers, without floating point.
enum Decimal {
    /// Digits with an optional fraction, times `unit` nanoseconds, cut to whole ones; more than fits is the most that
    /// fits. `nil` for anything else, signs included.
    static func nanoseconds(_ text: UnsafeRawBufferPointer, unit: Int64) -> Int64? {
        guard !text.isEmpty, text.count <= 40 else { return nil }
        var whole: Int64 = 0
        var fraction: Int64 = 0
        var place = unit
        var digits = 0
        var isFraction = false
        for byte in text {
            if byte == 46, !isFraction {
                isFraction = true
                continue
            }
            guard byte >= 48, byte <= 57 else { return nil }
            digits += 1
            if isFraction {
                place /= 10
                fraction += place * Int64(byte - 48)
            } else {
                let (tenfold, isTooLarge) = whole.multipliedReportingOverflow(by: 10)
                let (sum, overflow) = tenfold.addingReportingOverflow(Int64(byte - 48))
                whole = isTooLarge || overflow ? .max : sum
            }
        }
        guard digits > 0 else { return nil }
        let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: unit)
        let (sum, overflow) = scaled.addingReportingOverflow(fraction)
        return isTooLarge || overflow ? .max : sum
    }
}
