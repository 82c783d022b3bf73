// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import TestSupport
import Testing
import WireFormats

@testable import ModelServer

struct LogprobTests {
    private static let top = "\"logprobs\":true,\"top_logprobs\":3"

    private func complete(_ server: RunningServer, _ members: String) throws -> JSONValue {
        let body = "{\"model\":\"test-model\",\"prompt\":\"Größe matters.\",\(members)}"
        let answer = try server.ask("POST", "/v1/completions", body)
        #expect(answer.status == 200, "\(answer.json.text)")
        return answer.json
    }

    private func numbers(_ value: JSONValue?) -> [Double] { value?.arrayValue?.compactMap(\.doubleValue) ?? [] }
    private func strings(_ value: JSONValue?) -> [String] { value?.arrayValue?.compactMap(\.stringValue) ?? [] }

    // MARK: Chat

    @Test func `a chat lists each token with its bytes, its log probability and its likeliest rivals`() throws {
        let json = try RunningServer().chat("Hello", Self.top).json
        let content = try #require(json.at("choices", 0, "logprobs", "content")?.arrayValue)
        #expect(content.count == json.at("usage", "completion_tokens")?.integerValue)
        let text = content.compactMap { $0["token"]?.stringValue }.joined()
        #expect(text == json.at("choices", 0, "message", "content")?.stringValue)
        for entry in content {
            let token = try #require(entry["token"]?.stringValue)
            #expect(entry["bytes"]?.arrayValue?.compactMap(\.integerValue) == token.utf8.map { Int($0) })
            #expect(entry["logprob"]?.doubleValue ?? 1 < 0)
            let top = try #require(entry["top_logprobs"]?.arrayValue)
            let values = top.compactMap { $0["logprob"]?.doubleValue }
            #expect(values.count == 3 && values == values.sorted(by: >))
            #expect(values.reduce(0) { $0 + exp($1) } < 1)
            #expect(Set(top.compactMap { $0["token"]?.stringValue }).count == 3)
            let same = top.first { $0["token"]?.stringValue == token }
            #expect(same == nil || same?["logprob"]?.doubleValue == entry["logprob"]?.doubleValue)
        }
    }

    @Test func `without the question there is no answer to it`() throws {
        let server = try RunningServer()
        for members in ["", "\"logprobs\":false", "\"logprobs\":false,\"top_logprobs\":0"] {
            #expect(try server.chat("Hello", members).json.at("choices", 0, "logprobs")?.isNull == true)
        }
        let stream = try server.stream()
        #expect(stream.chunks.allSatisfy { $0.at("choices", 0, "logprobs")?.isNull == true })
    }

    @Test func `the count of rivals does not change a token's number, and may be none`() throws {
        let server = try RunningServer()
        let chosen = { (members: String) in
            try server.chat("Hello", members).json.at("choices", 0, "logprobs", "content")?.arrayValue?.compactMap {
                $0["logprob"]?.doubleValue
            }
        }
        let plain = try server.chat("Hello", "\"logprobs\":true").json
        #expect(plain.at("choices", 0, "logprobs", "content", 0, "top_logprobs")?.arrayValue?.isEmpty == true)
        #expect(try chosen("\"logprobs\":true") == chosen(Self.top))
        #expect(try chosen("\"logprobs\":true,\"top_logprobs\":20") == chosen(Self.top))
    }

    @Test func `a streamed chat carries the same entries, one an event`() throws {
        let server = try RunningServer()
        let whole = try server.chat("Hello", Self.top).json.at("choices", 0, "logprobs", "content")?.arrayValue
        let stream = try server.stream("Hello", Self.top)
        let lists = stream.chunks.compactMap { $0.at("choices", 0, "logprobs", "content")?.arrayValue }
        #expect(lists.allSatisfy { $0.count == 1 })
        #expect(lists.flatMap { $0 } == whole)
    }

    @Test func `the same seed has the same numbers, another one others`() throws {
        let content = { (seed: Int) in
            try RunningServer().chat("Hello", "\(Self.top),\"seed\":\(seed)").json.at("choices", 0, "logprobs")
        }
        let one = try content(5)
        #expect(try one == content(5))
        #expect(try one != content(6))
    }

    @Test func `a stop string takes its tokens out of the list too`() throws {
        let server = try RunningServer()
        let text = try #require(try server.chat().json.at("choices", 0, "message", "content")?.stringValue)
        let stop = String(text.dropFirst(20).prefix(6)).replacing("\"", with: "\\\"")
        let json = try server.chat("Hello", "\(Self.top),\"stop\":\"\(stop)\"").json
        let content = json.at("choices", 0, "logprobs", "content")?.arrayValue ?? []
        let joined = content.compactMap { $0["token"]?.stringValue }.joined()
        #expect(joined == json.at("choices", 0, "message", "content")?.stringValue)
    }

    @Test(arguments: [
        "\"logprobs\":1", "\"top_logprobs\":2", "\"logprobs\":true,\"top_logprobs\":21",
        "\"logprobs\":true,\"top_logprobs\":-1",
    ])
    func `a chat's question that makes no sense is a 400`(_ members: String) throws {
        #expect(try RunningServer().chat("Hello", members).status == 400)
    }

    // MARK: Completions

    @Test func `a completion has parallel lists whose offsets point into its text`() throws {
        let json = try complete(RunningServer(), "\"logprobs\":2")
        let lists = try #require(json.at("choices", 0, "logprobs"))
        let tokens = strings(lists["tokens"])
        #expect(tokens.joined() == json.at("choices", 0, "text")?.stringValue)
        #expect(numbers(lists["token_logprobs"]).count == tokens.count)
        expectOffsets(lists, from: 0)
        for (index, top) in (lists["top_logprobs"]?.arrayValue ?? []).enumerated() {
            let names = top.members?.map(\.0) ?? []
            #expect(names.contains(tokens[index]))
            #expect((2...3).contains(names.count))
            #expect(top[tokens[index]]?.doubleValue == numbers(lists["token_logprobs"])[index])
        }
    }

    @Test func `zero rivals leave the token itself`() throws {
        let json = try complete(RunningServer(), "\"logprobs\":0")
        let top = json.at("choices", 0, "logprobs", "top_logprobs")?.arrayValue ?? []
        #expect(top.count == 16)
        #expect(top.allSatisfy { $0.members?.count == 1 })
    }

    @Test func `a streamed completion's lists add up to the whole one's`() throws {
        let server = try RunningServer()
        for echo in [false, true] {
            let members = "\"logprobs\":2,\"echo\":\(echo)"
            let whole = try complete(server, members).at("choices", 0)
            let body = "{\"model\":\"test-model\",\"prompt\":\"Größe matters.\",\"stream\":true,\(members)}"
            let stream = StreamedAnswer(try server.connect().ask("POST", "/v1/completions", body: body))
            #expect(stream.text == whole?["text"]?.stringValue)
            for name in ["tokens", "token_logprobs", "text_offset", "top_logprobs"] {
                let pieces = stream.chunks.compactMap { $0.at("choices", 0, "logprobs", name)?.arrayValue }
                #expect(pieces.flatMap { $0 } == whole?.at("logprobs", name)?.arrayValue, "\(name)")
            }
        }
    }

    @Test(arguments: ["\"logprobs\":21", "\"logprobs\":-1", "\"logprobs\":true", "\"echo\":1"])
    func `a completion's question that makes no sense is a 400`(_ members: String) throws {
        let body = "{\"model\":\"test-model\",\"prompt\":\"x\",\(members)}"
        #expect(try RunningServer().ask("POST", "/v1/completions", body).status == 400)
    }

    // MARK: Echo

    @Test func `an echo puts the prompt before the answer and charges it once`() throws {
        let server = try RunningServer()
        let plain = try complete(server, "\"max_tokens\":5")
        let echoed = try complete(server, "\"max_tokens\":5,\"echo\":true")
        let answer = try #require(plain.at("choices", 0, "text")?.stringValue)
        #expect(echoed.at("choices", 0, "text")?.stringValue == "Größe matters." + answer)
        #expect(echoed["usage"]?["completion_tokens"]?.integerValue == 5)
        #expect(echoed.at("usage", "prompt_tokens") == plain.at("usage", "prompt_tokens"))
    }

    @Test func `an echo's first token has no probability, all others do`() throws {
        let lists = try #require(
            try complete(RunningServer(), "\"max_tokens\":3,\"echo\":true,\"logprobs\":1").at("choices", 0, "logprobs"))
        let values = try #require(lists["token_logprobs"]?.arrayValue)
        #expect(values.first?.isNull == true && lists.at("top_logprobs", 0)?.isNull == true)
        #expect(values.dropFirst().allSatisfy { $0.doubleValue ?? 1 < 0 })
        #expect(strings(lists["tokens"]).joined().hasPrefix("Größe matters."))
        expectOffsets(lists, from: 0)
    }

    @Test func `an echo with no token of its own is the prompt`() throws {
        let server = try RunningServer()
        let json = try complete(server, "\"max_tokens\":0,\"echo\":true,\"logprobs\":1")
        #expect(json.at("choices", 0, "text")?.stringValue == "Größe matters.")
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "length")
        let body = "{\"model\":\"test-model\",\"prompt\":\"x\",\"max_tokens\":0}"
        #expect(try server.ask("POST", "/v1/completions", body).status == 400)
    }

    @Test func `each of several prompts is repeated before its own answers`() throws {
        let body =
            "{\"model\":\"test-model\",\"prompt\":[\"one\",\"two\"],\"n\":2,\"max_tokens\":2,\"echo\":true}"
        let json = try RunningServer().ask("POST", "/v1/completions", body).json
        let texts = (json["choices"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
        #expect(texts.map { String($0.prefix(3)) } == ["one", "one", "two", "two"])
    }

    private func expectOffsets(_ lists: JSONValue, from start: Int) {
        var position = start
        for (token, offset) in zip(strings(lists["tokens"]), lists["text_offset"]?.arrayValue ?? []) {
            #expect(offset.integerValue == position)
            position += token.unicodeScalars.count
        }
    }
}
