// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing
import WireFormats

@testable import Translation

private struct WrittenEmbeddings {
    var body: String
    var losses: [String]
}

private func withEmbeddings<Result>(_ json: String, _ body: (EmbeddingsRequest) throws -> Result) throws -> Result {
    let request = EmbeddingsRequest()
    return try Documents.withValue(json) { element in
        try EmbeddingsRequestReader.read(element, into: request)
        return try body(request)
    }
}

private func written(_ json: String, for family: EmbeddingFamily, model: JSONString = "m-1") throws -> WrittenEmbeddings
{
    try withEmbeddings(json) { request in
        let writer = JSONWriter()
        var losses = Losses()
        try EmbeddingsRequestWriter.write(request, for: family, model: model, to: writer, losses: &losses)
        #expect(writer.isBalanced)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(try Gemini.json(text).members != nil)
        return WrittenEmbeddings(body: text, losses: losses.names(in: .chatCompletions))
    }
}

@Suite("Embeddings requests")
struct EmbeddingsRequestTests {
    private static let one = #"{"model":"e","input":"grüße \"x\"","dimensions":256,"encoding_format":"base64"}"#
    private static let two = #"{"model":"e","input":["a","b"],"dimensions":256}"#

    @Test("a text or texts, a length and a form are read")
    func read() throws {
        try withEmbeddings(Self.one) { request in
            #expect(request.model.text == "e")
            #expect(request.inputs.map(\.text) == [#"grüße "x""#])
            #expect(request.dimensions == 256)
            #expect(request.wantsBase64)
        }
        try withEmbeddings(
            #"{"input":["a","b"],"encoding_format":"float","dimensions":null,"user":"u","seed":1,"store":false}"#
        ) {
            #expect($0.inputs.map(\.text) == ["a", "b"])
            #expect($0.dimensions == nil && !$0.wantsBase64)
            #expect($0.user?.text == "u")
            #expect($0.foreign.map(\.text) == ["seed"])
        }
    }

    @Test(
        "what no model could embed is refused with its place",
        arguments: [
            (#"{}"#, "input"), (#"{"input":""}"#, "input"), (#"{"input":[]}"#, "input"),
            (#"{"input":["a",""]}"#, "input"),
            (#"{"input":[1,2,3]}"#, "input"), (#"{"input":[[1,2],[3]]}"#, "input"), (#"{"input":{"a":1}}"#, "input"),
            (#"{"input":"a","encoding_format":"int8"}"#, "encoding_format"),
            (#"{"input":"a","encoding_format":7}"#, "encoding_format"),
            (#"{"input":"a","dimensions":0}"#, "dimensions"), (#"{"input":"a","dimensions":1.5}"#, "dimensions"),
        ])
    func refused(_ json: String, _ path: String) {
        let fault = #expect(throws: TranslationFault.self) { try withEmbeddings(json) { _ in } }
        #expect(fault?.path == path)
    }

    @Test("OpenAI's bound on texts holds")
    func inputsMax() throws {
        func request(_ count: Int) -> String {
            #"{"input":[\#(Array(repeating: #""a""#, count: count).joined(separator: ","))]}"#
        }
        #expect(try withEmbeddings(request(2048)) { $0.inputs.count } == 2048)
        #expect(throws: TranslationFault.self) { try withEmbeddings(request(2049)) { _ in } }
    }

    @Test(
        "every family is asked in its own words",
        arguments: [
            (EmbeddingFamily.titan, #"{"inputText":"grüße \"x\"","dimensions":256}"#),
            (
                .nova,
                #"{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_INDEX","embeddingDimension":256,"text":{"truncationMode":"END","value":"grüße \"x\""}}}"#
            ),
            (.cohere, #"{"texts":["grüße \"x\""],"input_type":"search_document","output_dimension":256}"#),
            (
                .vertexPredict,
                #"{"instances":[{"content":"grüße \"x\""}],"parameters":{"autoTruncate":false,"outputDimensionality":256}}"#
            ),
            (
                .batchEmbedContents,
                #"{"requests":[{"model":"models/m-1","content":{"parts":[{"text":"grüße \"x\""}]},"outputDimensionality":256}]}"#
            ),
        ])
    func families(_ family: EmbeddingFamily, _ expected: String) throws {
        let found = try written(Self.one, for: family)
        #expect(found.body == expected)
        #expect(found.losses.isEmpty)
    }

    @Test("several texts keep their order, and are refused by name where a model embeds one at a time")
    func several() throws {
        #expect(try written(Self.two, for: .cohere).body.contains(#""texts":["a","b"]"#))
        #expect(try written(Self.two, for: .vertexPredict).body.contains(#"[{"content":"a"},{"content":"b"}]"#))
        let batch = try written(Self.two, for: .batchEmbedContents, model: "models/x")
        #expect(
            try Gemini.json(batch.body)["requests"]?.arrayValue?.map { $0["model"]?.stringValue } == [
                "models/x", "models/x",
            ])
        for family in [EmbeddingFamily.titan, .nova] {
            let fault = #expect(throws: TranslationFault.self) { try written(Self.two, for: family) }
            #expect(fault?.path == "input")
            #expect(try written(#"{"input":["a"]}"#, for: family).losses.isEmpty, "a list of one is one text")
        }
    }

    @Test("without a length none is named, and Google's parameters stay")
    func noDimensions() throws {
        for family in EmbeddingFamily.allCases {
            #expect(try !written(#"{"input":"a"}"#, for: family).body.lowercased().contains("dimension"), "\(family)")
        }
    }

    @Test("what the vectors are for is said where it can be said, and a loss elsewhere")
    func purpose() throws {
        let json = #"{"input":"a","input_type":"search_query"}"#
        #expect(try written(json, for: .cohere).body.contains(#""input_type":"search_query""#))
        #expect(try written(json, for: .vertexPredict).body.contains(#""task_type":"RETRIEVAL_QUERY""#))
        #expect(try written(json, for: .batchEmbedContents).body.contains(#""taskType":"RETRIEVAL_QUERY""#))
        #expect(try written(json, for: .titan).losses == ["input_type"])
        #expect(try written(json, for: .nova).losses == ["input_type"])
        #expect(try written(#"{"input":"a","input_type":"x"}"#, for: .cohere).losses == ["input_type"])
    }

    @Test("what no family has is reported", arguments: EmbeddingFamily.allCases)
    func losses(_ family: EmbeddingFamily) throws {
        #expect(try Set(written(#"{"input":"a","user":"u","future":1}"#, for: family).losses) == ["user", "future"])
    }
}

@Suite("Embeddings answers")
struct EmbeddingsAnswerTests {
    private func openAI(
        _ json: String, from family: EmbeddingFamily, count: Int = 1, tokenCount: Int64? = nil, asBase64: Bool = false
    ) throws -> String {
        let answer = EmbeddingsAnswer()
        return try Documents.withValue(json) { body in
            try EmbeddingsAnswerReader.read(body, from: family, count: count, tokenCount: tokenCount, into: answer)
            let writer = JSONWriter()
            EmbeddingsAnswerWriter.write(answer, model: "e", asBase64: asBase64, to: writer)
            #expect(writer.isBalanced)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    private static let expected =
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0,2.0]}],"model":"e","usage":{"prompt_tokens":4,"total_tokens":4}}"#

    @Test(
        "every family's answer becomes OpenAI's, with numbers as they were written",
        arguments: [
            (EmbeddingFamily.titan, #"{"embedding":[0.5,-1.0,2.0],"inputTextTokenCount":4}"#, nil),
            (.titan, #"{"embeddingsByType":{"float":[0.5,-1.0,2.0]},"inputTextTokenCount":4}"#, nil),
            (.nova, #"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.5,-1.0,2.0]}]}"#, 4),
            (.cohere, #"{"embeddings":[[0.5,-1.0,2.0]],"id":"x","texts":["a"]}"#, 4),
            (.cohere, #"{"embeddings":{"float":[[0.5,-1.0,2.0]]}}"#, 4),
            (
                .vertexPredict,
                #"{"predictions":[{"embeddings":{"values":[0.5,-1.0,2.0],"statistics":{"token_count":4.0,"truncated":false}}}]}"#,
                nil
            ),
            (
                .batchEmbedContents,
                #"{"embeddings":[{"values":[0.5,-1.0,2.0]}],"usageMetadata":{"promptTokenCount":4}}"#, nil
            ),
        ] as [(EmbeddingFamily, String, Int64?)])
    func families(_ family: EmbeddingFamily, _ json: String, _ tokenCount: Int64?) throws {
        #expect(try openAI(json, from: family, tokenCount: tokenCount) == Self.expected)
    }

    @Test("tokens of several texts are added up, and vectors keep their order")
    func several() throws {
        let json = #"""
            {"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":3}}},{"embeddings":{"values":[2],"statistics":{"token_count":4}}}]}
            """#
        #expect(
            try openAI(json, from: .vertexPredict, count: 2)
                == #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1]},{"object":"embedding","index":1,"embedding":[2]}],"model":"e","usage":{"prompt_tokens":7,"total_tokens":7}}"#
        )
    }

    @Test("a count that nobody made is left out, not zero")
    func noUsage() throws {
        #expect(try !openAI(#"{"embeddings":[[1]]}"#, from: .cohere).contains("usage"))
        #expect(try !openAI(#"{"embeddings":[{"values":[1]}]}"#, from: .batchEmbedContents).contains("usage"))
        let half =
            #"{"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":3}}},{"embeddings":{"values":[2]}}]}"#
        #expect(try !openAI(half, from: .vertexPredict, count: 2).contains("usage"))
        for count in ["-1", "4.5", "1e3", "1234567890123", "\"4\"", "null"] {
            let json = #"{"embedding":[1],"inputTextTokenCount":\#(count)}"#
            #expect(try !openAI(json, from: .titan).contains("usage"), "\(count)")
        }
    }

    @Test(
        "an answer without a vector of numbers for every text is incomplete",
        arguments: [
            (EmbeddingFamily.titan, "{}"), (.titan, #"{"embedding":[]}"#), (.titan, #"{"embedding":"x"}"#),
            (.titan, #"{"embedding":[1,"a"]}"#), (.cohere, #"{"embeddings":[]}"#),
            (.cohere, #"{"embeddings":[[1],[2]]}"#),
            (.cohere, #"{"embeddings":[null]}"#), (.nova, #"{"embeddings":[{}]}"#),
            (.vertexPredict, #"{"predictions":[{}]}"#),
            (.batchEmbedContents, #"{"embeddings":7}"#), (.titan, "[]"),
        ])
    func incomplete(_ family: EmbeddingFamily, _ json: String) {
        #expect(throws: TranslationFault(.incompleteAnswer, at: "embeddings")) { try openAI(json, from: family) }
    }

    // MARK: base64

    @Test("a vector in base64 is little-endian 32-bit floats")
    func base64() throws {
        let text = try openAI(#"{"embedding":[0.5,-1.0,2.0]}"#, from: .titan, asBase64: true)
        #expect(text.contains(#""embedding":"AAAAPwAAgL8AAABA""#))
    }

    @Test("vectors of every length come back from base64 as they went in")
    func lengths() throws {
        var dice = SeededGenerator(seed: 7)
        for count in 1...40 {
            let floats = (0..<count).map { _ in Float.random(in: -1...1, using: &dice) }
            let json = #"{"embedding":[\#(floats.map(\.description).joined(separator: ","))]}"#
            let text = try openAI(json, from: .titan, asBase64: true)
            let encoded = try Gemini.json(text)["data"]?.arrayValue?[0]["embedding"]?.stringValue ?? ""
            #expect(encoded.count % 4 == 0)
            #expect(Self.floats(encoded) == floats, "\(count)")
        }
    }

    /// The other direction, written for this test alone.
    private static func floats(_ base64: String) -> [Float] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for letter in base64.utf8 where letter != 61 {
            bits = bits << 6 | UInt32(alphabet.firstIndex(of: letter) ?? 0)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
        }
    }

    private func float(_ text: String) -> Float {
        var text = text
        return text.withUTF8 { VectorText.float(UnsafeRawBufferPointer($0)) }
    }

    @Test(
        "every number becomes the nearest float",
        arguments: [
            "0", "-0", "0.0", "1", "-1.5", "0.1", "1e3", "1E+2", "1.5e-3", "3.4028235e38", "1e39", "-1e39", "1e-45",
            "1.1e-40", "1e-50", "123456789012345678901234567890", "0.00000000000000000000000000000123", "16777217",
            "16777219.0",
            "1.00000017881393432617187500001", "1.000000178813934326171875", "1.00000005960464477539062500001",
            "0.500000029802322387695312", "9007199254740993", "1e0000000000000000001",
            "-0.012345678901234567",
        ])
    func nearest(_ text: String) throws {
        #expect(float(text).bitPattern == Float(text)?.bitPattern, "\(text)")
    }

    @Test(
        "a number that 64 bits would round into the middle between two floats still becomes the nearest",
        arguments: ["0.802265077829361", "0.767157644033432", "-0.881204217672348"])
    func roundedTwice(_ text: String) throws {
        #expect(float(text).bitPattern == Float(text)?.bitPattern)
        let twice = try Float(#require(Double(text)))
        #expect(twice != Float(text), "the numbers are chosen so that rounding twice is wrong")
    }

    @Test("random numbers become the nearest float, in every notation")
    func nearestRandom() {
        for seed in 0..<20_000 as Range<UInt64> {
            var dice = SeededGenerator(seed: seed)
            let digits = (0..<(1 + dice.below(18))).map { _ in String(dice.below(10)) }.joined()
            let whole = dice.one(["0", "7", "1\(dice.below(1000))"])
            let exponent =
                dice.oneIn(3) ? dice.one(["e", "E"]) + dice.one(["", "+", "-"]) + String(dice.below(45)) : ""
            let text = dice.one(["", "-"]) + whole + (dice.oneIn(5) ? "" : ".\(digits)") + exponent
            #expect(float(text).bitPattern == Float(text)?.bitPattern, "\(text)")
        }
    }
}
