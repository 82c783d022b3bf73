// SPDX-License-Identifier: Apache-2.0
// Isobar

// What goes into and comes out of `ModelServerModel`.

public import ResourceTypes

/// One generation as the timing model sees it: sizes and identity of content, no text.
public struct SimulatedRequest: Equatable, Sendable {
    /// Unique among the requests the model holds; the caller chooses it.
    public var id: UInt64
    /// Hash of the prefix that ends with each whole block of 16 prompt tokens, in order. Empty opts out of prefix
    /// caching.
    public var blockHashes: [UInt64]
    public var promptTokens: Int
    /// Tokens the answer will have. The caller decides it (the model has no language in it).
    public var outputTokens: Int

    /// - Precondition: one prompt token and one output token at least; no more hashes than whole blocks.
    public init(id: UInt64, blockHashes: [UInt64] = [], promptTokens: Int, outputTokens: Int) {
        precondition(
            promptTokens >= 1 && outputTokens >= 1,
            "request \(id): \(promptTokens) prompt and \(outputTokens) output tokens")
        precondition(
            blockHashes.count <= promptTokens / KVBlockCache.tokensPerBlock,
            "request \(id): more hashes than whole blocks")
        self.id = id
        self.blockHashes = blockHashes
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
    }
}

/// Bounds of one model server.
public struct ModelServerLimits: Equatable, Sendable {
    /// Requests that may wait; one more is refused.
    public var queueMax: Int
    /// Sequences in one batch (vLLM `max_num_seqs`).
    public var sequencesMax: Int
    /// Prompt plus decode tokens of one iteration (vLLM `max_num_batched_tokens`). At least `sequencesMax`.
    public var tokensPerIterationMax: Int
    /// Prompt plus answer (vLLM `max_model_len`).
    public var contextTokensMax: Int
    /// Random deviation of each iteration's time in percent, either way. 0 reproduces the tables.
    public var jitterPercent: Int

    public init(
        queueMax: Int = 1_024, sequencesMax: Int = 256, tokensPerIterationMax: Int = 2_048,
        contextTokensMax: Int = 32_768,
        jitterPercent: Int = 0
    ) {
        precondition(queueMax >= 1 && sequencesMax >= 1 && contextTokensMax >= 2, "limits must be positive")
        precondition(tokensPerIterationMax >= sequencesMax, "a full batch must be able to decode in one iteration")
        precondition((0...50).contains(jitterPercent), "jitter \(jitterPercent) % is outside 0...50")
        self.queueMax = queueMax
        self.sequencesMax = sequencesMax
        self.tokensPerIterationMax = tokensPerIterationMax
        self.contextTokensMax = contextTokensMax
        self.jitterPercent = jitterPercent
    }
}

/// Answer to `ModelServerModel.submit`.
public enum Admission: Equatable, Sendable {
    case accepted
    /// `queueMax` requests wait already.
    case queueFull
    /// Prompt plus answer exceed the context or the whole KV cache; waiting would not help.
    case tooLong(tokensMax: Int)
}

/// Something that happened inside the model at a known time.
public struct ModelServerEvent: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// Left the queue for the first time; so many prompt tokens need no computing.
        case admitted(cachedTokens: Int)
        /// Output token number `index`, from 0; index 0 is the first token.
        case token(index: Int)
        /// Its last token was the event before this one.
        case finished
        /// Lost its blocks to an older sequence; will be computed again.
        case preempted
    }

    public var at: Instant
    public var request: UInt64
    public var kind: Kind
}

/// Counters and gauges; totals never fall.
public struct ModelServerMetrics: Equatable, Sendable {
    public var running = 0
    public var waiting = 0
    public var kvBlocksHeld = 0
    public var kvBlocksTotal = 0
    public var iterationsTotal = 0
    /// Prompt tokens of requests that got their first token.
    public var promptTokensTotal = 0
    public var generationTokensTotal = 0
    /// Prompt tokens looked up in the prefix cache, and those found.
    public var prefixQueriesTotal = 0
    public var prefixHitsTotal = 0
    public var preemptionsTotal = 0
    public var acceptedTotal = 0
    public var finishedTotal = 0
    public var cancelledTotal = 0
    public var refusedTotal = 0

    public init() {}

    /// 0 to 1.
    public var kvUsage: Double { kvBlocksTotal == 0 ? 0 : Double(kvBlocksHeld) / Double(kvBlocksTotal) }
}
