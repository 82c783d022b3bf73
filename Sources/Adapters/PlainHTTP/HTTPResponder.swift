// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// The answer to one request: either `respond` once, or `beginStream`, any number of `write`, `endStream`.
///
/// Calls after the end, or after the client has gone, do nothing, so a late producer needs no checks of its own.
/// - Threading: confined to the server's loop.
public final class HTTPResponder {
    private enum Phase { case waiting, streaming, ended }

    private var connection: HTTPServerConnection?
    private var phase = Phase.waiting
    private let isHead: Bool
    private let isVersion11: Bool
    private let keepsAlive: Bool

    /// The client went away before the end. Called at most once, never after the end.
    public var clientGone: (() -> Void)?
    /// Everything written has been handed to the kernel; produce more.
    public var drained: (() -> Void)?

    init(connection: HTTPServerConnection, isHead: Bool, isVersion11: Bool, keepsAlive: Bool) {
        self.connection = connection
        self.isHead = isHead
        self.isVersion11 = isVersion11
        self.keepsAlive = keepsAlive
    }

    public var isClientGone: Bool { phase != .ended && connection == nil }
    /// Output waits for the client to read: a polite producer pauses until `drained`.
    public var isBackedUp: Bool { connection?.isBackedUp ?? false }

    /// The whole answer at once.
    public func respond(_ status: Int, contentType: String? = nil, fields: HTTPFields = [:], body: [UInt8] = []) {
        guard phase == .waiting else { return }
        var framed = fields
        if let contentType { framed.append("content-type", contentType) }
        if status != 204 { framed.append("content-length", String(body.count)) }
        var message = head(status, framed, closes: !keepsAlive)
        if !isHead && status != 204 { message += body }
        connection?.deliver(message)
        end(keepsAlive: keepsAlive)
    }

    /// Status and fields now, the body piece by piece: chunked, or up to the close for a client of HTTP/1.0.
    public func beginStream(_ status: Int, contentType: String, fields: HTTPFields = [:]) {
        guard phase == .waiting else { return }
        phase = .streaming
        var framed = fields
        framed.append("content-type", contentType)
        if isVersion11 { framed.append("transfer-encoding", "chunked") }
        connection?.deliver(head(status, framed, closes: !keepsAlive || !isVersion11))
    }

    /// One piece of the stream; empty ones are left out because an empty chunk would end the body.
    public func write(_ bytes: [UInt8]) {
        guard phase == .streaming, !isHead, !bytes.isEmpty else { return }
        guard isVersion11 else {
            connection?.deliver(bytes)
            return
        }
        var chunk = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
        chunk.reserveCapacity(chunk.count + bytes.count + 2)
        chunk += bytes
        chunk += "\r\n".utf8
        connection?.deliver(chunk)
    }

    public func endStream() {
        guard phase == .streaming else { return }
        if isVersion11 && !isHead { connection?.deliver(Array("0\r\n\r\n".utf8)) }
        end(keepsAlive: keepsAlive && isVersion11)
    }

    /// Claims `body` and sends only its first `count` bytes, then breaks the connection. For playing faults.
    public func respondTruncated(_ status: Int, contentType: String, body: [UInt8], count: Int) {
        guard phase == .waiting else { return }
        let framed: HTTPFields = ["content-type": contentType, "content-length": String(body.count)]
        connection?.deliver(head(status, framed, closes: true) + body.prefix(count))
        abort()
    }

    /// Breaks the connection without an end: what was sent stays, the rest never comes.
    public func abort() {
        guard phase != .ended, let connection else { return }
        phase = .ended
        self.connection = nil
        clientGone = nil
        drained = nil
        connection.abort()
    }

    private func head(_ status: Int, _ fields: HTTPFields, closes: Bool) -> [UInt8] {
        var output = Array("HTTP/1.1 \(status) \(HTTPReason.phrase(status))\r\n".utf8)
        fields.write(to: &output)
        if closes { output += "connection: close\r\n".utf8 }
        output += "\r\n".utf8
        return output
    }

    private func end(keepsAlive: Bool) {
        phase = .ended
        let connection = self.connection
        self.connection = nil
        clientGone = nil
        drained = nil
        connection?.answered(keepsAlive: keepsAlive)
    }

    // MARK: From the connection

    func connectionLost() {
        connection = nil
        guard phase != .ended else { return }
        let callback = clientGone
        clientGone = nil
        drained = nil
        callback?()
    }

    func connectionDrained() { drained?() }
}
