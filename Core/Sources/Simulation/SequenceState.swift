// SPDX-License-Identifier: Apache-2.0
// Isobar

/// One request inside the engine: how far its KV cache is computed and which blocks hold it.
///
/// Prefill and decode are one rule: bring `computedTokens` up to `knownTokens`; reaching it yields the next token.
struct SequenceState {
    let request: SimulatedRequest
    private(set) var generatedTokens = 0
    private(set) var computedTokens = 0
    /// Share of the current iteration; 0 when it sits this one out.
    private(set) var scheduledTokens = 0
    private(set) var blocks: [KVBlockCache.BlockIndex] = []
    private(set) var wasAdmitted = false

    init(_ request: SimulatedRequest) { self.request = request }

    /// Tokens whose content is known: the prompt and what was generated.
    var knownTokens: Int { request.promptTokens + generatedTokens }
    var missingTokens: Int { knownTokens - computedTokens }
    var isDecoding: Bool { generatedTokens > 0 && missingTokens == 1 }
    var isFinished: Bool { generatedTokens == request.outputTokens }

    /// Holds every cached block of the prompt's prefix and counts it as computed.
    ///
    /// At least the last prompt token is always computed, because its result is the first output token.
    /// - Returns: prompt tokens found.
    mutating func holdCachedPrefix(in cache: inout KVBlockCache) -> Int {
        let reusable = (request.promptTokens - 1) / KVBlockCache.tokensPerBlock
        for hash in request.blockHashes.prefix(reusable) {
            guard let block = cache.hold(hash: hash) else { break }
            blocks.append(block)
        }
        computedTokens = blocks.count * KVBlockCache.tokensPerBlock
        return computedTokens
    }

    /// Blocks still to be allocated before `tokens` more can be computed.
    func blocksMissing(for tokens: Int) -> Int {
        max(0, KVBlockCache.blocks(forTokens: computedTokens + tokens) - blocks.count)
    }

    /// Plans `tokens` for this iteration. All or nothing: `false` leaves the sequence as it was.
    mutating func schedule(_ tokens: Int, in cache: inout KVBlockCache) -> Bool {
        let missing = blocksMissing(for: tokens)
        guard missing <= cache.idleCount else { return false }
        for _ in 0..<missing {
            guard let block = cache.allocate() else { break }
            blocks.append(block)
        }
        scheduledTokens = tokens
        return true
    }

    /// Books the iteration's work; publishes prompt blocks that became whole.
    /// - Returns: whether a token came out.
    mutating func completeScheduled(in cache: inout KVBlockCache) -> Bool {
        guard scheduledTokens > 0 else { return false }
        let wholeBefore = computedTokens / KVBlockCache.tokensPerBlock
        computedTokens += scheduledTokens
        scheduledTokens = 0
        let wholeNow = min(computedTokens / KVBlockCache.tokensPerBlock, request.blockHashes.count)
        if wholeBefore < wholeNow {
            for index in wholeBefore..<wholeNow { cache.publish(blocks[index], hash: request.blockHashes[index]) }
        }
        guard missingTokens == 0 else { return false }
        generatedTokens += 1
        return true
    }

    mutating func markAdmitted() { wasAdmitted = true }

    /// Gives up all blocks; what was computed must be computed again, what was generated stays.
    mutating func releaseBlocks(to cache: inout KVBlockCache) {
        cache.release(blocks)
        blocks.removeAll(keepingCapacity: true)
        computedTokens = 0
        scheduledTokens = 0
    }
}
