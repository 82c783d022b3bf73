// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Simulation
import Testing

/// Drives one model over virtual time and remembers what it reported.
struct ModelServerHarness {
    var model: ModelServerModel
    private(set) var events: [ModelServerEvent] = []
    private(set) var now = Instant(nanoseconds: 0)

    init(profile: AcceleratorProfile = .tiny, limits: ModelServerLimits = ModelServerLimits(), seed: UInt64 = 1) {
        model = ModelServerModel(profile: profile, limits: limits, seed: seed)
    }

    /// - Parameter expecting: the answer that must come back; `nil` accepts any.
    @discardableResult mutating func submit(
        _ id: UInt64, prompt: Int, output: Int, hashes: [UInt64] = [], expecting: Admission? = .accepted,
        at location: SourceLocation = #_sourceLocation
    ) -> Admission {
        let request = SimulatedRequest(id: id, blockHashes: hashes, promptTokens: prompt, outputTokens: output)
        let admission = model.submit(request, now: now, into: &events)
        #expect(expecting == nil || admission == expecting, sourceLocation: location)
        return admission
    }

    mutating func advance(by span: TimeSpan) {
        now = now + span
        model.advance(to: now, into: &events)
    }

    /// Jumps from event to event until the server is idle.
    mutating func drain() {
        while let next = model.nextEventAt {
            now = next
            model.advance(to: now, into: &events)
        }
    }

    func firstToken(_ id: UInt64) -> Instant? { time(of: .token(index: 0), id) }
    func finish(_ id: UInt64) -> Instant? { time(of: .finished, id) }

    func time(of kind: ModelServerEvent.Kind, _ id: UInt64) -> Instant? {
        events.first { $0.request == id && $0.kind == kind }?.at
    }

    func tokenIndices(_ id: UInt64) -> [Int] {
        events.compactMap { event in
            guard event.request == id, case .token(let index) = event.kind else { return nil }
            return index
        }
    }

    func cachedTokens(_ id: UInt64) -> Int? {
        for event in events where event.request == id {
            if case .admitted(let cached) = event.kind { return cached }
        }
        return nil
    }
}

extension AcceleratorProfile {
    /// `tiny` with so many KV blocks.
    static func tiny(kvBlocks: Int) -> AcceleratorProfile {
        var profile = AcceleratorProfile.tiny
        profile.kvBlocks = kvBlocks
        return profile
    }
}

/// Hashes of a prompt whose blocks are all its own.
func prefixHashes(_ seed: UInt64, blocks: Int) -> [UInt64] { (0..<UInt64(blocks)).map { seed * 1_000_000 + $0 } }
