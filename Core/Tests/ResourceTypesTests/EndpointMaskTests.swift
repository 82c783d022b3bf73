// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import ResourceTypes

@Suite("A mask narrows what is admissible")
struct EndpointMaskTests {
    @Test("of every pair of sets of six endpoints the intersection is left, handles too", arguments: [0, 60, 64, 130])
    func intersection(offset: Int) {
        func bits(_ set: Int) -> [Bool] {
            (0..<offset + 6).map { $0 >= offset && set >> ($0 - offset) & 1 == 1 }
        }
        for policy in 0..<64 {
            let table = AdmissionTable(
                epochStarts: [WallTime(unixSeconds: 0)], profileCount: 1, endpointCount: offset + 6,
                admits: bits(policy),
                reasons: [UInt32](repeating: 0, count: offset + 6), isUnrestricted: false)
            let admissible = table.admissible(ProfileID(0), in: table.epoch(at: WallTime(unixSeconds: 1)))
            for scope in 0..<64 {
                let mask = EndpointMask(bits(scope))
                withExtendedLifetime(mask) {
                    let narrowed = admissible.narrowed(by: mask)
                    for endpoint in 0..<offset + 8 {
                        let expected = endpoint >= offset && (policy & scope) >> (endpoint - offset) & 1 == 1
                        #expect(narrowed.contains(EndpointID(endpoint)) == expected)
                        #expect((narrowed.handle(EndpointID(endpoint)) != nil) == expected)
                    }
                }
            }
        }
    }

    @Test("without a policy the mask alone decides, and everything is no longer everything")
    func unrestricted() {
        let mask = EndpointMask([true, false])
        withExtendedLifetime(mask) {
            let narrowed = AdmissibleEndpoints.everything.narrowed(by: mask)
            #expect(
                narrowed.contains(EndpointID(0)) && !narrowed.contains(EndpointID(1))
                    && !narrowed.contains(EndpointID(2)))
            #expect(AdmissibleEndpoints.everything.isEverything && !narrowed.isEverything)
        }
        #expect(!EndpointMask([]).contains(EndpointID(0)))
    }
}
