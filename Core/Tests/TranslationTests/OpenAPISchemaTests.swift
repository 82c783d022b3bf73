// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing
import WireFormats

@testable import Translation

/// JSON Schemas in the words of Google's older models. Golden pairs first, then random schemas: whatever is written
/// without a loss must take exactly the values that the caller's schema takes, and nothing the servers refuse.
@Suite("JSON Schema in Google's older words")
struct OpenAPISchemaTests {
    private struct Written {
        var schema: JSONValue
        var losses: [String]
    }

    private func written(_ schema: String, home: EndpointTarget.Home = .own) throws -> Written {
        let writer = JSONWriter()
        var losses = Losses()
        var schema = schema
        return try schema.withUTF8 { bytes in
            OpenAPISchemaWriter.write(
                JSONRaw(UnsafeRawBufferPointer(bytes)), of: .jsonSchema, home: home, to: writer, losses: &losses)
            #expect(writer.isBalanced)
            return Written(
                schema: try JSONValue(parsing: Array(writer.bytes)),
                losses: losses.names(in: .chatCompletions, max: 100).map {
                    String($0.dropFirst("response_format (".count).dropLast())
                })
        }
    }

    // MARK: Golden pairs

    @Test(
        "what has words is written exactly, for both of Google's APIs",
        arguments: [
            (#"{"type":"string","minLength":1,"pattern":"^a"}"#, #"{"type":"STRING","minLength":1,"pattern":"^a"}"#),
            (
                #"{"type":["string","null"],"title":"T","description":"d"}"#,
                #"{"type":"STRING","nullable":true,"title":"T","description":"d"}"#
            ),
            (
                #"{"anyOf":[{"type":"integer","minimum":0},{"type":"null"}],"default":null,"description":"d"}"#,
                #"{"type":"INTEGER","nullable":true,"description":"d","minimum":0}"#
            ),
            (
                #"{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}],"description":"d"}"#,
                #"{"anyOf":[{"type":"STRING","nullable":true,"description":"d"},{"type":"NUMBER","description":"d"}]}"#
            ),
            (
                #"{"type":["string","integer"],"maxLength":3,"maximum":9}"#,
                #"{"anyOf":[{"type":"STRING","maxLength":3},{"type":"INTEGER","maximum":9}]}"#
            ),
            (
                #"{"oneOf":[{"type":"boolean"},{"type":"array","items":{"type":"string"}}]}"#,
                #"{"anyOf":[{"type":"BOOLEAN"},{"type":"ARRAY","items":{"type":"STRING"}}]}"#
            ),
            (#"{"enum":["a","b"]}"#, #"{"type":"STRING","format":"enum","enum":["a","b"]}"#),
            (#"{"const":"a"}"#, #"{"type":"STRING","format":"enum","enum":["a"]}"#),
            (
                #"{"type":["string","null"],"enum":["a",null]}"#,
                #"{"type":"STRING","nullable":true,"format":"enum","enum":["a"]}"#
            ),
            // Without `null` among the values, `null` is not valid.
            (#"{"type":["string","null"],"enum":["a"]}"#, #"{"type":"STRING","format":"enum","enum":["a"]}"#),
            (#"{"type":"null"}"#, #"{"type":"NULL"}"#),
            (#"{"type":"boolean","enum":[true,false]}"#, #"{"type":"BOOLEAN"}"#),
            (#"{"type":"string","format":"date-time"}"#, #"{"type":"STRING","format":"date-time"}"#),
            (
                #"{"type":"integer","format":"int32","exclusiveMinimum":0,"exclusiveMaximum":10,"multipleOf":1}"#,
                #"{"type":"INTEGER","format":"int32","minimum":1,"maximum":9}"#
            ),
            (
                #"{"type":"array","items":{"type":"number"},"minItems":1,"maxItems":2,"uniqueItems":false}"#,
                #"{"type":"ARRAY","items":{"type":"NUMBER"},"minItems":1,"maxItems":2}"#
            ),
            (
                #"{"$schema":"x","$id":"y","type":"object","properties":{"b":{"type":"string"},"a":{"type":"boolean"}},"required":["b"],"additionalProperties":true,"examples":[1],"x-own":2}"#,
                #"{"type":"OBJECT","properties":{"b":{"type":"STRING"},"a":{"type":"BOOLEAN"}},"propertyOrdering":["b","a"],"required":["b"]}"#
            ),
            (
                ##"{"$defs":{"A":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"description":"inner"},"N":{"type":"integer"}},"type":"object","properties":{"x":{"$ref":"#/$defs/A","description":"outer"},"y":{"anyOf":[{"$ref":"#/$defs/A"},{"type":"null"}]},"z":{"allOf":[{"$ref":"#/definitions/O"}],"title":"Z"}},"definitions":{"O":{"type":"string"}}}"##,
                #"{"type":"OBJECT","properties":{"x":{"type":"OBJECT","description":"outer","properties":{"n":{"type":"INTEGER"}}},"y":{"type":"OBJECT","nullable":true,"description":"inner","properties":{"n":{"type":"INTEGER"}}},"z":{"type":"STRING"}},"propertyOrdering":["x","y","z"]}"#
            ),
        ])
    func exact(_ schema: String, _ expected: String) throws {
        for home in [EndpointTarget.Home.own, .vertex] {
            let written = try written(schema, home: home)
            #expect(written.losses.isEmpty)
            #expect(written.schema.text == expected)
        }
    }

    @Test(
        "what has no words is named by its keyword, and the rest stands",
        arguments: [
            (
                #"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
                ["additionalProperties"], #"{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}"#
            ),
            (#"{"type":"integer","enum":[1,2]}"#, ["enum"], #"{"type":"INTEGER"}"#),
            (#"{"type":"string","enum":["","a"]}"#, ["enum"], #"{"type":"STRING","format":"enum","enum":["a"]}"#),
            (#"{"type":"string","format":"uuid"}"#, ["format"], #"{"type":"STRING"}"#),
            (#"{"type":"object"}"#, ["properties"], #"{"type":"OBJECT"}"#),
            (#"{}"#, ["type"], #"{"type":"STRING"}"#),
            (#"{"type":"array"}"#, ["items"], #"{"type":"ARRAY","items":{"type":"STRING"}}"#),
            (#"{"type":"number","exclusiveMinimum":0}"#, ["exclusiveMinimum"], #"{"type":"NUMBER"}"#),
            (#"{"type":"number","multipleOf":0.5}"#, ["multipleOf"], #"{"type":"NUMBER"}"#),
            (#"{"type":"string","not":{"const":"a"}}"#, ["not"], #"{"type":"STRING"}"#),
            (
                #"{"type":"string","anyOf":[{"minLength":2},{"pattern":"a"}]}"#, ["anyOf"], #"{"type":"STRING"}"#
            ),
            (
                #"{"oneOf":[{"type":"integer"},{"type":"number"}],"type":"number"}"#, ["oneOf"], #"{"type":"NUMBER"}"#
            ),
            (
                #"{"type":"array","items":[{"type":"string"}],"uniqueItems":true}"#, ["items", "uniqueItems"],
                #"{"type":"ARRAY","items":{"type":"STRING"}}"#
            ),
            (
                ##"{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}}"##,
                ["$ref"],
                #"{"type":"OBJECT","properties":{"next":{"type":"OBJECT","properties":{"next":{"type":"STRING"}}}}}"#
            ),
            (##"{"$ref":"#/$defs/gone"}"##, ["$ref"], #"{"type":"STRING"}"#),
            (##"{"$ref":"https://example.com/s"}"##, ["$ref"], #"{"type":"STRING"}"#),
            (
                ##"{"$ref":"#/$defs/A","minLength":2,"$defs":{"A":{"type":"string"}}}"##, ["minLength"],
                #"{"type":"STRING"}"#
            ),
            (
                #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a","b"],"patternProperties":{"x":{}}}"#,
                ["required", "patternProperties"],
                #"{"type":"OBJECT","properties":{"a":{"type":"STRING"}},"required":["a"]}"#
            ),
        ])
    func losses(_ schema: String, _ losses: [String], _ expected: String) throws {
        let written = try written(schema)
        #expect(written.losses == losses)
        #expect(written.schema.text == expected)
    }

    @Test("Vertex AI's schemas say more")
    func vertex() throws {
        for (schema, expected) in [
            (#"{"type":"integer","enum":[1,-2]}"#, #"{"type":"INTEGER","format":"enum","enum":["1","-2"]}"#),
            (#"{"type":"string","format":"uuid"}"#, #"{"type":"STRING","format":"uuid"}"#),
            (#"{"type":"object"}"#, #"{"type":"OBJECT"}"#),
            (
                #"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
                #"{"type":"OBJECT","properties":{"a":{"type":"STRING"}},"additionalProperties":false}"#
            ),
            (
                #"{"type":"object","additionalProperties":{"type":"integer"}}"#,
                #"{"type":"OBJECT","additionalProperties":{"type":"INTEGER"}}"#
            ),
        ] {
            let written = try written(schema, home: .vertex)
            #expect(written.losses.isEmpty && written.schema.text == expected, "\(written)")
        }
    }

    @Test(
        "what leads back to itself is a definition on Vertex AI",
        arguments: [
            (
                ##"{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}}"##,
                ##"{"type":"OBJECT","properties":{"next":{"type":"OBJECT","properties":{"next":{"ref":"#/defs/N"}}}},"defs":{"N":{"type":"OBJECT","properties":{"next":{"ref":"#/defs/N"}}}}}"##
            ),
            // As pydantic writes a tree, and zod a list; two that lead to one another.
            (
                ##"{"$defs":{"T":{"type":"object","properties":{"of":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/T"}},{"type":"null"}]}}}},"$ref":"#/$defs/T"}"##,
                ##"{"type":"OBJECT","properties":{"of":{"type":"ARRAY","nullable":true,"items":{"ref":"#/defs/T"}}},"defs":{"T":{"type":"OBJECT","properties":{"of":{"type":"ARRAY","nullable":true,"items":{"ref":"#/defs/T"}}}}}}"##
            ),
            (
                ##"{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}"##,
                ##"{"type":"OBJECT","properties":{"next":{"anyOf":[{"ref":"#/defs/root"},{"type":"NULL"}]}},"defs":{"root":{"type":"OBJECT","properties":{"next":{"anyOf":[{"ref":"#/defs/root"},{"type":"NULL"}]}}}}}"##
            ),
            (
                ##"{"type":"array","items":{"$ref":"#/$defs/A"},"$defs":{"A":{"type":"array","items":{"$ref":"#/$defs/B"}},"B":{"type":"array","items":{"$ref":"#/$defs/A"}}}}"##,
                ##"{"type":"ARRAY","items":{"type":"ARRAY","items":{"type":"ARRAY","items":{"ref":"#/defs/A"}}},"defs":{"A":{"type":"ARRAY","items":{"type":"ARRAY","items":{"ref":"#/defs/A"}}}}}"##
            ),
        ])
    func recursion(_ schema: String, _ expected: String) throws {
        let vertex = try written(schema, home: .vertex)
        #expect(vertex.losses.isEmpty && vertex.schema.text == expected, "\(vertex)")
        #expect(try written(schema).losses.contains("$ref"))
    }

    @Test(
        "no definition stands for what is only itself, beside alternatives, or for another of its name",
        arguments: [
            ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"anyOf":[{"$ref":"#/$defs/A"},{"type":"string"}]}}}"##,
            ##"{"type":"array","items":{"$ref":"#/$defs/A"},"$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}}"##,
            ##"{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}}]}"##,
            ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"},"b":{"$ref":"#/definitions/A"}},"$defs":{"A":{"type":"array","items":{"$ref":"#/$defs/A"}}},"definitions":{"A":{"type":"object","properties":{"x":{"$ref":"#/definitions/A"}}}}}"##,
        ])
    func noDefinition(_ schema: String) throws {
        #expect(try written(schema, home: .vertex).losses == ["$ref"])
    }

    @Test("references that multiply are bounded, in number and in depth")
    func bounds() throws {
        let levels = (0..<40).map { level in
            ##""L\##(level)":{"type":"object","properties":{"a":{"$ref":"#/$defs/L\##(level + 1)"},"b":{"$ref":"#/$defs/L\##(level + 1)"}}}"##
        }
        let bomb = ##"{"$ref":"#/$defs/L0","$defs":{\##(levels.joined(separator: ",")),"L40":{"type":"string"}}}"##
        let written = try written(bomb)
        #expect(written.losses == ["$ref"])
        #expect(written.schema.text.utf8.count < OpenAPISchemaWriter.nodesMax * 100)
    }

    // MARK: Where they are written

    private static let tool =
        #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}}}]"#

    @Test("a model that takes no JSON Schema gets both schemas in Google's words, and losses have the caller's names")
    func placement() throws {
        let chat =
            #"{"messages":[{"role":"user","content":"u"}],\#(Self.tool),"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"x":{"type":"string","not":{}}}}}}}"#
        let old = Gemini.target(home: .vertex) { $0.schemas = .openAPI }
        let written = try Gemini.fromChat(chat, for: old)
        let function = written.body["tools"]?.arrayValue?[0]["functionDeclarations"]?.arrayValue?[0]
        #expect(
            function?["parameters"]?.text
                == #"{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true}},"additionalProperties":false}"#
        )
        #expect(function?["parametersJsonSchema"] == nil)
        let config = written.body["generationConfig"]
        #expect(config?["responseSchema"]?["type"]?.stringValue == "OBJECT")
        #expect(config?["responseJsonSchema"] == nil)
        #expect(config?["responseMimeType"]?.stringValue == "application/json")
        #expect(written.losses == ["response_format (not)"])
        let studio = try Gemini.fromChat(chat, for: Gemini.target { $0.schemas = .openAPI })
        #expect(
            Set(studio.losses) == ["response_format (not)", "tools[].function.parameters (additionalProperties)"])
    }

    @Test(
        "a tool without arguments has no schema",
        arguments: [
            "{}", #"{"type":"object"}"#,
            #"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#,
        ])
    func noArguments(_ parameters: String) throws {
        let chat =
            #"{"messages":[{"role":"user","content":"u"}],"tools":[{"type":"function","function":{"name":"f","parameters":\#(parameters)}}]}"#
        let written = try Gemini.fromChat(chat, for: Gemini.target { $0.schemas = .openAPI })
        #expect(written.losses.isEmpty)
        #expect(
            written.body["tools"]?.text == #"[{"functionDeclarations":[{"name":"f"}]}]"#)
    }

    // MARK: Random schemas

    @Test("a schema written without a loss takes exactly the caller's values, and breaks no rule", arguments: 0..<40)
    func forward(_ seed: UInt64) throws {
        var dice = SchemaDice(seed: seed)
        var complete = 0
        for _ in 0..<150 {
            let schema = dice.jsonSchema()
            let isVertex = dice.dice.oneIn(2)
            let written = try written(schema.text, home: isVertex ? .vertex : .own)
            guard written.losses.isEmpty else { continue }
            complete += 1
            let google = GoogleSchemaJudge(isVertex: isVertex, root: written.schema)
            let complaint = google.complaint(written.schema)
            #expect(complaint == nil, "seed \(seed): \(schema.text) → \(written.schema.text)")
            let judge = JSONSchemaJudge(root: schema)
            for _ in 0..<40 {
                let value = dice.value()
                #expect(
                    judge.accepts(value, schema) == google.accepts(value, written.schema),
                    "seed \(seed): \(value.text) by \(schema.text) → \(written.schema.text)")
            }
        }
        #expect(complete > 10, "seed \(seed): too few schemas without a loss say something")
    }

    @Test("one of Google's schemas takes exactly the same values as JSON Schema", arguments: 0..<40)
    func backward(_ seed: UInt64) throws {
        var dice = SchemaDice(seed: seed)
        let tape = JSONTape()
        let arena = ByteArena()
        for _ in 0..<100 {
            let schema = dice.googleSchema()
            let converted = try schema.bytes.withUnsafeBytes { bytes in
                try Gemini.json(GenerateContentSchema.jsonSchema(try tape.read(bytes), arena).text)
            }
            let google = GoogleSchemaJudge(isVertex: true, root: schema)
            let judge = JSONSchemaJudge(root: converted)
            for _ in 0..<40 {
                let value = dice.value()
                #expect(
                    judge.accepts(value, converted) == google.accepts(value, schema),
                    "seed \(seed): \(value.text) by \(schema.text) → \(converted.text)")
            }
        }
    }
}
