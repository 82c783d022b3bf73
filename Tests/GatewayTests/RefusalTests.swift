// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing
import WireFormats

@testable import Gateway

@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var refusal: Refusal
        var status: UInt16
        var type: String
        var retryAfter: Int64 = -1
        var testDescription: String { "\(refusal)" }
    }

    private static func upstream(_ kind: FailureKind, _ status: UInt16) -> Case {
        Case(
            refusal: .upstream(AttemptFailure(kind: kind)), status: status,
            type: status == 429 ? "rate_limit_error" : "upstream_error")
    }

    private static let invalid = "invalid_request_error"

    /// The statuses that the table of errors in the documentation promises.
    static let cases: [Case] = [
        Case(refusal: .http(.malformedRequestLine), status: 400, type: invalid),
        Case(refusal: .http(.targetTooLong), status: 414, type: invalid),
        Case(refusal: .http(.headTooLarge), status: 431, type: invalid),
        Case(refusal: .http(.unsupportedVersion), status: 505, type: invalid),
        Case(refusal: .bodyTooLarge(10), status: 413, type: invalid),
        Case(refusal: .headTimeout, status: 408, type: invalid),
        Case(refusal: .bodyTimeout, status: 408, type: invalid),
        Case(refusal: .unknownPath, status: 404, type: invalid),
        Case(refusal: .methodNotAllowed, status: 405, type: invalid),
        Case(refusal: .missingKey, status: 401, type: "authentication_error"),
        Case(refusal: .unknownKey, status: 401, type: "authentication_error"),
        Case(refusal: .expiredKey, status: 401, type: "authentication_error"),
        Case(refusal: .invalidBody(.missing(.model)), status: 400, type: invalid),
        Case(refusal: .invalidBody(.syntax(offset: 3, .unexpectedEnd)), status: 400, type: invalid),
        Case(refusal: .unserved(.countTokens), status: 400, type: invalid),
        Case(refusal: .invalidForm(.missing(.model)), status: 400, type: invalid),
        Case(refusal: .invalidForm(.unclosed), status: 400, type: invalid),
        Case(refusal: .invalidLanguage, status: 400, type: invalid),
        Case(refusal: .unservedLanguage(.undetermined), status: 400, type: invalid),
        Case(refusal: .localFile("messages[0].content[0].image_url.url"), status: 400, type: invalid),
        Case(refusal: .unknownModel("a \"b\"\n"), status: 404, type: invalid),
        Case(refusal: .routeForbidden("m"), status: 403, type: "permission_error"),
        Case(refusal: .overloaded, status: 429, type: "rate_limit_error", retryAfter: 1),
        Case(
            refusal: .noEndpoint(.atCapacity(retryAfter: .milliseconds(1_001))), status: 429, type: "rate_limit_error",
            retryAfter: 2),
        Case(
            refusal: .noEndpoint(.unavailable(retryAfter: .milliseconds(1))), status: 503, type: "upstream_error",
            retryAfter: 1),
        Case(
            refusal: .noEndpoint(.unavailable(retryAfter: .seconds(2))), status: 503, type: "upstream_error",
            retryAfter: 2),
        Case(refusal: .noEndpoint(.exhausted), status: 503, type: "upstream_error"),
        Case(refusal: .deadline, status: 504, type: "upstream_error"),
        upstream(.connectFailed, 502), upstream(.connectTimeout, 504), upstream(.firstByteTimeout, 504),
        upstream(.idleTimeout, 504),
        upstream(.totalTimeout, 504), upstream(.malformedResponse, 502), upstream(.truncated, 502),
        upstream(.rateLimited, 429),
        upstream(.quotaExhausted, 429), upstream(.overloaded, 503), upstream(.serverError, 502),
        upstream(.credential, 502),
    ]

    @Test(arguments: cases)
    func `every refusal has its status, type and time to retry`(entry: Case) {
        let answer = entry.refusal.answer()
        #expect(answer.status == entry.status)
        #expect(answer.type == entry.type)
        #expect(answer.retryAfterSeconds == entry.retryAfter)
        #expect(!answer.message.isEmpty)
        #expect("\(AnswerHead.reason(answer.status))" != "Status")
    }

    @Test(arguments: cases)
    func `every refusal is JSON in OpenAI's shape`(entry: Case) throws {
        let answer = entry.refusal.answer()
        let body = ErrorBody.openAI(
            message: answer.message, type: answer.type, param: answer.parameter, code: answer.code)
        let error = try #require(try JSONValue(parsing: body)["error"])
        #expect(error.members?.map(\.0) == ["message", "type", "param", "code"])
        #expect(error["message"]?.stringValue == answer.message)
        #expect(error["code"]?.stringValue?.isEmpty == false)
        #expect(body.withUnsafeBytes { ResponseScan.errorFacts($0).isOpenAIShaped })
    }

    @Test func `a fault of the body blames its parameter`() {
        #expect(Refusal.invalidBody(.missing(.model)).answer().parameter == "model")
        #expect(Refusal.invalidBody(.wrongType(.includeUsage)).answer().parameter == "stream_options.include_usage")
        #expect(Refusal.invalidBody(.empty).answer().parameter == nil)
        #expect(Refusal.unknownModel("m").answer().parameter == "model")
        #expect(Refusal.invalidForm(.duplicate(.language)).answer().parameter == "language")
        #expect(Refusal.invalidForm(.trailing).answer().parameter == nil)
        #expect(Refusal.unservedLanguage(.undetermined).answer().parameter == "language")
        #expect(Refusal.unservedLanguage(.undetermined).answer().message.contains("`und`"))
        #expect(Refusal.localFile("images[0]").answer().parameter == "images[0]")
    }

    @Test func `a connection goes on only when the whole request was read`() {
        #expect(!Refusal.http(.bareLineFeed).keepsConnection)
        #expect(!Refusal.bodyTooLarge(1).keepsConnection)
        #expect(!Refusal.missingKey.keepsConnection)
        #expect(Refusal.unknownModel("m").keepsConnection)
        #expect(Refusal.overloaded.keepsConnection)
    }

    @Test func `every kind of failure is explained without naming an endpoint`() {
        for kind in FailureKind.allCases {
            #expect(
                Refusal.upstream(AttemptFailure(kind: kind)).answer().message
                    == "The endpoint failed: \(kind.explanation).")
        }
    }
}
