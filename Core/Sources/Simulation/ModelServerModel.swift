// SPDX-License-Identifier: Apache-2.0
// Isobar

// The timing model of one model server, after vLLM's V1 scheduler: continuous batching in iterations, first come first
// served, prompts prefilled in chunks under a token budget, paged KV cache with prefix reuse, pre-emption by
// recomputation. The reference model server runs it in real time, the simulator in virtual time; both call the same
// functions, so what the simulator predicts is what the server does. Left out on purpose: speculative decoding,
// swapping to host memory, priorities, reuse of generated tokens as a prefix.

public import ResourceTypes

/// One model server as a machine over virtual time.
///
/// Call `advance` up to `now` before `submit` or `cancel`; wake up at `nextEventAt`. Events come in time order, within
/// an iteration in admission order.
/// - Determinism: equal profile, limits, seed and calls give equal events.
/// - Cost: an iteration is O(batch); cancelling is O(batch + queue).
public struct ModelServerModel {
    public let profile: AcceleratorProfile
    public let limits: ModelServerLimits

    private(set) var cache: KVBlockCache
    private var queue = ArrivalQueue()
    /// In order of admission: the last one is the first to lose its blocks.
    private var running: [SequenceState] = []
    private var iterationEndsAt: Instant?
    private var jitter: SeededGenerator
    private var totals = ModelServerMetrics()

    public init(profile: AcceleratorProfile, limits: ModelServerLimits = ModelServerLimits(), seed: UInt64) {
        self.profile = profile
        self.limits = limits
        cache = KVBlockCache(capacity: profile.kvBlocks)
        jitter = SeededGenerator(seed: seed, label: "iteration jitter")
    }

    /// When `advance` will next have something to report; `nil` while the server is idle.
    public var nextEventAt: Instant? { iterationEndsAt }

    public var metrics: ModelServerMetrics {
        var snapshot = totals
        snapshot.running = running.count
        snapshot.waiting = queue.count
        snapshot.kvBlocksHeld = cache.heldCount
        snapshot.kvBlocksTotal = cache.capacity
        return snapshot
    }

    /// Queues a request; an idle server begins with it at once.
    public mutating func submit(_ request: SimulatedRequest, now: Instant, into events: inout [ModelServerEvent])
        -> Admission
    {
        let tokensMax = min(limits.contextTokensMax, cache.capacity * KVBlockCache.tokensPerBlock)
        guard request.promptTokens + request.outputTokens <= tokensMax else {
            totals.refusedTotal += 1
            return .tooLong(tokensMax: tokensMax)
        }
        guard queue.count < limits.queueMax else {
            totals.refusedTotal += 1
            return .queueFull
        }
        totals.acceptedTotal += 1
        queue.append(SequenceState(request))
        if iterationEndsAt == nil { beginIteration(at: now, into: &events) }
        return .accepted
    }

    /// Forgets a request and frees its blocks; the iteration in progress still takes its time.
    /// - Returns: `false` when it is unknown, which includes finished.
    @discardableResult public mutating func cancel(_ id: UInt64) -> Bool {
        if let index = running.firstIndex(where: { $0.request.id == id }) {
            running[index].releaseBlocks(to: &cache)
            running.remove(at: index)
        } else if !queue.remove(id) {
            return false
        }
        totals.cancelledTotal += 1
        return true
    }

    /// Runs every iteration that ends by `now` and appends what happened.
    public mutating func advance(to now: Instant, into events: inout [ModelServerEvent]) {
        while let end = iterationEndsAt, end <= now {
            endIteration(at: end, into: &events)
            beginIteration(at: end, into: &events)
        }
    }
}

// MARK: - One iteration

extension ModelServerModel {
    /// 1. Continue running sequences, oldest first. 2. Admit from the queue if nobody had to be pre-empted. 3. Price
    ///    the batch.
    private mutating func beginIteration(at now: Instant, into events: inout [ModelServerEvent]) {
        var load = IterationLoad()
        var budget = limits.tokensPerIterationMax
        let preemptionsBefore = totals.preemptionsTotal
        continueRunning(&load, &budget, now, &events)
        if totals.preemptionsTotal == preemptionsBefore { admitWaiting(&load, &budget, now, &events) }
        iterationEndsAt = load.isEmpty ? nil : now + jittered(profile.iterationTime(load))
    }

    private mutating func continueRunning(
        _ load: inout IterationLoad, _ budget: inout Int, _ now: Instant, _ events: inout [ModelServerEvent]
    ) {
        var index = 0
        while index < running.count {
            let tokens = min(running[index].missingTokens, budget)
            guard tokens > 0 else { break }
            while index < running.count, !running[index].schedule(tokens, in: &cache) {
                preemptNewest(at: now, into: &events)
            }
            // The sequence may have been the newest itself and be gone; then nothing is left after it either.
            guard index < running.count else { break }
            if running[index].isDecoding {
                load.addDecode()
            } else {
                load.addPrefill(chunk: tokens, context: running[index].computedTokens, on: profile)
            }
            budget -= tokens
            index += 1
        }
    }

    private mutating func admitWaiting(
        _ load: inout IterationLoad, _ budget: inout Int, _ now: Instant, _ events: inout [ModelServerEvent]
    ) {
        while budget > 0, running.count < limits.sequencesMax, var sequence = queue.popFirst() {
            let cached = sequence.holdCachedPrefix(in: &cache)
            let tokens = min(sequence.missingTokens, budget)
            guard sequence.schedule(tokens, in: &cache) else {
                // First come, first served: nobody overtakes the one that does not fit yet.
                sequence.releaseBlocks(to: &cache)
                queue.putBack(sequence)
                return
            }
            if !sequence.wasAdmitted {
                sequence.markAdmitted()
                totals.prefixQueriesTotal += sequence.request.promptTokens
                totals.prefixHitsTotal += cached
                events.append(
                    ModelServerEvent(at: now, request: sequence.request.id, kind: .admitted(cachedTokens: cached)))
            }
            load.addPrefill(chunk: tokens, context: sequence.computedTokens, on: profile)
            budget -= tokens
            running.append(sequence)
        }
    }

    private mutating func endIteration(at end: Instant, into events: inout [ModelServerEvent]) {
        totals.iterationsTotal += 1
        let finishedBefore = totals.finishedTotal
        // Because: members are read in place; copying a sequence out of the array would retain its block list for every
        // token.
        for index in running.indices {
            guard running[index].completeScheduled(in: &cache) else { continue }
            let (id, token) = (running[index].request.id, running[index].generatedTokens - 1)
            if token == 0 { totals.promptTokensTotal += running[index].request.promptTokens }
            totals.generationTokensTotal += 1
            events.append(ModelServerEvent(at: end, request: id, kind: .token(index: token)))
            guard running[index].isFinished else { continue }
            totals.finishedTotal += 1
            running[index].releaseBlocks(to: &cache)
            events.append(ModelServerEvent(at: end, request: id, kind: .finished))
        }
        if totals.finishedTotal > finishedBefore { running.removeAll { $0.isFinished } }
    }

    /// Because: the newest has the least to lose, and taking it keeps first come, first served.
    private mutating func preemptNewest(at now: Instant, into events: inout [ModelServerEvent]) {
        var victim = running.removeLast()
        victim.releaseBlocks(to: &cache)
        totals.preemptionsTotal += 1
        events.append(ModelServerEvent(at: now, request: victim.request.id, kind: .preempted))
        queue.putBack(victim)
    }

    private mutating func jittered(_ span: TimeSpan) -> TimeSpan {
        guard limits.jitterPercent > 0 else { return span }
        let bound = Double(limits.jitterPercent) / 100
        return .nanoseconds(
            Int64(Double(span.nanoseconds) * Double.random(in: (1 - bound)...(1 + bound), using: &jitter)))
    }
}
