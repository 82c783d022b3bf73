// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing
import WireFormats

@testable import Gateway

/// Which words of an error body belong to which HTTP status, by the vendors' error references (read 2026-11).
private enum Reference {
    static func google(_ status: UInt16) -> String {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 429: "RESOURCE_EXHAUSTED"
        case 501: "UNIMPLEMENTED"
        case 503: "UNAVAILABLE"
        default: status < 500 ? "INVALID_ARGUMENT" : "INTERNAL"
        }
    }

    static func anthropic(_ status: UInt16) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503, 529: "overloaded_error"
        default: status < 500 ? "invalid_request_error" : "api_error"
        }
    }

    /// Types that OpenAI's clients may read beside a status.
    static func openAI(_ status: UInt16) -> Set<String> {
        switch status {
        case 401: ["authentication_error"]
        case 403: ["permission_error"]
        case 429: ["rate_limit_error", "insufficient_quota"]
        case 503: ["service_unavailable_error", "upstream_error"]
        case 501, 505: ["invalid_request_error"]
        default: status < 500 ? ["invalid_request_error"] : ["upstream_error"]
        }
    }
}

/// Fails unless the body is an error in the wire's form that says what the status says.
/// - Returns: its message.
private func expectAgreement(_ status: UInt16, _ body: [UInt8], _ wire: ChatWire) throws -> String? {
    let document = try JSONValue(parsing: body)
    let error = try #require(document["error"])
    switch wire {
    case .chatCompletions, .responses:
        #expect(Reference.openAI(status).contains(error["type"]?.stringValue ?? ""))
        #expect(error.members?.map(\.0) == ["message", "type", "param", "code"])
    case .messages, .converse:
        #expect(document["type"]?.stringValue == "error")
        #expect(error["type"]?.stringValue == Reference.anthropic(status))
    case .generateContent:
        #expect(error["code"] == .integer(status))
        #expect(error["status"]?.stringValue == Reference.google(status))
    }
    return error["message"]?.stringValue
}

private let wires: [ChatWire] = [.chatCompletions, .responses, .messages, .generateContent]

@Suite struct ErrorAgreementTests {
    private static func answer(
        _ body: String, _ kind: FailureKind, _ status: UInt16?, _ wire: ChatWire, isNative: Bool
    ) -> (status: UInt16, body: [UInt8]) {
        Array(body.utf8).withUnsafeBytes {
            ErrorShape.answer(
                $0, ResponseScan.errorFacts($0), kind, status: status, wire: wire, isNative: isNative)
        }
    }

    /// An error of the wire's own vendor that came with this status; `nil`: inside a stream, as some other failure.
    private static func native(_ status: UInt16?, _ wire: ChatWire) -> String {
        let status = status ?? 499
        return switch wire {
        case .chatCompletions, .responses:
            #"{"error":{"message":"m","type":"\#(Reference.openAI(status).sorted()[0])","param":null,"code":null}}"#
        case .messages, .converse:
            #"{"type":"error","error":{"type":"\#(Reference.anthropic(status))","message":"m"}}"#
        case .generateContent:
            #"{"error":{"code":\#(status),"message":"m","status":"\#(Reference.google(status))"}}"#
        }
    }

    /// What an endpoint may have answered; `nil`: inside a stream.
    private static let statuses: [UInt16?] = [nil, 301, 400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 504]

    @Test(arguments: FailureKind.allCases, wires)
    func `status and body agree for every class of an endpoint's errors`(kind: FailureKind, wire: ChatWire) throws {
        for status in Self.statuses {
            let foreign = #"{"__type":"ThrottlingException","message":"m"}"#
            for (body, isNative) in [(foreign, false), (Self.native(status, wire), true)] {
                let told = Self.answer(body, kind, status, wire, isNative: isNative)
                #expect((400..<600).contains(told.status) && told.status != 401 && told.status != 403)
                // OpenAI's form has no number to disagree with, so what its endpoints say inside streams stays.
                let hasNoNumber = wire == .chatCompletions || wire == .responses
                if isNative, status == nil, hasNoNumber, told.body == Array(body.utf8) { continue }
                let message = try expectAgreement(told.status, told.body, wire)
                #expect(kind == .credential || message == "m")
            }
        }
    }

    @Test func `Google's 429 for capacity that nobody has becomes a 503 that says so`() throws {
        let body =
            #"{"error":{"code":429,"message":"Resource exhausted, please try again later.","status":"RESOURCE_EXHAUSTED","details":[]}}"#
        let told = Self.answer(body, .overloaded, 429, .generateContent, isNative: true)
        #expect(told.status == 503)
        #expect(
            String(decoding: told.body, as: UTF8.self)
                == #"{"error":{"code":503,"message":"Resource exhausted, please try again later.","status":"UNAVAILABLE"}}"#
        )
    }

    @Test(arguments: [
        (#"{"error":{"code":503,"message":"m","status":"UNAVAILABLE","details":[{}]}}"#, ChatWire.generateContent, 503),
        (#"{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"}"#, .messages, 529),
        (#"{"error":{"message":"m","type":"t","param":null,"code":"server_is_overloaded","x":1}}"#, .responses, 503),
    ])
    func `an error inside a stream stays as it is where it says the same`(body: String, wire: ChatWire, status: Int) {
        let told = Self.answer(body, .overloaded, nil, wire, isNative: true)
        #expect(told.status == UInt16(status))
        #expect(told.body == Array(body.utf8))
    }

    @Test func `a compatible server's number is brought to what is answered`() throws {
        let body = #"{"error":{"code":500,"message":"input is too long","type":"server_error"}}"#
        let told = Self.answer(body, .contextTooLong, 500, .chatCompletions, isNative: true)
        #expect(told.status == 400)
        #expect(try JSONValue(parsing: told.body)["error"]?["code"]?.stringValue == "context_length_exceeded")
    }

    @Test func `an account's trouble is never told as the caller's own`() {
        let body = #"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#
        let quota = Self.answer(body, .quotaExhausted, 403, .chatCompletions, isNative: true)
        #expect(quota.status == 429)
        #expect(String(decoding: quota.body, as: UTF8.self).contains(#""type":"insufficient_quota""#))
        #expect(Self.answer(body, .contentPolicy, 403, .chatCompletions, isNative: true).status == 400)
    }

    @Test(arguments: RefusalTests.cases, wires)
    func `status and body agree for every refusal of the gateway's own`(entry: RefusalTests.Case, wire: ChatWire) throws
    {
        let answer = entry.refusal.answer()
        let body = ErrorShape.write(answer, in: wire)
        #expect(try expectAgreement(answer.status, body, wire) == answer.message)
    }
}
