// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How an attempt, or the request with it, ended.
public enum AttemptResult: UInt8, Sendable, CaseIterable {
    case completed, refused, failed, cancelled, truncated
    /// Nobody knows: the process ended before it could say.
    case lost

    public var name: StaticString {
        switch self {
        case .completed: "completed"
        case .refused: "refused"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .truncated: "truncated"
        case .lost: "lost"
        }
    }
}

/// What happened to a request, in the few words that the request path notes; `RequestEventWriter` makes an entry of it.
///
/// Plain values without references: making one allocates nothing.
public struct RequestEvent: Sendable {
    public enum Phase: UInt8, Sendable {
        /// An attempt is about to be sent.
        case intent
        /// An attempt ended.
        case outcome
        /// The gateway itself refused before any attempt.
        case denial
    }

    public var phase: Phase
    public var requestID: UInt64
    public var unixMilliseconds: Int64
    /// 1 for the first; 0 for a denial.
    public var attempt: UInt8 = 0
    /// The request's last word: exactly one per request.
    public var isFinal = false
    public var result = AttemptResult.completed
    /// Positions in `AuditNames`; -1 for none.
    public var key: Int32 = -1
    public var endpoint: Int32 = -1
    public var route: Int32 = -1
    public var operation: StaticString = "unknown"
    /// Our word for what went wrong; empty when nothing did.
    public var reason: StaticString = ""
    /// OCSF severity: 1 informational, 3 a refusal for residency, 4 tampering.
    public var severity: UInt8 = 1
    /// HTTP status of the answer; 0 while there is none.
    public var status: UInt16 = 0
    public var promptTokens: Int64 = -1
    public var completionTokens: Int64 = -1
    /// In 10⁻¹² of the configuration's currency; -1 for unknown.
    public var costPico: Int64 = -1
    /// Of the configuration in force.
    public var configurationVersion: UInt64 = 0
    /// Denials of strangers that were not written since the last one that was.
    public var suppressed: UInt32 = 0
    /// SHA-256 of the request's body; what is written is keyed with the subject's key.
    public var promptDigest: Digest?
    /// The caller's address, IPv4 mapped into IPv6; what is written is keyed likewise.
    public var client: ClientAddress?
    /// Where the caller's subject identifier is in the bytes that came with the event; empty for none.
    public var subject = 0..<0

    public init(_ phase: Phase, requestID: UInt64, unixMilliseconds: Int64) {
        self.phase = phase
        self.requestID = requestID
        self.unixMilliseconds = unixMilliseconds
    }
}

/// 128 bits of an IPv6 address.
public struct ClientAddress: Hashable, BitwiseCopyable, Sendable {
    public var high: UInt64
    public var low: UInt64
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What the subject's key makes of an event: hexadecimal texts without any way back once the key is gone.
public struct EventMarks: Sendable {
    /// 32 characters that stand for the subject; empty when the caller named none.
    public var subject: [UInt8] = []
    public var promptMAC: Digest?
    /// 16 characters that stand for the caller's address; empty when unknown.
    public var client: [UInt8] = []
    public init() {}
}
