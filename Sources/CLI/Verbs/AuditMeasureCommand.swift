// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail
import Glibc
import Synchronization
import WireFormats

struct AuditMeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "How fast this disk takes an audit log, and what `audit: required` adds to a request.",
        discussion: """
            Writes a log of made-up requests into a new folder below DIRECTORY and takes it away again. Each request waits for
            its intent to be durable, as a gateway's does.

            Examples: isobar audit measure /var/lib/isobar
                      isobar audit measure /var/lib/isobar --in-flight 512 --seconds 10 --output json
            Exit codes: 0 measured, 1 the folder cannot be written.
            """)

    @Argument(help: "A directory on the disk in question.") var directory: String
    @Option(help: "Requests that wait at one time.") var inFlight = 256
    @Option(help: "People that the requests are about.") var subjects = 1_000
    @Option(help: "How long.") var seconds = 5
    @Option(help: "text or json.") var output: OutputFormat = .text

    func validate() throws {
        guard (1...100_000).contains(inFlight) else { throw ValidationError("--in-flight is 1 to 100000.") }
        guard (1...1_000_000).contains(subjects) else { throw ValidationError("--subjects is 1 to 1000000.") }
        guard (1...600).contains(seconds) else { throw ValidationError("--seconds is 1 to 600.") }
    }

    func run() throws {
        let log = try LogLevel.install("error")
        let folder = AuditFolder("\(directory)/isobar-measure-\(getpid())")
        defer { _ = Command.succeeds(["rm", "-r", "--", folder.path]) }
        _ = try folder.create(origin: "localhost/isobar-measure")
        let recorder = try folder.recorder(log: log)
        let load = AuditLoad(recorder: recorder, inFlight: inFlight, subjects: subjects)
        let before = Self.cpuSeconds
        let result = load.run(seconds: seconds)
        let cpu = Self.cpuSeconds - before
        recorder.close()
        guard result.refused == 0 else {
            throw AuditFolder.Failure(description: "\(result.refused) entries were refused: \(recorder.status.fault ?? "")")
        }
        let size = recorder.status.checkpointSize
        let perEntry = result.durable == 0 ? 0 : cpu * 1e6 / Double(2 * result.durable)
        Terminal.print(output == .json ? json(result, perEntry).text : text(result, perEntry, size: size))
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private func text(_ result: AuditLoad.Result, _ perEntry: Double, size: UInt64) -> String {
        """
        \(Self.rounded(result.entriesPerSecond)) entries a second, durable and in the tree (two a request; \(size) written)
        \(Self.rounded(perEntry)) µs of CPU an entry
        a request waits \(Self.rounded(result.median)) ms (median), \(Self.rounded(result.percentile99)) ms (p99) with \(inFlight) in flight
        """
    }

    private func json(_ result: AuditLoad.Result, _ perEntry: Double) -> JSONValue {
        .object([
            ("entries_per_second", .decimal(result.entriesPerSecond)), ("cpu_us_per_entry", .decimal(perEntry)),
            ("wait_ms_p50", .decimal(result.median)), ("wait_ms_p99", .decimal(result.percentile99)),
        ])
    }

    private static func rounded(_ value: Double) -> String {
        value >= 100 ? "\(Int(value.rounded()))" : "\((value * 10).rounded() / 10)"
    }
}

/// Requests that each wait for their intent and then end, so many at one time.
private final class AuditLoad: Sendable {
    struct Result: Sendable {
        var durable = 0
        var refused = 0
        var entriesPerSecond = 0.0
        /// Milliseconds.
        var median = 0.0
        var percentile99 = 0.0
    }

    private struct State {
        var next: UInt64 = 1
        var result = Result()
        var waits: [Int64] = []
        var isOver = false
    }

    private let recorder: AuditRecorder
    private let inFlight: Int
    private let subjects: Int
    private let state = Mutex(State())
    private let names = AuditNames(
        keys: [.init(name: "key", tenant: "tenant")],
        endpoints: [.init(name: "endpoint", provider: "provider", region: "region", model: "model")], routes: ["route"])

    init(recorder: AuditRecorder, inFlight: Int, subjects: Int) {
        self.recorder = recorder
        self.inFlight = inFlight
        self.subjects = subjects
    }

    func run(seconds: Int) -> Result {
        let began = Self.now
        // As several loops hand over: each its own batch.
        let loops = min(4, inFlight)
        for loop in 0..<loops { submit(inFlight / loops + (loop < inFlight % loops ? 1 : 0), after: []) }
        while Self.now - began < Int64(seconds) * 1_000_000_000 {
            usleep(100_000)
            Terminal.progress("\(state.withLock { $0.result.durable }) requests")
        }
        Terminal.progress("")
        return state.withLock { state in
            state.isOver = true
            var result = state.result
            result.entriesPerSecond = Double(2 * result.durable) / (Double(Self.now - began) / 1e9)
            let waits = state.waits.sorted()
            if !waits.isEmpty {
                result.median = Double(waits[waits.count / 2]) / 1e6
                result.percentile99 = Double(waits[min(waits.count - 1, waits.count * 99 / 100)]) / 1e6
            }
            return result
        }
    }

    private func submit(_ count: Int, after finished: [UInt64]) {
        let first = state.withLock { state in
            defer { state.next += UInt64(count) }
            return state.next
        }
        var ends = AuditBatch(names: names)
        for id in finished { append(.outcome, id, to: &ends) }
        if !finished.isEmpty { recorder.submit(ends) }
        var batch = AuditBatch(names: names)
        for id in first..<(first + UInt64(count)) { append(.intent, id, to: &batch) }
        let began = Self.now
        batch.whenDurable = { [self] isDurable in
            let goesOn = state.withLock { state in
                if isDurable { state.result.durable += count } else { state.result.refused += count }
                state.waits.append(Self.now - began)
                return !state.isOver && isDurable
            }
            if goesOn { submit(count, after: Array(first..<(first + UInt64(count)))) }
        }
        recorder.submit(batch)
    }

    private func append(_ phase: RequestEvent.Phase, _ id: UInt64, to batch: inout AuditBatch) {
        var event = RequestEvent(phase, requestID: id, unixMilliseconds: 1_700_000_000_000)
        event.attempt = 1
        event.isFinal = phase == .outcome
        event.key = 0
        event.endpoint = 0
        event.route = 0
        event.operation = "chat"
        event.status = phase == .outcome ? 200 : 0
        event.promptDigest = phase == .intent ? OpenSSLHash.emptyRoot : nil
        event.client = ClientAddress(high: 0, low: 0xffff_7f00_0001)
        let subject = Array("subject-\(Int(id) % subjects)".utf8)
        event.subject = batch.text.count..<(batch.text.count + subject.count)
        batch.text += subject
        batch.events.append(event)
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
