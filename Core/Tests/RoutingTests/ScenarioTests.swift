// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

/// A small open-loop world on virtual time: requests arrive evenly, endpoints answer after a time or refuse, and
/// everything is reported back.
private final class Traffic {
    struct Answer {
        var ttft = TimeSpan.milliseconds(300)
        var duration = TimeSpan.milliseconds(1_000)
        var failure: FailureKind?
    }
    private struct Running {
        var endpoint: Int
        var endsAt: Instant
        var answer: Answer
    }
    let world: World
    var features = RequestFeatures(route: RouteID(0), promptTokens: 500)
    private var running: [Running] = []
    private let endpointCount: Int

    init(_ world: World, endpoints: Int) {
        self.world = world
        endpointCount = endpoints
    }

    /// Runs for `span` at one request every `gap`; `behaviour` says what each endpoint does now.
    /// - Returns: requests sent to each endpoint; the last element counts those that found none.
    func run(_ span: TimeSpan, gap: TimeSpan, _ behaviour: (Int) -> Answer) -> [Int] {
        var sent = [Int](repeating: 0, count: endpointCount + 1)
        let end = world.now + span
        while world.now < end {
            finish()
            if let endpoint = world.picked(features) {
                sent[endpoint] += 1
                world.began(endpoint, features)
                let answer = behaviour(endpoint)
                running.append(Running(endpoint: endpoint, endsAt: world.now + answer.duration, answer: answer))
            } else {
                sent[endpointCount] += 1
            }
            world.now = world.now + gap
        }
        return sent
    }

    func inFlight(_ endpoint: Int) -> Int { running.filter { $0.endpoint == endpoint }.count }

    private func finish() {
        let over = running.filter { $0.endsAt <= world.now }
        running.removeAll { $0.endsAt <= world.now }
        for request in over {
            let failure = request.answer.failure.map { AttemptFailure(kind: $0) }
            let outcome = AttemptOutcome(
                features: features, failure: failure, timeToFirstToken: failure == nil ? request.answer.ttft : nil,
                duration: request.answer.duration)
            _ = world.router.ended(EndpointID(request.endpoint), outcome, now: world.now)
        }
    }
}

@Suite struct `On virtual time` {
    private let half = TimeSpan.nanoseconds(6_931_000_000)

    @Test func `a slow endpoint loses traffic within one half-life`() {
        let traffic = Traffic(World(.plain(3)), endpoints: 3)
        // Short answers, so that the first token's time weighs.
        traffic.features.outputTokensMax = 16
        let fair = traffic.run(.seconds(20), gap: .milliseconds(50)) { _ in
            Traffic.Answer(ttft: .milliseconds(300), duration: .milliseconds(620))
        }
        for share in fair.prefix(3) { #expect(share > 90) }
        let slow = Traffic.Answer(ttft: .seconds(3), duration: .milliseconds(3_300))
        _ = traffic.run(half, gap: .milliseconds(50)) { $0 == 0 ? slow : Traffic.Answer(duration: .milliseconds(620)) }
        let after = traffic.run(.seconds(10), gap: .milliseconds(50)) {
            $0 == 0 ? slow : Traffic.Answer(duration: .milliseconds(620))
        }
        #expect(after[0] <= 20, "\(after)")
    }

    @Test func `an endpoint that is fast again gets its share back`() {
        let traffic = Traffic(World(.plain(2)), endpoints: 2)
        traffic.features.outputTokensMax = 16
        _ = traffic.run(.seconds(20), gap: .milliseconds(50)) {
            Traffic.Answer(ttft: $0 == 0 ? .seconds(5) : .milliseconds(300), duration: .seconds(5))
        }
        _ = traffic.run(.seconds(60), gap: .milliseconds(50)) { _ in Traffic.Answer(duration: .milliseconds(620)) }
        let after = traffic.run(.seconds(20), gap: .milliseconds(50)) { _ in
            Traffic.Answer(duration: .milliseconds(620))
        }
        #expect(after[0] > 120 && after[1] > 120, "\(after)")
    }

    @Test func `overflow is entered when the default tier is full and left with hysteresis`() {
        let limits = EndpointLimits(inFlightMax: 10)
        let overflow = OverflowPolicy(enterPercent: 100, returnPercent: 50, holdMin: .seconds(1))
        let world = World(
            .test(
                [.test("default", slot: 0, limits: limits), .test("overflow", slot: 1)], tiers: [[0], [1]],
                overflow: overflow))
        let traffic = Traffic(world, endpoints: 2)
        // 8 requests of one second each at a time: below the limit.
        #expect(traffic.run(.seconds(5), gap: .milliseconds(125)) { _ in Traffic.Answer() }[1] == 0)
        // 20 at a time: the default tier fills up, then overflow takes the rest.
        let busy = traffic.run(.seconds(20), gap: .milliseconds(50)) { _ in Traffic.Answer() }
        #expect(busy[1] > 100 && busy[0] > 100, "\(busy)")
        // Back to 8: all traffic comes home.
        _ = traffic.run(.seconds(3), gap: .milliseconds(125)) { _ in Traffic.Answer() }
        #expect(traffic.run(.seconds(5), gap: .milliseconds(125)) { _ in Traffic.Answer() }[1] == 0)
    }

    @Test func `between tiers traffic changes sides no faster than the hold`() {
        let limits = EndpointLimits(inFlightMax: 4)
        let overflow = OverflowPolicy(enterPercent: 100, returnPercent: 90, holdMin: .milliseconds(700))
        let world = World(
            .test(
                [.test("default", slot: 0, limits: limits), .test("overflow", slot: 1)], tiers: [[0], [1]],
                overflow: overflow))
        let traffic = Traffic(world, endpoints: 2)
        var enteredAt: Instant?
        var wasOverflow = false
        for _ in 0..<600 {
            let sent = traffic.run(.milliseconds(20), gap: .milliseconds(20)) { _ in
                Traffic.Answer(duration: .milliseconds(100))
            }
            let isOverflow = sent[1] > 0
            if isOverflow, !wasOverflow { enteredAt = world.now }
            if !isOverflow, wasOverflow, let enteredAt { #expect(world.now - enteredAt >= .milliseconds(700)) }
            wasOverflow = isOverflow
        }
        #expect(enteredAt != nil)
    }

    @Test func `a dead endpoint gets no traffic but trial requests`() {
        let traffic = Traffic(World(.plain(3)), endpoints: 3)
        _ = traffic.run(.seconds(5), gap: .milliseconds(50)) { _ in Traffic.Answer() }
        let refused = Traffic.Answer(duration: .milliseconds(1), failure: .connectFailed)
        // Two refusals open the breaker; then trials at about 1, 3, 7, 15, 31, 55, 80, 105 s.
        let sent = traffic.run(.seconds(120), gap: .milliseconds(50)) { $0 == 0 ? refused : Traffic.Answer() }
        #expect(sent[0] <= 2 + 9, "\(sent)")
        #expect(sent[0] >= 2 + 3, "\(sent)")
        #expect(sent[3] == 0)
        let back = traffic.run(.seconds(120), gap: .milliseconds(50)) { _ in Traffic.Answer() }
        #expect(back[0] > 400, "\(back)")
    }

    @Test func `a death in the default tier moves everything to overflow and back`() {
        let world = World(.test([.test("default", slot: 0), .test("overflow", slot: 1)], tiers: [[0], [1]]))
        let traffic = Traffic(world, endpoints: 2)
        let refused = Traffic.Answer(duration: .milliseconds(1), failure: .connectFailed)
        let down = traffic.run(.seconds(30), gap: .milliseconds(50)) { $0 == 0 ? refused : Traffic.Answer() }
        #expect(down[0] < 10 && down[1] > 580, "\(down)")
        for _ in 0..<2 { world.router.probed(EndpointID(0), ProbeResult(isUp: true), now: world.now) }
        #expect(traffic.run(.seconds(5), gap: .milliseconds(50)) { _ in Traffic.Answer() }[1] == 0)
    }

    @Test func `the cost objective prefers the cheaper endpoint until it is full`() {
        let cheap = EndpointRecord.test(
            "cheap", slot: 0, prices: .perMillion(1, 2), limits: EndpointLimits(inFlightMax: 5))
        let dear = EndpointRecord.test("dear", slot: 1, prices: .perMillion(10, 20))
        let traffic = Traffic(World(.test([cheap, dear], objective: Objective(latency: 0, cost: 1))), endpoints: 2)
        let calm = traffic.run(.seconds(10), gap: .milliseconds(250)) { _ in Traffic.Answer() }
        #expect(calm[1] == 0)
        let busy = traffic.run(.seconds(10), gap: .milliseconds(100)) { _ in Traffic.Answer() }
        #expect(busy[0] >= 45 && busy[1] > 20, "\(busy)")
    }

    @Test func `affinity keeps a conversation on its endpoint while load is within the bound`() {
        let world = World(.plain(5, objective: Objective(latency: 1, affinity: 5)))
        var hashes: [UInt64] = [100, 200]
        guard let home = world.picked(.conversation(hashes)) else { return #expect(Bool(false), "no pick") }
        for turn in 0..<7 as Range<UInt64> {
            let features = RequestFeatures.conversation(hashes)
            #expect(world.picked(features) == home, "turn \(turn)")
            world.succeed(home, features)
            hashes += [300 + turn, 400 + turn]
            world.now = world.now + .seconds(20)
        }
        // Floor of the bound is 4: at 3 it stays, at 4 it moves, and comes back.
        let features = RequestFeatures.conversation(hashes)
        for _ in 0..<3 { world.began(home) }
        #expect(world.picked(features) == home)
        world.began(home)
        #expect(world.picked(features) != home)
        _ = world.router.ended(
            EndpointID(home), AttemptOutcome(features: features, wasCancelled: true, duration: .zero), now: world.now)
        #expect(world.picked(features) == home)
    }

    @Test func `new conversations spread over the endpoints, each to the same place from every loop`() {
        let snapshot = RoutingSnapshot.plain(5, objective: Objective(latency: 0, affinity: 1))
        let here = World(snapshot, seed: 1)
        let there = World(snapshot, seed: 2)
        var picks = [Int](repeating: 0, count: 5)
        for conversation in 0..<1_000 as Range<UInt64> {
            let features = RequestFeatures.conversation([7, mixed(conversation)])
            guard let home = here.picked(features) else { return #expect(Bool(false), "no pick") }
            #expect(there.picked(features) == home)
            picks[home] += 1
        }
        for share in picks { #expect(share > 120 && share < 290, "\(picks)") }
    }

    @Test func `more load goes to the faster endpoint, and none starves`() {
        let traffic = Traffic(World(.plain(2)), endpoints: 2)
        traffic.features.outputTokensMax = 16
        let sent = traffic.run(.seconds(40), gap: .milliseconds(10)) { endpoint in
            // Each request more stretches the answer, as batching does.
            let load = Int64(10 + traffic.inFlight(endpoint)) * (endpoint == 0 ? 1 : 2)
            return Traffic.Answer(ttft: .milliseconds(20 * load), duration: .milliseconds(40 * load))
        }
        #expect(sent[0] > sent[1] && sent[1] > 300, "\(sent)")
    }

    @Test func `whatever happens, nothing stays in flight`() {
        for seed in 0..<6 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            let world = World(
                .plain(
                    4, objective: Objective(latency: 1, cost: 1, affinity: 1), limits: EndpointLimits(inFlightMax: 3)),
                seed: seed)
            let traffic = Traffic(world, endpoints: 4)
            _ = traffic.run(.seconds(30), gap: .milliseconds(30)) { _ in
                let kind = FailureKind.allCases.randomElement(using: &rng)
                return Traffic.Answer(
                    duration: .milliseconds(.random(in: 1...2_000, using: &rng)),
                    failure: Bool.random(using: &rng) ? kind : nil)
            }
            world.now = world.now + .seconds(10)
            _ = traffic.run(.nanoseconds(1), gap: .seconds(10)) { _ in Traffic.Answer(duration: .zero) }
            _ = traffic.run(.nanoseconds(1), gap: .seconds(10)) { _ in Traffic.Answer(duration: .zero) }
            let left = (0..<4).reduce(0) { $0 + world.gauges.inFlight($1) }
            #expect(left <= 1, "seed \(seed)")
            #expect((0..<4).allSatisfy { world.gauges.inFlight($0) >= 0 })
        }
    }
}
