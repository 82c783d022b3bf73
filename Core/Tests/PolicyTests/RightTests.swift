// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

// The public example: terms between a vendor and a cloud as reported on 2026-04-27 and before. Exclusive there until that
// day; from then on first there, and anywhere when it cannot or does not want to; its licence, not exclusive, to 2032.

private let changeOver = WallTime(unixSeconds: 1_777_248_000)  // 2026-04-27
private let licenceEnd = WallTime(unixSeconds: 1_988_150_399)  // 2032-12-31T23:59:59Z

private func documents(_ more: [PlacementRight] = []) -> PolicyDocuments {
    PolicyDocuments(
        bundle: PolicyBundle(name: "b", notAfter: WallTime(unixSeconds: 2_200_000_000), clockErrorMax: .zero),
        rights: [
            PlacementRight(
                name: "exclusive", term: .exclusivity, subject: .init(vendor: "openai"), holders: ["azure"],
                notAfter: changeOver),
            PlacementRight(
                name: "licence", term: .licence, subject: .init(vendor: "openai", models: ["gpt-5", "gpt-6"]),
                holders: ["azure"], notBefore: .distantPast, notAfter: licenceEnd),
        ] + more)
}

private func refusal(
    _ provider: String, _ model: String = "gpt-5", at time: WallTime, process: [String] = ["US"],
    _ documents: PolicyDocuments = documents()
) -> String? {
    let residency = EndpointResidency(facets: [.process: .within(process)], notAfter: .distantFuture)
    let facts = EndpointFacts(
        name: "e", model: model, origin: ModelOrigin(vendor: "openai", family: "gpt"), provider: provider,
        residency: residency)
    return PolicyCompiler.verdict(ResidencyProfile(classes: [.public]), facts, at: time, documents).refusalText
}

@Suite struct `Placement rights` {
    @Test func `an exclusivity window keeps everybody else out until its last instant`() {
        #expect(refusal("aws", at: changeOver) == "right exclusive")
        #expect(refusal("azure", at: changeOver) == nil)
        #expect(refusal("aws", at: changeOver + .nanoseconds(1)) == nil)
    }

    @Test func `a licence binds its holder, and nobody else`() {
        #expect(refusal("azure", at: licenceEnd) == nil)
        #expect(refusal("azure", at: licenceEnd + .nanoseconds(1)) == "right licence")
        #expect(refusal("aws", at: licenceEnd + .nanoseconds(1)) == nil)
    }

    @Test func `a renewed licence goes on where the old one ends`() {
        let renewal = PlacementRight(
            name: "renewal", term: .licence, subject: .init(models: ["gpt-5"]), holders: ["azure"],
            notBefore: licenceEnd, notAfter: .distantFuture)
        #expect(refusal("azure", at: licenceEnd + .seconds(60), documents([renewal])) == nil)
        #expect(refusal("azure", "gpt-6", at: licenceEnd + .seconds(60), documents([renewal])) == "right licence")
    }

    @Test func `first access ends a window after availability, or when the holder declines`() {
        func first(_ available: WallTime?, _ declined: WallTime?) -> PolicyDocuments {
            documents([
                PlacementRight(
                    name: "first",
                    term: .firstAccess(generalAvailability: available, window: .seconds(100), declinedOn: declined),
                    subject: .init(vendor: "openai", models: ["gpt-6"]), holders: ["azure"], notBefore: changeOver)
            ])
        }
        let available = changeOver + .seconds(1_000)
        let late = changeOver + .seconds(100_000)
        #expect(refusal("aws", "gpt-6", at: late, first(nil, nil)) == "right first")
        #expect(refusal("aws", "gpt-6", at: available + .seconds(99), first(available, nil)) == "right first")
        #expect(refusal("aws", "gpt-6", at: available + .seconds(100), first(available, nil)) == nil)
        #expect(refusal("aws", "gpt-6", at: available, first(nil, available)) == nil)
        #expect(refusal("azure", "gpt-6", at: available, first(nil, nil)) == nil)
        #expect(refusal("aws", "gpt-5", at: late, first(nil, nil)) == nil)
    }

    @Test func `a territory must hold every place of processing`() {
        let territory = PlacementRight(
            name: "territory", term: .territory(["US", "GB"]), subject: .init(family: "gpt"))
        let time = changeOver + .seconds(1)
        #expect(refusal("aws", at: time, process: ["GB", "US"], documents([territory])) == nil)
        #expect(refusal("aws", at: time, process: ["DE", "US"], documents([territory])) == "right territory")
        #expect(refusal("aws", at: time, process: ["QQ"], documents([territory])) == "right territory")
    }

    @Test func `export control counts unknown places as listed ones`() {
        let control = PlacementRight(name: "export", term: .exportControl(["CN"]))
        let facts = { (places: [Facet: ClosedSet]) in
            EndpointFacts(
                name: "e", model: "m", origin: ModelOrigin(hasNoRights: true), provider: "p",
                residency: EndpointResidency(facets: places, notAfter: .distantFuture))
        }
        func refused(_ places: [Facet: ClosedSet]) -> String? {
            PolicyCompiler.verdict(
                ResidencyProfile(classes: [.public]), facts(places), at: changeOver + .seconds(1), documents([control])
            ).refusalText
        }
        let us = ClosedSet.within(["US"])
        #expect(refused([.process: us, .store: us, .legalControl: us]) == nil)
        #expect(refused([.process: us, .store: us]) == "right export")
        #expect(refused([.process: us, .store: us, .legalControl: .within(["CN"])]) == "right export")
    }

    @Test func `several holders are the allowed clouds, and a carve-out is one more`() {
        let clouds = PlacementRight(
            name: "clouds", term: .exclusivity, holders: ["aws", "azure"], carveOuts: ["edge"])
        let scoped = PlacementRight(name: "scoped", term: .exclusivity, holders: [], scope: ["IN"])
        let time = changeOver + .seconds(1)
        #expect(["aws", "azure", "edge"].allSatisfy { refusal($0, at: time, documents([clouds])) == nil })
        #expect(refusal("gcp", at: time, documents([clouds])) == "right clouds")
        #expect(refusal("gcp", at: time, process: ["US"], documents([scoped])) == nil)
        #expect(refusal("gcp", at: time, process: ["IN", "US"], documents([scoped])) == "right scoped")
        #expect(refusal("gcp", at: time, process: ["QQ"], documents([scoped])) == "right scoped")
    }
}
