// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Gateway

@Suite struct ErrorShapeTests {
    private static func shaped(_ body: String) -> String {
        Array(body.utf8).withUnsafeBytes {
            String(decoding: ErrorShape.openAI($0, ResponseScan.errorFacts($0)), as: UTF8.self)
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
}
