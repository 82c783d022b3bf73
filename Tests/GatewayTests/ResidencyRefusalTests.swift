// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes
import Testing

@testable import Gateway

@Suite("A refusal for residency")
struct ResidencyRefusalTests {
    private let documents = PolicyDocuments(
        bundle: PolicyBundle(
            name: "bundle-7", notAfter: .distantFuture, clockErrorMax: .zero, policyURL: "https://example.test/policy"))

    private func refusal(_ refutations: [Refutation], isPinned: Bool = false) -> Refusal.Answer {
        ResidencyRefusal.nothingAdmissible(
            refutations, documents: documents, profile: ProfileID(3), isPinned: isPinned
        ).answer
    }

    private let regime = Refutation(
        kind: .regime, rule: "eu-gdpr", facet: .process, jurisdiction: Jurisdiction(code: "GB"),
        cures: [.adequacy, .scc])
    private let right = Refutation(kind: .right, rule: "licence", term: "licence")

    @Test("says by header what its words say, as a list of structured fields")
    func lines() {
        let answer = refusal([regime])
        #expect(answer.status == 451 && answer.code == "no_admissible_endpoint")
        #expect(answer.message.contains("eu-gdpr: process in GB") && answer.message.contains("bundle-7"))
        #expect(
            String(decoding: answer.headerLines, as: UTF8.self) == """
                x-isobar-refutation: "eu-gdpr";kind=regime;facet=process;jurisdiction=GB;cures="adequacy scc";\
                policy="bundle-7";profile=3\r
                link: <https://example.test/policy>; rel="blocked-by"\r

                """)
    }

    @Test("is 403 where only contracts refuse, and 451 where one law does")
    func kinds() {
        #expect(refusal([right]).status == 403 && refusal([right]).code == "placement_right")
        #expect(refusal([right, regime]).status == 451)
        #expect(refusal([Refutation(kind: .within, rule: "profile", facet: .store)]).status == 451)
        #expect(refusal([]).status == 451)
    }

    @Test("names the pinned endpoint's case, and asks to come back where the documents are stale")
    func special() {
        #expect(refusal([regime], isPinned: true).code == "endpoint_not_admissible")
        #expect(refusal([right], isPinned: true).code == "endpoint_not_admissible")
        let stale = refusal([Refutation(kind: .stale, rule: "bundle-7")])
        #expect(stale.status == 503 && stale.code == "policy_stale" && stale.retryAfterSeconds > 0)
    }

    @Test("of a demand says which part of it is wrong")
    func claims() throws {
        let us = try #require(Jurisdiction(code: "US"))
        #expect(ResidencyRefusal.invalidClaim(.widens(us)).answer.code == "invalid_residency_claim")
        #expect(ResidencyRefusal.invalidClaim(.unknownPlace("EU")).answer.message.contains("EU"))
        #expect(ResidencyRefusal.unknownClass("x").answer.code == "unknown_data_class")
        #expect(ResidencyRefusal.unknownClass("x").answer.status == 403)
    }
}
