// SPDX-License-Identifier: Apache-2.0
// Isobar

// What a misbehaving model server does, as values. The reference model server plays it over real sockets, the simulator
// in virtual time.

public import ResourceTypes

/// Which requests suffer which fault.
///
/// A decision depends only on the plan, the seed and the request's number: reordered calls or an added rule change no
/// other rule's choice.
public struct FaultPlan: Equatable, Sendable {
    /// Rules a plan may have.
    public static let rulesMax = 32

    /// Asked in order; the first that selects the request decides.
    public var rules: [FaultRule]

    public init(rules: [FaultRule] = []) { self.rules = rules }

    public static let none = FaultPlan()

    /// - Parameter requestIndex: number of the request since the plan was set, from 0.
    /// - Returns: `nil` for a request that is served normally.
    public func decide(requestIndex: UInt64, seed: UInt64) -> FaultAction? {
        for (position, rule) in rules.enumerated()
        where rule.selection.contains(requestIndex, salt: seed &+ UInt64(position)) {
            return rule.action
        }
        return nil
    }
}

public struct FaultRule: Equatable, Sendable {
    public var selection: FaultSelection
    public var action: FaultAction
    public init(_ action: FaultAction, for selection: FaultSelection = .all) {
        self.selection = selection
        self.action = action
    }
}

public enum FaultSelection: Equatable, Sendable {
    case all
    /// So many requests after `skipping` others.
    case next(count: UInt64, skipping: UInt64)
    /// Each request independently with this chance in percent, 0 to 100.
    case percent(Int)

    func contains(_ requestIndex: UInt64, salt: UInt64) -> Bool {
        switch self {
        case .all: true
        case .next(let count, let skipping): requestIndex >= skipping && requestIndex - skipping < count
        case .percent(let percent):
            SeededGenerator.mix(requestIndex &+ SeededGenerator.mix(salt &+ 1)) % 100
                < UInt64(max(0, min(100, percent)))
        }
    }
}

/// One way to fail. "Chunk" is one content event of a stream; an answer that is not streamed is hit whatever the count
/// says.
public enum FaultAction: Equatable, Sendable {
    /// An error answer instead of the work. A storm is this for many requests.
    case status(Int, retryAfter: RetryAfterForm?)
    /// Holds back the first token for this long beyond its time.
    case slowFirstToken(TimeSpan)
    /// Closes the connection after so many chunks, without an end; 0 closes after the response head. Not streamed: in
    /// mid-body.
    case cut(afterChunks: Int)
    /// Accepts the request and never answers.
    case blackHole
    /// Sends an error event inside a stream whose status is 200, then `[DONE]` as vLLM does; 0 chunks: before any
    /// content. Not streamed: an error object with status 200.
    case errorEvent(afterChunks: Int)
    /// Answers 200 with a web page.
    case wrongContentType
    /// Sends broken JSON as one event after so many chunks and goes on.
    case malformedChunk(afterChunks: Int)
    /// Goes silent after so many chunks, then goes on.
    case stall(afterChunks: Int, TimeSpan)
}

/// Every way providers say when to come back.
public enum RetryAfterForm: Equatable, Sendable {
    /// `retry-after: 2`
    case seconds(Int)
    /// `retry-after: 1.5`, from milliseconds
    case fractionalSeconds(milliseconds: Int)
    /// `retry-after: Wed, 21 Oct 2026 07:28:00 GMT`, so many seconds from the time of sending
    case httpDate(secondsFromNow: Int)
    /// `retry-after-ms: 250`
    case retryAfterMilliseconds(Int)
    /// `x-ms-retry-after-ms: 250`
    case xMsRetryAfterMilliseconds(Int)

    public var headerName: StaticString {
        switch self {
        case .seconds, .fractionalSeconds, .httpDate: "retry-after"
        case .retryAfterMilliseconds: "retry-after-ms"
        case .xMsRetryAfterMilliseconds: "x-ms-retry-after-ms"
        }
    }
}
