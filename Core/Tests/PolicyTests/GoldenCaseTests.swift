// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

// The cases that everyone asks about, one test each. Places of Bedrock's profiles: AWS CDK's inference profile regions
// (`vectors/residency`, read 2026-11-21). Unless a test says otherwise every other facet is stated and at home.

private enum Golden {
    static let now = WallTime(unixSeconds: 1_763_683_200)  // 2025-11-21
    static let ukEnd = WallTime(unixSeconds: 1_956_441_600)  // 2031-12-31, half a day before the end of the UK's decision

    static let bedrockEU = ["CH", "DE", "ES", "FR", "GB", "IE", "IT", "SE"]
    static let bedrockAPAC = ["AE", "AU", "ID", "IN", "JP", "KR", "MY", "SG", "TH", "TW"]

    static let documents = PolicyDocuments(
        bundle: PolicyBundle(
            name: "golden", notAfter: WallTime(unixSeconds: 2_000_000_000), clockErrorMax: .seconds(1)),
        unions: [
            JurisdictionUnion(
                name: "eu",
                members: "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(
                    separator: " "
                ).map { String($0) }, validFrom: nil, validTo: nil)
        ],
        regimes: [
            ResidencyPolicy(
                name: "eu-gdpr", appliesTo: .init(subjects: ["eu"], classes: [.personal, .special, .child]),
                constrains: [.process, .store, .humanReview, .supportAccess], home: ["eu"]),
            ResidencyPolicy(
                name: "in-rbi", appliesTo: .init(subjects: ["IN"], classes: [.payment]),
                constrains: [.process, .store, .keyCustody], home: ["IN"]),
            ResidencyPolicy(
                name: "tenant-keys", appliesTo: .init(isByName: true), constrains: [.keyCustody], home: ["eu"]),
        ],
        mechanisms: [
            adequacy("adequacy-ch", "CH", until: .distantFuture),
            adequacy("adequacy-gb", "GB", until: WallTime(unixSeconds: 1_956_484_799)),
            TransferMechanism(
                name: "intraday", kind: .statutoryPermit, regime: "in-rbi", to: .anyCountry, facets: [.process],
                classes: [.payment], purposes: [.inference], processors: .any, retentionMax: .atMost(.seconds(86_400)),
                notBefore: .distantPast, notAfter: .distantFuture, evidence: "circular", isOptIn: true),
            half("half-personal", .personal), half("half-special", .special),
        ],
        rights: [
            PlacementRight(
                name: "licence-m", term: .licence, subject: .init(models: ["licensed"]), holders: ["aws"],
                notBefore: .distantPast, notAfter: now + .seconds(3_600))
        ])

    static func adequacy(_ name: String, _ place: String, until: WallTime) -> TransferMechanism {
        TransferMechanism(
            name: name, kind: .adequacy, regime: "eu-gdpr", to: .listed([place]), facets: Set(Facet.allCases),
            classes: [.public, .personal, .special], purposes: Set(Purpose.allCases), processors: .any,
            retentionMax: .unlimited, notBefore: .distantPast, notAfter: until, evidence: "decision", isOptIn: true)
    }

    static func half(_ name: String, _ one: DataClass) -> TransferMechanism {
        var mechanism = adequacy(name, "US", until: .distantFuture)
        mechanism.classes = [one]
        return mechanism
    }

    static func endpoint(
        _ process: [String], home: [String], model: String = "m", change: (inout EndpointResidency) -> Void = { _ in }
    ) -> EndpointFacts {
        var residency = EndpointResidency(processor: "aws", retention: .zero, notAfter: .distantFuture)
        for facet in Facet.allCases { residency.facets[facet] = .within(home) }
        residency.facets[.process] = .within(process)
        change(&residency)
        return EndpointFacts(
            name: "e", model: model, origin: ModelOrigin(hasNoRights: true), provider: "aws", residency: residency)
    }

    static func europeans(_ classes: Set<DataClass> = [.personal], _ mechanisms: Set<String> = []) -> ResidencyProfile {
        ResidencyProfile(subjects: ["DE"], classes: classes, mechanisms: mechanisms)
    }
    static func indianPayments(_ mechanisms: Set<String> = []) -> ResidencyProfile {
        ResidencyProfile(subjects: ["IN"], classes: [.payment], mechanisms: mechanisms)
    }

    static func verdict(_ profile: ResidencyProfile, _ endpoint: EndpointFacts, at time: WallTime = now) -> Verdict {
        PolicyCompiler.verdict(profile, endpoint, at: time, documents)
    }

    /// `eu-gdpr process GB`; `nil`: permitted.
    static func refusal(_ profile: ResidencyProfile, _ endpoint: EndpointFacts, at time: WallTime = now) -> String? {
        verdict(profile, endpoint, at: time).refusalText
    }
}

@Suite struct `Golden cases` {
    private let bedrockEU = Golden.endpoint(Golden.bedrockEU, home: ["DE"])
    private let bothDecisions: Set<String> = ["adequacy-gb", "adequacy-ch"]

    @Test func `an eu profile that may route to London and Zurich is not the EU`() {
        #expect(Golden.refusal(Golden.europeans(), bedrockEU) == "eu-gdpr process CH")
        let london = Golden.endpoint(["DE", "GB"], home: ["DE"])
        #expect(Golden.refusal(Golden.europeans(), london) == "eu-gdpr process GB")
    }

    @Test func `both adequacy decisions together carry it, and the witness names them`() {
        guard case .permit(let witness) = Golden.verdict(Golden.europeans([.personal], bothDecisions), bedrockEU) else {
            Issue.record("refused")
            return
        }
        let bases = Set(witness.steps.filter { $0.facet == .process }.map(\.basis))
        #expect(bases == [.home, .mechanism("adequacy-gb"), .mechanism("adequacy-ch")])
        #expect(Golden.refusal(Golden.europeans([.personal], ["adequacy-ch"]), bedrockEU) == "eu-gdpr process GB")
    }

    @Test func `after the end of the UK's decision it is refused again`() {
        let profile = Golden.europeans([.personal], bothDecisions)
        #expect(Golden.refusal(profile, bedrockEU, at: Golden.ukEnd) == nil)
        #expect(Golden.refusal(profile, bedrockEU, at: Golden.ukEnd + .seconds(43_198)) == nil)
        #expect(Golden.refusal(profile, bedrockEU, at: Golden.ukEnd + .seconds(43_199)) == "eu-gdpr process GB")
    }

    @Test func `an unknown retention mode is storage anywhere`() {
        let endpoint = Golden.endpoint(["DE"], home: ["DE"]) { $0.facets[.store] = nil }
        #expect(Golden.refusal(Golden.europeans(), endpoint) == "eu-gdpr store anywhere")
    }

    @Test func `payments stay in India unless the permit is taken up`() {
        let apac = Golden.endpoint(Golden.bedrockAPAC, home: ["IN"])
        #expect(Golden.refusal(Golden.indianPayments(), apac) == "in-rbi process AE")
        #expect(Golden.refusal(Golden.indianPayments(["intraday"]), apac) == nil)
    }

    @Test func `the permit does not hold where bytes are kept for a month`() {
        let apac = Golden.endpoint(Golden.bedrockAPAC, home: ["IN"]) { $0.retention = .seconds(30 * 86_400) }
        guard case .deny(let refutation) = Golden.verdict(Golden.indianPayments(["intraday"]), apac) else {
            Issue.record("permitted")
            return
        }
        #expect(refutation.facet == .store && refutation.rule == "in-rbi" && refutation.mechanism == "intraday")
    }

    @Test func `an endpoint in India that keeps nothing may have payments`() {
        let mumbai = Golden.endpoint(["IN"], home: ["IN"]) { $0.facets[.store] = .nowhere }
        #expect(Golden.refusal(Golden.indianPayments(), mumbai) == nil)
    }

    @Test func `an unknown place of abuse review is anywhere`() {
        let azure = Golden.endpoint(["eu"], home: ["eu"]) { $0.facets[.humanReview] = nil }
        #expect(Golden.refusal(Golden.europeans(), azure) == "eu-gdpr humanReview anywhere")
        let isOff = Golden.endpoint(["eu"], home: ["eu"]) { $0.facets[.humanReview] = .nowhere }
        #expect(Golden.refusal(Golden.europeans(), isOff) == nil)
    }

    @Test func `keys under American control refuse a tenant that wants them in the EU`() {
        var profile = Golden.europeans([.special])
        profile.regimes = ["tenant-keys"]
        let endpoint = Golden.endpoint(["DE"], home: ["DE"]) { $0.facets[.keyCustody] = .within(["US"]) }
        #expect(Golden.refusal(profile, endpoint) == "tenant-keys keyCustody US")
        profile.regimes = []
        #expect(Golden.refusal(profile, endpoint) == nil)
    }

    @Test func `public data may go anywhere, and the witness says that no regime applies`() {
        let global = EndpointFacts(
            name: "e", model: "m", origin: ModelOrigin(hasNoRights: true), provider: "aws", residency: nil)
        #expect(Golden.verdict(ResidencyProfile(subjects: ["DE"], classes: [.public]), global) == .permit(Witness()))
    }

    @Test func `a caller cannot add a place`() throws {
        var profile = Golden.europeans()
        profile.within = ["eu"]
        let compiled = try PolicyCompiler.compile(
            Golden.documents, profiles: [profile], endpoints: [Golden.endpoint(["DE"], home: ["DE"])], from: Golden.now)
        let epoch = compiled.table.epoch(at: Golden.now)
        let us = try #require(Jurisdiction(code: "US"))
        #expect(throws: ClaimFault.widens(us)) {
            try compiled.narrow(ProfileID(0), by: ResidencyClaim(within: ["DE", "US"]), in: epoch)
        }
        #expect(throws: ClaimFault.unknownPlace("EU")) {
            try compiled.narrow(ProfileID(0), by: ResidencyClaim(within: ["EU"]), in: epoch)
        }
        let fewer = try compiled.narrow(ProfileID(0), by: ResidencyClaim(within: ["FR"]), in: epoch)
        #expect(compiled.table.admissible(ProfileID(0), in: epoch).contains(EndpointID(0)))
        #expect(!fewer.admissible.contains(EndpointID(0)))
    }

    @Test func `two mechanisms that cover one class each cover nothing together`() {
        let us = Golden.endpoint(["US"], home: ["DE"])
        let both: Set<String> = ["half-personal", "half-special"]
        #expect(Golden.refusal(Golden.europeans([.personal], both), us) == nil)
        #expect(Golden.refusal(Golden.europeans([.special], both), us) == nil)
        #expect(Golden.refusal(Golden.europeans([.personal, .special], both), us) == "eu-gdpr process US")
    }

    @Test func `a class that no mechanism knows is refused`() {
        let profile = Golden.europeans([.personal, .child], bothDecisions)
        #expect(Golden.refusal(profile, bedrockEU) == "eu-gdpr process CH")
    }

    @Test func `a licence that has lapsed stops a deployment that still runs`() {
        let endpoint = Golden.endpoint(["DE"], home: ["DE"], model: "licensed")
        #expect(Golden.refusal(Golden.europeans(), endpoint) == nil)
        #expect(Golden.refusal(Golden.europeans(), endpoint, at: Golden.now + .seconds(3_599)) == nil)
        #expect(Golden.refusal(Golden.europeans(), endpoint, at: Golden.now + .seconds(86_400)) == "right licence-m")
    }

    @Test func `documents past their date let only public data through`() {
        let late = WallTime(unixSeconds: 2_000_000_000)
        let endpoint = Golden.endpoint(["DE"], home: ["DE"])
        #expect(Golden.refusal(Golden.europeans(), endpoint, at: late) == "stale")
        #expect(Golden.refusal(ResidencyProfile(classes: [.public]), endpoint, at: late) == nil)
        #expect(Golden.refusal(ResidencyProfile(classes: [.public, .internal]), endpoint, at: late) == "stale")
    }

    @Test func `a refusal says what would cure it`() {
        guard case .deny(let refutation) = Golden.verdict(Golden.europeans(), bedrockEU) else {
            Issue.record("permitted")
            return
        }
        #expect(refutation.cures == [.adequacy])
        #expect(
            "\(refutation)" == "eu-gdpr: process in CH is not at home and no mechanism covers it; possible: adequacy")
    }
}
