// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import Reactor
import Synchronization
import TestSupport
import Testing
import WireFormats

/// A server with a few paths on its own loop thread.
final class TestServer: @unchecked Sendable {
    // Proof of @unchecked: `server` is used on the loop's thread only, after the thread has started; the rest is
    // immutable or a lock.
    let loop: EventLoop
    let port: UInt16
    private let server: HTTPServer
    private let thread: LoopThread
    /// What handlers reported, in order.
    let notes = Mutex<[String]>([])

    init(limits: HTTPServerLimits = HTTPServerLimits()) throws {
        loop = try EventLoop()
        final class Link { weak var target: TestServer? }
        let link = Link()
        server = HTTPServer(loop: loop, limits: limits) { request, responder in link.target?.handle(request, responder)
        }
        let address = try #require(SocketAddress(literal: "127.0.0.1", port: 0))
        port = try server.listen(on: address)
        let thread = try LoopThread(name: "test", loop: loop)
        self.thread = thread
        link.target = self
    }

    deinit {
        let server = UncheckedBox(server)
        loop.submit { server.value.close() }
        loop.stop()
        thread.join()
    }

    func drain() {
        loop.submit { self.server.drain() }
    }

    private func note(_ text: String) { notes.withLock { $0.append(text) } }

    private func handle(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        switch request.path {
        case "/echo": responder.respond(200, contentType: "text/plain", body: request.body)
        case "/query": responder.respond(200, body: Array("\(request.query)|\(request.fields["X-Name"] ?? "-")".utf8))
        case "/stream":
            responder.beginStream(200, contentType: "text/event-stream")
            for piece in ["one", "", "two", "three"] { responder.write(Array(piece.utf8)) }
            responder.endStream()
        case "/hang": responder.clientGone = { [weak self] in self?.note("gone") }
        case "/flood":
            responder.beginStream(200, contentType: "text/plain")
            responder.clientGone = { [weak self] in self?.note("dropped") }
            let block = [UInt8](repeating: 97, count: 1 << 20)
            for _ in 0..<64 where !responder.isClientGone { responder.write(block) }
            responder.endStream()
        case "/large": responder.respond(200, body: [UInt8](repeating: 98, count: 6 << 20))
        case "/notes": responder.respond(200, body: Array(notes.withLock { $0 }.joined(separator: ",").utf8))
        case "/cut":
            responder.respondTruncated(200, contentType: "text/plain", body: Array("0123456789".utf8), count: 4)
        case "/empty": responder.respond(204)
        case "/twice":
            responder.respond(200, body: Array("first".utf8))
            responder.respond(500, body: Array("second".utf8))
            responder.write(Array("third".utf8))
        default: responder.respond(404)
        }
    }
}

struct UncheckedBox<Value>: @unchecked Sendable {
    // Proof of @unchecked: the tests hand a value from one thread to another and never use it on both.
    let value: Value
    init(_ value: Value) { self.value = value }
}

struct HTTPServerTests {
    private func connect(_ server: TestServer) throws -> TestConnection { try TestConnection(port: server.port) }

    @Test func `a connection serves request after request`() throws {
        let server = try TestServer()
        let client = try connect(server)
        for word in ["first", "second", "third"] {
            client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(word.utf8.count)\r\n\r\n\(word)")
            let answer = try client.readAnswer()
            #expect(answer.status == 200)
            #expect(answer.body == word)
        }
    }

    @Test func `path, query and fields reach the handler`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /query?a=1&b=2 HTTP/1.1\r\nHost: a\r\nx-name: Ada\r\n\r\n")
        #expect(try client.readAnswer().body == "a=1&b=2|Ada")
    }

    @Test func `a request split at every byte is the same request`() throws {
        let server = try TestServer()
        let text =
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        for cut in 1..<text.utf8.count {
            let client = try connect(server)
            client.write(String(text.prefix(cut)))
            client.write(String(text.dropFirst(cut)))
            #expect(try client.readAnswer().body == "abcde", "cut at \(cut)")
        }
    }

    @Test func `pipelined requests are answered in order`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nA"
                + "GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().body == "A")
        #expect(try client.readAnswer().body == "onetwothree")
        #expect(try client.readAnswer().status == 204)
    }

    @Test func `a stream is chunked for HTTP/1.1 and ends with the connection for HTTP/1.0`() throws {
        let server = try TestServer()
        let modern = try connect(server)
        modern.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try modern.readAnswer().body == "onetwothree")
        let old = try connect(server)
        old.write("GET /stream HTTP/1.0\r\n\r\n")
        let head = try old.readHead().head
        #expect(!head.contains("transfer-encoding") && head.contains("connection: close"))
        #expect(old.readToEnd() == "onetwothree")
    }

    @Test func `HEAD gets the head only`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("HEAD /query?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try client.readHead().head.contains("content-length: 3"))
        #expect(client.readToEnd().isEmpty)
    }

    @Test func `connection close is honoured and said`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /query HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try client.readAnswer().head.contains("connection: close"))
        #expect(client.readToEnd().isEmpty)
    }

    @Test func `an expectation is met before the body is sent`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.readHead().status == 100)
        client.write("ok")
        #expect(try client.readAnswer().body == "ok")
    }

    @Test func `a client that ends its side after a quick request still gets the answer`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /query?q HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finishWriting()
        #expect(try client.readAnswer().body == "q|-")
    }

    @Test(arguments: [false, true]) func `a handler that waits hears that the client has gone`(_ isReset: Bool) throws {
        let server = try TestServer()
        var client: TestConnection? = try connect(server)
        client?.write("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
        // The second connection's answer shows that the loop has handled the first one's request.
        _ = try ask(server, "/notes")
        if isReset { client?.reset() }
        client = nil
        var heard = ""
        for _ in 0..<1_000 where heard.isEmpty { heard = try ask(server, "/notes") }
        #expect(heard == "gone")
    }

    @Test(arguments: ["close", "keep-alive"])
    func `a large answer arrives whole although the client has ended its side`(_ connection: String) throws {
        let server = try TestServer()
        let client = try TestConnection(port: server.port, receiveBufferBytes: 4_096)
        client.write("GET /large HTTP/1.1\r\nHost: a\r\nConnection: \(connection)\r\n\r\n")
        client.finishWriting()
        #expect(try client.readAnswer().body.utf8.count == 6 << 20)
        #expect(client.readToEnd().isEmpty)
    }

    private func ask(_ server: TestServer, _ path: String) throws -> String {
        let client = try connect(server)
        client.write("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        return try client.readAnswer().body
    }

    @Test func `calls after the end of an answer do nothing`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /twice HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().body == "first")
        #expect(try client.readAnswer().status == 204)
    }

    @Test func `a truncated answer claims more than it sends`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readHead().head.contains("content-length: 10"))
        #expect(client.readToEnd() == "0123")
    }

    @Test func `draining closes idle connections and accepts no more`() throws {
        let server = try TestServer()
        let client = try connect(server)
        client.write("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.readAnswer()
        server.drain()
        #expect(client.readToEnd().isEmpty)
        #expect(throws: TestConnection.Ended.self) { try self.connect(server) }
    }
}

/// Both sides of each limit.
struct HTTPServerLimitTests {
    @Test(arguments: [(10, 200), (11, 413)])
    func `a body up to the limit is read, a longer one refused`(_ count: Int, _ status: Int) throws {
        var limits = HTTPServerLimits()
        limits.bodyBytesMax = 10
        let server = try TestServer(limits: limits)
        let body = String(repeating: "x", count: count)
        let sized = try TestConnection(port: server.port)
        sized.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n\(body)")
        #expect(try sized.readAnswer().status == status)
        let chunked = try TestConnection(port: server.port)
        let chunk = "\(String(count, radix: 16))\r\n\(body)\r\n"
        chunked.write("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\n")
        let answer = try chunked.readAnswer()
        #expect(answer.status == status)
        if status == 413 { #expect(answer.body.contains("10 bytes") && answer.head.contains("connection: close")) }
    }

    @Test func `an oversized head is refused`() throws {
        let server = try TestServer()
        let client = try TestConnection(port: server.port)
        client.write("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 70_000))\r\n\r\n")
        #expect(try client.readAnswer().status == 431)
    }

    @Test func `garbage is a 400 in OpenAI's shape and ends the connection`() throws {
        let server = try TestServer()
        let client = try TestConnection(port: server.port)
        client.write("not http\r\n\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 400)
        #expect(answer.body.contains("\"type\":\"invalid_request_error\""))
        #expect(client.readToEnd().isEmpty)
    }

    @Test(arguments: ["GET / HT", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"])
    func `a request that stops arriving is a 408`(_ part: String) throws {
        var limits = HTTPServerLimits()
        limits.headNanosecondsMax = 30_000_000
        limits.bodyIdleNanosecondsMax = 30_000_000
        let server = try TestServer(limits: limits)
        let client = try TestConnection(port: server.port)
        client.write(part)
        #expect(try client.readAnswer().status == 408)
    }

    @Test func `an idle connection is closed without a word`() throws {
        var limits = HTTPServerLimits()
        limits.keepAliveNanosecondsMax = 30_000_000
        let server = try TestServer(limits: limits)
        let client = try TestConnection(port: server.port)
        client.write("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().status == 204)
        #expect(client.readToEnd().isEmpty)
    }

    @Test func `connections beyond the limit are closed at once`() throws {
        var limits = HTTPServerLimits()
        limits.connectionsMax = 1
        let server = try TestServer(limits: limits)
        let first = try TestConnection(port: server.port)
        first.write("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.readAnswer().status == 204)
        let second = try TestConnection(port: server.port)
        #expect(second.readToEnd().isEmpty)
    }

    @Test func `a producer that outruns its reader by the limit loses the connection`() throws {
        var limits = HTTPServerLimits()
        limits.pendingBytesMax = 4 << 20
        let server = try TestServer(limits: limits)
        let client = try TestConnection(port: server.port, receiveBufferBytes: 4_096)
        client.write("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.readHead()
        #expect(client.readToEnd().utf8.count < 64 << 20)
        let other = try TestConnection(port: server.port)
        other.write("GET /notes HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.readAnswer().body == "dropped")
    }
}
