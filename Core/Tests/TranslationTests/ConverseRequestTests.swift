// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Converse: requests")
struct ConverseRequestTests {
    @Test("one conversation with everything in it")
    func workedExample() throws {
        let written = try ConverseWritten(chat: WorkedExample.chat)
        let arena = ByteArena()
        let name = withExtendedLifetime(arena) {
            ToolNames.written("get.weather", for: .converse, arena: arena).text
        }
        #expect(name.hasPrefix("get_weather_"))
        #expect(
            try written.body
                == Bedrock.json(
                    #"""
                    {"inferenceConfig":{"maxTokens":300,"temperature":0.2,"stopSequences":["END"]},
                     "toolConfig":{"tools":[{"toolSpec":{"name":"NAME","description":"w","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}}],"toolChoice":{"auto":{}}},
                     "system":[{"text":"Be brief."}],
                     "messages":[{"role":"user","content":[{"text":"Rain?"},{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}}]},
                      {"role":"assistant","content":[{"text":"Checking."},{"toolUse":{"toolUseId":"call_1","name":"NAME","input":{"city":"Pune"}}},{"toolUse":{"toolUseId":"call_2","name":"NAME","input":{}}}]},
                      {"role":"user","content":[{"toolResult":{"toolUseId":"call_2","content":[{"text":"missing city"}]}},{"toolResult":{"toolUseId":"call_1","content":[{"text":"dry"}]}}]}],
                     "additionalModelResponseFieldPaths":["/stop_sequence"]}
                    """#.replacing("NAME", with: name)))
        #expect(written.losses.isEmpty && written.members.isEmpty)
    }

    @Test("the plainest request has messages and nothing else: no bound is invented, nor model, nor stream")
    func plain() throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""model":"m","stream":true"#))
        #expect(try written.body == Bedrock.json(#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#))
    }

    @Test("what belongs to the caller's wire alone is lost by name")
    func foreign() throws {
        #expect(try ConverseWritten(chat: Bedrock.chat(#""logprobs":true,"n":2"#)).members == ["logprobs", "n"])
    }

    @Test(
        "a conversation without a word is refused",
        arguments: [#""""#, #"" \n""#, #"[{"type":"text","text":""}]"#, "null"])
    func empty(_ content: String) {
        #expect(throws: TranslationFault(.emptyConversation)) {
            try ConverseWritten(chat: Bedrock.chat(content: content))
        }
    }

    // MARK: Sampling

    @Test("sampling is written where it has a place and lost where it has none")
    func sampling() throws {
        let written = try ConverseWritten(
            chat: Bedrock.chat(
                #""temperature":1.0,"top_p":0.9,"top_k":40,"seed":7,"presence_penalty":0.5,"frequency_penalty":0.0"#))
        #expect(try written["inferenceConfig"] == Bedrock.json(#"{"temperature":1.0,"topP":0.9}"#))
        #expect(try written["additionalModelRequestFields"] == Bedrock.json(#"{"top_k":40}"#))
        #expect(written.losses == [.seed, .presencePenalty])
    }

    @Test("a temperature above Bedrock's becomes its highest, and is said to be lost", arguments: ["1.2", "2", "1e1"])
    func hot(_ temperature: String) throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""temperature":\#(temperature)"#))
        #expect(try written["inferenceConfig"] == Bedrock.json(#"{"temperature":1}"#))
        #expect(written.losses == [.temperature])
    }

    @Test("a model without sampling gets none, and neutral values are no loss")
    func noSampling() throws {
        let odd = Bedrock.chat(#""temperature":0,"top_p":0.5,"top_k":3"#)
        let written = try ConverseWritten(chat: odd, takesSampling: false)
        #expect(written["inferenceConfig"] == nil && written["additionalModelRequestFields"] == nil)
        #expect(written.losses == [.temperature, .topP, .topK])
        let neutral = Bedrock.chat(#""temperature":1,"top_p":1.0,"top_k":-1"#)
        #expect(try ConverseWritten(chat: neutral, takesSampling: false).losses.isEmpty)
    }

    // MARK: Form

    @Test("a schema goes as text inside a string")
    func schema() throws {
        let written = try ConverseWritten(
            chat: Bedrock.chat(
                #""response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object","const":"a\"\n"}}}"#
            ))
        #expect(
            try written["outputConfig"]
                == Bedrock.json(
                    #"{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\",\"const\":\"a\\\"\\n\"}","name":"n","description":"d"}}}}"#
                ))
    }

    @Test("some JSON object is a schema of any object")
    func object() throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""response_format":{"type":"json_object"}"#))
        let schema = written["outputConfig"]?["textFormat"]?["structure"]?["jsonSchema"]?["schema"]?.stringValue
        #expect(schema == #"{"type":"object","additionalProperties":true}"#)
    }

    @Test("a model without schemas loses the form")
    func noSchemas() throws {
        let object = try ConverseWritten(
            chat: Bedrock.chat(#""response_format":{"type":"json_object"}"#), takesSchemas: false)
        #expect(object["outputConfig"] == nil && object.losses == [.jsonObject])
        let schema = Bedrock.chat(#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}"#)
        #expect(try ConverseWritten(chat: schema, takesSchemas: false).losses == [.jsonSchema])
    }

    // MARK: Account

    @Test(
        "a service tier is Bedrock's own word for it, and auto is no word",
        arguments: [
            ("auto", nil), ("default", "default"), ("flex", "flex"), ("priority", "priority"),
        ] as [(String, String?)])
    func tier(_ word: String, _ expected: String?) throws {
        let written = try ConverseWritten(chat: Bedrock.chat(#""service_tier":"\#(word)""#))
        #expect(written["serviceTier"]?["type"]?.stringValue == expected)
        #expect(written.losses.isEmpty)
    }

    @Test("metadata and user become request metadata")
    func metadata() throws {
        let written = try ConverseWritten(
            chat: Bedrock.chat(#""user":"u@x.org","metadata":{"team":"a b","cost":"1/2"}"#))
        #expect(try written["requestMetadata"] == Bedrock.json(#"{"team":"a b","cost":"1/2","user":"u@x.org"}"#))
        #expect(written.losses.isEmpty)
    }

    @Test("what Bedrock would refuse the request for stays out of its metadata and is lost")
    func oddMetadata() throws {
        let long = String(repeating: "x", count: 257)
        for value in ["7", "{}", #""é""#, #""a\"b""#, #""a|b""#, #""\#(long)""#] {
            let written = try ConverseWritten(chat: Bedrock.chat(#""metadata":{"a":\#(value),"b":"c"}"#))
            #expect(try written["requestMetadata"] == Bedrock.json(#"{"b":"c"}"#), "\(value)")
            #expect(written.losses == [.metadata])
        }
        for name in ["", "é", long] {
            let written = try ConverseWritten(chat: Bedrock.chat(#""metadata":{"\#(name)":"a"}"#))
            #expect(written["requestMetadata"] == nil && written.losses == [.metadata])
        }
        #expect(try ConverseWritten(chat: Bedrock.chat(#""user":"ü""#)).losses == [.user])
        #expect(try ConverseWritten(chat: Bedrock.chat(#""user":"a","metadata":{"user":"b"}"#)).losses == [.user])
    }

    @Test("request metadata has at most 16 pairs", arguments: [15, 16, 17])
    func manyPairs(_ count: Int) throws {
        let pairs = (0..<count).map { #""k\#($0)":"v""# }.joined(separator: ",")
        let written = try ConverseWritten(chat: Bedrock.chat(#""user":"u","metadata":{\#(pairs)}"#))
        #expect(written["requestMetadata"]?.members?.count == 16)
        #expect(written.losses == (count == 15 ? [] : count == 16 ? [.user] : [.metadata, .user]))
    }
}
