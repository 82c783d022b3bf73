// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("generateContent requests are written with tools, media and configuration")
struct GenerateContentConfigWriterTests {
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    private func contents(_ messages: String, for target: EndpointTarget = Gemini.target()) throws -> JSONValue? {
        try Gemini.fromChat(#"{"messages":[\#(messages)]}"#, for: target).body["contents"]
    }

    private func config(_ members: String, for target: EndpointTarget = Gemini.target()) throws -> JSONValue? {
        try Gemini.fromChat("{\(Self.hello),\(members)}", for: target).body["generationConfig"]
    }

    // MARK: Tools

    private static let tools = #"""
        "tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g","description":"","parameters":{"type":"object"}}}]
        """#

    @Test("a tool without parameters has no schema here, and an empty description is none")
    func tools() throws {
        let body = try Gemini.fromChat("{\(Self.hello),\(Self.tools)}").body
        #expect(
            try body["tools"]
                == Gemini.json(
                    #"[{"functionDeclarations":[{"name":"f"},{"name":"g","parametersJsonSchema":{"type":"object"}}]}]"#)
        )
        #expect(body["toolConfig"] == nil)
    }

    @Test(
        "choices are modes, and names are allowed only where a call is demanded",
        arguments: [
            (#""none""#, #"{"mode":"NONE"}"#, ["f", "g"]), (#""required""#, #"{"mode":"ANY"}"#, ["f", "g"]),
            (
                #"{"type":"function","function":{"name":"g"}}"#, #"{"mode":"ANY","allowedFunctionNames":["g"]}"#,
                ["f", "g"]
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
                #"{"mode":"ANY","allowedFunctionNames":["g"]}"#, ["f", "g"]
            ),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
                #"{"mode":"AUTO"}"#, ["g"]
            ),
        ] as [(String, String, [String])])
    func choices(_ choice: String, _ config: String, _ names: [String]) throws {
        let body = try Gemini.fromChat(#"{\#(Self.hello),\#(Self.tools),"tool_choice":\#(choice)}"#).body
        #expect(try body["toolConfig"]?["functionCallingConfig"] == Gemini.json(config))
        let declared = body["tools"]?.arrayValue?[0]["functionDeclarations"]?.arrayValue ?? []
        #expect(declared.map { $0["name"]?.stringValue } == names)
    }

    @Test("names that Google refuses are renamed everywhere in the same way")
    func renaming() throws {
        let body = try Gemini.fromChat(
            #"""
            {"tools":[{"type":"function","function":{"name":"1 f"}}],"tool_choice":{"type":"function","function":{"name":"1 f"}},
             "messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"1 f"}}]},{"role":"tool","tool_call_id":"a","content":"x"}]}
            """#
        ).body
        let name = body["tools"]?.arrayValue?[0]["functionDeclarations"]?.arrayValue?[0]["name"]?.stringValue ?? ""
        #expect(name.hasPrefix("__f_") && name.count == 10)
        let entries = body["contents"]?.arrayValue ?? []
        #expect(entries[0]["parts"]?.arrayValue?[0]["functionCall"]?["name"]?.stringValue == name)
        #expect(entries[1]["parts"]?.arrayValue?[0]["functionResponse"]?["name"]?.stringValue == name)
        let allowed = body["toolConfig"]?["functionCallingConfig"]?["allowedFunctionNames"]?.arrayValue
        #expect(allowed?.map(\.stringValue) == [name])
    }

    // MARK: Media

    @Test("pictures, sound, film and documents are inline data; addresses in Cloud Storage are files")
    func media() throws {
        let written = try Gemini.fromChat(
            #"""
            {"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
              {"type":"input_audio","input_audio":{"data":"BBBB","format":"mp3"}},{"type":"video_url","video_url":{"url":"data:video/mp4;base64,CCCC"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,DDDD"}},
              {"type":"image_url","image_url":{"url":"gs://b/p.JPG"}}]}]}
            """#)
        #expect(
            try written.body["contents"]?.arrayValue?[0]["parts"]
                == Gemini.json(
                    #"""
                    [{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"inlineData":{"mimeType":"audio/mpeg","data":"BBBB"}},
                     {"inlineData":{"mimeType":"video/mp4","data":"CCCC"}},{"inlineData":{"mimeType":"application/pdf","data":"DDDD"}},
                     {"fileData":{"mimeType":"image/jpeg","fileUri":"gs://b/p.JPG"}}]
                    """#))
        #expect(written.losses.isEmpty)
    }

    @Test(
        "what nobody would fetch, or only another provider has, is a loss and never left out in silence",
        arguments: [
            (#"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#, "messages[].content[].image_url"),
            (#"{"type":"image_url","image_url":{"url":"gs://b/unknown"}}"#, "messages[].content[].image_url"),
            (#"{"type":"file","file":{"file_id":"file-1"}}"#, "messages[].content[].file.file_id"),
            (#"{"type":"video_url","video_url":{"url":"https://x/y.mp4"}}"#, "messages[].content[].video_url"),
        ])
    func lostMedia(_ part: String, _ loss: String) throws {
        let written = try Gemini.fromChat(
            #"{"messages":[{"role":"user","content":[{"type":"text","text":"u"},\#(part)]}]}"#)
        #expect(written.losses == [loss])
        #expect(written.body["contents"]?.arrayValue?[0]["parts"]?.arrayValue?.count == 1)
    }

    @Test("files uploaded to AI Studio are its own, and nothing to Vertex AI")
    func uploadedFiles() throws {
        let json = #"""
            {"contents":[{"parts":[{"text":"u"},{"fileData":{"mimeType":"application/pdf","fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}]}]}
            """#
        let own = try Gemini.withRequest(json) { try Gemini.write($0) }
        #expect(own.losses.isEmpty)
        #expect(own.body["contents"]?.arrayValue?[0]["parts"]?.arrayValue?[1]["fileData"]?["mimeType"] != nil)
        let vertex = try Gemini.withRequest(json) { try Gemini.write($0, for: Gemini.target(home: .vertex)) }
        #expect(vertex.losses == ["messages[].content[].file.file_id"])
    }

    @Test("how closely a picture is looked at is said to Gemini 3, part by part")
    func detail() throws {
        let picture = #"""
            {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]}
            """#
        func level(_ thinking: Capabilities.Thinking) throws -> String? {
            try contents(picture, for: Gemini.target(thinking))?.arrayValue?[0]["parts"]?.arrayValue?[0][
                "mediaResolution"]?[
                    "level"]?.stringValue
        }
        #expect(try level(.adaptive) == "MEDIA_RESOLUTION_LOW")
        #expect(try level(.budget) == nil)
    }

    // MARK: Configuration

    @Test("sampling, seed and penalties have their places")
    func sampling() throws {
        let members = #"""
            "temperature":0.70,"top_p":0.9,"top_k":40,"seed":9007199254740993,"presence_penalty":-0.5,"frequency_penalty":1
            """#
        #expect(
            try config(members)?.text
                == #"{"temperature":0.70,"topP":0.9,"topK":40,"seed":9007199254740993,"presencePenalty":-0.5,"frequencyPenalty":1}"#
        )
        let refusing = Gemini.target { $0.takesSampling = false }
        let written = try Gemini.fromChat("{\(Self.hello),\(members)}", for: refusing)
        #expect(written.losses == ["temperature", "top_p", "top_k"])
        #expect(written.body["generationConfig"]?["seed"] != nil)
        #expect(written.body["generationConfig"]?["topP"] == nil)
    }

    @Test(
        "thinking is a budget for Gemini 2.5 and a level for Gemini 3, never both",
        arguments: [
            ("none", #"{"thinkingBudget":0}"#, #"{"thinkingLevel":"MINIMAL"}"#),
            (
                "minimal", #"{"thinkingBudget":1024,"includeThoughts":true}"#,
                #"{"thinkingLevel":"MINIMAL","includeThoughts":true}"#
            ),
            (
                "low", #"{"thinkingBudget":1024,"includeThoughts":true}"#,
                #"{"thinkingLevel":"LOW","includeThoughts":true}"#
            ),
            (
                "medium", #"{"thinkingBudget":8192,"includeThoughts":true}"#,
                #"{"thinkingLevel":"MEDIUM","includeThoughts":true}"#
            ),
            (
                "high", #"{"thinkingBudget":24576,"includeThoughts":true}"#,
                #"{"thinkingLevel":"HIGH","includeThoughts":true}"#
            ),
            (
                "max", #"{"thinkingBudget":24576,"includeThoughts":true}"#,
                #"{"thinkingLevel":"HIGH","includeThoughts":true}"#
            ),
        ])
    func thinking(_ effort: String, _ budget: String, _ level: String) throws {
        let member = #""reasoning_effort":"\#(effort)""#
        #expect(try config(member, for: Gemini.target(.budget))?["thinkingConfig"] == Gemini.json(budget))
        #expect(try config(member, for: Gemini.target(.adaptive))?["thinkingConfig"] == Gemini.json(level))
        let none = try Gemini.fromChat("{\(Self.hello),\(member)}", for: Gemini.target(.none))
        #expect(none.body["generationConfig"] == nil)
        #expect(none.losses == (effort == "none" ? [] : ["reasoning_effort"]))
    }

    @Test("as much thinking as the model thinks fit, and a caller's own number")
    func thinkingNumbers() throws {
        func written(_ reasoning: Reasoning, _ thinking: Capabilities.Thinking) throws -> String? {
            try withChat("{\(Self.hello)}") { conversation in
                conversation.reasoning = reasoning
                return try Gemini.write(conversation, for: Gemini.target(thinking)).body["generationConfig"]?.text
            }
        }
        #expect(try written(.adaptive, .budget) == #"{"thinkingConfig":{"thinkingBudget":-1,"includeThoughts":true}}"#)
        #expect(try written(.adaptive, .adaptive) == #"{"thinkingConfig":{"includeThoughts":true}}"#)
        #expect(
            try written(.budget(3000), .budget) == #"{"thinkingConfig":{"thinkingBudget":3000,"includeThoughts":true}}"#
        )
        #expect(
            try written(.budget(40000), .budget)
                == #"{"thinkingConfig":{"thinkingBudget":24576,"includeThoughts":true}}"#)
        #expect(
            try written(.budget(3000), .adaptive)
                == #"{"thinkingConfig":{"thinkingLevel":"MEDIUM","includeThoughts":true}}"#)
    }

    @Test("a format is a media type and, where the model takes one, a schema")
    func format() throws {
        let schema =
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}}"#
        #expect(
            try config(schema)?.text
                == #"{"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}"#)
        #expect(
            try config(#""response_format":{"type":"json_object"}"#)?.text
                == #"{"responseMimeType":"application/json"}"#)
        #expect(try config(#""response_format":{"type":"text"}"#) == nil)
        let written = try Gemini.fromChat("{\(Self.hello),\(schema)}", for: Gemini.target { $0.takesSchemas = false })
        #expect(written.body["generationConfig"]?.text == #"{"responseMimeType":"application/json"}"#)
        #expect(written.losses == ["response_format"])
    }

    @Test("labels go to Vertex AI when it would take them, tiers to both")
    func labels() throws {
        func written(_ metadata: String, _ home: EndpointTarget.Home) throws -> Gemini.Written {
            try Gemini.fromChat(
                #"{\#(Self.hello),"metadata":\#(metadata),"service_tier":"flex"}"#, for: Gemini.target(home: home))
        }
        let vertex = try written(#"{"team":"a-1"}"#, .vertex)
        #expect(vertex.body["labels"]?.text == #"{"team":"a-1"}"#)
        #expect(vertex.body["serviceTier"]?.stringValue == "flex")
        #expect(vertex.losses.isEmpty)
        #expect(try written(#"{"team":"a-1"}"#, .own).losses == ["metadata"])
        let long = String(repeating: "a", count: 64)
        for refused in [
            #"{"Team":"a"}"#, #"{"team":1}"#, #"{"team":{"a":"b"}}"#, #"{"team":"\#(long)"}"#, #"{"team":"a b"}"#,
        ] {
            #expect(try written(refused, .vertex).losses == ["metadata"], "\(refused)")
        }
    }

    @Test("whatever has no word here is reported under the caller's own name")
    func losses() throws {
        let written = try Gemini.fromChat(
            #"""
            {"messages":[{"role":"user","content":[{"type":"text","text":"u","cache_control":{"type":"ephemeral"}}]}],"user":"u1","parallel_tool_calls":false,
             "logit_bias":{"1":1},"tools":[{"type":"function","function":{"name":"f","strict":true}}]}
            """#)
        #expect(
            Set(written.losses) == [
                "user", "cache_control", "parallel_tool_calls", "tools[].function.strict", "logit_bias",
            ])
        let forced = try Gemini.fromChat(
            #"{\#(Self.hello),"tools":[{"type":"function","function":{"name":"f","strict":true}}],"tool_choice":"required"}"#
        )
        #expect(forced.losses.isEmpty, "a demanded call obeys its schema")
    }

    @Test("limits hold: more results or tools than could be matched are refused instead of compared")
    func limits() {
        let results = (0...1024).map { _ in #"{"role":"tool","tool_call_id":"a","content":""}"# }.joined(separator: ",")
        #expect(throws: TranslationFault.self) { try contents(results) }
        let tools = (0...1024).map { #"{"function":{"name":"f\#($0)"}}"# }.joined(separator: ",")
        let choice = #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"name":"f1"}]}}"#
        #expect(throws: TranslationFault.self) {
            try Gemini.fromChat(#"{\#(Self.hello),"tools":[\#(tools)],"tool_choice":\#(choice)}"#)
        }
    }
}
