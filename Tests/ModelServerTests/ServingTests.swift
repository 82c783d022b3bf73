// SPDX-License-Identifier: Apache-2.0
// Isobar

import ModelServer
import Reactor
import Simulation
import TestSupport
import Testing
import WireFormats

struct ServingTests {
    @Test func `health, version and models answer`() throws {
        let server = try RunningServer()
        #expect(try server.connect().ask("GET", "/health").status == 200)
        #expect(try server.ask("GET", "/version").json["version"]?.stringValue != nil)
        let models = try server.ask("GET", "/v1/models").json
        #expect(models.at("data", 0, "id")?.stringValue == "test-model")
        #expect(models.at("data", 0, "max_model_len")?.integerValue == 4_096)
        #expect(try server.ask("GET", "/v1/models/test-model").status == 200)
        #expect(try server.ask("GET", "/v1/models/other").status == 404)
    }

    @Test(arguments: [
        ("POST", "/v1/chat/completions", "{", 400, "body"), ("POST", "/v1/chat/completions", "[]", 400, "object"),
        ("POST", "/v1/chat/completions", "{\"messages\":[]}", 400, "model"),
        ("POST", "/v1/chat/completions", "{\"model\":\"other\"}", 404, "other"),
        ("POST", "/v1/chat/completions", "{\"model\":\"test-model\"}", 400, "messages"),
        ("POST", "/v1/chat/completions", "{\"model\":\"test-model\",\"messages\":[{}]}", 400, "role"),
        ("POST", "/v1/completions", "{\"model\":\"test-model\"}", 400, "prompt"),
        ("POST", "/v1/completions", "{\"model\":\"test-model\",\"prompt\":[true]}", 400, "prompt"),
        ("POST", "/v1/embeddings", "{\"model\":\"test-model\",\"input\":[]}", 400, "input"),
        ("GET", "/v1/chat/completions", "", 405, "POST"), ("POST", "/metrics", "", 405, "GET"),
        ("GET", "/nowhere", "", 404, "/nowhere"),
        ("PUT", "/faults", "{\"rules\":[{\"kind\":\"sulk\"}]}", 400, "kind"),
        ("PUT", "/faults", "{\"rules\":[{\"kind\":\"status\"}]}", 400, "status"),
    ])
    func `bad requests get vLLM's error shape and say what is wrong`(
        _ method: String, _ path: String, _ body: String, _ status: Int, _ mention: String
    ) throws {
        let answer = try RunningServer().ask(method, path, body)
        #expect(answer.status == status)
        #expect(answer.json.at("error", "code")?.integerValue == status)
        #expect(answer.json.at("error", "message")?.stringValue?.contains(mention) == true)
    }

    @Test(arguments: [
        "\"n\":0", "\"n\":129", "\"max_tokens\":0", "\"max_tokens\":1.5", "\"stream\":1", "\"stop\":7",
        "\"stop\":[\"\"]",
        "\"tool_choice\":\"required\"", "\"response_format\":{\"type\":\"xml\"}", "\"max_tokens\":5000",
    ])
    func `a member out of its range is a 400`(_ member: String) throws {
        #expect(try RunningServer().chat("Hello", member).status == 400)
    }

    @Test func `the context takes prompt and answer up to its limit and not one token more`() throws {
        let server = try RunningServer(contextTokensMax: 100)
        // `<|user|>` and the line end take 9 bytes; 4 bytes are a token.
        let prompt = String(repeating: "x", count: 4 * 90 - 9)
        #expect(try server.chat(prompt, "\"max_tokens\":10").status == 200)
        let refused = try server.chat(prompt, "\"max_tokens\":11")
        #expect(refused.status == 400)
        #expect(
            refused.json.at("error", "message")?.stringValue?.contains("maximum context length is 100 tokens") == true)
    }

    @Test func `a full queue refuses with 503 while the others are served`() throws {
        let server = try RunningServer(queueMax: 1, kvBlocks: 4, speed: 1)
        // 60 tokens of 64 in the cache: only one request can run at a time.
        let clients = try (0..<6).map { _ in try server.connect() }
        for client in clients {
            let body = RunningServer.chat(String(repeating: "y", count: 80), "\"max_tokens\":40,\"ignore_eos\":true")
            client.write(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        let statuses = try clients.map { try $0.readAnswer().status }
        #expect(statuses.contains(200) && statuses.contains(503))
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 })
    }

    @Test func `a client that leaves cancels its request in the model`() throws {
        let server = try RunningServer(speed: 0.5)
        var client: TestConnection? = try server.connect()
        let body = RunningServer.chat("Hello", "\"stream\":true,\"max_tokens\":4000,\"ignore_eos\":true")
        client?.write(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        _ = try client?.readHead()
        _ = try client?.readChunk()
        #expect(try server.metric("num_requests_running") == 1)
        client = nil
        var running = 1.0
        for _ in 0..<1_000 where running > 0 { running = try server.metric("num_requests_running") }
        #expect(running == 0)
        #expect(try server.metric("kv_cache_usage_perc") == 0)
        let page = try server.connect().ask("GET", "/metrics").body
        #expect(page.contains("finished_reason=\"abort\"} 1"))
    }

    @Test func `metrics carry vLLM's names and count the work`() throws {
        let server = try RunningServer()
        _ = try server.chat("Hello", "\"max_tokens\":5")
        let page = try server.connect().ask("GET", "/metrics").body
        for name in [
            "num_requests_running", "num_requests_waiting", "kv_cache_usage_perc", "prompt_tokens_total",
            "generation_tokens_total",
            "time_to_first_token_seconds_bucket", "time_to_first_token_seconds_count", "request_success_total",
            "num_preemptions_total",
        ] {
            #expect(page.contains("\nvllm:\(name){engine=\"0\",model_name=\"test-model\""), "\(name)")
        }
        #expect(try server.metric("generation_tokens_total") == 5)
        #expect(try server.metric("time_to_first_token_seconds_count") == 1)
        #expect(page.contains("finished_reason=\"length\"} 1"))
    }

    @Test func `answers keep the profile's pace`() throws {
        // tiny: 2 ms to the first token, 1 ms per further token; 101 tokens at speed 1 take at least 102 ms.
        let server = try RunningServer(speed: 1)
        let clock = ContinuousClock()
        let taken = try clock.measure { _ = try server.chat("Hello", "\"max_tokens\":101,\"ignore_eos\":true") }
        #expect(taken >= .milliseconds(102))
    }

    @Test func `a configuration that cannot work is refused in words`() throws {
        let loop = try EventLoop()
        var configuration = ModelServerConfiguration(modelName: "m")
        configuration.speed = 0
        #expect(throws: ModelServerStartFailure.self) { try ModelServer(configuration: configuration, loop: loop) }
        configuration.speed = 1
        configuration.host = "localhost"
        #expect(throws: ModelServerStartFailure.self) { try ModelServer(configuration: configuration, loop: loop) }
        configuration.host = "127.0.0.1"
        configuration.kvBlocks = 0
        #expect(throws: ModelServerStartFailure.self) { try ModelServer(configuration: configuration, loop: loop) }
        configuration.kvBlocks = 1
        _ = try ModelServer(configuration: configuration, loop: loop)
    }
}
