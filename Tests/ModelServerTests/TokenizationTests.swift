// SPDX-License-Identifier: Apache-2.0
// Isobar

import Simulation
import Testing
import WireFormats

@testable import ModelServer

struct TokenizationTests {
    private func tokenize(_ server: RunningServer, _ members: String) throws -> JSONValue {
        let answer = try server.ask("POST", "/tokenize", "{\(members)}")
        #expect(answer.status == 200, "\(answer.json.text)")
        return answer.json
    }

    private func ids(_ json: JSONValue) -> [Int] { json["tokens"]?.arrayValue?.compactMap(\.integerValue) ?? [] }

    @Test func `an answer has vLLM's shape`() throws {
        let json = try tokenize(RunningServer(), "\"model\":\"test-model\",\"prompt\":\"Hello\"")
        #expect(json.members?.map(\.0) == ["count", "max_model_len", "tokens", "token_strs"])
        #expect(json["count"]?.integerValue == 2)
        #expect(json["max_model_len"]?.integerValue == 4_096)
        #expect(ids(json).count == 2)
        #expect(json["token_strs"]?.isNull == true)
    }

    @Test(arguments: ["", "a", "abcd", "abcde", "Größe 天気 🌍 – done", "line\\nbreak \\\"quoted\\\""])
    func `text becomes ids and comes back, and costs as many tokens as there are ids`(_ text: String) throws {
        let server = try RunningServer()
        let json = try tokenize(server, "\"prompt\":\"\(text)\"")
        let list = ids(json).map(String.init).joined(separator: ",")
        let back = try server.ask("POST", "/detokenize", "{\"model\":\"test-model\",\"tokens\":[\(list)]}").json
        let plain = try JSONValue(parsing: Array("\"\(text)\"".utf8)).stringValue
        #expect(back["prompt"]?.stringValue == plain)
        #expect(json["count"]?.integerValue == ids(json).count)

        let completion = { (prompt: String) in
            try server.ask("POST", "/v1/completions", "{\"model\":\"test-model\",\"prompt\":\(prompt)}").json
        }
        let (byText, byIDs) = (try completion("\"\(text)\""), try completion("[\(list)]"))
        #expect(byText.at("usage", "prompt_tokens")?.integerValue == ids(json).count)
        #expect(byIDs.at("usage", "prompt_tokens")?.integerValue == ids(json).count)
        let answer = byText.at("choices", 0, "text")?.stringValue
        #expect(answer != nil && answer == byIDs.at("choices", 0, "text")?.stringValue)
    }

    @Test func `texts of the tokens are there when asked for and add up`() throws {
        let json = try tokenize(RunningServer(), "\"prompt\":\"Größe 天気 🌍\",\"return_token_strs\":true")
        let texts = json["token_strs"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(texts.joined() == "Größe 天気 🌍")
        #expect(texts.count == json["count"]?.integerValue)
    }

    @Test func `messages count what a chat is charged`() throws {
        let server = try RunningServer()
        let messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Tell me about tides.\"}]"
        let count = try tokenize(server, messages)["count"]?.integerValue
        let chat = try server.chat("Tell me about tides.").json
        #expect(count == chat.at("usage", "prompt_tokens")?.integerValue)
    }

    @Test(arguments: [
        ("/tokenize", "{}", 400, "prompt"), ("/tokenize", "{\"prompt\":7}", 400, "prompt"),
        ("/tokenize", "{\"model\":\"other\",\"prompt\":\"x\"}", 404, "other"),
        ("/tokenize", "{\"prompt\":\"x\",\"return_token_strs\":1}", 400, "return_token_strs"),
        ("/detokenize", "{}", 400, "tokens"), ("/detokenize", "{\"tokens\":[-1]}", 400, "token id"),
        ("/detokenize", "{\"tokens\":[4294967296]}", 400, "token id"),
        ("/detokenize", "{\"tokens\":[1.5]}", 400, "token id"),
        ("/detokenize", "{\"tokens\":\"x\"}", 400, "tokens"),
    ])
    func `what is wrong is refused in words`(_ path: String, _ body: String, _ status: Int, _ mention: String) throws {
        let answer = try RunningServer().ask("POST", path, body)
        #expect(answer.status == status)
        #expect(answer.json.at("error", "message")?.stringValue?.contains(mention) == true)
    }

    @Test func `both want a POST`() throws {
        #expect(try RunningServer().ask("GET", "/tokenize").status == 405)
        #expect(try RunningServer().ask("GET", "/detokenize").status == 405)
    }

    // MARK: The tokens alone

    @Test func `every list of ids counts as many tokens as it is long, whatever is in it`() {
        for ids in [[0], [5, 0], [0, 0, 0], [.max, 1], [1, 2, 3]] as [[UInt32]] {
            let prompt = ReadPrompt(PretendedTokens.bytes(of: ids), salt: 1)
            #expect(prompt.tokenized.tokens == ids.count, "\(ids)")
        }
    }

    @Test func `texts partition any bytes, also those that are no text`() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 0x80) }
            #expect(PretendedTokens.texts(of: bytes).count == PretendedTokens.ids(of: bytes).count)
        }
        let noText = [UInt8](repeating: 0x80, count: 4_096)
        #expect(PretendedTokens.texts(of: noText).count == 1_024)
    }
}
