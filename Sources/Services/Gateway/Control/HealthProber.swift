// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
public import Reactor
internal import ResourceTypes
public import Routing

/// Asks endpoints with a `HealthCheck` whether they live and how long their queue is, and reports the answers.
///
/// One probe per endpoint, however many models it serves; at most one under way per endpoint. A name with several
/// addresses is up when one of them answers: requests go there too. The first probes are spread
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

    /// Fresh name resolution by `host:port`; names that are missing keep what they had.
    public func update(addresses: [String: [SocketAddress]]) {
        for target in targets {
            if let fresh = addresses[target.host] { target.update(addresses: fresh) }
        }
    }

    public func stop() {
        for target in targets { target.stop() }
        targets = []
    }
}

/// One endpoint under observation.
private final class ProbeTarget {
    private let record: EndpointRecord
    private let check: HealthCheck
    /// `host:port`, for the `Host` header and as key of the addresses.
    let host: String
    private let tls: TLSContext?
    private var addresses: [SocketAddress]
    private var preferredAddress = 0
    private let loop: EventLoop
    private let report: (ProbeResult, Int) -> Void
    private var timer: LoopTimer?
    private var isStopped = false

    private static let pageBytesMax = 4 << 20

    init?(
        _ record: EndpointRecord, _ configuration: PublishedConfiguration, loop: EventLoop, phase: Double,
        report: @escaping (ProbeResult, Int) -> Void
    ) {
        guard let check = record.health else { return nil }
        self.record = record
        self.check = check
        self.loop = loop
        self.report = report
        // A name that does not resolve is down until it does.
        addresses = configuration.addresses[record.address.authority] ?? []
        host = record.address.authority
        tls = record.address.isTLS ? configuration.tls[record.address.certificateAuthorityFile ?? ""] : nil
        let first = loop.now + Int64(Double(check.interval.nanoseconds) * phase)
        timer = try? LoopTimer(loop: loop, at: first) { [weak self] in self?.probe() }
    }

    func stop() {
        isStopped = true
        timer?.cancel()
        timer = nil
    }

    func update(addresses fresh: [SocketAddress]) {
        guard !fresh.isEmpty else { return }
        addresses = fresh
        preferredAddress %= fresh.count
    }

    private func probe() { ask(AddressWalk(addresses, preferring: preferredAddress)) }

    /// Asks the next address of the walk; the first that answers anything decides.
    private func ask(_ walk: AddressWalk) {
        var walk = walk
        guard let address = walk.next() else { return conclude(ProbeResult(isUp: false)) }
        fetch(check.path, from: address) { [weak self, walk] result in
            guard let self else { return }
            guard case .success(let answer) = result else { return ask(walk) }
            preferredAddress = walk.position
            let isUp = answer.status / 100 == 2
            if isUp, let path = check.loadPath {
                readLoad(path, from: address)
            } else {
                conclude(ProbeResult(isUp: isUp))
            }
        }
    }

    private func readLoad(_ path: String, from address: SocketAddress) {
        fetch(path, from: address) { [weak self] result in
            guard let self else { return }
            let page =
                if case .success(let answer) = result { String(decoding: answer.body, as: UTF8.self) } else { "" }
            conclude(ProbeResult(isUp: true, queued: LoadSignals.queued(in: page, flavor: record.flavor)))
        }
    }

    /// - Parameter completion: not called once the target is stopped.
    private func fetch(_ path: String, from address: SocketAddress, completion: @escaping HTTPClient.Completion) {
        HTTPClient.fetch(
            HTTPClientRequest("GET", path, host: host),
            from: HTTPClient.Server(address: address, tls: tls, name: record.address.host), loop: loop,
            timeoutNanoseconds: check.timeout.nanoseconds, bodyBytesMax: Self.pageBytesMax
        ) { [weak self] result in
            guard let self, !isStopped else { return }
            completion(result)
        }
    }

    private func conclude(_ result: ProbeResult) {
        report(result, record.gaugeSlot)
        timer?.reschedule(at: loop.now + check.interval.nanoseconds)
    }
}
