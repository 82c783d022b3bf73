// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditTrail
public import BudgetStore
public import Identity
public import Reactor

/// How one gateway process listens and what it allows. Where requests may go is in the `RoutingSnapshot`.
public struct GatewayConfiguration: Sendable {
    public var address: SocketAddress
    /// `nil` serves plain HTTP.
    public var tls: TLSContext?
    /// Whose workloads' certificates are believed; `nil`: nobody's.
    public var trustDomain: String?
    /// Threads, each with its own listener on the same port.
    public var loops: Int
    /// `nil` writes no access log.
    public var accessLog: AccessLogSink?
    /// `nil` keeps no audit log; no tenant of the configuration may require one then.
    public var audit: AuditRecorder?
    /// `nil` keeps no budgets; the configuration may declare none then.
    public var budgets: SharedBudgets?
    /// Of those whose tokens callers present.
    public var issuerKeys: IssuerKeys
    public var limits: GatewayLimits
    /// Seeds request identifiers and the routers' random choices; from the system in production.
    public var seed: UInt64

    public init(
        address: SocketAddress, tls: TLSContext?, trustDomain: String? = nil, loops: Int, accessLog: AccessLogSink?,
        audit: AuditRecorder? = nil, budgets: SharedBudgets? = nil, issuerKeys: IssuerKeys = IssuerKeys(),
        limits: GatewayLimits, seed: UInt64
    ) {
        precondition(loops > 0, "a gateway needs a loop")
        self.address = address
        self.tls = tls
        self.trustDomain = trustDomain
        self.loops = loops
        self.accessLog = accessLog
        self.audit = audit
        self.budgets = budgets
        self.issuerKeys = issuerKeys
        self.limits = limits
        self.seed = seed
    }
}

/// Bounds on what callers and upstreams may make the gateway hold. Nanoseconds are monotonic spans.
public struct GatewayLimits: Sendable {
    public var headBytesMax = 64 << 10
    public var bodyBytesMax = 32 << 20
    /// Client connections of one loop.
    public var connectionsMax = 20_000
    /// Requests of one loop between their last byte and the end of their answer.
    public var requestsInFlightMax = 10_000
    /// Buffer memory of one loop from which on new requests are refused.
    public var bufferBytesMax = 512 << 20
    /// From a request's first byte to the end of its head.
    public var headNanoseconds: Int64 = 10_000_000_000
    /// Longest silence inside a request's body.
    public var bodyIdleNanoseconds: Int64 = 30_000_000_000
    /// Slowest body that is still accepted, in bytes per second over all of it so far; above 0. A caller that falls
    /// behind has `bodyIdleNanoseconds` to catch up.
    public var bodyBytesPerSecondMin = 4 << 10
    /// Longest time between two requests of a connection.
    public var keepAliveNanoseconds: Int64 = 75_000_000_000
    /// Longest time a caller may leave our output unread.
    public var writeStallNanoseconds: Int64 = 60_000_000_000
    /// An answer that is not a stream is held back until it is complete, up to this size, so that a broken one can
    /// still fail over.
    public var heldAnswerBytesMax = 1 << 20
    /// Longest time a request may wait for a budget's ledger.
    public var budgetWaitNanoseconds: Int64 = 3_000_000_000
    /// Longest time an attempt may wait for its intent to be durable.
    public var auditNanoseconds: Int64 = 10_000_000_000
    /// A stream is held back until its first content, up to this size.
    public var heldStreamBytesMax = 256 << 10
    /// Longest silence towards the caller of a stream: then a comment (or a ping) tells that it is alive.
    public var streamSilenceNanoseconds: Int64 = 15_000_000_000
    /// Longest event of a stream.
    public var eventBytesMax = 4 << 20
    /// Error bodies of upstreams beyond this are cut.
    public var errorBodyBytesMax = 64 << 10
    /// Idle keep-alive connections kept per endpoint and loop, and for how long.
    public var idleUpstreamsMax = 256
    public var idleUpstreamNanoseconds: Int64 = 30_000_000_000

    public init() {}
}
