// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

// Values of the vendors' references and of RFC 9110; see the forms at `RetryHint` and `RateLimitView`.

private let now: Int64 = 1_792_567_680  // 2026-10-21T07:28:00Z
private let second: Int64 = 1_000_000_000

private func parse<Value>(
    _ lines: [String], _ body: (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<HeaderField>, Int) -> Value
) -> Value? {
    let text = "HTTP/1.1 429 x\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    return Parsing.withFields { fields in
        Array(text.utf8).withUnsafeBytes { raw in
            guard case .complete(let head) = HTTPParser.responseHead(raw, fields: fields, limits: HTTPLimits()) else {
                return nil
            }
            return body(raw, fields, head.fieldCount)
        }
    }
}

private func hint(_ lines: String..., now: Int64 = now) -> Int64? {
    parse(lines) { RetryHint.parse(response: $0, fields: $1, count: $2, nowUnixSeconds: now) } ?? nil
}

private func view(_ lines: String..., now: Int64? = now) -> RateLimitView? {
    parse(lines) { RateLimitView.parse(response: $0, fields: $1, count: $2, nowUnixSeconds: now) }
}

private func goDuration(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { RetryHint.goDuration($0) } }

@Suite struct RetryHintTests {
    @Test func `seconds may have a fraction, milliseconds too`() {
        #expect(hint("retry-after: 1.5") == 1_500_000_000)
        #expect(hint("Retry-After: 0") == 0)
        #expect(hint("retry-after: 30") == 30 * second)
        #expect(hint("retry-after-ms: 120") == 120_000_000)
        #expect(hint("retry-after-ms: 0.5") == 500_000)
        #expect(hint("x-ms-retry-after-ms: 250") == 250_000_000)
    }

    @Test(arguments: [
        "-1", "abc", "", "NaN", "inf", "infinity", "1e3", "+5", "0x10", "1,5", "1.2.3", ".", "5s", "Wed",
        "Wed, 99 Oct 2026 07:28:00 GMT",
    ])
    func `what is no time is ignored`(_ value: String) {
        #expect(hint("retry-after: \(value)") == nil)
        #expect(hint("retry-after-ms: \(value)", "retry-after: 2") == 2 * second)
    }

    @Test func `a date is relative to the response's own date, else to now`() {
        #expect(hint("retry-after: Wed, 21 Oct 2026 07:28:00 GMT") == 0)
        #expect(hint("retry-after: Wed, 21 Oct 2026 07:28:09 GMT") == 9 * second)
        #expect(hint("retry-after: Wed, 21 Oct 2026 07:27:00 GMT") == 0, "past")
        #expect(hint("retry-after: Wednesday, 21-Oct-26 07:28:09 GMT") == 9 * second)
        #expect(hint("retry-after: Wed Oct 21 07:28:09 2026") == 9 * second)
        #expect(hint("retry-after: Wed, 21 Oct 2026 07:28:09 GMT", "date: Wed, 21 Oct 2026 07:28:05 GMT") == 4 * second)
        #expect(hint("date: nonsense", "retry-after: Wed, 21 Oct 2026 07:28:09 GMT") == 9 * second)
    }

    @Test func `nothing is longer than a day, however it is written`() {
        let day = 86_400 * second
        #expect(hint("retry-after: 86400") == day)
        #expect(hint("retry-after: 86401") == day)
        for value in [
            "9223372036", "9223372036.9", "9223372037", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            #expect(hint("retry-after: \(value)") == day, "\(value)")
        }
        #expect(hint("x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 48h") == day)
        #expect(hint("retry-after: Fri, 31 Dec 9999 23:59:59 GMT", now: 0) == day)
    }

    @Test func `the more exact form wins, in whatever order they stand`() {
        #expect(hint("retry-after: 9", "x-ms-retry-after-ms: 20", "retry-after-ms: 10") == 10_000_000)
        #expect(hint("retry-after: 9", "x-ms-retry-after-ms: 20") == 20_000_000)
        #expect(
            hint("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1s", "retry-after: 9") == 9 * second)
    }

    @Test func `without a hint the latest reset of a counter that has nothing left counts`() {
        let requests = ["x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1m0s"]
        #expect(hint(requests[0], requests[1]) == 60 * second)
        #expect(
            hint(requests[0], requests[1], "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 90") == 90
                * second)
        #expect(
            hint(requests[0], requests[1], "x-ratelimit-remaining-tokens: 1", "x-ratelimit-reset-tokens: 90") == 60
                * second)
        #expect(hint(requests[1]) == nil)
        #expect(hint(requests[0]) == nil)
        #expect(
            hint("anthropic-ratelimit-tokens-remaining: 0", "anthropic-ratelimit-tokens-reset: 2026-10-21T07:28:30Z")
                == 30 * second)
        #expect(hint() == nil)
    }

    @Test func `Go's durations add up`() {
        let rows: [(String, Int64)] = [
            ("6m0s", 360 * second), ("1h2m3s", 3_723 * second), ("120ms", 120_000_000), ("20ms", 20_000_000), ("0s", 0),
            ("1s", second),
            ("7.66s", 7_660_000_000), ("3.000000001s", 3_000_000_001), ("1.5h", 5_400 * second), ("15us", 15_000),
            ("8ns", 8), ("1m30.5s", 90_500_000_000),
        ]
        for (text, expected) in rows { #expect(goDuration(text) == expected, "\(text)") }
        for text in [
            "", "1", "s", "1x", "1d", "-1s", "+1s", "1s ", "1 s", "1.s.", "ms1", "1m-3s", "99999999999999h1h", "1S",
            "1µs",
        ] {
            #expect(goDuration(text) == nil, "\(text)")
        }
    }
}

@Suite struct RateLimitViewTests {
    @Test func `OpenAI's six headers are read`() throws {
        let limits = try #require(
            view(
                "x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 59",
                "x-ratelimit-reset-requests: 1s", "X-RateLimit-Limit-Tokens: 150000",
                "x-ratelimit-remaining-tokens: 149984", "x-ratelimit-reset-tokens: 6m0s",
                "x-ratelimit-limit-input-images: 5"))
        #expect(
            limits.limitRequests == 60 && limits.remainingRequests == 59 && limits.resetRequestsNanoseconds == second)
        #expect(
            limits.limitTokens == 150_000 && limits.remainingTokens == 149_984
                && limits.resetTokensNanoseconds == 360 * second)
        #expect(limits.utilizationPercent == -1)
    }

    @Test func `Azure's unknown stays unknown, and its resets are seconds`() throws {
        let limits = try #require(
            view(
                "x-ratelimit-remaining-tokens: -1", "x-ratelimit-reset-tokens: 12",
                "azure-openai-deployment-utilization: 82.5%"))
        #expect(
            limits.remainingTokens == -1 && limits.resetTokensNanoseconds == 12 * second
                && limits.utilizationPercent == 82)
    }

    @Test func `Anthropic's resets are points in time`() throws {
        let lines = [
            "anthropic-ratelimit-requests-limit: 50", "anthropic-ratelimit-requests-remaining: 0",
            "anthropic-ratelimit-requests-reset: 2026-10-21T08:28:00+01:00",
            "anthropic-ratelimit-tokens-reset: 2026-10-21T07:28:00.001Z",
        ]
        let limits = try #require(
            parse(lines) { RateLimitView.parse(response: $0, fields: $1, count: $2, nowUnixSeconds: now) })
        #expect(limits.limitRequests == 50 && limits.remainingRequests == 0 && limits.resetRequestsNanoseconds == 0)
        #expect(limits.resetTokensNanoseconds == second, "rounded up")
        let timeless = try #require(parse(lines) { RateLimitView.parse(response: $0, fields: $1, count: $2) })
        #expect(timeless.resetRequestsNanoseconds == -1, "without a clock a point in time says nothing")
    }

    @Test(arguments: [
        "2026-10-21", "2026-10-21T07:28:00", "2026-13-21T07:28:00Z", "2026-02-30T07:28:00Z", "2026-10-00T07:28:00Z",
        "2026-10-21T24:28:00Z",
        "2026-10-21T07:60:00Z", "2026-10-21T07:28:61Z", "2026-10-21T07:28:00.Z", "2026-10-21T07:28:00+1:00",
        "2026-10-21T07:28:00+25:00",
        "2026-10-21 07:28:00Z", "1969-10-21T07:28:00Z", "2026-10-21T07:28:00Zx", "2026-10-21T07:28:0xZ",
        "2026-10-21T07:28:00.123456789",
    ]) func `a malformed point in time says nothing`(_ text: String) {
        #expect(view("anthropic-ratelimit-tokens-reset: \(text)")?.resetTokensNanoseconds == -1)
    }

    @Test func `points in time are those of RFC 3339`() {
        for text in [
            "2026-10-21T07:28:07Z", "2026-10-21t07:28:07z", "2026-10-21T07:28:07.000Z", "2026-10-21T07:28:06.9Z",
            "2026-10-21T02:58:07-04:30",
        ] {
            #expect(view("anthropic-ratelimit-tokens-reset: \(text)")?.resetTokensNanoseconds == 7 * second, "\(text)")
        }
        #expect(
            view("anthropic-ratelimit-tokens-reset: 2024-02-29T00:00:00Z", now: 1_709_164_799)?.resetTokensNanoseconds
                == second, "a leap day")
    }

    @Test(arguments: ["", "abc", "1.5", "1e3", "-5", "+5", "9999999999999999999"])
    func `counters that are none stay unknown`(_ value: String) {
        #expect(view("x-ratelimit-limit-requests: \(value)")?.limitRequests == -1)
    }

    @Test(arguments: [
        ("0", Int16(0)), ("100%", 100), ("1000", 1_000), ("1001", -1), ("%", -1), ("-3", -1), ("x", -1), ("99.99", 99),
    ])
    func `utilisation is a percentage`(_ value: String, _ expected: Int16) {
        #expect(view("azure-openai-deployment-utilization: \(value)")?.utilizationPercent == expected)
    }

    @Test func `nothing said is nothing known`() {
        #expect(view("content-type: application/json") == RateLimitView())
    }
}
