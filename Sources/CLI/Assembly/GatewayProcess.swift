// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import ConfigurationFiles
import ControlPlane
import Gateway
import Glibc
import Identity
import Logging
import Reactor
import ResourceTypes
import Routing

/// The object graph of a running gateway: data plane, admin port, prober, name book, and the configuration that feeds
/// them.
///
/// ```
/// files ── ConfigurationLoader ── RoutingSnapshot ──┬── Gateway (its own loops)
///                                 names, TLS ───────┤
///                                                   └── HealthProber, CloudAccess, AdminServer (control loop)
/// ```
/// - Threading: made and stopped on the main thread; everything in between happens on the control loop.
final class GatewayProcess: @unchecked Sendable {
    // Proof of @unchecked: mutable state is touched on the control loop's thread only, after `init` has started it.
    private let loader: ConfigurationLoader
    private var watcher: ConfigurationWatcher
    private var loaded: ConfigurationLoader.Loaded
    private var configurationState = ConfigurationState(acceptedTotal: 1, rejectedTotal: 0, lastError: nil)
    private var isDraining = false

    private let control: EventLoop
    private let thread: LoopThread
    let gateway: Gateway
    private var prober: HealthProber?
    private let cloud: CloudAccess
    private var admin: AdminServer?
    private var names: NameBook?
    private var timer: LoopTimer?
    private let accessLog: AccessLogSink?
    private let audit: AuditRecorder?
    private let cosigner: Cosigner?
    private let budgets: BudgetAccess?
    private let issuers: IssuerAccess
    private let log: Logger

    private static let watchNanoseconds: Int64 = 1_000_000_000

    /// Loads, binds and starts everything.
    /// - Throws: `ConfigurationRefused` with every problem, or why a port, file or certificate could not be used.
    init(configurations: [String], options: GatewayOptions, log: Logger) throws {
        self.log = log
        loader = ConfigurationLoader(
            paths: configurations, environment: Environment.all, hasAuditLog: options.audit != nil,
            hasLedger: options.budgets != nil, needsRoles: !options.admin.isLoopback)
        watcher = ConfigurationWatcher(paths: configurations)
        let loaded = try Self.load(loader)
        self.loaded = loaded
        let budgets = try options.budgets.map { try BudgetAccess(path: $0, usageDays: options.usageDays, loaded.snapshot, log: log) }
        self.budgets = budgets
        let published = try Self.publication(of: loaded, budgets)
        accessLog = try options.accessLog.map { try AccessLogSink(path: $0) }
        let folder = options.audit.map { AuditFolder($0, key: options.auditKey) }
        let audit = try folder?.recorder(log: log)
        self.audit = audit
        cosigner = try audit.flatMap { try folder?.cosigner(of: $0, log: log) }
        let issuers = try IssuerAccess(loaded, log: log)
        self.issuers = issuers
        let control = try EventLoop()
        self.control = control
        thread = try LoopThread(name: "control", loop: control)
        cloud = try CloudAccess(loop: control, log: log)
        let credentials = cloud.begin(loaded.snapshot.credentialSources)
        gateway = try Gateway(
            Self.configuration(options, accessLog, audit, budgets, issuers.keys), published: published, gauges: EndpointGauges(),
            credentials: credentials)
        cloud.attach(gateway)
        budgets?.attach(gateway)
        names = try NameBook { [gateway, unowned self] addresses in
            gateway.update(addresses: addresses)
            control.submit { [self] in prober?.update(addresses: addresses) }
        }
        names?.follow(loaded.snapshot)
        _ = watcher.poll(watchedFiles: loaded.watchedFiles)
        noteConfiguration(loaded, after: nil)
        try start(published, admin: options.admin, tls: options.admin.isLoopback ? nil : options.tls())
    }

    private static func load(_ loader: ConfigurationLoader) throws -> ConfigurationLoader.Loaded {
        switch loader.reload(nil, at: .now) {
        case .accepted(let loaded): return loaded
        case .rejected(let problems): throw ConfigurationRefused(problems: problems)
        case .unchanged: preconditionFailure("a first load has nothing to be equal to")
        }
    }

    private static func configuration(
        _ options: GatewayOptions, _ accessLog: AccessLogSink?, _ audit: AuditRecorder?, _ budgets: BudgetAccess?,
        _ issuerKeys: IssuerKeys
    ) throws -> GatewayConfiguration {
        var limits = GatewayLimits()
        limits.bodyBytesMax = options.bodyMebibytesMax << 20
        let loops = options.loops > 0 ? options.loops : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return GatewayConfiguration(
            address: options.listen.socket, tls: try options.tls(clientAuthority: options.clientAuthority),
            trustDomain: options.trustDomain, loops: loops, accessLog: accessLog, audit: audit,
            budgets: budgets?.shared, issuerKeys: issuerKeys, limits: limits, seed: SystemRandomNumberGenerator().seed)
    }

    /// Names resolved and certificates read: what loops must not do themselves.
    private static func publication(
        of loaded: ConfigurationLoader.Loaded, _ budgets: BudgetAccess?
    ) throws -> PublishedConfiguration {
        let snapshot = loaded.snapshot
        var contexts: [String: TLSContext] = [:]
        for endpoint in snapshot.endpoints where endpoint.address.isTLS {
            let file = endpoint.address.certificateAuthorityFile
            if contexts[file ?? ""] == nil { contexts[file ?? ""] = try TLSContext(trusting: file) }
        }
        return PublishedConfiguration(
            snapshot: snapshot, policy: loaded.policy, addresses: NameBook.resolve(snapshot), tls: contexts,
            budgets: budgets?.publish(loaded.budgets), issuers: loaded.issuers.map(\.issuer))
    }

    /// The part that lives on the control loop; waits until it is there, so that a bound port is a ready one.
    private func start(_ published: PublishedConfiguration, admin address: Address, tls: TLSContext?) throws {
        let outcome = OneShot<Result<Void, any Error>>()
        control.submit { [self] in outcome.fulfil(Result { try startOnControlLoop(published, address, tls) }) }
        try outcome.wait().get()
    }

    private func startOnControlLoop(
        _ published: PublishedConfiguration, _ address: Address, _ tls: TLSContext?
    ) throws {
        let prober = HealthProber(loop: control) { [gateway] result, slot in
            gateway.report(probe: result, gaugeSlot: slot)
        }
        prober.follow(published)
        self.prober = prober
        let admin = try AdminServer(
            gateway: gateway, loop: control, address: address.socket, tls: tls, audit: audit,
            unixSeconds: { WallTime.now.unixNanoseconds / 1_000_000_000 }, context: { [unowned self] in context },
            reload: { [unowned self] in
                reload()
                return configurationState
            })
        admin.tokens = tokens(of: loaded)
        self.admin = admin
        timer = try LoopTimer(loop: control, at: control.now + Self.watchNanoseconds) { [unowned self] in watch() }
    }

    private func tokens(of loaded: ConfigurationLoader.Loaded) -> AdminTokens {
        AdminTokens(
            loaded.roleBindings, issuers: loaded.issuers.map(\.issuer), keys: issuers.keys,
            seed: SystemRandomNumberGenerator().seed)
    }

    private var context: AdminContext {
        AdminContext(
            state: isDraining ? .draining : .serving, configuration: configurationState,
            logBlocksDropped: accessLog?.blocksDropped ?? 0, credentials: cloud.statuses, audit: audit?.status,
            budgets: budgets?.status, issuers: issuers.statuses)
    }

    // MARK: Configuration

    /// SIGHUP.
    func requestReload() { control.submit { [self] in reload() } }

    private func watch() {
        if watcher.poll(watchedFiles: loaded.watchedFiles) { reload() }
        timer?.reschedule(at: control.now + Self.watchNanoseconds)
    }

    /// Swaps in the new configuration whole, or keeps the one in force and says why.
    private func reload() {
        switch loader.reload(loaded, at: .now) {
        case .unchanged:
            configurationState.lastError = nil
        case .rejected(let problems):
            refuse(ConfigurationRefused(problems: problems).description)
        case .accepted(let fresh):
            do {
                let published = try Self.publication(of: fresh, budgets)
                let previous = loaded
                loaded = fresh
                configurationState.lastError = nil
                // At once: a token that was taken away must not wait for a cloud's answer.
                admin?.tokens = tokens(of: fresh)
                cloud.turn(to: fresh.snapshot.credentialSources) { [unowned self] in
                    putInForce(published)
                    issuers.follow(fresh)
                    noteConfiguration(fresh, after: previous)
                }
            } catch {
                refuse("\(error)")
            }
        }
    }

    private func putInForce(_ published: PublishedConfiguration) {
        gateway.publish(published)
        prober?.follow(published)
        names?.follow(published.snapshot)
        configurationState.acceptedTotal += 1
        log.notice("configuration accepted", metadata: ["version": "\(published.snapshot.version)"])
    }

    private func noteConfiguration(
        _ fresh: ConfigurationLoader.Loaded, after previous: ConfigurationLoader.Loaded?
    ) {
        guard let audit else { return }
        let digest = fresh.text.withUnsafeBytes { OpenSSLHash.hash($0) }
        audit.note(.configurationAccepted(version: fresh.snapshot.version, digest: digest))
        guard let previous else { return }
        let changes = AccessChanges.keys(from: previous.snapshot, to: fresh.snapshot)
            + AccessChanges.roles(from: previous.roleBindings, to: fresh.roleBindings)
        for change in changes { audit.note(change) }
    }

    private func refuse(_ reason: String) {
        configurationState.rejectedTotal += 1
        audit?.note(.configurationRefused)
        configurationState.lastError = reason
        log.error("configuration refused, the previous one stays in force", metadata: ["reason": "\(reason)"])
    }

    // MARK: The end

    /// Stops accepting, lets requests finish for up to `seconds`, then returns.
    func stop(within seconds: Int) {
        control.submit { [self] in isDraining = true }
        let drained = OneShot<Void>()
        gateway.drain(deadlineNanoseconds: Int64(seconds) * 1_000_000_000) { drained.fulfil(()) }
        drained.wait()
        gateway.join()
        control.submit { [self] in
            prober?.stop()
            cloud.stop()
            issuers.stop()
            admin?.close()
            timer?.cancel()
        }
        control.stop()
        thread.join()
        names?.close()
        accessLog?.close()
        budgets?.close()
        cosigner?.close()
        audit?.close()
    }
}

/// Why a configuration cannot be used: every reason, as people read them.
struct ConfigurationRefused: Error, CustomStringConvertible {
    let problems: [ConfigurationProblem]
    var description: String { problems.map { "\($0)" }.joined(separator: "\n") }
}

extension SystemRandomNumberGenerator {
    var seed: UInt64 {
        var generator = self
        return generator.next()
    }
}
