// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// One failed attempt as the gateway saw it.
public struct AttemptFailure: Equatable, BitwiseCopyable, Sendable {
    public var kind: FailureKind
    /// How long the endpoint asked us to stay away; `nil`: it did not say.
    public var retryAfter: TimeSpan?
    /// HTTP status; 0 means there was no answer.
    public var status: UInt16
    /// The request went out on a kept-alive connection, which the server may have closed in the same moment.
    public var onReusedConnection: Bool
    /// It was the credential's fault, and the endpoint has another one that may be tried at once.
    public var hasOtherCredential = false

    public init(kind: FailureKind, retryAfter: TimeSpan? = nil, status: UInt16 = 0, onReusedConnection: Bool = false) {
        self.kind = kind
        self.retryAfter = retryAfter
        self.status = status
        self.onReusedConnection = onReusedConnection
    }

    /// The keep-alive race: the request most likely never reached the server, so it says nothing about the endpoint.
    var isKeepAliveRace: Bool { onReusedConnection && status == 0 && kind == .resetBeforeFirstByte }
}

/// Load signals from response headers: rate limits and utilisation. Every field is −1 when the response did not carry
/// it.
public struct HeadroomHint: Equatable, BitwiseCopyable, Sendable {
    public var requestsLimit: Int64 = -1
    public var requestsRemaining: Int64 = -1
    /// Time until the request budget is whole again, in nanoseconds.
    public var requestsResetNanoseconds: Int64 = -1
    public var tokensLimit: Int64 = -1
    public var tokensRemaining: Int64 = -1
    /// Time until the token budget is whole again, in nanoseconds.
    public var tokensResetNanoseconds: Int64 = -1
    /// Utilisation of provisioned capacity in percent; may exceed 100.
    public var utilizationPercent: Int64 = -1

    public init() {}
}

/// Everything one attempt taught, reported once when it is over.
public struct AttemptOutcome: BitwiseCopyable, Sendable {
    /// The request, for the prefix table and to settle the rate reservation that `began` made.
    public var features: RequestFeatures
    /// `nil`: success, or cancelled.
    public var failure: AttemptFailure?
    /// We ended it ourselves (caller gone, hedge lost): says nothing about the endpoint's health.
    public var wasCancelled: Bool
    /// From dispatch to the first content byte; `nil` if none came.
    public var timeToFirstToken: TimeSpan?
    /// From dispatch to the end.
    public var duration: TimeSpan
    /// As the provider counted; 0 when unknown.
    public var outputTokens: Int64
    /// As the provider counted; 0 when unknown.
    public var promptTokens: Int64
    public var headroom: HeadroomHint?
    /// `Router.answered` was called for this attempt, so its time to first token is already counted.
    public var isFirstTokenReported: Bool

    public init(
        features: RequestFeatures, failure: AttemptFailure? = nil, wasCancelled: Bool = false,
        timeToFirstToken: TimeSpan? = nil,
        duration: TimeSpan, outputTokens: Int64 = 0, promptTokens: Int64 = 0, headroom: HeadroomHint? = nil,
        isFirstTokenReported: Bool = false
    ) {
        self.features = features
        self.failure = failure
        self.wasCancelled = wasCancelled
        self.timeToFirstToken = timeToFirstToken
        self.duration = duration
        self.outputTokens = outputTokens
        self.promptTokens = promptTokens
        self.headroom = headroom
        self.isFirstTokenReported = isFirstTokenReported
    }
}

/// Bad news about an endpoint that other loops of the process should hear at once.
///
/// Good news is not shared: each loop confirms it with its own traffic.
public struct EndpointNews: Equatable, BitwiseCopyable, Sendable {
    public enum Kind: UInt8, BitwiseCopyable, Sendable { case breakerOpened, coolDown }
    /// Ids mean nothing across snapshots: news from another version is dropped.
    public var snapshotVersion: UInt64
    public var endpoint: EndpointID
    public var kind: Kind
    /// The failure that caused it.
    public var cause: FailureKind
    public var until: Instant
}

/// What an active probe of an endpoint found.
public struct ProbeResult: Equatable, BitwiseCopyable, Sendable {
    public var isUp: Bool
    /// Requests waiting inside the model server; `nil`: not read.
    public var queued: Int?
    public init(isUp: Bool, queued: Int? = nil) {
        self.isUp = isUp
        self.queued = queued
    }
}
