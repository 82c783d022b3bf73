// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func facts(_ body: String, header: String = "") -> ErrorFacts {
    Array(body.utf8).withUnsafeBytes { body in
        Array(header.utf8).withUnsafeBytes { ResponseScan.errorFacts(body, headerType: $0) }
    }
}

@Suite struct ErrorKindTests {
    @Test(
        arguments: [
            ("ThrottlingException", .rateLimited), ("Throttling", .rateLimited), ("ThrottledException", .rateLimited),
            ("RequestThrottledException", .rateLimited), ("ProvisionedThroughputExceededException", .rateLimited),
            ("ServiceQuotaExceededException", .quotaExhausted), ("ModelNotReadyException", .overloaded),
            ("ServiceUnavailableException", .overloaded), ("InternalServerException", .transient),
            ("InternalFailure", .transient), ("InternalError", .transient), ("ModelTimeoutException", .transient),
            ("ModelErrorException", .transient), ("ModelStreamErrorException", .transient),
            ("ValidationException", .caller), ("ConflictException", .caller), ("AccessDeniedException", .credential),
            ("UnrecognizedClientException", .credential), ("InvalidClientTokenId", .credential),
            ("IncompleteSignature", .credential), ("RequestExpired", .credential),
            ("MPAgreementBeingCreated", .credential), ("ResourceNotFoundException", .notFound),
            ("FTUFormNotFilled", .notFound), ("InvalidAction", .notFound), ("SomethingNewException", nil),
            ("Exception", nil),
        ] as [(String, ErrorFacts.Kind?)])
    func `Bedrock's errors are told by name, wherever it stands`(_ name: String, _ kind: ErrorFacts.Kind?) {
        let inStream = name.prefix(1).lowercased() + name.dropFirst()
        for body in [
            #"{"__type":"\#(name)","message":"m"}"#, #"{"message":"m","code":"\#(name)"}"#,
            #"{"Code":"\#(name)","Message":"m"}"#, #"{"__type":"com.amazon.coral.service#\#(name)","Message":"m"}"#,
            #"{"__type":"\#(inStream)","message":"m"}"#,
        ] {
            #expect(facts(body).kind == kind, "\(body)")
            #expect(facts(body).message.count == 1)
        }
        for body in [#"{"message":"m"}"#, "", "<html>", #"{"__type":"InternalFailure"}"#] where kind != nil {
            #expect(facts(body, header: name).kind == kind)
            #expect(facts(body, header: "aws.x#\(name):http://internal.amazon.com/").kind == kind)
        }
    }

    @Test(
        arguments: [
            ("invalid_request_error", .caller), ("authentication_error", .credential),
            ("billing_error", .quotaExhausted),
            ("permission_error", .credential), ("not_found_error", .notFound), ("request_too_large", .caller),
            ("rate_limit_error", .rateLimited), ("api_error", .transient), ("timeout_error", .transient),
            ("overloaded_error", .overloaded), ("new_error", nil),
        ] as [(String, ErrorFacts.Kind?)])
    func `Anthropic's errors are told by type, in whichever order it comes`(_ type: String, _ kind: ErrorFacts.Kind?) {
        #expect(facts(#"{"type":"error","error":{"type":"\#(type)","message":"m"},"request_id":"r"}"#).kind == kind)
        #expect(facts(#"{"error":{"message":"m","type":"\#(type)"},"type":"error"}"#).kind == kind)
    }

    @Test(
        arguments: [
            ("INVALID_ARGUMENT", .caller), ("FAILED_PRECONDITION", .caller), ("UNAUTHENTICATED", .credential),
            ("PERMISSION_DENIED", .credential), ("NOT_FOUND", .notFound), ("RESOURCE_EXHAUSTED", .rateLimited),
            ("UNAVAILABLE", .overloaded), ("INTERNAL", .transient), ("DEADLINE_EXCEEDED", .transient), ("NEW", nil),
        ] as [(String, ErrorFacts.Kind?)])
    func `Google's errors are told by status, also inside an array`(_ status: String, _ kind: ErrorFacts.Kind?) {
        let body = #"{"error":{"code":0,"message":"m","status":"\#(status)"}}"#
        #expect(facts(body).kind == kind && facts("[\(body)]").kind == kind)
    }

    @Test func `a code is more particular than a type, and a number is the last resort`() {
        #expect(facts(#"{"error":{"type":"invalid_request_error","code":"invalid_api_key"}}"#).kind == .credential)
        #expect(facts(#"{"error":{"type":"invalid_request_error","code":"model_not_found"}}"#).kind == .notFound)
        #expect(facts(#"{"error":{"type":"BadRequestError","code":500}}"#).kind == .caller)
        let numbers: [(Int, ErrorFacts.Kind?)] = [
            (400, .caller), (401, .credential), (402, .quotaExhausted), (403, .credential), (404, .notFound),
            (408, .transient), (422, .caller), (424, .transient), (429, .rateLimited), (500, .transient),
            (503, .overloaded), (529, .overloaded), (599, .transient), (200, nil), (600, nil), (4290, nil),
        ]
        for (number, kind) in numbers {
            #expect(facts(#"{"error":{"message":"m","code":\#(number)}}"#).kind == kind, "\(number)")
            #expect(facts(#"{"object":"error","message":"m","code":"\#(number)"}"#).kind == kind, "\(number)")
        }
        #expect(facts(#"{"error":"rate_limit_error"}"#).kind == nil, "a message is not a word")
    }

    // MARK: Used up

    @Test func `a limit on spending is told from a rate whatever Anthropic calls it`() {
        let spend = facts(
            #"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#
        )
        #expect(spend.isQuotaExhausted && spend.kind == .quotaExhausted)
        for message in [
            "Your credit balance is too low to access the Anthropic API.",
            "You have reached your specified API usage limits.",
        ] {
            let body = #"{"type":"error","error":{"type":"invalid_request_error","message":"\#(message)"}}"#
            #expect(facts(body).kind(status: 400) == .quotaExhausted)
        }
        let plain = facts(#"{"error":{"type":"rate_limit_error","message":"m","details":{"error_code":7,"x":[1]}}}"#)
        #expect(!plain.isQuotaExhausted && plain.kind == .rateLimited)
    }

    private func google(_ details: String, message: String = "m") -> ErrorFacts {
        facts(
            #"{"error":{"code":429,"message":"\#(message)","status":"RESOURCE_EXHAUSTED","details":[\#(details)]}}"#)
    }

    @Test(arguments: [
        ("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "50", true),
        ("GenerateRequestsPerMinutePerProjectPerModel", "10", false),
        ("GenerateRequestsPerMinutePerProjectPerModel", "0", true),
    ]) func `Google's quota of a day or of nothing is used up, one of a minute is a rate`(
        _ id: String, _ value: String, _ isExhausted: Bool
    ) {
        let found = google(
            #"{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"x","quotaDimensions":{"a":"b"},"quotaId":"\#(id)","quotaValue":"\#(value)"}]}"#
        )
        #expect(found.isQuotaExhausted == isExhausted)
        #expect(found.kind == (isExhausted ? .quotaExhausted : .rateLimited))
    }

    @Test(
        arguments: [
            ("12s", 12_000_000_000, false), ("0.5s", 500_000_000, false), ("3.000000001s", 3_000_000_001, false),
            ("0s", 0, false), ("86400s", 86_400_000_000_000, false), ("86401s", 86_400_000_000_000, true),
            ("99999999999999999999s", 86_400_000_000_000, true), ("", nil, false), ("s", nil, false),
            ("12", nil, false),
            ("-1s", nil, false), ("NaNs", nil, false), ("1m", nil, false),
        ] as [(String, Int64?, Bool)])
    func `Google's delay is nanoseconds, at most a day, and longer is used up`(
        _ text: String, _ nanoseconds: Int64?, _ isExhausted: Bool
    ) {
        let found = google(
            #"{"@type":"type.googleapis.com/google.rpc.Help","links":[{}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"\#(text)"}"#
        )
        #expect(found.retryAfterNanoseconds == nanoseconds && found.isQuotaExhausted == isExhausted)
    }

    @Test(
        arguments: [
            ("Please retry in 46.2s.", 46_200_000_000), ("Quota. Please retry in 10h17m5.7s", 37_025_700_000_000),
            ("please Retry in 1s, or 2s", 1_000_000_000), ("retry in 99h", 86_400_000_000_000), ("retry in ", nil),
            ("retry in a while", nil), ("retry in 5", nil), ("Please retry.", nil), ("retry in .", nil),
        ] as [(String, Int64?)])
    func `a delay that only the message tells is taken from there`(_ message: String, _ nanoseconds: Int64?) {
        #expect(google("", message: message).retryAfterNanoseconds == nanoseconds)
        let detail = #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}"#
        #expect(google(detail, message: message).retryAfterNanoseconds == 3_000_000_000)
    }

    @Test func `a wrong key is Google's 400`() {
        let body = #"""
            {"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
             "details":[7,{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"d","metadata":{}}]}}
            """#
        #expect(facts(body).kind(status: 400) == .credential)
    }

    @Test func `capacity that nobody has is no rate of ours`() {
        #expect(google("", message: "Resource exhausted. Please try again later.").kind == .overloaded)
        #expect(facts(#"{"error":{"code":"x","message":"We are experiencing high demand"}}"#).kind == .overloaded)
        #expect(google("", message: "Please retry in 46.2s.").kind == .rateLimited)
    }

    // MARK: With a status

    @Test func `the body's word outranks the number where the number misleads`() {
        let throttled = facts(#"{"__type":"ThrottlingException"}"#)
        #expect(throttled.kind(status: 400) == .rateLimited && throttled.kind(status: 200) == .rateLimited)
        #expect(facts(#"{"error":{"type":"overloaded_error"}}"#).kind(status: 500) == .overloaded)
        #expect(facts("", header: "ServiceQuotaExceededException").kind(status: 400) == .quotaExhausted)
    }

    @Test func `the number outranks a word that everybody uses for everything`() {
        let request = facts(#"{"error":{"type":"invalid_request_error","message":"m"}}"#)
        for status in [400, 413, 415, 422] as [UInt16] { #expect(request.kind(status: status) == .caller) }
        for status in [401, 403, 404, 408, 409, 429, 500, 503] as [UInt16] {
            #expect(request.kind(status: status) == nil)
        }
        #expect(request.kind(status: 200) == .caller)
        let credential = facts(#"{"error":{"type":"authentication_error"}}"#)
        #expect(credential.kind(status: 502) == nil, "a server's failure stays one")
        #expect(facts(#"{"error":{"code":"insufficient_quota"}}"#).kind(status: 500) == nil)
    }

    @Test(arguments: [
        #"{"error":{"details":[{"retryDelay":7,"violations":[{"quotaId":[]}],"reason":null},[[]],"x"]}}"#,
        #"{"error":{"details":[{"violations":{},"retryDelay":{"a":1}}]}}"#, #"{"error":{"details":"text"}}"#,
        #"{"error":{"details":null,"status":7,"code":{}}}"#, #"{"details":[{"violations":[7]}]}"#,
    ]) func `details of other shapes say nothing and break nothing`(_ body: String) {
        #expect(facts(body) == ErrorFacts())
    }
}
