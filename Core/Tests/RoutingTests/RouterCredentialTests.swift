// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

/// What there is to send as an endpoint's credential decides whether it is asked at all.
@Suite struct `Credentials of endpoints` {
    private func changed(_ world: World, _ index: Int, isReady: Bool, isFresh: Bool = false) {
        world.router.credentialsChanged(EndpointID(index), isReady: isReady, isFresh: isFresh)
    }

    @Test func `an endpoint without one is passed over until one comes`() {
        let world = World(.plain(2))
        changed(world, 0, isReady: false)
        #expect(world.shares(50, of: 2) == [0, 50])
        #expect(world.view(0).state == .noCredential)
        #expect(world.explain().tiers[0].candidates[0].verdict == "has no credential at the moment")
        changed(world, 0, isReady: true)
        #expect(world.view(0).state == .up)
        #expect(world.picked(excluding: [1]) == 0)
    }

    @Test func `with none at all the caller is told to come back in a second`() {
        let world = World(.plain(1))
        changed(world, 0, isReady: false)
        #expect(world.pick() == .none(.unavailable(retryAfter: .seconds(1))))
    }

    /// Also not as the early trial of an open breaker.
    @Test func `an endpoint without one is not tried early`() {
        let world = World(.plain(1))
        for _ in 0..<5 { world.fail(0, .serverError) }
        changed(world, 0, isReady: false)
        for _ in 0..<100 {
            world.now = world.now + .milliseconds(100)
            #expect(world.picked() == nil)
        }
    }

    @Test(arguments: [FailureKind.credential, .quotaExhausted])
    func `a fresh one ends the cool-down for the old one`(_ kind: FailureKind) {
        let world = World(.plain(1))
        world.fail(0, kind)
        #expect(world.picked() == nil)
        changed(world, 0, isReady: true)
        #expect(world.picked() == nil)
        changed(world, 0, isReady: true, isFresh: true)
        #expect(world.picked() == 0)
        #expect(world.view(0).state == .up)
    }

    @Test(arguments: [FailureKind.notFound, .rateLimited, .overloaded])
    func `a fresh one does not end a cool-down for something else`(_ kind: FailureKind) {
        let world = World(.plain(1))
        world.fail(0, kind, retryAfter: .seconds(30))
        changed(world, 0, isReady: true, isFresh: true)
        #expect(world.picked() == nil)
    }

    @Test func `a rate limit meanwhile does not keep a fresh one from ending the cool-down`() {
        let world = World(.plain(1))
        world.fail(0, .credential)
        world.fail(0, .rateLimited)
        changed(world, 0, isReady: true, isFresh: true)
        #expect(world.picked() == 0)
    }

    @Test func `that there is none stays known over a new snapshot`() {
        let world = World(.plain(2))
        changed(world, 0, isReady: false)
        world.router.adopt(.plain(2))
        #expect(world.shares(50, of: 2) == [0, 50])
    }

    @Test func `an endpoint of another snapshot is ignored`() {
        let world = World(.plain(1))
        changed(world, 7, isReady: false)
        #expect(world.picked() == 0)
    }
}
