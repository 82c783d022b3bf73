// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing
import WireFormats

@testable import Gateway

@Suite struct RetryAdviceTests {
    private static func advice(
        _ status: UInt16, after seconds: Int64 = -1, _ cause: FailureKind? = nil, wait: TimeSpan? = .zero
    ) -> Bool {
        RetryAdvice(status: status, retryAfterSeconds: seconds, cause: cause).isFutile { wait }
    }

    @Test(arguments: [FailureKind.quotaExhausted, .credential])
    func `what people must mend is not worth a retry while nobody else can help`(cause: FailureKind) {
        for status: UInt16 in [429, 502] {
            #expect(Self.advice(status, cause, wait: .seconds(3600)))
            #expect(Self.advice(status, cause, wait: .milliseconds(8_001)))
            #expect(Self.advice(status, cause, wait: nil))
            #expect(!Self.advice(status, cause, wait: .seconds(8)))
            #expect(!Self.advice(status, cause, wait: .zero))
        }
    }

    @Test func `a client that was told when to come back may, unless that is still too early`() {
        #expect(!Self.advice(429, after: 30, .quotaExhausted, wait: .seconds(30)))
        #expect(Self.advice(429, after: 30, .quotaExhausted, wait: .seconds(31)))
    }

    @Test func `a time that no client waits for is no advice to come back`() {
        #expect(!Self.advice(429, after: 120))
        #expect(Self.advice(429, after: 121))
        #expect(Self.advice(503, after: 3_600))
    }

    @Test(arguments: FailureKind.allCases)
    func `what may pass by itself is left to the client`(cause: FailureKind) {
        guard cause != .quotaExhausted, cause != .credential else { return }
        for status: UInt16 in [408, 429, 500, 502, 503, 504] {
            #expect(!Self.advice(status, cause, wait: .seconds(3600)))
            #expect(!Self.advice(status, after: 1, cause, wait: nil))
        }
    }

    @Test func `nothing is said where clients repeat nothing`() {
        for status: UInt16 in [200, 400, 401, 402, 403, 404, 413, 422] {
            #expect(!Self.advice(status, after: 3_600, .quotaExhausted, wait: nil))
        }
    }

    @Test(arguments: RefusalTests.cases)
    func `of the gateway's own refusals only those of what it cannot read are final`(entry: RefusalTests.Case) {
        let answer = entry.refusal.answer()
        let isFutile = entry.refusal.advice(answer).isFutile { .zero }
        if case .http = entry.refusal { #expect(isFutile == (answer.status >= 500)) } else { #expect(!isFutile) }
    }

    @Test func `a refused key with nobody else to ask is final`() {
        let refusal = Refusal.upstream(AttemptFailure(kind: .credential))
        #expect(refusal.advice(refusal.answer()).isFutile { .seconds(60) })
    }
}
