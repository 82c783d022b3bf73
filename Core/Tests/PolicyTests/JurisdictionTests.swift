// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

@Suite struct `Jurisdictions` {
    @Test func `are the 249 assigned codes in alphabetical order, then anywhere`() {
        #expect(Jurisdiction.codes.count == 249)
        #expect(Jurisdiction.codes == Array(Set(Jurisdiction.codes)).sorted())
        #expect(Jurisdiction.codes.allSatisfy { Jurisdiction(code: $0)?.code == $0 })
        #expect(Jurisdiction(code: "EU") == nil && Jurisdiction(code: "de") == nil && Jurisdiction(code: "") == nil)
        #expect(Jurisdiction(code: "ZW").map { $0 < .anywhere } == true)
    }

    @Test func `form sets as sets do`() {
        var random = SplitMix(seed: 1)
        let all = Jurisdiction.codes.compactMap { Jurisdiction(code: $0) } + [.anywhere]
        for _ in 0..<2_000 {
            let (a, b) = (random.subset(of: all), random.subset(of: all))
            let (left, right) = (JurisdictionSet(a), JurisdictionSet(b))
            #expect(left.members == a.sorted() && left.first == a.min() && left.isEmpty == a.isEmpty)
            #expect(left.union(right).members == a.union(b).sorted())
            #expect(left.intersection(right).members == a.intersection(b).sorted())
            #expect(left.subtracting(right).members == a.subtracting(b).sorted())
            #expect(left.isSubset(of: right) == a.isSubset(of: b) && left.intersects(right) == !a.isDisjoint(with: b))
            #expect(left.isSubset(of: left.union(right)) && all.allSatisfy { left.contains($0) == a.contains($0) })
        }
    }

    @Test func `every country is not anywhere`() {
        #expect(!JurisdictionSet.everyCountry.contains(.anywhere) && JurisdictionSet.everyCountry.members.count == 249)
        #expect(JurisdictionSet.anywhere.text == "anywhere" && JurisdictionSet.nowhere.text == "nowhere")
    }
}
