// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
public import Reactor
internal import ResourceTypes
internal import Routing
internal import Synchronization
internal import WireFormats

/// Where access log lines go: one descriptor, one writing thread, whatever the number of loops.
///
/// A disk or terminal that stalls must not stall requests: loops hand over filled blocks, and blocks that find the
/// queue full are dropped and counted.
public final class AccessLogSink: @unchecked Sendable {
    // Proof of @unchecked: `descriptor` is written once; the rest is atomic or belongs to the writing thread.
    private let descriptor: Int32
    private let loop: EventLoop
    private let thread: LoopThread
    private let queued = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    private static let blocksMax = 256

    /// - Parameter path: appended to and created with mode 0640; `-` is standard output.
    public init(path: String) throws(ReactorError) {
        descriptor = path == "-" ? dup(1) : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw ReactorError(operation: "open \(path)", number: errno) }
        loop = try EventLoop()
        thread = try LoopThread(name: "access-log", loop: loop)
    }

    deinit { Glibc.close(descriptor) }

    /// Lines lost because writing was too slow, in blocks.
    public var blocksDropped: Int { dropped.load(ordering: .relaxed) }

    func write(_ block: [UInt8]) {
        guard queued.load(ordering: .relaxed) < Self.blocksMax else {
            dropped.add(1, ordering: .relaxed)
            return
        }
        queued.add(1, ordering: .relaxed)
        loop.submit { [self] in
            writeAll(block)
            queued.subtract(1, ordering: .relaxed)
        }
    }

    private func writeAll(_ block: [UInt8]) {
        block.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress {
                let n = Glibc.write(descriptor, base + start, bytes.count - start)
                if n < 0 && errno == EINTR { continue }
                if n <= 0 {
                    dropped.add(1, ordering: .relaxed)
                    return
                }
                start += n
            }
        }
    }

    /// Writes what is queued and ends the thread.
    public func close() {
        loop.stop()
        thread.join()
    }
}

/// One loop's side of the log: lines are formatted into a block, blocks go to the sink when full or a moment old.
///
/// A line says who, what, where, how long, how much: never a prompt, an answer, a key or a header we were not meant to
/// read.
final class AccessLog {
    private let sink: AccessLogSink
    private let loop: EventLoop
    private let memory: UnsafeMutableRawBufferPointer
    private var writer: ByteWriter
    private var timer: LoopTimer?
    private var clock = TimestampText()

    private static let blockBytes = 64 << 10
    private static let lineBytesMax = 4 << 10
    private static let ageNanoseconds: Int64 = 200_000_000

    init(sink: AccessLogSink, loop: EventLoop) {
        self.sink = sink
        self.loop = loop
        memory = .allocate(byteCount: Self.blockBytes, alignment: 64)
        writer = ByteWriter(memory)
    }

    deinit { memory.deallocate() }

    func append(_ exchange: Exchange, _ bill: Meter.Bill, unixNanoseconds: Int64) {
        if writer.capacity - writer.count < Self.lineBytesMax { flush() }
        if writer.count == 0 { startTimer() }
        clock.append(unixNanoseconds, to: &writer)
        appendIdentity(exchange)
        appendResult(exchange)
        if exchange.isInFlight { appendUsage(bill) }
        writer.append("}\n")
    }

    private func appendIdentity(_ exchange: Exchange) {
        let metrics = exchange.worker.metrics
        writer.append(#","request_id":""#)
        writer.append(hex: exchange.identifier, padded: true)
        writer.append(byte: 34)
        if let principal = exchange.principal { name("key", metrics.keyName(principal.slot)) }
        if case .inference(let operation) = exchange.target {
            writer.append(#","operation":""#)
            writer.append(operation.telemetryName)
            writer.append(byte: 34)
        }
        guard exchange.isInFlight else { return }
        name("route", metrics.routeName(exchange.routeCounters))
        writer.append(exchange.features.isStreaming ? #","stream":true"# : #","stream":false"#)
        if let language = exchange.features.language {
            writer.append(#","language":""#)
            append(language)
            writer.append(byte: 34)
        }
        if exchange.machine.attempts > 0 {
            name("endpoint", metrics.endpointName(exchange.attempts[exchange.answeringSlot].counters))
        }
        writer.append(#","attempts":"#)
        writer.append(decimal: exchange.machine.attempts)
        appendTrace(exchange)
    }

    private func append(_ language: LanguageCode) {
        for shift in stride(from: 16 as UInt32, through: 0, by: -8) {
            let letter = UInt8(truncatingIfNeeded: language.packed >> shift)
            if letter != 0 { writer.append(byte: letter) }
        }
    }

    private func name(_ member: StaticString, _ value: UnsafeRawBufferPointer) {
        writer.append(#",""#)
        writer.append(member)
        writer.append(#"":""#)
        writer.append(value)
        writer.append(byte: 34)
    }

    /// The trace id of a well-formed `traceparent` (W3C Trace Context: 32 hexadecimal digits after the version).
    private func appendTrace(_ exchange: Exchange) {
        guard exchange.headers.traceparent.count == 55 else { return }
        let value = exchange.headers.traceparent.slice(exchange.client.headBytes)
        let trace = value[3..<35]
        guard trace.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) else { return }
        writer.append(#","trace_id":""#)
        writer.append(UnsafeRawBufferPointer(rebasing: trace))
        writer.append(byte: 34)
    }

    private func appendResult(_ exchange: Exchange) {
        let timing = exchange.timing
        writer.append(#","status":"#)
        writer.append(decimal: exchange.answeredStatus)
        writer.append(#","outcome":""#)
        writer.append(exchange.outcome.label)
        writer.append(#"","duration_ms":"#)
        writer.append(millisecondsOf: timing.finished - timing.arrived)
        if timing.firstContent > 0 {
            writer.append(#","ttft_ms":"#)
            writer.append(millisecondsOf: timing.firstContent - timing.received)
        }
        writer.append(#","bytes_out":"#)
        writer.append(decimal: exchange.bytesOut)
    }

    private func appendUsage(_ bill: Meter.Bill) {
        writer.append(#","input_tokens":"#)
        writer.append(decimal: bill.usage.input)
        writer.append(#","cached_tokens":"#)
        writer.append(decimal: bill.usage.cachedInput)
        writer.append(#","output_tokens":"#)
        writer.append(decimal: bill.usage.output)
        appendCount(#","audio_ms":"#, bill.media.audioMilliseconds)
        appendCount(#","images":"#, bill.media.images)
        appendCount(#","searches":"#, bill.media.searches)
        appendCount(#","characters":"#, bill.media.characters)
        if bill.isEstimated { writer.append(#","estimated":true"#) }
        if let cost = bill.cost {
            writer.append(#","cost_pico":"#)
            writer.append(decimal: Int64(clamping: cost.pico))
        }
    }

    private func appendCount(_ member: StaticString, _ count: Int64) {
        guard count > 0 else { return }
        writer.append(member)
        writer.append(decimal: count)
    }

    private func startTimer() {
        let due = loop.now + Self.ageNanoseconds
        if let timer { return timer.reschedule(at: due) }
        timer = try? LoopTimer(loop: loop, at: due) { [unowned self] in flush() }
    }

    func flush() {
        guard writer.count > 0 else { return }
        sink.write(Array(writer.bytes))
        writer = ByteWriter(memory)
    }
}
