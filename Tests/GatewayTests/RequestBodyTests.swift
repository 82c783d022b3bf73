// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Gateway

/// What an endpoint receives is the caller's body with only the model's name and `include_usage` changed.
@Suite struct RequestBodyTests {
    /// The body as the endpoint gets it.
    private static func sent(_ body: String, model: String, addUsage: Bool) throws -> [UInt8] {
        let input = Array(body.utf8)
        let name = Array(model.utf8)
        return try input.withUnsafeBytes { input in
            var facts = RequestFacts()
            try #require(
                RequestScan.facts(input, kind: .chatCompletions, hashesPrefix: false, into: &facts) == nil, "\(body)")
            return name.withUnsafeBytes { name in
                let edits = RequestBody.edits(facts, of: input, model: name, addUsage: addUsage)
                let output = gathered { edits.appendBody(input, to: &$0) }.bytes
                #expect(output.count == input.count + edits.growth, "\(body)")
                return output
            }
        }
    }

    /// What `body` must become, by way of the parsed value.
    private static func expected(_ body: String, model: String, addUsage: Bool) throws -> [String: JSONValue] {
        var expected = try members(Array(body.utf8))
        expected["model"] = .string(model)
        if addUsage {
            let others = (expected["stream_options"]?.members ?? []).filter { $0.0 != "include_usage" }
            expected["stream_options"] = .object([("include_usage", .bool(true))] + others)
        }
        return expected
    }

    /// Members by name, `include_usage` first among those of `stream_options`: its place is free.
    private static func members(_ body: [UInt8]) throws -> [String: JSONValue] {
        let list = try #require(try JSONValue(parsing: body).members)
        try #require(
            Set(list.map(\.0)).count == list.count, "a member stands twice: \(String(decoding: body, as: UTF8.self))")
        var members = Dictionary(uniqueKeysWithValues: list)
        if let options = members["stream_options"]?.members {
            members["stream_options"] = .object(
                options.filter { $0.0 == "include_usage" } + options.filter { $0.0 != "include_usage" })
        }
        return members
    }

    static let options: [String?] = [
        nil, "null", "{}", "{ }", #"{"include_usage":true}"#, #"{"include_usage":false}"#, #"{"include_usage":null}"#,
        #"{ "other" : [1, {"include_usage":false}] }"#, #"{"include_usage":false,"other":1}"#,
        #"{"other":1 , "include_usage" : false}"#,
    ]

    @Test(arguments: options, [("m", false), ("m", true), ("served/name", false), ("served/name", true), ("", true)])
    func `only the model and include_usage change, wherever they stand`(
        options: String?, change: (model: String, addUsage: Bool)
    ) throws {
        let model = #""model" : "m""#
        let messages = #""messages":[{"role":"user","content":"a \"model\": \u0041 ∞"}]"#
        let rest = #""x":1.50e+1,"stream":true"#
        let option = options.map { [#""stream_options": "# + $0] } ?? []
        for members in [
            [model] + option + [messages, rest], option + [messages, model, rest], [messages, rest, model] + option,
        ] {
            let body = " {" + members.joined(separator: ", ") + "\n} "
            let output = try Self.sent(body, model: change.model, addUsage: change.addUsage)
            let expected = try Self.expected(body, model: change.model, addUsage: change.addUsage)
            #expect(try Self.members(output) == expected, "\(body)")
        }
    }

    @Test func `a body that needs no change stays byte for byte`() throws {
        let body = "{ \"model\":\"m\",\t\"messages\":[{}], \"stream_options\":{\"include_usage\":true}}\r\n"
        #expect(try Self.sent(body, model: "m", addUsage: false) == Array(body.utf8))
    }

    @Test func `replacing the model leaves every other byte`() throws {
        let head = "{ \"messages\" : [ {} ] , \"model\" : \""
        let tail = "\" , \"n\": 1 }\n"
        #expect(
            try Self.sent(head + "m" + tail, model: "longer", addUsage: false) == Array((head + "longer" + tail).utf8))
    }
}
