// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes
import Testing

@Suite struct `A key` {
    private let eu = JurisdictionUnion(name: "eu", members: ["DE", "FR"], validFrom: nil, validTo: nil)
    private let tenant = ResidencyProfile(
        subjects: ["eu"], classes: [.personal], purpose: .eval, regimes: ["r"], mechanisms: ["a", "b"], within: ["eu"],
        retentionMax: .seconds(60), attestationAgeMax: .seconds(600))

    private func fault(_ key: ResidencyNarrowing) -> NarrowingFault? {
        do throws(NarrowingFault) {
            _ = try tenant.narrowed(by: key, unions: [eu])
            return nil
        } catch { return error }
    }

    @Test func `adds what restricts and keeps what it does not state`() throws {
        let key = ResidencyNarrowing(
            subjects: ["IN", "eu"], classes: [.health], regimes: ["s"], mechanisms: ["b"], within: ["FR"],
            retentionMax: .zero)
        let narrowed = try tenant.narrowed(by: key, unions: [eu])
        #expect(narrowed.subjects == ["eu", "IN"] && narrowed.classes == [.personal, .health])
        #expect(narrowed.regimes == ["r", "s"] && narrowed.mechanisms == ["b"] && narrowed.within == ["FR"])
        #expect(narrowed.retentionMax == .zero && narrowed.attestationAgeMax == .seconds(600))
        #expect(narrowed.purpose == .eval)
        #expect(try tenant.narrowed(by: ResidencyNarrowing(), unions: [eu]) == tenant)
    }

    @Test func `cannot take more than its tenant has`() {
        #expect(fault(ResidencyNarrowing(purpose: .inference)) == .purpose(.eval))
        #expect(fault(ResidencyNarrowing(mechanisms: ["b", "c"])) == .mechanism("c"))
        #expect(fault(ResidencyNarrowing(within: ["DE", "GB"])) == .within("GB"))
        #expect(fault(ResidencyNarrowing(retentionMax: .seconds(61))) == .retention)
        #expect(fault(ResidencyNarrowing(attestationAgeMax: .seconds(601))) == .attestation)
        #expect(fault(ResidencyNarrowing(purpose: .eval, within: ["eu"], retentionMax: .seconds(60))) == nil)
    }

    @Test func `may state what its tenant leaves open`() throws {
        let open = ResidencyProfile(subjects: nil, classes: [])
        let key = ResidencyNarrowing(
            subjects: ["DE"], classes: [.personal], purpose: .fineTune, within: ["GB"], retentionMax: .seconds(9))
        let narrowed = try open.narrowed(by: key, unions: [])
        // Anyone's data of every class stays that: stating some would be less.
        #expect(narrowed.subjects == nil && narrowed.classes.isEmpty)
        #expect(narrowed.purpose == .fineTune && narrowed.within == ["GB"] && narrowed.retentionMax == .seconds(9))
    }
}
