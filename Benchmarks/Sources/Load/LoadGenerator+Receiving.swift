// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

// What arrives on a connection, up to the verdict on its answer.
extension LoadGenerator {
    /// Sends what is left of the request and takes everything that has come.
    func serve(_ client: Client) throws(SystemError) {
        guard client.exchange != nil else { return dropIfClosed(client) }
        send(client)
        while let fd = client.fd, client.exchange != nil {
            let room = ReceiveBuffer.capacity - client.carry.count
            switch buffer.fill(from: fd, behind: client.carry) {
            case .blocked: return
            case .ended: return try end(client)
            case .moved(let count):
                try read(client, fresh: count)
                if count < room { return }
            }
        }
    }

    /// Nothing is expected: the peer may have closed the connection, which the next request then opens anew.
    private func dropIfClosed(_ client: Client) {
        guard let fd = client.fd else { return }
        if case .blocked = buffer.fill(from: fd, behind: Carry()) { return }
        disconnect(client)
    }

    private func end(_ client: Client) throws(SystemError) {
        guard let exchange = client.exchange, exchange.body?.endsWithConnection == true else {
            return fail(client, .cut)
        }
        // The carry is the whole content of an answer without framing.
        let verdict = client.carry.withBytes { exchange.verdict(plan, content: $0) }
        disconnect(client)
        try finish(client, exchange, verdict, now: monotonicNow())
    }

    /// Consumes what `buffer` holds: the client's carry and `fresh` bytes behind it.
    private func read(_ client: Client, fresh: Int) throws(SystemError) {
        guard var exchange = client.exchange else { return }
        let now = monotonicNow()
        lastProgress = now
        let total = client.carry.count + fresh
        var raw = client.carry.count
        var contentStart = 0
        if exchange.body == nil {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<total])
            switch MessageHead.parse(bytes) {
            case .malformed: return fail(client, .malformed)
            case .incomplete:
                client.carry.removeAll()
                return client.carry.append(bytes)
            case .complete(let head):
                exchange.status = MessageHead.status(bytes) ?? 0
                exchange.keepsAlive = head.keepsAlive
                exchange.body = BodyDecoder(head.framing, isRequest: false)
                raw = head.count
                contentStart = head.count
            }
        }
        guard var body = exchange.body else { return }
        let (consumed, contentCount) = body.decode(UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[raw..<total]))
        var content = UnsafeRawBufferPointer(rebasing: buffer.bytes[contentStart..<(raw + contentCount)])
        if plan.mode == .stream { takeEvents(&exchange, &content, now: now) }
        exchange.body = body
        client.exchange = exchange
        if body.isMalformed || (body.isComplete && raw + consumed != total) { return fail(client, .malformed) }
        if case .afterChunks(let count)? = exchange.hangUp, exchange.chunks >= count { return hangUp(client) }
        guard body.isComplete else {
            client.carry.removeAll()
            return client.carry.append(content)
        }
        if !exchange.keepsAlive { disconnect(client) }
        try finish(client, exchange, exchange.verdict(plan, content: content), now: now)
    }

    /// Consumes complete lines from the front of `content`; only `data:` lines matter, one of which is one event here.
    /// Anthropic's `event:` lines repeat what the data says.
    private func takeEvents(_ exchange: inout Exchange, _ content: inout UnsafeRawBufferPointer, now: MonotonicTime) {
        var start = 0
        while let lineEnd = content.offset(of: UInt8(ascii: "\n"), from: start) {
            let line = UnsafeRawBufferPointer(rebasing: content[start..<lineEnd])
            start = lineEnd + 1
            let before = exchange.chunks
            let sent = exchange.take(line: line, plan)
            if exchange.chunks > before { recordChunk(of: exchange, sent: sent, now: now) }
        }
        content = UnsafeRawBufferPointer(rebasing: content[start...])
    }

    private func recordChunk(of exchange: Exchange, sent: MonotonicTime?, now: MonotonicTime) {
        tally.chunks += 1
        guard let sent else {
            tally.unstampedChunks += 1
            return
        }
        if exchange.texts == 1 { tally.timeToFirstToken.record(now - exchange.intended) }
        tally.chunkDelay.record(now - sent)
    }
}
