// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
public import Reactor
internal import ResourceTypes
public import Routing

/// Asks endpoints with a `HealthCheck` whether they live and how long their queue is, and reports the answers.
///
/// One probe per address, however many models it serves; at most one under way per address. The first probes are spread
/// over the interval, so that a hundred endpoints are not asked in the same millisecond. No credential is sent.
/// - Threading: confined to its loop, which is not one of the gateway's.
public final class HealthProber {
    private let loop: EventLoop
    private let report: (ProbeResult, Int) -> Void
    private var targets: [ProbeTarget] = []

    /// - Parameter report: result and gauge slot.
    public init(loop: EventLoop, report: @escaping (ProbeResult, Int) -> Void) {
        self.loop = loop
        self.report = report
    }

    /// Replaces what is probed.
    public func follow(_ configuration: PublishedConfiguration) {
        for target in targets { target.stop() }
        var seen: Set<Int> = []
        let probed = configuration.snapshot.endpoints.filter { $0.health != nil && seen.insert($0.gaugeSlot).inserted }
        targets = probed.enumerated().compactMap { position, record in
            ProbeTarget(
                record, configuration, loop: loop, phase: Double(position) / Double(probed.count), report: report)
        }
    }

    public func stop() {
        for target in targets { target.stop() }
        targets = []
    }
}

/// One address under observation.
private final class ProbeTarget {
    private let record: EndpointRecord
    private let check: HealthCheck
    private let server: HTTPClient.Server
    private let host: String
    private let loop: EventLoop
    private let report: (ProbeResult, Int) -> Void
    private var timer: LoopTimer?
    private var isStopped = false

    private static let pageBytesMax = 4 << 20

    init?(
        _ record: EndpointRecord, _ configuration: PublishedConfiguration, loop: EventLoop, phase: Double,
        report: @escaping (ProbeResult, Int) -> Void
    ) {
        guard let check = record.health, let address = configuration.addresses[record.address.authority]?.first else {
            return nil
        }
        self.record = record
        self.check = check
        self.loop = loop
        self.report = report
        host = record.address.authority
        let tls = record.address.isTLS ? configuration.tls[record.address.certificateAuthorityFile ?? ""] : nil
        server = HTTPClient.Server(address: address, tls: tls, name: record.address.host)
        let first = loop.now + Int64(Double(check.interval.nanoseconds) * phase)
        timer = try? LoopTimer(loop: loop, at: first) { [weak self] in self?.probe() }
    }

    func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
    }

    private func probe() {
        HTTPClient.fetch(
            HTTPClientRequest("GET", check.path, host: host), from: server, loop: loop,
            timeoutNanoseconds: check.timeout.nanoseconds,
            bodyBytesMax: Self.pageBytesMax
        ) { [weak self] result in
            guard let self, !isStopped else { return }
            let isUp = if case .success(let answer) = result { answer.status / 100 == 2 } else { false }
            if isUp, let path = check.loadPath { readLoad(path) } else { conclude(ProbeResult(isUp: isUp)) }
        }
    }

    private func readLoad(_ path: String) {
        HTTPClient.fetch(
            HTTPClientRequest("GET", path, host: host), from: server, loop: loop,
            timeoutNanoseconds: check.timeout.nanoseconds,
            bodyBytesMax: Self.pageBytesMax
        ) { [weak self] result in
            guard let self, !isStopped else { return }
            let page =
                if case .success(let answer) = result { String(decoding: answer.body, as: UTF8.self) } else { "" }
            conclude(ProbeResult(isUp: true, queued: LoadSignals.queued(in: page, flavor: record.flavor)))
        }
    }

    private func conclude(_ result: ProbeResult) {
        report(result, record.gaugeSlot)
        timer?.reschedule(at: loop.now + check.interval.nanoseconds)
    }
}
