// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing
import WireFormats

@testable import Gateway

@Suite struct ErrorShapeTests {
    private static func shaped(
        _ body: String, _ kind: FailureKind = .serverError, status: UInt16 = 502, wire: ChatWire = .chatCompletions,
        isNative: Bool = true
    ) -> String {
        Array(body.utf8).withUnsafeBytes {
            let facts = ResponseScan.errorFacts($0)
            let shaped = ErrorShape.answer($0, facts, kind, status: status, wire: wire, isNative: isNative)
            return String(decoding: shaped.body, as: UTF8.self)
        }
    }

    @Test func `an error in OpenAI's shape stays byte for byte`() {
        let body = "{ \"error\": {\"message\":\"no\\n\", \"type\":\"t\", \"extra\":[1] } }\n"
        #expect(Self.shaped(body) == body)
    }

    @Test(arguments: [
        (#"{"error":"too slow"}"#, "too slow"), (#"{"detail":"not here"}"#, "not here"),
        (#"{"object":"error","message":"bad \"quote\" \u00e9","type":"x","code":400}"#, "bad \"quote\" é"),
        (#"[{"error":{"message":"wrapped","code":400}}]"#, "wrapped"),
    ])
    func `other shapes are brought into it with their message`(body: String, message: String) throws {
        let error = try #require(try JSONValue(parsing: Array(Self.shaped(body).utf8))["error"])
        #expect(error["message"]?.stringValue == message)
        #expect(error["type"]?.stringValue == "upstream_error")
        #expect(error["param"]?.isNull == true)
        #expect(error["code"]?.isNull == true)
    }

    @Test(arguments: ["", "<html>502</html>", "{}", "[]", #"{"error":{}}"#, "\u{0}\u{1}"])
    func `a body that says nothing gets a message that says so`(body: String) throws {
        let error = try #require(try JSONValue(parsing: Array(Self.shaped(body).utf8))["error"])
        #expect(error["message"]?.stringValue?.isEmpty == false)
    }

    @Test func `another vendor's error is told in the caller's words, class by class`() {
        let body = #"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#
        #expect(
            Self.shaped(body, .rateLimited, status: 429, isNative: false)
                == #"{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
        )
        #expect(
            Self.shaped(body, .rateLimited, status: 429, wire: .generateContent, isNative: false)
                == #"{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}"#)
        #expect(Self.shaped(body, .rateLimited, status: 429, wire: .messages) == body)
    }

    @Test func `a status says on the caller's wire what it said on the endpoint's`() {
        #expect(ErrorShape.status(400, .rateLimited, wire: .chatCompletions) == 429)
        #expect(ErrorShape.status(400, .credential, wire: .chatCompletions) == 502)
        #expect(ErrorShape.status(429, .overloaded, wire: .messages) == 529)
        #expect(ErrorShape.status(502, .contextTooLong, wire: .messages) == 400)
        #expect(ErrorShape.status(413, .callerError, wire: .responses) == 413)
    }
}
