// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A pick` {
    @Test func `filters what was tried and is exhausted when all were`() {
        let world = World(.plain(3))
        #expect(world.picked(excluding: [0, 2]) == 1)
        #expect(world.pick(excluding: [0, 1, 2]) == .none(.exhausted))
    }

    @Test func `of a route that does not exist finds nothing`() {
        let world = World(.plain(1))
        #expect(world.pick(RequestFeatures(route: RouteID(9))) == .none(.exhausted))
    }

    @Test func `uses equal endpoints evenly`() {
        let world = World(.plain(4))
        for picks in world.shares(4_000, of: 4) { #expect(abs(picks - 1_000) < 150) }
    }

    @Test func `is the same for the same seed`() {
        let a = World(.plain(9), seed: 5)
        let b = World(.plain(9), seed: 5)
        #expect((0..<200).map { _ in a.picked() } == (0..<200).map { _ in b.picked() })
    }

    @Test func `with all weights zero takes the less loaded of two`() {
        let world = World(.plain(2, objective: Objective(latency: 0)))
        world.began(0)
        for _ in 0..<50 { #expect(world.picked() == 1) }
    }

    @Test func `prefers the cheaper endpoint for cost, and an unknown price last`() {
        let endpoints: [EndpointRecord] = [
            .test("dear", slot: 0, prices: .perMillion(5, 15)), .test("unknown", slot: 1),
            .test("cheap", slot: 2, prices: .perMillion(1, 3)),
        ]
        let world = World(.test(endpoints, objective: Objective(latency: 0, cost: 1)))
        let features = RequestFeatures(route: RouteID(0), promptTokens: 1_000)
        #expect(world.shares(100, of: 3, features) == [0, 0, 100])
        #expect(world.picked(features, excluding: [2]) == 0)
        #expect(world.picked(features, excluding: [0, 2]) == 1)
    }

    @Test func `weighs prices of sound, images, searches and characters where that is what is asked for`() {
        func speech(_ name: String, _ slot: Int, _ pico: Int64?) -> EndpointRecord {
            var record = EndpointRecord.test(name, slot: slot)
            record.mediaPrices = pico.map { MediaPrices(character: UnitPrice(picoPerUnit: $0)) }
            return record
        }
        let endpoints = [speech("dear", 0, 30), speech("unknown", 1, nil), speech("cheap", 2, 10)]
        let world = World(.test(endpoints, objective: Objective(latency: 0, cost: 1)))
        var features = RequestFeatures(route: RouteID(0))
        #expect(world.shares(300, of: 3, features).allSatisfy { $0 > 20 })
        features.media = MediaUsage(characters: 1_000)
        #expect(world.shares(100, of: 3, features) == [0, 0, 100])
        #expect(world.picked(features, excluding: [2]) == 0)
        #expect(world.explain(features).tiers[0].candidates[0].parts.contains { $0.name == "cost" })
    }

    @Test func `shifts with the caller's region`() {
        let endpoints: [EndpointRecord] = [.test("near", region: 0, slot: 0), .test("far", region: 1, slot: 1)]
        let world = World(.test(endpoints, roundTripMilliseconds: [1, 250, 250, 1]))
        // 8 output tokens, as for a classification: the network counts for a third of the time.
        var features = RequestFeatures(route: RouteID(0), outputTokensMax: 8, callerRegion: RegionID(0))
        #expect(world.shares(100, of: 2, features) == [100, 0])
        features.callerRegion = RegionID(1)
        #expect(world.shares(100, of: 2, features) == [0, 100])
        features.callerRegion = nil
        #expect(world.shares(100, of: 2, features).allSatisfy { $0 > 20 })
        features.callerRegion = RegionID(7)
        #expect(world.shares(100, of: 2, features).allSatisfy { $0 > 20 })
    }

    @Test func `costs no more than a sample in a large tier and still reaches everyone`() {
        let world = World(.plain(1_000))
        let picks = world.shares(6_000, of: 1_000)
        #expect(picks.reduce(0, +) == 6_000)
        #expect(picks.filter { $0 == 0 }.count < 20)
    }

    @Test func `keeps a conversation on its endpoint in a large tier too`() {
        let world = World(.plain(500, objective: Objective(latency: 0, affinity: 1)))
        for conversation in 0..<50 as Range<UInt64> {
            let features = RequestFeatures.conversation([7, mixed(conversation)])
            guard let home = world.picked(features) else { return #expect(Bool(false), "no pick") }
            #expect(world.picked(features) == home)
            let other = (home + 250) % 500
            world.succeed(other, features)
            #expect(world.picked(features) == other)
        }
    }

    @Test func `finds the last usable endpoint of a large tier`() {
        let world = World(.plain(300))
        for index in 0..<300 where index != 137 { world.fail(index, .credential) }
        #expect(world.shares(50, of: 300)[137] == 50)
    }
}

@Suite struct `Limits` {
    private func limited(_ limits: EndpointLimits, overflow: OverflowPolicy = OverflowPolicy()) -> World {
        World(
            .test(
                [.test("default", slot: 0, limits: limits), .test("overflow", slot: 1)], tiers: [[0], [1]],
                overflow: overflow))
    }

    @Test func `on requests in flight send the next one to the overflow tier`() {
        let world = limited(EndpointLimits(inFlightMax: 2))
        world.began(0)
        #expect(world.pick() == .endpoint(EndpointID(0), tier: 0))
        world.began(0)
        #expect(world.pick() == .endpoint(EndpointID(1), tier: 1))
    }

    @Test func `on tokens per minute count prompt and bound at once and settle afterwards`() {
        let world = limited(EndpointLimits(tokensPerMinute: 1_000))
        let features = RequestFeatures(route: RouteID(0), promptTokens: 600, outputTokensMax: 400)
        world.began(0, features)
        #expect(world.picked() == 1)
        let outcome = AttemptOutcome(features: features, duration: .seconds(1), outputTokens: 20, promptTokens: 580)
        _ = world.router.ended(EndpointID(0), outcome, now: world.now)
        world.now = world.now + .seconds(1)
        #expect(world.view(0).headroomPercent == 42)
        #expect(world.picked() == 0)
    }

    @Test func `on requests per minute refill evenly`() {
        let world = limited(EndpointLimits(requestsPerMinute: 60))
        for _ in 0..<60 { world.succeed(0) }
        #expect(world.picked() == 1)
        world.now = world.now + .seconds(15)
        #expect(world.picked() == 0)
    }

    @Test func `on the queue hold as long as the reading is fresh`() {
        let world = limited(EndpointLimits(queueMax: 4))
        world.router.probed(EndpointID(0), ProbeResult(isUp: true, queued: 4), now: world.now)
        #expect(world.picked() == 1)
        world.now = world.now + .seconds(15)
        #expect(world.picked() == 1)
        world.now = world.now + .nanoseconds(1)
        #expect(world.picked() == 0)
    }

    @Test func `of zero close an endpoint`() {
        for limits in [
            EndpointLimits(inFlightMax: 0), EndpointLimits(tokensPerMinute: 0), EndpointLimits(requestsPerMinute: 0),
        ] {
            #expect(limited(limits).picked() == 1)
        }
    }

    @Test func `in response headers overflow a tier but do not forbid its last endpoint`() {
        var hint = HeadroomHint()
        hint.requestsLimit = 100
        hint.requestsRemaining = 0
        hint.requestsResetNanoseconds = TimeSpan.seconds(20).nanoseconds
        let features = RequestFeatures(route: RouteID(0))
        let outcome = AttemptOutcome(features: features, duration: .seconds(1), headroom: hint)

        let world = limited(EndpointLimits())
        world.began(0)
        _ = world.router.ended(EndpointID(0), outcome, now: world.now)
        #expect(world.picked() == 1)

        let alone = World(.plain(1))
        alone.began(0)
        _ = alone.router.ended(EndpointID(0), outcome, now: alone.now)
        #expect(alone.picked() == 0)
    }

    @Test func `that forbid everything answer with the time until there is room`() {
        let world = World(.plain(2, limits: EndpointLimits(requestsPerMinute: 60)))
        for index in 0..<2 { for _ in 0..<62 { world.succeed(index) } }
        #expect(world.pick() == .none(.atCapacity(retryAfter: .seconds(2))))
    }

    @Test func `that are only nearly reached everywhere squeeze the request into the freest endpoint`() {
        let overflow = OverflowPolicy(enterPercent: 50, returnPercent: 40)
        let endpoints: [EndpointRecord] = (0..<2).map {
            .test("e\($0)", slot: $0, limits: EndpointLimits(inFlightMax: 10))
        }
        let world = World(.test(endpoints, tiers: [[0], [1]], overflow: overflow))
        for _ in 0..<7 { world.began(0) }
        for _ in 0..<6 { world.began(1) }
        #expect(world.pick() == .endpoint(EndpointID(1), tier: 1))
        for _ in 0..<4 { world.began(1) }
        #expect(world.pick() == .endpoint(EndpointID(0), tier: 0))
        for _ in 0..<3 { world.began(0) }
        #expect(world.pick() == .none(.atCapacity(retryAfter: .seconds(1))))
    }
}

@Suite struct `Failures` {
    @Test func `open the breaker, and traffic goes elsewhere`() {
        let world = World(.plain(2))
        for _ in 0..<5 { world.fail(0, .serverError) }
        #expect(world.view(0).state == .open)
        #expect(world.shares(100, of: 2) == [0, 100])
    }

    @Test func `are told to other loops, which act on them at once`() {
        let snapshot = RoutingSnapshot.plain(2)
        let gauges = EndpointGauges()
        let here = World(snapshot, gauges: gauges)
        let there = World(snapshot, seed: 2, gauges: gauges)
        here.fail(0, .connectFailed)
        guard let news = here.fail(0, .connectFailed) else { return #expect(Bool(false), "no news") }
        #expect(news.kind == .breakerOpened)
        there.router.learn(news, now: there.now)
        #expect(there.shares(100, of: 2) == [0, 100])
        #expect(there.view(0).breaker == .open)
    }

    @Test func `of another snapshot's version are not believed`() {
        let world = World(.plain(2))
        let news = EndpointNews(
            snapshotVersion: 99, endpoint: EndpointID(0), kind: .breakerOpened, cause: .connectFailed,
            until: world.now + .seconds(9))
        world.router.learn(news, now: world.now)
        #expect(world.view(0).breaker == .closed)
    }

    @Test(
        arguments: [
            (FailureKind.credential, 60), (.notFound, 60), (.quotaExhausted, 3_600), (.rateLimited, 1),
            (.overloaded, 1),
        ] as [(FailureKind, Int64)])
    func `of accounts and limits cool the endpoint down for their time`(kind: FailureKind, seconds: Int64) {
        let world = World(.plain(2))
        let news = world.fail(0, kind)
        #expect(news?.kind == .coolDown)
        #expect(world.shares(20, of: 2) == [0, 20])
        world.now = world.now + .seconds(seconds) - .nanoseconds(1)
        #expect(world.shares(20, of: 2) == [0, 20])
        world.now = world.now + .nanoseconds(1)
        #expect(world.picked(excluding: [1]) == 0)
    }

    @Test func `say how long a request has to wait, and asking changes nothing`() {
        let world = World(.plain(2))
        let features = RequestFeatures(route: RouteID(0))
        func wait() -> TimeSpan? { world.router.wait(for: features, within: world.admissible, now: world.now) }
        #expect(wait() == .zero)
        world.fail(0, .quotaExhausted)
        #expect(wait() == .zero)
        world.fail(1, .credential)
        #expect(wait() == .seconds(60) && wait() == .seconds(60))
        #expect(world.pick() == .none(.unavailable(retryAfter: .seconds(60))))
        world.now = world.now + .seconds(60)
        #expect(wait() == .zero)
        var unknown = features
        unknown.operation = .rerank
        #expect(world.router.wait(for: unknown, within: world.admissible, now: world.now) == nil)
        #expect(
            world.router.wait(for: RequestFeatures(route: RouteID(9)), within: world.admissible, now: world.now) == nil)
    }

    @Test func `with a hint cool down for as long as it says, at most a day`() {
        let world = World(.plain(2))
        world.fail(0, .rateLimited, retryAfter: .seconds(30))
        world.now = world.now + .milliseconds(29_999)
        #expect(world.picked(excluding: [1]) == nil)
        world.now = world.now + .milliseconds(1)
        #expect(world.picked(excluding: [1]) == 0)
        world.fail(0, .quotaExhausted, retryAfter: .seconds(1_000_000))
        world.now = world.now + .seconds(24 * 3_600)
        #expect(world.picked(excluding: [1]) == 0)
    }

    @Test func `of the request's own making leave the endpoint as it was`() {
        let world = World(.plain(1))
        for _ in 0..<50 { #expect(world.fail(0, .callerError) == nil) }
        #expect(world.view(0).state == .up)
        #expect(world.view(0).errorRate == 0)
        #expect(world.view(0).timeToFirstToken == .milliseconds(300))
    }

    @Test func `by a lost keep-alive race are not held against the endpoint`() {
        let world = World(.plain(1))
        let features = RequestFeatures(route: RouteID(0))
        let race = AttemptFailure(kind: .resetBeforeFirstByte, onReusedConnection: true)
        for _ in 0..<20 {
            world.began(0)
            #expect(
                world.router.ended(
                    EndpointID(0), AttemptOutcome(features: features, failure: race, duration: .zero), now: world.now)
                    == nil)
        }
        #expect(world.view(0).state == .up)
        #expect(world.view(0).failures == 0)
    }

    @Test func `everywhere still let one early trial through now and then`() {
        let world = World(.plain(2))
        for index in 0..<2 { for _ in 0..<5 { world.fail(index, .serverError) } }
        guard case .none(.unavailable(let wait)) = world.pick() else { return #expect(Bool(false), "too early") }
        #expect(wait >= .seconds(1) && wait <= .milliseconds(1_250))
        world.now = world.now + .milliseconds(250)
        guard let first = world.picked() else { return #expect(Bool(false), "no early trial") }
        world.began(first)
        guard let second = world.picked() else { return #expect(Bool(false), "no second trial") }
        #expect(second != first)
        world.began(second)
        #expect(world.picked() == nil)
    }

    @Test func `of two probes in a row keep traffic off until one succeeds`() {
        let world = World(.plain(2))
        world.router.probed(EndpointID(0), ProbeResult(isUp: false), now: world.now)
        #expect(world.view(0).state == .up)
        world.router.probed(EndpointID(0), ProbeResult(isUp: false), now: world.now)
        #expect(world.view(0).state == .down)
        #expect(world.shares(20, of: 2) == [0, 20])
        world.router.probed(EndpointID(0), ProbeResult(isUp: true), now: world.now)
        #expect(world.view(0).state == .up)
    }

    @Test func `of a probe count for every model at the address`() {
        let world = World(.test([.test("a", slot: 0), .test("a/second", slot: 0), .test("b", slot: 1)]))
        for _ in 0..<2 { world.router.probed(EndpointID(1), ProbeResult(isUp: false), now: world.now) }
        #expect(world.shares(20, of: 3) == [0, 0, 20])
    }

    @Test func `of an id that is out of range change nothing`() {
        let world = World(.plain(1))
        world.fail(4_000, .serverError)
        world.router.probed(EndpointID(4_000), ProbeResult(isUp: false), now: world.now)
        #expect(world.view(0).attempts == 0)
    }
}
