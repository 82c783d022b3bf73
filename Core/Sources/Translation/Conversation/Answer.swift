// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// A complete answer, in nobody's words. Reused: `reset` keeps the memory.
public final class Answer {
    /// The provider's own id; empty when its wire has none.
    public var id = JSONString.empty
    /// The model as the provider names it; empty when its wire does not say.
    public var model = JSONString.empty
    /// Text, thinking, refusals and tool calls, in the provider's order.
    public var parts: [Part] = []
    public var finish: Finish?
    public var usage: UsageCounts?
    /// For texts that reading had to make.
    public let arena = ByteArena()

    public init() {}

    public func reset() {
        id = .empty
        model = .empty
        parts.removeAll(keepingCapacity: true)
        finish = nil
        usage = nil
        arena.reset()
    }

    public var hasToolCalls: Bool { parts.contains { $0.kind == .toolCall } }
}

/// How an answer ended, as its provider said.
public struct Finish: BitwiseCopyable {
    public enum Reason: UInt8, BitwiseCopyable, Sendable, CaseIterable {
        /// The model was done.
        case stop
        /// A stop sequence of the caller's came.
        case stopSequence
        /// The caller's bound on output tokens.
        case length
        /// The model's context is full.
        case contextFull
        /// The model wants its tools called.
        case toolCalls
        /// The provider or the model withheld the answer.
        case filtered
        /// Anthropic's `pause_turn`: a long turn of server tools that the caller may continue.
        case paused
    }

    public var reason: Reason
    /// The stop sequence that came, where the wire says which.
    public var stopSequence = JSONString.empty

    public init(_ reason: Reason, stopSequence: JSONString = .empty) {
        self.reason = reason
        self.stopSequence = stopSequence
    }
}

/// What happened next in a streamed answer, in nobody's words.
///
/// Order of a good stream: `started`, then pieces, then `finished`, `usage` (both may repeat: the last word counts),
/// and `ended`. Blocks are numbered in the order in which they begin; pieces of two tool calls may interleave.
/// - Lifetime: texts point into the event that was read.
public enum StreamEvent: BitwiseCopyable {
    case started(id: JSONString, model: JSONString)
    case text(JSONString)
    case thinking(JSONString)
    /// Signature of the thinking that is going on, or of the tool call `block`.
    case signature(JSONString, block: Int?)
    case redactedThinking(JSONString)
    case refusal(JSONString)
    case toolStarted(block: Int, id: JSONString, name: JSONString)
    /// A fragment of the JSON text of the arguments, escaped for a JSON string.
    case toolArguments(block: Int, fragment: JSONString)
    /// The arguments as a whole object. Used by wires that never send fragments.
    case toolObject(block: Int, arguments: JSONRaw)
    case toolEnded(block: Int)
    case finished(Finish)
    /// Replaces what was said before, member by member.
    case usage(UsageCounts)
    /// The provider's own error, to be classified by `ErrorFacts`: the JSON it came in.
    case failed(JSONRaw)
    /// The provider said that nothing more comes.
    case ended

    /// Whether the caller has a part of an answer from here on, so that no other endpoint can take over.
    public var isContent: Bool {
        switch self {
        case .text(let text), .thinking(let text), .refusal(let text): !text.isEmpty
        case .redactedThinking, .toolStarted, .toolArguments, .toolObject, .finished: true
        case .started, .signature, .toolEnded, .usage, .failed, .ended: false
        }
    }
}
