// SPDX-License-Identifier: Apache-2.0
// Isobar

import TestSupport
import Testing
import WireFormats

/// Each fault as a client sees it on the wire.
struct FaultTests {
    private func streamRequest(_ server: RunningServer, _ members: String = "\"max_tokens\":8") throws -> TestConnection
    {
        let client = try server.connect()
        let body = RunningServer.chat("Hello", "\"stream\":true,\(members)")
        client.write(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return client
    }

    @Test(arguments: [
        ("{\"form\":\"seconds\",\"value\":2}", "retry-after: 2\r\n"),
        ("{\"form\":\"float\",\"value\":1500}", "retry-after: 1.5\r\n"),
        ("{\"form\":\"http_date\",\"value\":3}", " gmt\r\n"),
        ("{\"form\":\"retry_after_ms\",\"value\":250}", "\r\nretry-after-ms: 250\r\n"),
        ("{\"form\":\"x_ms_retry_after_ms\",\"value\":40}", "\r\nx-ms-retry-after-ms: 40\r\n"),
    ])
    func `a 429 carries its hint in the form asked for`(_ form: String, _ field: String) throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"status\",\"status\":429,\"retry_after\":\(form)}")
        let answer = try server.connect().ask("POST", "/v1/chat/completions", body: RunningServer.chat())
        #expect(answer.status == 429)
        #expect(answer.head.contains(field))
    }

    @Test func `a storm ends after its count`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"status\",\"status\":503,\"count\":2,\"skip\":1}")
        #expect(try (0..<5).map { _ in try server.chat().status } == [200, 503, 503, 200, 200])
        let state = try server.ask("GET", "/faults").json
        #expect(state["requests"]?.integerValue == 5)
        #expect(state["injected"]?.integerValue == 2)
        #expect(state.at("rules", 0, "count")?.integerValue == 2)
    }

    @Test func `removed faults strike no more`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"status\",\"status\":500}")
        #expect(try server.chat().status == 500)
        #expect(try server.ask("DELETE", "/faults").status == 200)
        #expect(try server.chat().status == 200)
    }

    @Test func `faults leave the other paths alone`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"status\",\"status\":500}")
        #expect(try server.connect().ask("GET", "/health").status == 200)
        #expect(try server.ask("POST", "/v1/embeddings", "{\"model\":\"test-model\",\"input\":\"x\"}").status == 500)
    }

    @Test func `a cut stream stops after its chunks without an end`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"cut\",\"after_chunks\":3}")
        let client = try streamRequest(server)
        #expect(try client.readHead().status == 200)
        let rest = client.readToEnd()
        #expect(rest.ranges(of: "\"content\":\"").count == 4, "the role's empty content and three tokens")
        #expect(!rest.contains("[DONE]") && !rest.hasSuffix("0\r\n\r\n"))
    }

    @Test func `a whole answer is cut in the middle of its body`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"cut\"}")
        let client = try server.connect()
        #expect(throws: TestConnection.Ended.self) {
            try client.ask("POST", "/v1/chat/completions", body: RunningServer.chat())
        }
    }

    @Test func `a cut after no chunks leaves a head`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"cut\",\"after_chunks\":0}")
        let client = try streamRequest(server)
        #expect(try client.readHead().status == 200)
        #expect(!client.readToEnd().contains("\"content\":\""))
    }

    @Test(arguments: [0, 2]) func `an error event ends the stream after its chunks`(_ chunks: Int) throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"error_event\",\"after_chunks\":\(chunks)}")
        let stream = try server.stream("Hello", "\"max_tokens\":8")
        #expect(stream.status == 200)
        #expect(stream.events.suffix(2).first?.contains("\"error\"") == true)
        #expect(stream.events.last == "[DONE]")
        #expect(stream.finishReasons.isEmpty)
        let contents = stream.chunks.compactMap { $0.at("choices", 0, "delta", "content")?.stringValue }.filter {
            !$0.isEmpty
        }
        #expect(contents.count == chunks)
    }

    @Test func `a malformed chunk stands among good ones`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"malformed_chunk\",\"after_chunks\":2}")
        let stream = try server.stream("Hello", "\"max_tokens\":8")
        #expect(stream.chunks.count == stream.events.count - 2, "all but the broken one and [DONE]")
        #expect(stream.finishReasons == ["length"])
    }

    @Test func `a wrong content type is a web page with status 200`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"wrong_content_type\"}")
        let answer = try server.connect().ask("POST", "/v1/chat/completions", body: RunningServer.chat())
        #expect(answer.status == 200)
        #expect(answer.head.contains("content-type: text/html"))
    }

    @Test func `a slow first token is late and the answer whole`() throws {
        let server = try RunningServer()
        let plain = try server.stream().text
        try server.setFaults("{\"kind\":\"slow_first_token\",\"delay_ms\":80}")
        let clock = ContinuousClock()
        var text = ""
        let taken = try clock.measure { text = try server.stream().text }
        #expect(taken >= .milliseconds(80))
        #expect(text == plain)
    }

    @Test(arguments: [0, 3]) func `a stalled stream goes on after its silence`(_ chunks: Int) throws {
        let server = try RunningServer()
        let plain = try server.stream().text
        try server.setFaults("{\"kind\":\"stall\",\"after_chunks\":\(chunks),\"delay_ms\":60}")
        let clock = ContinuousClock()
        var stream: StreamedAnswer?
        let taken = try clock.measure { stream = try server.stream() }
        #expect(taken >= .milliseconds(60))
        #expect(stream?.text == plain)
        #expect(stream?.events.last == "[DONE]")
    }

    @Test func `a black hole swallows the request until the client gives up`() throws {
        let server = try RunningServer()
        try server.setFaults("{\"kind\":\"black_hole\",\"count\":1}")
        let silent = try streamRequest(server)
        #expect(try server.chat().status == 200, "the next request is answered")
        #expect(silent.isSilent)
    }
}
