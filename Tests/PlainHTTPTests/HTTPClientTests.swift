// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import PlainHTTP
import Reactor
import Testing

/// A server that answers its one client with prepared bytes, then closes.
private final class ScriptedServer: @unchecked Sendable {
    // Proof of @unchecked: immutable; the descriptor is used by one thread at a time.
    private let listener: Int32
    let port: UInt16

    init() {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length)
                _ = listen(listener, 8)
                _ = getsockname(listener, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(listener) }

    /// Blocks until the client has sent its head; returns it.
    func serve(_ answer: String, closes: Bool = true) -> (request: String, descriptor: Int32) {
        let descriptor = accept(listener, nil, nil)
        var text = ""
        var memory = [UInt8](repeating: 0, count: 65_536)
        while !text.contains("\r\n\r\n") {
            let n = recv(descriptor, &memory, memory.count, 0)
            if n <= 0 { break }
            text += String(decoding: memory[..<n], as: UTF8.self)
        }
        _ = Array(answer.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if closes { close(descriptor) }
        return (text, descriptor)
    }
}

struct HTTPClientTests {
    private func fetch(
        port: UInt16, _ request: HTTPClientRequest, timeoutNanoseconds: Int64 = 5_000_000_000,
        bodyBytesMax: Int = 1 << 20
    ) throws -> Result<HTTPClientResponse, HTTPClientFailure> {
        let loop = try EventLoop()
        let address = try #require(SocketAddress(literal: "127.0.0.1", port: port))
        final class Outcome { var result: Result<HTTPClientResponse, HTTPClientFailure>? }
        let outcome = Outcome()
        HTTPClient.fetch(
            request, from: HTTPClient.Server(address: address), loop: loop, timeoutNanoseconds: timeoutNanoseconds,
            bodyBytesMax: bodyBytesMax
        ) { result in
            outcome.result = result
            loop.stop()
        }
        loop.run()
        return try #require(outcome.result)
    }

    private func answer(
        to script: String, method: String = "GET", bodyBytesMax: Int = 1 << 20
    ) throws -> Result<HTTPClientResponse, HTTPClientFailure> {
        let server = ScriptedServer()
        let thread = try Background { _ = server.serve(script) }
        defer { thread.join() }
        return try fetch(port: server.port, HTTPClientRequest(method, "/x", host: "h"), bodyBytesMax: bodyBytesMax)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ])
    func `every framing of the same answer gives the same body`(_ script: String) throws {
        let response = try answer(to: script).get()
        #expect(response.status == 200)
        #expect(response.body == Array("hello".utf8))
    }

    @Test func `status and fields are handed over`() throws {
        let response = try answer(to: "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n").get()
        #expect(response.status == 503)
        #expect(response.fields["retry-after"] == "7")
    }

    @Test func `an answer to HEAD has no body whatever it claims`() throws {
        #expect(try answer(to: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD").get().body.isEmpty)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
    ])
    func `a connection that ends early is an error, never a short answer`(_ script: String) throws {
        guard case .failure(.truncated) = try answer(to: script) else {
            Issue.record("not reported as truncated")
            return
        }
    }

    @Test func `a malformed head is an error`() throws {
        guard case .failure(.malformed) = try answer(to: "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n") else {
            Issue.record("not reported as malformed")
            return
        }
    }

    @Test(arguments: [(5, true), (4, false)])
    func `a body up to the limit is read, a longer one is an error`(_ limit: Int, _ fits: Bool) throws {
        let result = try answer(to: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", bodyBytesMax: limit)
        #expect(((try? result.get()) != nil) == fits)
    }

    @Test func `silence ends in a timeout`() throws {
        let server = ScriptedServer()
        let thread = try Background { _ = server.serve("HTTP/1.1 200 OK\r\n", closes: false) }
        defer { thread.join() }
        let result = try fetch(
            port: server.port, HTTPClientRequest("GET", "/", host: "h"), timeoutNanoseconds: 50_000_000)
        guard case .failure(.timedOut) = result else {
            Issue.record("not reported as timed out")
            return
        }
    }

    @Test func `a refused connection is an error`() throws {
        let port = ScriptedServer().port
        guard case .failure = try fetch(port: port, HTTPClientRequest("GET", "/", host: "h")) else {
            Issue.record("not reported")
            return
        }
    }

    @Test func `client and server understand each other`() throws {
        let server = try TestServer()
        let body = [UInt8](repeating: 120, count: 300_000)
        let response = try fetch(port: server.port, HTTPClientRequest("POST", "/echo", host: "h", body: body)).get()
        #expect(response.body == body)
    }

    // MARK: Timelines

    /// What an exchange with a listener on loopback came to, and how long it took in nanoseconds.
    private func timeline(
        port: UInt16, tls: TLSContext? = nil, timeoutNanoseconds: Int64 = 5_000_000_000,
        connectNanoseconds: Int64? = nil
    ) throws -> (timeline: HTTPClientTimeline, nanoseconds: Int64, isTimeout: Bool) {
        let loop = try EventLoop()
        let address = try #require(SocketAddress(literal: "127.0.0.1", port: port))
        let timeline = HTTPClientTimeline()
        final class Outcome { var result: Result<HTTPClientResponse, HTTPClientFailure>? }
        let outcome = Outcome()
        HTTPClient.fetch(
            HTTPClientRequest("GET", "/", host: "h"),
            from: HTTPClient.Server(address: address, tls: tls, name: "localhost"), loop: loop,
            timeoutNanoseconds: timeoutNanoseconds, connectNanoseconds: connectNanoseconds, timeline: timeline
        ) { result in
            outcome.result = result
            loop.stop()
        }
        loop.run()
        let isTimeout = if case .failure(.timedOut) = outcome.result { true } else { false }
        return (timeline, loop.now - timeline.startedAt, isTimeout)
    }

    @Test func `a timeline says when a connection was open and when the answer began`() throws {
        let server = ScriptedServer()
        let thread = try Background { _ = server.serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        defer { thread.join() }
        let (timeline, _, _) = try timeline(port: server.port)
        #expect(timeline.step == .receiving)
        let opened = try #require(timeline.openedAt)
        #expect(timeline.startedAt <= opened && opened <= timeline.firstByteAt ?? 0)
    }

    @Test func `a refused connection ends while connecting`() throws {
        let port = ScriptedServer().port
        let (timeline, _, isTimeout) = try timeline(port: port)
        #expect(timeline.step == .connecting && timeline.openedAt == nil && timeline.firstByteAt == nil && !isTimeout)
    }

    @Test func `a peer that is silent after connecting ends a TLS handshake at the earlier deadline`() throws {
        let server = ScriptedServer()
        let (timeline, nanoseconds, isTimeout) = try timeline(
            port: server.port, tls: try TLSContext(trusting: nil), timeoutNanoseconds: 60_000_000_000,
            connectNanoseconds: 50_000_000)
        #expect(timeline.step == .securing && timeline.openedAt == nil && isTimeout)
        #expect(nanoseconds < 30_000_000_000)
    }

    @Test func `the earlier deadline is for connecting only`() throws {
        let server = ScriptedServer()
        let (timeline, nanoseconds, isTimeout) = try timeline(
            port: server.port, timeoutNanoseconds: 150_000_000, connectNanoseconds: 50_000_000)
        #expect(timeline.step == .waiting && timeline.openedAt != nil && isTimeout)
        #expect(nanoseconds >= 150_000_000)
    }

    @Test func `complete header lines are sent as they are`() {
        let request = HTTPClientRequest("GET", "/", host: "h", lines: Array("x-a: 1\r\nx-b: 2\r\n".utf8))
        #expect(String(decoding: request.bytes, as: UTF8.self).hasSuffix("\r\nx-a: 1\r\nx-b: 2\r\n\r\n"))
    }

    @Test func `a line end in a field's value cannot start another field`() {
        let request = HTTPClientRequest("GET", "/", host: "h", fields: ["x-a": "1\r\nx-b: 2"])
        #expect(!String(decoding: request.bytes, as: UTF8.self).contains("\r\nx-b"))
    }
}

/// A thread for one blocking job.
private final class Background {
    private var handle = pthread_t()

    private final class Job {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    struct Failed: Error {}

    init(_ body: @escaping @Sendable () -> Void) throws {
        let job = Unmanaged.passRetained(Job(body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, job.toOpaque())
        if code != 0 { throw Failed() }
    }

    func join() { pthread_join(handle, nil) }
}
