// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Simulation

/// Whoever wants to hear what the model does with its sequences.
protocol SequenceOwner: AnyObject {
    func sequence(_ position: Int, did event: ModelServerEvent.Kind)
}

/// Runs the timing model against the loop's clock.
///
/// Model time = wall time since the start × speed. A late wake-up costs nothing: the model computes every iteration at
/// its own time, so pacing does not drift however busy the loop is.
/// - Threading: confined to its loop.
final class GenerationEngine {
    private struct Owner {
        let object: any SequenceOwner
        let position: Int
    }

    private let loop: EventLoop
    private let speed: Double
    private let startedAt: Int64
    private var model: ModelServerModel
    private var owners: [UInt64: Owner] = [:]
    private var nextID: UInt64 = 0
    private var events: [ModelServerEvent] = []
    private var isDelivering = false
    private var timer: LoopTimer?

    init(model: ModelServerModel, speed: Double, loop: EventLoop) throws(ReactorError) {
        self.model = model
        self.speed = speed
        self.loop = loop
        startedAt = loop.now
        timer = try LoopTimer(loop: loop, at: .max) { [weak self] in self?.wake() }
    }

    var metrics: ModelServerMetrics { model.metrics }
    var contextTokensMax: Int { min(model.limits.contextTokensMax, model.profile.kvBlocks * Self.tokensPerBlock) }
    static let tokensPerBlock = 16

    /// Stops the clock and forgets every sequence.
    func stop() {
        timer?.cancel()
        timer = nil
        owners.removeAll()
    }

    /// - Parameter position: which of the owner's sequences this is; handed back with each event.
    /// - Returns: the sequence's id, for `cancel`.
    func submit(_ prompt: TokenizedPrompt, outputTokens: Int, owner: any SequenceOwner, position: Int) throws(APIError)
        -> UInt64
    {
        wake()
        nextID += 1
        let id = nextID
        owners[id] = Owner(object: owner, position: position)
        let request = SimulatedRequest(
            id: id, blockHashes: prompt.blockHashes, promptTokens: prompt.tokens, outputTokens: outputTokens)
        switch model.submit(request, now: modelNow, into: &events) {
        case .accepted:
            deliver()
            arm()
            return id
        case .queueFull:
            owners[id] = nil
            throw .queueFull
        case .tooLong(let tokensMax):
            owners[id] = nil
            throw .contextExceeded(tokensMax: tokensMax, prompt: prompt.tokens, output: outputTokens)
        }
    }

    /// Forgets a sequence; its owner hears nothing more of it.
    func cancel(_ id: UInt64) {
        guard owners.removeValue(forKey: id) != nil else { return }
        wake()
        model.cancel(id)
    }

    private var modelNow: Instant { Instant(nanoseconds: Int64(Double(loop.now - startedAt) * speed)) }

    private func wake() {
        model.advance(to: modelNow, into: &events)
        deliver()
        arm()
    }

    /// An owner may submit or cancel while it is told something; what that causes is delivered after the current batch.
    private func deliver() {
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while !events.isEmpty {
            var batch: [ModelServerEvent] = []
            swap(&batch, &events)
            for event in batch {
                guard let owner = owners[event.request] else { continue }
                if event.kind == .finished { owners[event.request] = nil }
                owner.object.sequence(owner.position, did: event.kind)
            }
        }
    }

    private func arm() {
        guard let next = model.nextEventAt else { return }
        timer?.reschedule(at: startedAt + Int64((Double(next.nanoseconds) / speed).rounded(.up)))
    }
}
