// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Why an attempt failed, as far as retry, health and cool-down care.
///
/// The classes are those every provider's errors fall into; the gateway's wire adapters decide which one, from status,
/// body and transport.
public enum FailureKind: UInt8, CaseIterable, BitwiseCopyable, Sendable {
    case connectFailed, connectTimeout, resetBeforeFirstByte, firstByteTimeout, idleTimeout, totalTimeout,
        malformedResponse, truncated
    /// 4xx the request itself earned; every endpoint would say the same.
    case callerError
    /// The endpoint does not have the model or the path: its configuration is wrong, not the request.
    case notFound
    case credential
    /// A spend limit or a long quota: waiting seconds does not help.
    case quotaExhausted
    case rateLimited
    case overloaded
    case serverError
    case contentPolicy
    case contextTooLong
    /// An error event inside a stream that had begun with 200.
    case errorInStream
    /// Its API cannot say what the request asks for: nothing was sent. Another endpoint's may.
    case unsupported
    /// The request's bytes may not go there any more, e.g. since a transfer mechanism ended: nothing was sent.
    case inadmissible
}

extension FailureKind {
    /// Class of a response status, refined by what the wire adapter found in the body.
    /// - Returns: `nil` for success (2xx).
    public static func classify(status: UInt16, isQuotaExhausted: Bool, isContextTooLong: Bool, isContentFilter: Bool)
        -> FailureKind?
    {
        switch status {
        case 200..<300: nil
        case 402: .quotaExhausted
        // Because: providers report an exhausted budget with 400, 403 or 429, so the body's word comes before the
        // number's.
        case 400..<500 where isQuotaExhausted: .quotaExhausted
        case 400..<500 where isContentFilter: .contentPolicy
        // llama.cpp's server answers 500 when a text to embed is longer than its batch; no other server of it will do
        // better, and none of them is ill.
        case 400...500 where isContextTooLong: .contextTooLong
        case 401, 403: .credential
        // A redirect is not followed: like a wrong path or method it says that the endpoint's URL is misconfigured.
        case 300..<400, 404, 405, 410: .notFound
        // Lock time-outs, "too early" and failed dependencies pass by themselves; both large SDKs retry 408 and 409.
        case 408, 409, 424, 425: .serverError
        case 429: .rateLimited
        case 400..<500: .callerError
        case 503, 529: .overloaded
        case 500..<600: .serverError
        default: .malformedResponse
        }
    }

    /// Whether another endpoint may do better. `false`: the failure is the request's own, or a refusal that must not be
    /// dodged.
    public var isRetriable: Bool {
        switch self {
        case .callerError, .contentPolicy, .contextTooLong: false
        default: true
        }
    }

    /// Whether the endpoint may have worked, and billed, for a request that was sent: nothing came of it that says
    /// otherwise.
    public var mayHaveBeenBilled: Bool {
        switch self {
        case .resetBeforeFirstByte, .firstByteTimeout, .idleTimeout, .totalTimeout, .malformedResponse, .truncated,
            .errorInStream:
            true
        case .connectFailed, .connectTimeout, .callerError, .notFound, .credential, .quotaExhausted, .rateLimited,
            .overloaded, .serverError, .contentPolicy, .contextTooLong, .unsupported, .inadmissible:
            false
        }
    }

    /// Whether the endpoint, and not the request or an account, is what failed: counts for breaker, error rate and
    /// latency penalty.
    public var countsAgainstHealth: Bool {
        switch self {
        case .connectFailed, .connectTimeout, .resetBeforeFirstByte, .firstByteTimeout, .idleTimeout,
            .malformedResponse, .truncated,
            .overloaded, .serverError, .errorInStream:
            true
        // `totalTimeout` is the caller's budget running out, possibly on a long and healthy answer.
        case .totalTimeout, .callerError, .notFound, .credential, .quotaExhausted, .rateLimited, .contentPolicy,
            .contextTooLong, .unsupported, .inadmissible:
            false
        }
    }

    /// Whether the endpoint said that it is busy: it counts as full, and its tier may overflow, rather than as broken.
    var isCapacity: Bool { self == .rateLimited || self == .overloaded }

    /// Whether the account is at fault and not the endpoint: another credential may do better there.
    var isAboutAccount: Bool { self == .credential || self == .quotaExhausted }

    /// How long the endpoint is left alone when it does not say; `nil`: it may be used again at once.
    var coolDown: TimeSpan? {
        switch self {
        case .rateLimited, .overloaded: .seconds(1)
        // Repaired by people, not by waiting: long enough to keep traffic off, short enough to notice the repair.
        case .notFound, .credential: .seconds(60)
        case .quotaExhausted: .seconds(3600)
        default: nil
        }
    }

    /// Whether the failure happened below HTTP, where a health probe's word is as good as a request's.
    var isConnectionLevel: Bool {
        switch self {
        case .connectFailed, .connectTimeout: true
        default: false
        }
    }
}
