// SPDX-License-Identifier: Apache-2.0
// Isobar

// A single thread that reads requests and answers at once. It stands in for a model server that costs as little as the
// kernel allows: what is measured is the proxy in front of it.

internal import Loopback

/// Accepts on its listeners and serves until the process is ended.
final class ModelServer {
    private let poller: Poller
    private let answers: Answers
    private let listeners: [Int32]
    private var pacer: Pacer
    private let chunksDefault: Int
    private let buffer = ReceiveBuffer()
    private var connections: [Connection?] = []
    private var freeSlots: [Int] = []

    /// Most connections at one time; more wait in the backlog.
    private static let connectionsMax = 16_384
    /// Most bytes kept for a peer that does not read; then it is cut off.
    private static let unsentMax = 1 << 20

    init(ports: [UInt16], model: String, pace: Pacer.Pace, chunks: Int) throws(SystemError) {
        poller = try Poller()
        answers = Answers(model: model)
        pacer = Pacer(pace)
        chunksDefault = chunks
        var listeners: [Int32] = []
        for port in ports { listeners.append(try Sockets.listen(port: port)) }
        self.listeners = listeners
        // Listeners have the tags -1, -2, ...; connections their slot.
        for (index, listener) in listeners.enumerated() { try poller.add(listener: listener, tag: -1 - index) }
    }

    func run() throws(SystemError) -> Never {
        while true {
            let count = try poller.wait(until: pacer.due)
            for index in 0..<count {
                let tag = poller.tag(at: index)
                if tag < 0 { accept(from: listeners[-1 - tag]) } else { serve(slot: tag) }
            }
            sendDueChunks()
        }
    }

    // MARK: Connections

    private func accept(from listener: Int32) {
        while connections.count - freeSlots.count < Self.connectionsMax, let fd = Sockets.accept(listener) {
            let slot = freeSlots.popLast() ?? connections.count
            let connection = Connection(fd: fd, slot: slot)
            if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
            do { try poller.add(connection: fd, tag: slot) } catch { close(connection) }
        }
    }

    private func close(_ connection: Connection) {
        guard connections[connection.slot] === connection else { return }
        if connection.chunksLeft != nil { pacer.remove(connection) }
        connection.chunksLeft = nil
        connections[connection.slot] = nil
        freeSlots.append(connection.slot)
        Sockets.close(connection.fd)
    }

    private func serve(slot: Int) {
        guard let connection = connections[slot] else { return }
        if connection.unsent.count > 0 { flush(connection) }
        while connections[slot] === connection {
            let room = ReceiveBuffer.capacity - connection.carry.count
            switch buffer.fill(from: connection.fd, behind: connection.carry) {
            case .blocked: return
            case .ended: return close(connection)
            case .moved(let count):
                read(connection, fresh: count)
                // A short read means that the kernel has no more; the next byte raises a new edge.
                if count < room { return }
            }
        }
    }

    // MARK: Requests

    /// Consumes what `buffer` holds: the connection's carry and `fresh` bytes behind it.
    private func read(_ connection: Connection, fresh: Int) {
        let total = connection.carry.count + fresh
        // A body's decoded part is at the front already; everything behind it is raw.
        var raw = connection.bodyCount
        connection.carry.removeAll()
        while connections[connection.slot] === connection {
            guard connection.body != nil || readHead(connection, from: &raw, to: total) else { break }
            guard readBody(connection, from: &raw, to: total) else { break }
            if raw == total { return }
        }
        keep(connection, from: raw, to: total)
    }

    /// - Returns: false when the head is incomplete or the connection was closed.
    private func readHead(_ connection: Connection, from raw: inout Int, to total: Int) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[raw..<total])
        switch MessageHead.parse(bytes) {
        case .incomplete: return false
        case .malformed:
            close(connection)
            return false
        case .complete(let head):
            connection.isModelList = bytes.starts(with: "GET ")
            (connection.wire, connection.pathStreams) = Wire.asked(by: bytes)
            connection.body = BodyDecoder(head.framing, isRequest: true)
            connection.bodyCount = 0
            raw += head.count
            return true
        }
    }

    /// - Returns: false when the body is incomplete or the connection was closed.
    private func readBody(_ connection: Connection, from raw: inout Int, to total: Int) -> Bool {
        guard var body = connection.body else { return false }
        let (consumed, content) = body.decode(UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[raw..<total]))
        if body.isMalformed {
            close(connection)
            return false
        }
        let start = raw - connection.bodyCount
        connection.bodyCount += content
        guard body.isComplete else {
            // The decoded part moves on in front of the next read.
            connection.body = body
            connection.carry.append(
                UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<(start + connection.bodyCount)]))
            raw = total
            if connection.carry.count >= ReceiveBuffer.capacity { close(connection) }
            return false
        }
        raw += consumed
        answer(connection, body: UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<(start + connection.bodyCount)]))
        connection.body = nil
        connection.bodyCount = 0
        return true
    }

    /// Stores a head that is not complete yet.
    private func keep(_ connection: Connection, from raw: Int, to total: Int) {
        guard connection.body == nil, raw < total, connections[connection.slot] === connection else { return }
        connection.carry.append(UnsafeRawBufferPointer(rebasing: buffer.bytes[raw..<total]))
    }

    // MARK: Answers

    private func answer(_ connection: Connection, body: UnsafeRawBufferPointer) {
        let inquiry = Inquiry(body: body)
        remember(inquiry, of: connection, body: body)
        let number = UnsafeRawBufferPointer(connection.number)
        if connection.isModelList {
            send(answers.models.stamp(number: number, at: 0), to: connection)
        } else if inquiry.wantsStream || connection.pathStreams {
            startStream(connection, inquiry)
        } else {
            send(answers[connection.wire].whole.stamp(number: number, at: 0), to: connection)
        }
    }

    private func remember(_ inquiry: Inquiry, of connection: Connection, body: UnsafeRawBufferPointer) {
        guard let offset = inquiry.numberOffset else {
            connection.number.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "0"))
            return
        }
        connection.number.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: body[offset..<(offset + Template.numberCount)]))
    }

    private func startStream(_ connection: Connection, _ inquiry: Inquiry) {
        // A second request before the stream's end would be pipelining, which no proxy does to its upstream.
        guard connection.chunksLeft == nil else { return close(connection) }
        let now = monotonicNow()
        connection.wantsUsage = inquiry.wantsUsage
        connection.chunksLeft = max(1, inquiry.chunks ?? chunksDefault) - 1
        pacer.add(connection, now: now)
        let start = answers[connection.wire].streamStart
        send(start.stamp(number: UnsafeRawBufferPointer(connection.number), at: now), to: connection)
    }

    private func sendDueChunks() {
        guard pacer.due != nil else { return }
        var now = monotonicNow()
        while let connection = pacer.take(now: now), let left = connection.chunksLeft {
            if left == 0 {
                pacer.remove(connection)
                connection.chunksLeft = nil
            } else {
                connection.chunksLeft = left - 1
            }
            let answers = answers[connection.wire]
            let last = connection.wantsUsage ? answers.finishWithUsage : answers.finish
            let template = left == 0 ? last : answers.text
            send(template.stamp(number: UnsafeRawBufferPointer(connection.number), at: now), to: connection)
            now = monotonicNow()
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, to connection: Connection) {
        var sent = 0
        if connection.unsent.count == 0 {
            switch Sockets.send(connection.fd, bytes) {
            case .moved(let count): sent = count
            case .blocked: break
            case .ended: return close(connection)
            }
        }
        guard sent < bytes.count else { return }
        connection.unsent.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        if connection.unsent.count > Self.unsentMax { close(connection) }
    }

    private func flush(_ connection: Connection) {
        switch connection.unsent.withBytes({ Sockets.send(connection.fd, $0) }) {
        case .moved(let count): connection.unsent.dropFirst(count)
        case .blocked: break
        case .ended: close(connection)
        }
    }
}
