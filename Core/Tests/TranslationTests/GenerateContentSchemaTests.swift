// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("Google's own schemas become JSON Schema")
struct GenerateContentSchemaTests {
    private func converted(_ schema: String) throws -> JSONValue {
        try Gemini.withRequest(
            #"{"contents":[{"parts":[{"text":"u"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":\#(schema)}]}]}"#
        ) { try Gemini.json($0.tools[0].parameters?.text ?? "") }
    }

    @Test(
        "types, absence, numbers and names are written as a validator expects them",
        arguments: [
            (#"{"type":"STRING"}"#, #"{"type":"string"}"#),
            (#"{"type":"STRING","nullable":true}"#, #"{"type":["string","null"]}"#),
            (#"{"type":"TYPE_UNSPECIFIED"}"#, "{}"),
            (#"{"type":"STRING","enum":["a"],"nullable":true}"#, #"{"type":["string","null"],"enum":["a",null]}"#),
            (
                #"{"anyOf":[{"type":"STRING"},{"type":"INTEGER"}],"nullable":true}"#,
                #"{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}"#
            ),
            (
                #"{"type":"ARRAY","min_items":"1","maxItems":"3","items":{"type":"BOOLEAN"}}"#,
                #"{"type":"array","minItems":1,"maxItems":3,"items":{"type":"boolean"}}"#
            ),
            (#"{"type":"STRING","minLength":"x"}"#, #"{"type":"string","minLength":"x"}"#),
            (#"{"type":"STRING","minLength":"007"}"#, #"{"type":"string","minLength":"007"}"#),
            (
                #"{"type":"OBJECT","properties":{"type":{"type":"NUMBER","format":"double"},"nullable":{"type":"STRING"}},"required":["type"],"propertyOrdering":["type"]}"#,
                #"{"type":"object","properties":{"type":{"type":"number","format":"double"},"nullable":{"type":"string"}},"required":["type"]}"#
            ),
            (
                ##"{"defs":{"A":{"type":"OBJECT"}},"ref":"#/defs/A","additional_properties":{"type":"STRING"}}"##,
                ##"{"$defs":{"A":{"type":"object"}},"$ref":"#/$defs/A","additionalProperties":{"type":"string"}}"##
            ),
            (
                ##"{"ref":"#/defs/A","nullable":true,"description":"d"}"##,
                ##"{"anyOf":[{"$ref":"#/$defs/A"},{"type":"null"}],"description":"d"}"##
            ),
            (#"{"type":"object","additionalProperties":false}"#, #"{"type":"object","additionalProperties":false}"#),
            (#"{"type":"STRING","format":"enum","enum":["1"]}"#, #"{"type":"string","enum":["1"]}"#),
            (
                #"{"type":"INTEGER","format":"enum","enum":["101","-2","x"],"nullable":true}"#,
                #"{"type":["integer","null"],"enum":[101,-2,"x",null]}"#
            ),
            (#"{"type":"BOOLEAN","enum":["true"]}"#, #"{"type":"boolean","enum":[true]}"#),
            (#"{"type":"STRING","example":"a"}"#, #"{"type":"string","examples":["a"]}"#),
            (
                #"{"properties":{"a":{},"b":{},"c":{}},"propertyOrdering":["c","z","a"]}"#,
                #"{"properties":{"c":{},"a":{},"b":{}}}"#
            ),
        ])
    func conversion(_ schema: String, _ expected: String) throws {
        #expect(try converted(schema) == Gemini.json(expected))
    }

    @Test("a JSON Schema is taken as it is written, and comes before the other form")
    func jsonSchemaIsVerbatim() throws {
        let schema = #"{ "type" : "object","propertyOrdering":["a"] }"#
        try Gemini.withRequest(
            #"{"contents":[{"parts":[{"text":"u"}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":\#(schema),"parameters":{"type":"STRING"}}]}]}"#
        ) { #expect($0.tools[0].parameters?.text == schema) }
    }

    @Test("the schema of an answer is converted as well, and two of them are refused")
    func answerSchema() throws {
        let start =
            #"{"contents":[{"parts":[{"text":"u"}]}],"generationConfig":{"responseMimeType":"application/json","#
        try Gemini.withRequest(start + #""responseSchema":{"type":"OBJECT"}}}"#) { conversation in
            guard case .jsonSchema(let schema, _, _, _)? = conversation.format else {
                return #expect(Bool(false), "a schema was asked for")
            }
            #expect(schema.text == #"{"type":"object"}"#)
        }
        #expect(throws: TranslationFault.self) {
            try Gemini.withRequest(start + #""responseSchema":{},"responseJsonSchema":{}}}"#) { _ in }
        }
    }
}
