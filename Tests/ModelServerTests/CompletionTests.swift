// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

struct CompletionTests {
    @Test func `a chat answer has vLLM's shape`() throws {
        let (status, json) = try RunningServer().chat()
        #expect(status == 200)
        #expect(json.at("object")?.stringValue == "chat.completion")
        #expect(json.at("model")?.stringValue == "test-model")
        #expect(json.at("id")?.stringValue?.hasPrefix("chatcmpl-") == true)
        #expect(json.at("choices", 0, "message", "role")?.stringValue == "assistant")
        #expect(json.at("choices", 0, "message", "content")?.stringValue?.isEmpty == false)
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "stop")
        let prompt = try #require(json.at("usage", "prompt_tokens")?.integerValue)
        let completion = try #require(json.at("usage", "completion_tokens")?.integerValue)
        #expect(prompt > 0 && completion >= 16)
        #expect(json.at("usage", "total_tokens")?.integerValue == prompt + completion)
    }

    @Test func `a stream says the same as the whole answer, one event per token`() throws {
        let server = try RunningServer()
        let whole = try server.chat("Tell me").json
        let stream = try server.stream("Tell me")
        #expect(stream.status == 200)
        #expect(stream.head.contains("content-type: text/event-stream"))
        #expect(stream.text == whole.at("choices", 0, "message", "content")?.stringValue)
        #expect(stream.finishReasons == ["stop"])
        #expect(stream.events.last == "[DONE]")
        #expect(stream.chunks.first?.at("choices", 0, "delta", "role")?.stringValue == "assistant")
        // Role, tokens, finish, done.
        #expect(stream.events.count == 3 + (whole.at("usage", "completion_tokens")?.integerValue ?? 0))
        #expect(Set(stream.chunks.compactMap { $0["id"]?.stringValue }).count == 1)
    }

    @Test func `usage comes in a stream only when asked for, last and without choices`() throws {
        let server = try RunningServer()
        #expect(try server.stream().chunks.allSatisfy { $0["usage"] == nil })
        let last = try #require(try server.stream("Hello", "\"stream_options\":{\"include_usage\":true}").chunks.last)
        #expect(last["choices"]?.arrayValue?.isEmpty == true)
        #expect(last.at("usage", "completion_tokens")?.integerValue ?? 0 >= 16)
    }

    @Test func `the token limit cuts the answer and says length`() throws {
        let server = try RunningServer()
        let json = try server.chat("Hello", "\"max_tokens\":5").json
        #expect(json.at("usage", "completion_tokens")?.integerValue == 5)
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "length")
        let newer = try server.chat("Hello", "\"max_tokens\":50,\"max_completion_tokens\":3").json
        #expect(newer.at("usage", "completion_tokens")?.integerValue == 3)
    }

    @Test func `an ignored end runs to the limit`() throws {
        let json = try RunningServer().chat("Hello", "\"max_tokens\":200,\"ignore_eos\":true").json
        #expect(json.at("usage", "completion_tokens")?.integerValue == 200)
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "length")
    }

    @Test func `a stop string ends the answer before itself`() throws {
        let server = try RunningServer()
        let text = try #require(try server.chat().json.at("choices", 0, "message", "content")?.stringValue)
        let stop = String(text.dropFirst(20).prefix(6))
        let escaped = stop.replacing("\"", with: "\\\"")
        let json = try server.chat("Hello", "\"stop\":[\"never said\",\"\(escaped)\"]").json
        let cut = try #require(json.at("choices", 0, "message", "content")?.stringValue)
        #expect(text.hasPrefix(cut + stop))
        #expect(json.at("choices", 0, "finish_reason")?.stringValue == "stop")
        #expect(json.at("choices", 0, "stop_reason")?.stringValue == stop)
        #expect(try server.stream("Hello", "\"stop\":\"\(escaped)\"").text == cut)
    }

    @Test func `n asks for several different answers to one prompt`() throws {
        let server = try RunningServer()
        let json = try server.chat("Hello", "\"n\":3,\"max_tokens\":8").json
        let texts = (0..<3).compactMap { json.at("choices", $0, "message", "content")?.stringValue }
        #expect(Set(texts).count == 3)
        #expect(json.at("usage", "completion_tokens")?.integerValue == 24)
        let stream = try server.stream("Hello", "\"n\":3,\"max_tokens\":8")
        let indices = stream.chunks.compactMap { $0.at("choices", 0, "index")?.integerValue }
        #expect(Set(indices) == [0, 1, 2])
    }

    @Test func `the same request gets the same answer, another seed another one`() throws {
        let one = try RunningServer().chat("Hello", "\"seed\":5").json.at("choices", 0, "message", "content")?
            .stringValue
        let same = try RunningServer().chat("Hello", "\"seed\":5").json.at("choices", 0, "message", "content")?
            .stringValue
        let other = try RunningServer().chat("Hello", "\"seed\":6").json.at("choices", 0, "message", "content")?
            .stringValue
        #expect(one == same)
        #expect(one != other)
    }

    @Test func `a repeated long prompt is served from the prefix cache`() throws {
        let server = try RunningServer()
        let prompt = String(repeating: "The same long beginning. ", count: 40)
        let cold = try server.chat(prompt).json
        let warm = try server.chat(prompt).json
        #expect(cold.at("usage", "prompt_tokens_details", "cached_tokens")?.integerValue == 0)
        #expect(warm.at("usage", "prompt_tokens_details", "cached_tokens")?.integerValue ?? 0 >= 200)
        #expect(try server.metric("prefix_cache_hits_total") >= 200)
    }

    @Test(arguments: ["\"Once\"", "[\"Once\"]", "[1,2,3]", "[[1,2,3]]"])
    func `every form of a completions prompt is answered`(_ prompt: String) throws {
        let (status, json) = try RunningServer().ask(
            "POST", "/v1/completions", "{\"model\":\"test-model\",\"prompt\":\(prompt)}")
        #expect(status == 200)
        #expect(json.at("object")?.stringValue == "text_completion")
        #expect(json.at("choices", 0, "text")?.stringValue?.isEmpty == false)
        #expect(json.at("usage", "completion_tokens")?.integerValue == 16)
    }

    @Test func `several prompts make several choices`() throws {
        let body = "{\"model\":\"test-model\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"max_tokens\":2}"
        let json = try RunningServer().ask("POST", "/v1/completions", body).json
        #expect(json["choices"]?.arrayValue?.count == 4)
    }

    @Test func `content parts count as their text`() throws {
        let parts = "[{\"type\":\"text\",\"text\":\"Hello\"}]"
        let body = "{\"model\":\"test-model\",\"messages\":[{\"role\":\"user\",\"content\":\(parts)}]}"
        let server = try RunningServer()
        let fromParts = try server.ask("POST", "/v1/chat/completions", body).json
        let plain = try server.chat().json
        let text = { (json: JSONValue) in json.at("choices", 0, "message", "content")?.stringValue }
        #expect(text(fromParts) == text(plain))
    }
}
