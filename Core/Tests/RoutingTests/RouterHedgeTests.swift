// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A router's hedges` {
    private let policy = HedgePolicy(extraRequestsPercentMax: 50, delayMin: .milliseconds(50))

    private func world(_ providers: [String], percent: Int = 50, limits: EndpointLimits = EndpointLimits()) -> World {
        let endpoints = providers.enumerated().map {
            EndpointRecord.test("e\($0)", provider: $1, slot: $0, limits: limits)
        }
        return World(.test(endpoints, hedge: HedgePolicy(extraRequestsPercentMax: percent)))
    }

    private func hedge(_ world: World, avoiding index: Int) -> PickResult {
        var tried = TriedEndpoints()
        tried.insert(EndpointID(index))
        let features = RequestFeatures(route: RouteID(0))
        return world.router.pickHedge(
            features, within: world.admissible, avoidingProviderOf: EndpointID(index), excluding: tried, now: world.now)
    }

    @Test func `go to another provider, or nowhere`() {
        let mixed = world(["azure", "azure", "aws"])
        for _ in 0..<10 { _ = mixed.pick() }
        #expect(hedge(mixed, avoiding: 0) == .endpoint(EndpointID(2), tier: 0))
        let single = world(["azure", "azure"])
        for _ in 0..<10 { _ = single.pick() }
        #expect(hedge(single, avoiding: 0) == .none(.exhausted))
    }

    @Test func `stay below their share of the route's requests`() {
        let world = world(["azure", "aws"], percent: 5)
        var hedges = 0
        for request in 1...1_000 {
            _ = world.pick()
            if case .endpoint = hedge(world, avoiding: 0) { hedges += 1 }
            #expect(hedges * 20 <= request)
        }
        #expect(hedges == 50)
    }

    @Test func `are not earned by retries`() {
        let world = world(["azure", "aws"], percent: 100)
        for _ in 0..<10 { _ = world.pick(excluding: [0]) }
        #expect(hedge(world, avoiding: 0) == .none(.exhausted))
    }

    @Test func `are not squeezed into a full provider`() {
        let world = world(["azure", "aws"], limits: EndpointLimits(inFlightMax: 1))
        for _ in 0..<10 { _ = world.pick() }
        world.began(1)
        #expect(hedge(world, avoiding: 0) == .none(.exhausted))
    }

    @Test
    func `wait for the endpoint's 95th percentile, three times the estimate before that, never less than the minimum`()
    {
        let world = world(["azure", "aws"])
        #expect(world.router.hedgeDelay(EndpointID(0), policy: policy, now: world.now) == .milliseconds(900))
        for _ in 0..<95 { world.succeed(0, ttft: .milliseconds(100)) }
        let p95 = world.router.hedgeDelay(EndpointID(0), policy: policy, now: world.now)
        #expect(p95 >= .milliseconds(100) && p95 <= .milliseconds(125))
        for _ in 0..<95 { world.succeed(1, ttft: .milliseconds(2)) }
        #expect(world.router.hedgeDelay(EndpointID(1), policy: policy, now: world.now) == .milliseconds(50))
        #expect(world.router.hedgeDelay(EndpointID(99), policy: policy, now: world.now) == .milliseconds(50))
    }
}

@Suite struct `A router learns` {
    @Test func `the first token as soon as it is told, and only once`() {
        let world = World(.plain(1))
        let features = RequestFeatures(route: RouteID(0), isStreaming: true)
        world.began(0, features)
        world.router.answered(EndpointID(0), timeToFirstToken: .milliseconds(700), now: world.now)
        #expect(world.view(0).timeToFirstToken == .milliseconds(700))
        var outcome = AttemptOutcome(
            features: features, timeToFirstToken: .milliseconds(900), duration: .milliseconds(1_900), outputTokens: 101)
        outcome.isFirstTokenReported = true
        _ = world.router.ended(EndpointID(0), outcome, now: world.now)
        #expect(world.view(0).timeToFirstToken == .milliseconds(700))
        #expect(world.view(0).timePerOutputToken == .milliseconds(10))
    }

    @Test func `from the first token of a trial that the endpoint is back, not from its end`() {
        let world = World(.plain(1))
        for _ in 0..<5 { world.fail(0, .serverError) }
        world.now = world.now + .seconds(2)
        world.began(0)
        world.now = world.now + .milliseconds(400)
        world.router.answered(EndpointID(0), timeToFirstToken: .milliseconds(400), now: world.now)
        #expect(world.view(0).breaker == .closed)
    }

    @Test func `no time per token from an answer that came in one piece`() {
        let world = World(.plain(1))
        let outcome = AttemptOutcome(
            features: RequestFeatures(route: RouteID(0)), timeToFirstToken: .seconds(2), duration: .seconds(2),
            outputTokens: 100)
        world.began(0)
        _ = world.router.ended(EndpointID(0), outcome, now: world.now)
        #expect(world.view(0).timePerOutputToken == .milliseconds(20))
    }

    @Test func `from a cancelled wait only that it took longer than thought`() {
        let world = World(.plain(1))
        for (duration, expected) in [
            (TimeSpan.milliseconds(10), TimeSpan.milliseconds(300)), (.seconds(5), .seconds(5)),
        ] {
            world.began(0)
            let outcome = AttemptOutcome(
                features: RequestFeatures(route: RouteID(0)), wasCancelled: true, duration: duration)
            _ = world.router.ended(EndpointID(0), outcome, now: world.now)
            #expect(world.view(0).timeToFirstToken == expected)
        }
        #expect(world.view(0).failures == 0 && world.view(0).successes == 0)
    }
}
