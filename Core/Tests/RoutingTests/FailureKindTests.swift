// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A response status` {
    @Test(
        arguments: [
            (200, nil), (204, nil), (299, nil), (300, .notFound), (307, .notFound), (400, .callerError),
            (401, .credential), (402, .quotaExhausted),
            (403, .credential), (404, .notFound), (405, .notFound), (408, .serverError), (409, .serverError),
            (410, .notFound), (413, .callerError),
            (415, .callerError), (422, .callerError), (424, .serverError), (425, .serverError), (429, .rateLimited),
            (500, .serverError),
            (502, .serverError), (503, .overloaded), (504, .serverError), (529, .overloaded), (599, .serverError),
            (199, .malformedResponse),
            (600, .malformedResponse), (0, .malformedResponse),
        ] as [(UInt16, FailureKind?)])
    func `has one class`(status: UInt16, kind: FailureKind?) {
        #expect(
            FailureKind.classify(
                status: status, isQuotaExhausted: false, isContextTooLong: false, isContentFilter: false) == kind)
    }

    @Test(arguments: [400, 403, 429] as [UInt16])
    func `is refined by what the body says`(status: UInt16) {
        #expect(
            FailureKind.classify(
                status: status, isQuotaExhausted: true, isContextTooLong: false, isContentFilter: false)
                == .quotaExhausted)
        #expect(
            FailureKind.classify(
                status: status, isQuotaExhausted: false, isContextTooLong: true, isContentFilter: false)
                == .contextTooLong)
        #expect(
            FailureKind.classify(
                status: status, isQuotaExhausted: false, isContextTooLong: false, isContentFilter: true)
                == .contentPolicy)
    }

    @Test func `of success or of a server's failure is not refined`() {
        #expect(
            FailureKind.classify(status: 200, isQuotaExhausted: true, isContextTooLong: true, isContentFilter: true)
                == nil)
        #expect(
            FailureKind.classify(status: 500, isQuotaExhausted: true, isContextTooLong: false, isContentFilter: true)
                == .serverError)
        #expect(
            FailureKind.classify(status: 503, isQuotaExhausted: true, isContextTooLong: true, isContentFilter: true)
                == .overloaded)
    }

    @Test func `is the request's own for a text too long that a server calls its failure`() {
        let kind = FailureKind.classify(
            status: 500, isQuotaExhausted: false, isContextTooLong: true, isContentFilter: false)
        #expect(kind == .contextTooLong)
        #expect(kind?.isRetriable == false && kind?.countsAgainstHealth == false)
    }

    @Test func `never makes an endpoint unhealthy for the request's own fault`() {
        for kind in FailureKind.allCases where !kind.isRetriable { #expect(!kind.countsAgainstHealth) }
    }
}

@Suite struct `A failure` {
    /// Written down once more: what an endpoint that refused, or never had the request, cannot bill.
    @Test func `may have been billed when nothing says otherwise`() {
        let silent: Set<FailureKind> = [
            .resetBeforeFirstByte, .firstByteTimeout, .idleTimeout, .totalTimeout, .malformedResponse, .truncated,
            .errorInStream,
        ]
        for kind in FailureKind.allCases { #expect(kind.mayHaveBeenBilled == silent.contains(kind), "\(kind)") }
    }
}
