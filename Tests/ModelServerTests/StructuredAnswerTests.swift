// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import ModelServer

struct StructuredAnswerTests {
    private static let tools = """
        "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object",\
        "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1}},"required":["city","days"]}}}]
        """

    @Test(arguments: ["\"required\"", "{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}"])
    func `a forced tool is called with arguments that fit its schema`(_ choice: String) throws {
        let json = try RunningServer().chat("Hello", Self.tools + ",\"tool_choice\":\(choice)").json
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "tool_calls")
        let call = try #require(json.at("choices", 0, "message", "tool_calls", 0))
        #expect(call.at("type")?.stringValue == "function")
        #expect(call.at("id")?.stringValue?.isEmpty == false)
        #expect(call.at("function", "name")?.stringValue == "weather")
        let arguments = try JSONValue(parsing: Array(try #require(call.at("function", "arguments")?.stringValue).utf8))
        #expect(arguments["city"]?.stringValue?.isEmpty == false)
        #expect(arguments["days"]?.integerValue == 1)
    }

    @Test func `a streamed tool call spells the same arguments piece by piece`() throws {
        let server = try RunningServer()
        let members = Self.tools + ",\"tool_choice\":\"required\""
        let whole = try server.chat("Hello", members).json.at(
            "choices", 0, "message", "tool_calls", 0, "function", "arguments")
        let stream = try server.stream("Hello", members)
        let calls = stream.chunks.compactMap { $0.at("choices", 0, "delta", "tool_calls", 0) }
        #expect(calls.first?.at("function", "name")?.stringValue == "weather")
        #expect(calls.compactMap { $0.at("function", "arguments")?.stringValue }.joined() == whole?.stringValue)
        #expect(calls.count > 3)
        #expect(stream.finishReasons == ["tool_calls"])
    }

    @Test func `a tool that is only offered is not called`() throws {
        let json = try RunningServer().chat("Hello", Self.tools).json
        #expect(json.at("choices", 0, "message", "content")?.stringValue?.isEmpty == false)
        #expect(json.at("choices", 0, "message", "tool_calls") == nil)
    }

    @Test func `a JSON schema shapes the answer`() throws {
        let format = """
            "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":\
            {"name":{"type":"string"},"kind":{"enum":["b","a"]}},"required":["name","kind"]}}}
            """
        let text = try #require(
            try RunningServer().chat("Hello", format).json.at("choices", 0, "message", "content")?.stringValue)
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value["name"]?.stringValue?.isEmpty == false)
        #expect(value["kind"]?.stringValue == "b")
    }

    @Test func `a JSON object is an object`() throws {
        let json = try RunningServer().chat("Hello", "\"response_format\":{\"type\":\"json_object\"}").json
        let text = try #require(json.at("choices", 0, "message", "content")?.stringValue)
        #expect(try JSONValue(parsing: Array(text.utf8)).members != nil)
    }

    @Test(arguments: [
        ("{\"type\":\"integer\",\"minimum\":7}", "7"), ("{\"type\":\"integer\",\"exclusiveMinimum\":7}", "8"),
        ("{\"type\":\"number\",\"maximum\":-3}", "-3"),
        ("{\"type\":\"boolean\"}", "true"), ("{\"type\":[\"null\",\"string\"]}", "null"), ("{\"const\":[1]}", "[1]"),
        ("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":2}", "[null,null]"),
        ("{\"type\":\"array\"}", "[]"),
        ("{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}", "1"),
        ("{\"$defs\":{\"A\":{\"type\":\"boolean\"}},\"$ref\":\"#/$defs/A\"}", "true"),
        ("{\"$ref\":\"#/nowhere\"}", "null"),
        ("{\"type\":\"string\",\"format\":\"date\"}", "\"2026-01-01\""),
        ("{\"type\":\"string\",\"maxLength\":0}", "\"\""), ("{}", "null"),
    ])
    func `each keyword bounds the instance`(_ schema: String, _ expected: String) throws {
        var instance = SchemaInstance(schema: try JSONValue(parsing: Array(schema.utf8)), seed: 1)
        #expect(String(decoding: instance.make().bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [0, 1, 40]) func `a string has its least length and no more than its greatest`(_ length: Int)
        throws
    {
        let schema = "{\"type\":\"string\",\"minLength\":\(length),\"maxLength\":\(length)}"
        var instance = SchemaInstance(schema: try JSONValue(parsing: Array(schema.utf8)), seed: 9)
        #expect(instance.make().stringValue?.unicodeScalars.count == length)
    }

    @Test func `a schema that contains itself ends`() throws {
        let schema = "{\"type\":\"object\",\"properties\":{\"child\":{\"$ref\":\"#\"}}}"
        var instance = SchemaInstance(schema: try JSONValue(parsing: Array(schema.utf8)), seed: 1)
        #expect(instance.make()["child"] != nil)
    }
}
