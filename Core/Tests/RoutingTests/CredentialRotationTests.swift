// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing

@Suite struct CredentialRotationTests {
    private let start = Instant(nanoseconds: 0)

    @Test func `the first credential is used until it is refused, and again after its pause`() {
        var rotation = CredentialRotation(count: 3)
        #expect(rotation.pick(ready: 0b111, now: start) == 0)
        rotation.cool(0, until: start + .seconds(60))
        #expect(rotation.pick(ready: 0b111, now: start) == 1)
        rotation.cool(1, until: start + .seconds(90))
        #expect(rotation.pick(ready: 0b111, now: start + .seconds(59)) == 2)
        #expect(rotation.pick(ready: 0b111, now: start + .seconds(60)) == 0)
    }

    @Test func `a credential that has not come yet is passed over`() {
        let rotation = CredentialRotation(count: 3)
        #expect(rotation.pick(ready: 0b110, now: start) == 1)
        #expect(rotation.pick(ready: 0b100, now: start) == 2)
        #expect(rotation.pick(ready: 0, now: start) == nil)
    }

    @Test func `when all are left alone, the one whose pause ends first is tried`() {
        var rotation = CredentialRotation(count: 3)
        for (index, seconds) in [(0, 90), (1, 30), (2, 60)] {
            rotation.cool(index, until: start + .seconds(Int64(seconds)))
        }
        #expect(rotation.pick(ready: 0b111, now: start) == 1)
        #expect(rotation.pick(ready: 0b101, now: start) == 2)
    }

    @Test func `a credential that is being left alone is not available`() {
        var rotation = CredentialRotation(count: 2)
        rotation.cool(0, until: start + .seconds(60))
        #expect(rotation.available(ready: 0b11, now: start) == 1)
        #expect(rotation.available(ready: 0b01, now: start) == nil)
        rotation.cool(1, until: start + .seconds(30))
        #expect(rotation.available(ready: 0b11, now: start) == nil)
        #expect(rotation.available(ready: 0b11, now: start + .seconds(30)) == 1)
        #expect(rotation.pausedUntil(0) == start + .seconds(60))
    }

    @Test func `a shorter pause does not end a longer one, a fresh token does`() {
        var rotation = CredentialRotation(count: 2)
        rotation.cool(0, until: start + .seconds(3_600))
        rotation.cool(0, until: start + .seconds(1))
        #expect(rotation.pick(ready: 0b11, now: start + .seconds(2)) == 1)
        rotation.renew(0)
        #expect(rotation.pick(ready: 0b11, now: start + .seconds(2)) == 0)
    }

    @Test func `bits beyond the count mean nothing, and eight credentials fit`() {
        #expect(CredentialRotation(count: 0).pick(ready: 0xFF, now: start) == nil)
        var rotation = CredentialRotation(count: 8)
        for index in 0..<7 { rotation.cool(index, until: .distantFuture) }
        #expect(rotation.pick(ready: 0xFF, now: start) == 7)
    }

    @Test func `nine credentials are a mistake of ours`() async {
        await #expect(processExitsWith: .failure) { _ = CredentialRotation(count: 9) }
    }
}
