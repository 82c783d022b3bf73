// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@Suite struct `Time` {
    @Test func `adds, subtracts and scales in whole nanoseconds`() {
        let start = Instant(nanoseconds: 10)
        #expect((start + .microseconds(2)) - start == .nanoseconds(2_000))
        #expect(start - .nanoseconds(11) < Instant(nanoseconds: 0))
        #expect(TimeSpan.seconds(1) * 3 - .milliseconds(500) == .milliseconds(2_500))
        #expect(TimeSpan.milliseconds(1_500).seconds == 1.5)
    }

    @Test func `leaves room for sums at both ends`() {
        #expect(Instant.distantPast < Instant(nanoseconds: 0) - .seconds(1_000_000_000))
        #expect(Instant.distantFuture + .seconds(1_000_000_000) > .distantFuture)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 9.1e9, -9.1e9]) func `is refused when it is not representable`(
        seconds: Double
    ) {
        #expect(TimeSpan(seconds: seconds) == nil)
    }

    @Test func `is read from fractional seconds`() {
        #expect(TimeSpan(seconds: 1.5) == .milliseconds(1_500))
        #expect(TimeSpan(seconds: -0.25) == .milliseconds(-250))
    }
}

@Suite struct `A currency` {
    @Test(arguments: ["EUR", "USD", "INR"]) func `has three capital letters`(code: String) {
        #expect(Currency(code)?.code == code)
    }
    @Test(arguments: ["", "US", "usd", "USDT", "U1D", "ÄÖÜ", "US "]) func `has nothing else`(code: String) {
        #expect(Currency(code) == nil)
    }
}

@Suite struct `A secret` {
    private let secret = Secret(Array("sk-very-secret".utf8))

    @Test func `shows itself nowhere`() {
        var dumped = ""
        dump(secret, to: &dumped)
        for text in [
            "\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])",
            "\(Optional(secret) as Any)",
        ] {
            #expect(!text.contains("very"), "\(text)")
        }
    }

    @Test(arguments: [
        ("sk-very-secret", true), ("sk-very-secreT", false), ("sk-very-secre", false), ("sk-very-secret ", false),
        ("", false),
    ])
    func `matches its own bytes only`(text: String, matches: Bool) {
        #expect(Array(text.utf8).withUnsafeBytes { secret.matches($0) } == matches)
    }

    @Test func `of no bytes is empty and matches only nothing`() {
        #expect(Secret([]).isEmpty)
        #expect(Secret([]).matches(UnsafeRawBufferPointer(start: nil, count: 0)))
    }
}
