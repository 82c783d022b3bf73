// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

// Goal: the compiled table says for every state what the rule says. Method: every combination of a small universe, and
// random universes with every field, against the naive interpreter.

/// Two laws, two mechanisms in three states each, every profile and endpoint: 4 million states.
enum SmallUniverse {
    enum MechanismState: CaseIterable { case undated, current, lapsed }

    static let moments = [1, 5, 9].map { Universe.day($0) }

    static func documents(_ permit: MechanismState, _ adequacy: MechanismState) -> PolicyDocuments {
        PolicyDocuments(
            bundle: PolicyBundle(name: "b", notAfter: Universe.day(30), clockErrorMax: .seconds(1)),
            regimes: [
                ResidencyPolicy(
                    name: "payments", appliesTo: .init(subjects: ["IN"], classes: [.payment]),
                    constrains: [.process, .store, .keyCustody], home: ["IN"], validFrom: Universe.day(0)),
                ResidencyPolicy(
                    name: "people", appliesTo: .init(subjects: ["DE"], classes: [.personal]),
                    constrains: [.process, .store], home: ["DE"], validTo: Universe.day(8)),
            ],
            mechanisms: [
                dated(
                    TransferMechanism(
                        name: "adequacy", kind: .adequacy, regime: "people", to: .listed(["GB"]),
                        facets: [.process, .store],
                        classes: [.public, .personal], purposes: [.inference], processors: .listed(["p"]),
                        retentionMax: .unlimited, evidence: "decision", isOptIn: true), adequacy),
                dated(
                    TransferMechanism(
                        name: "permit", kind: .statutoryPermit, regime: "payments", to: .anyCountry, facets: [.process],
                        classes: [.public, .payment], purposes: [.inference, .eval], processors: .any,
                        retentionMax: .atMost(.seconds(86_400)), evidence: "circular", isOptIn: true), permit),
            ])
    }

    private static func dated(_ mechanism: TransferMechanism, _ state: MechanismState) -> TransferMechanism {
        var mechanism = mechanism
        mechanism.notBefore = Universe.day(0)
        switch state {
        case .undated: break
        case .current: mechanism.notAfter = .distantFuture
        case .lapsed: mechanism.notAfter = Universe.day(3)
        }
        return mechanism
    }

    static func profiles() -> [ResidencyProfile] {
        var all: [ResidencyProfile] = []
        for subjects in [nil, ["DE"], ["IN"], ["DE", "IN"]] as [[String]?] {
            for mask in 1..<8 {
                let classes = [DataClass.public, .personal, .payment].enumerated().filter { mask >> $0.offset & 1 == 1 }
                for purpose in [Purpose.inference, .eval] {
                    for mechanisms in [[], ["adequacy"], ["permit"], ["adequacy", "permit"]] as [Set<String>] {
                        all.append(
                            ResidencyProfile(
                                subjects: subjects, classes: Set(classes.map(\.element)), purpose: purpose,
                                mechanisms: mechanisms))
                    }
                }
            }
        }
        return all
    }

    static func endpoints() -> [EndpointFacts] {
        let sets: [ClosedSet?] = [nil, .nowhere, .within(["DE"]), .within(["GB", "DE"]), .within(["IN"])]
        var all: [EndpointFacts] = []
        for process in sets {
            for store in sets {
                for custody in [nil, .within(["IN"]), .within(["US"])] as [ClosedSet?] {
                    for processor in [nil, "p", "q"] as [String?] {
                        for retention in [nil, .zero, .seconds(30 * 86_400)] as [TimeSpan?] {
                            var residency = EndpointResidency(
                                processor: processor, retention: retention, notAfter: .distantFuture)
                            residency.facets[.process] = process
                            residency.facets[.store] = store
                            residency.facets[.keyCustody] = custody
                            all.append(
                                EndpointFacts(
                                    name: "e", model: "m", origin: ModelOrigin(hasNoRights: true), provider: "x",
                                    residency: residency))
                        }
                    }
                }
            }
        }
        return all
    }
}

@Suite struct `The compiled table` {
    @Test(
        arguments: SmallUniverse.MechanismState.allCases.flatMap { a in
            SmallUniverse.MechanismState.allCases.map { (a, $0) }
        })
    func `agrees with the rule in every state of a small universe`(
        states: (SmallUniverse.MechanismState, SmallUniverse.MechanismState)
    ) throws {
        let documents = SmallUniverse.documents(states.0, states.1)
        let (profiles, endpoints) = (SmallUniverse.profiles(), SmallUniverse.endpoints())
        let compiled = try PolicyCompiler.compile(
            documents, profiles: profiles, endpoints: endpoints, from: Universe.day(0))
        var compared = 0
        var permitted = 0
        for moment in SmallUniverse.moments {
            let naive = NaivePolicy(documents, at: moment)
            let epoch = compiled.table.epoch(at: moment)
            for (p, profile) in profiles.enumerated() {
                let admissible = compiled.table.admissible(ProfileID(p), in: epoch)
                for (e, endpoint) in endpoints.enumerated() {
                    let expected = naive.refusal(profile, endpoint)
                    let verdict = compiled.verdict(ProfileID(p), EndpointID(e), in: epoch)
                    compared += 1
                    permitted += expected == nil ? 1 : 0
                    guard admissible.contains(EndpointID(e)) == (expected == nil), verdict?.refusalText == expected
                    else {
                        Issue.record(
                            "\(profile) at \(endpoint): \(expected ?? "permit"), not \(String(describing: verdict))")
                        return
                    }
                }
            }
        }
        #expect(compared == 224 * 675 * 3)
        #expect(
            permitted > compared / 20 && permitted < compared * 19 / 20, "\(permitted) of \(compared) say nothing new")
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `agrees with the rule where every field may be anything`(block: UInt64) throws {
        var permitted = 0
        var compared = 0
        var refusals: Set<String> = []
        for seed in block * 60..<(block + 1) * 60 {
            var universe = Universe(seed: seed)
            let documents = universe.documents()
            let profiles = (0..<8).map { _ in universe.profile() }
            let endpoints = (0..<12).map { universe.endpoint("e\($0)") }
            let compiled = try PolicyCompiler.compile(
                documents, profiles: profiles, endpoints: endpoints, from: Universe.day(0))
            for day in Universe.days {
                for offset in [-3_600, -1, 0, 1, 1_800, 3_600] as [Int64] {
                    let moment = Universe.day(day) + .seconds(offset)
                    let naive = NaivePolicy(documents, at: moment)
                    let epoch = compiled.table.epoch(at: moment)
                    for (p, profile) in profiles.enumerated() {
                        for (e, endpoint) in endpoints.enumerated() {
                            guard moment >= Universe.day(0) else {
                                #expect(!compiled.table.admissible(ProfileID(p), in: epoch).contains(EndpointID(e)))
                                continue
                            }
                            let expected = naive.refusal(profile, endpoint)
                            let isAdmitted = compiled.table.admissible(ProfileID(p), in: epoch).contains(EndpointID(e))
                            let verdict = compiled.verdict(ProfileID(p), EndpointID(e), in: epoch)
                            compared += 1
                            permitted += isAdmitted ? 1 : 0
                            if let expected { refusals.insert(expected) }
                            guard isAdmitted == (expected == nil), verdict?.refusalText == expected else {
                                Issue.record(
                                    "seed \(seed), day \(day)+\(offset), \(p), \(e): \(expected ?? "permit"), not \(verdict?.refusalText ?? "permit")\n\(profile)\n\(endpoint)\n\(documents)"
                                )
                                return
                            }
                        }
                    }
                }
            }
        }
        #expect(permitted > compared / 50, "\(permitted) of \(compared)")
        #expect(refusals.count > 60 && refusals.isSuperset(of: ["stale", "profile retention", "profile attestation"]))
    }

    @Test func `gives a witness that names home or a mechanism for every place`() throws {
        let documents = SmallUniverse.documents(.current, .current)
        let (profiles, endpoints) = (SmallUniverse.profiles(), SmallUniverse.endpoints())
        let moment = SmallUniverse.moments[0]
        let naive = NaivePolicy(documents, at: moment)
        let compiled = try PolicyCompiler.compile(documents, profiles: profiles, endpoints: endpoints, from: moment)
        let epoch = compiled.table.epoch(at: moment)
        var bases: [String: Int] = [:]
        for (p, profile) in profiles.enumerated() {
            for (e, endpoint) in endpoints.enumerated() {
                guard case .permit(let witness) = compiled.verdict(ProfileID(p), EndpointID(e), in: epoch) else {
                    continue
                }
                for step in witness.steps {
                    let regime = try #require(documents.regimes.first { $0.name == step.regime })
                    for place in step.jurisdictions.members {
                        let basis = naive.basis(regime, step.facet, place.code, profile, endpoint)
                        #expect(basis == step.basis.name)
                        bases[step.basis.name, default: 0] += 1
                    }
                    let steps = witness.steps.filter { $0.regime == step.regime && $0.facet == step.facet }
                    let named = steps.flatMap { $0.jurisdictions.members.map(\.code) }
                    #expect(named.sorted() == naive.reach(endpoint, step.facet).sorted())
                }
            }
        }
        #expect(["home", "adequacy", "permit"].allSatisfy { bases[$0, default: 0] > 100 }, "\(bases)")
    }
}

extension Witness.Basis {
    fileprivate var name: String {
        switch self {
        case .home: "home"
        case .mechanism(let name): name
        }
    }
}
