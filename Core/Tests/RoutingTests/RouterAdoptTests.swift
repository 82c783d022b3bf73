// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

@Suite struct `A new snapshot` {
    private func renumbered(_ names: [String], version: UInt64 = 2) -> RoutingSnapshot {
        // Gauge slots belong to names for the life of the process.
        let slots = ["a": 0, "b": 1, "c": 2, "d": 3]
        return .test(version: version, names.map { .test($0, slot: slots[$0, default: 9]) })
    }

    @Test func `keeps what was learned, by name and not by position`() {
        let world = World(renumbered(["a", "b"], version: 1))
        for _ in 0..<5 { world.fail(1, .serverError) }
        world.succeed(0, ttft: .milliseconds(80))
        let translation = world.router.adopt(renumbered(["b", "c", "a"]))
        #expect(translation.endpoint(EndpointID(0)) == EndpointID(2))
        #expect(translation.endpoint(EndpointID(1)) == EndpointID(0))
        #expect(world.view(0).breaker == .open)
        #expect(world.view(1).attempts == 0)
        #expect(world.view(2).timeToFirstToken == .milliseconds(80))
    }

    @Test func `gives back what attempts at a vanished endpoint held, once`() {
        let world = World(renumbered(["a", "b"], version: 1))
        world.began(0)
        world.began(1)
        world.began(1)
        let translation = world.router.adopt(renumbered(["a"]))
        #expect(translation.endpoint(EndpointID(1)) == nil)
        #expect(world.gauges.inFlight(0) == 1)
        #expect(world.gauges.inFlight(1) == 0)
        _ = world.router.ended(
            EndpointID(0), AttemptOutcome(features: RequestFeatures(route: RouteID(0)), duration: .seconds(1)),
            now: world.now)
        #expect(world.gauges.inFlight(0) == 0)
    }

    @Test func `moves running requests with an endpoint whose slot changes`() {
        let world = World(.test([.test("a", slot: 0)]))
        world.began(0)
        world.router.adopt(.test(version: 2, [.test("a", slot: 5)]))
        #expect(world.gauges.inFlight(0) == 0)
        #expect(world.gauges.inFlight(5) == 1)
    }

    @Test func `keeps a tier's gate and holds its time`() {
        let endpoints: [EndpointRecord] = [
            .test("a", slot: 0, limits: EndpointLimits(inFlightMax: 1)), .test("b", slot: 1),
        ]
        let overflow = OverflowPolicy(holdMin: .seconds(5))
        let world = World(.test(endpoints, tiers: [[0], [1]], overflow: overflow))
        world.began(0)
        #expect(world.picked() == 1)
        world.router.adopt(.test(version: 2, endpoints, tiers: [[0], [1]], overflow: overflow))
        _ = world.router.ended(
            EndpointID(0), AttemptOutcome(features: RequestFeatures(route: RouteID(0)), duration: .seconds(1)),
            now: world.now)
        #expect(world.picked() == 1)
        world.now = world.now + .seconds(5)
        #expect(world.picked() == 0)
    }

    @Test func `keeps conversations where they were`() {
        let objective = Objective(latency: 0, affinity: 1)
        let before: [EndpointRecord] = ["a", "b", "c"].enumerated().map { .test($1, slot: $0) }
        let after: [EndpointRecord] = [
            .test("d", slot: 3), .test("c", slot: 2), .test("b", slot: 1), .test("a", slot: 0),
        ]
        let world = World(.test(before, objective: objective))
        let features = RequestFeatures.conversation([1, 2, 3])
        world.succeed(1, features)
        #expect(world.picked(features) == 1)
        world.router.adopt(.test(version: 2, after, objective: objective))
        #expect(world.picked(features) == 2)
    }

    @Test func `translates what the shell keeps of a live request`() {
        let world = World(renumbered(["a", "b", "c"], version: 1))
        var machine = AttemptMachine(retry: RetryPolicy(), hedge: nil, startedAt: world.now)
        var rng = SplitMix64(seed: 1)
        _ = machine.handle(.begin, now: world.now, rng: &rng)
        _ = machine.handle(.picked(EndpointID(2)), now: world.now, rng: &rng)
        let translation = world.router.adopt(renumbered(["c", "a"]))
        machine.translate(translation)
        #expect(machine.tried.contains(EndpointID(0)))
        #expect(!machine.tried.contains(EndpointID(2)))
        let race = AttemptFailure(kind: .resetBeforeFirstByte, onReusedConnection: true)
        #expect(
            machine.handle(.failed(slot: 0, race), now: world.now, rng: &rng)
                == .dispatch(slot: 0, EndpointID(0), freshConnection: true))
    }

    @Test func `does not send a repeat to an endpoint that is gone`() {
        let world = World(renumbered(["a", "b"], version: 1))
        var machine = AttemptMachine(retry: RetryPolicy(), hedge: nil, startedAt: world.now)
        var rng = SplitMix64(seed: 1)
        _ = machine.handle(.begin, now: world.now, rng: &rng)
        _ = machine.handle(.picked(EndpointID(1)), now: world.now, rng: &rng)
        machine.translate(world.router.adopt(renumbered(["a"])))
        #expect(machine.tried.isEmpty)
        let race = AttemptFailure(kind: .resetBeforeFirstByte, onReusedConnection: true)
        #expect(machine.handle(.failed(slot: 0, race), now: world.now, rng: &rng) == .pick)
    }

    @Test func `maps features by the names of route and region, and refuses a route that is gone`() {
        let endpoint: [EndpointRecord] = [.test("a", slot: 0)]
        let world = World(.test(endpoint, roundTripMilliseconds: [1, 9, 9, 1]))
        let translation = world.router.adopt(.test(version: 2, endpoint, roundTripMilliseconds: [1]))
        #expect(
            translation.features(RequestFeatures(route: RouteID(0), callerRegion: RegionID(0)))?.callerRegion
                == RegionID(0))
        #expect(
            translation.features(RequestFeatures(route: RouteID(0), callerRegion: RegionID(1)))?.callerRegion == nil)
        #expect(translation.features(RequestFeatures(route: RouteID(3))) == nil)
    }

    @Test func `changes which model names lead where`() {
        let world = World(.test([.test("a", slot: 0)], modelNames: ["gpt-4o", "chat"]))
        #expect(world.route("gpt-4o") == RouteID(0))
        world.router.adopt(.test(version: 2, [.test("a", slot: 0)], modelNames: ["small"]))
        #expect(world.route("gpt-4o") == nil)
        #expect(world.route("small") == RouteID(0))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `at any moment leaves no gauge above or below the attempts that run`(seed: UInt64) {
        var rng = SplitMix64(seed: seed)
        let names = ["a", "b", "c", "d"]
        let world = World(renumbered(names, version: 1))
        var current = names
        var running: [String] = []
        for version in 2..<60 as Range<UInt64> {
            for _ in 0..<Int.random(in: 0...6, using: &rng) {
                if Bool.random(using: &rng), let index = world.picked() {
                    world.began(index)
                    running.append(current[index])
                } else if let position = running.indices.randomElement(using: &rng),
                    let index = current.firstIndex(of: running[position])
                {
                    running.remove(at: position)
                    let outcome = AttemptOutcome(
                        features: RequestFeatures(route: RouteID(0)), duration: .milliseconds(10))
                    _ = world.router.ended(EndpointID(index), outcome, now: world.now)
                }
            }
            for (slot, name) in names.enumerated() {
                #expect(world.gauges.inFlight(slot) == running.filter { $0 == name }.count, "seed \(seed)")
            }
            current = names.shuffled(using: &rng).dropLast(Int.random(in: 0...3, using: &rng))
            world.router.adopt(renumbered(current, version: version))
            running.removeAll { !current.contains($0) }
        }
    }
}
