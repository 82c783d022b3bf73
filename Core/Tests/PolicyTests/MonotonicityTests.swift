// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

// Goal: no edit that demands more, and no field that is lost, ever opens an endpoint. Method: random universes, every
// such edit, every profile and endpoint at many moments.

/// Everything that two tables are compared on.
private struct World {
    var documents: PolicyDocuments
    var profiles: [ResidencyProfile]
    var endpoints: [EndpointFacts]

    init(seed: UInt64) {
        var universe = Universe(seed: seed)
        documents = universe.documents()
        profiles = (0..<6).map { _ in universe.profile() }
        endpoints = (0..<8).map { universe.endpoint("e\($0)") }
    }

    /// Permitted (moment, profile, endpoint).
    func admitted() throws -> Set<[Int]> {
        let compiled = try PolicyCompiler.compile(
            documents, profiles: profiles, endpoints: endpoints, from: Universe.day(0))
        var admitted: Set<[Int]> = []
        for day in Universe.days {
            let epoch = compiled.table.epoch(at: Universe.day(day) + .seconds(7_200))
            for p in profiles.indices {
                let set = compiled.table.admissible(ProfileID(p), in: epoch)
                for e in endpoints.indices where set.contains(EndpointID(e)) { admitted.insert([day, p, e]) }
            }
        }
        return admitted
    }

    func with(
        regimes: [ResidencyPolicy]? = nil, mechanisms: [TransferMechanism]? = nil, rights: [PlacementRight]? = nil
    ) -> World {
        var copy = self
        copy.documents = PolicyDocuments(
            bundle: documents.bundle, unions: documents.unions, regimes: regimes ?? documents.regimes,
            mechanisms: mechanisms ?? documents.mechanisms, rights: rights ?? documents.rights)
        return copy
    }

    /// The same world with one field of one thing gone.
    var amputated: [(String, World)] {
        var worlds: [(String, World)] = []
        for (i, regime) in documents.regimes.enumerated() {
            for (field, cut) in Self.regimeFields {
                var regimes = documents.regimes
                regimes[i] = regime
                cut(&regimes[i])
                worlds.append(("\(regime.name).\(field)", with(regimes: regimes)))
            }
        }
        for (i, mechanism) in documents.mechanisms.enumerated() {
            for (field, cut) in Self.mechanismFields {
                var mechanisms = documents.mechanisms
                cut(&mechanisms[i])
                worlds.append(("\(mechanism.name).\(field)", with(mechanisms: mechanisms)))
            }
        }
        for (i, right) in documents.rights.enumerated() {
            for (field, cut) in Self.rightFields {
                var rights = documents.rights
                cut(&rights[i])
                worlds.append(("\(right.name).\(field)", with(rights: rights)))
            }
        }
        for i in endpoints.indices {
            for (field, cut) in Self.statedFields + Self.facetFields {
                var world = self
                cut(&world.endpoints[i])
                worlds.append(("\(endpoints[i].name).\(field)", world))
            }
        }
        return worlds
    }

    private static let regimeFields: [(String, @Sendable (inout ResidencyPolicy) -> Void)] = [
        ("appliesTo", { $0.appliesTo = nil }), ("subjects", { $0.appliesTo?.subjects = nil }),
        ("classes", { $0.appliesTo?.classes = nil }), ("byName", { $0.appliesTo?.isByName = false }),
        ("constrains", { $0.constrains = nil }), ("home", { $0.home = nil }), ("validFrom", { $0.validFrom = nil }),
        ("validTo", { $0.validTo = nil }),
    ]
    private static let mechanismFields: [(String, @Sendable (inout TransferMechanism) -> Void)] = [
        ("regime", { $0.regime = nil }), ("to", { $0.to = nil }), ("facets", { $0.facets = nil }),
        ("classes", { $0.classes = nil }), ("purposes", { $0.purposes = nil }), ("processors", { $0.processors = nil }),
        ("retentionMax", { $0.retentionMax = nil }), ("notBefore", { $0.notBefore = nil }),
        ("notAfter", { $0.notAfter = nil }), ("evidence", { $0.evidence = nil }), ("optIn", { $0.isOptIn = nil }),
    ]
    private static let rightFields: [(String, @Sendable (inout PlacementRight) -> Void)] = [
        ("vendor", { $0.subject.vendor = nil }), ("family", { $0.subject.family = nil }),
        ("models", { $0.subject.models = nil }), ("holders", { $0.holders = nil }), ("scope", { $0.scope = nil }),
        ("carveOuts", { $0.carveOuts = [] }), ("notBefore", { $0.notBefore = nil }),
        ("notAfter", { $0.notAfter = nil }),
    ]
    private static let statedFields: [(String, @Sendable (inout EndpointFacts) -> Void)] = [
        ("residency", { $0.residency = nil }), ("processor", { $0.residency?.processor = nil }),
        ("retention", { $0.residency?.retention = nil }), ("attestedAt", { $0.residency?.attestedAt = nil }),
        ("notAfter", { $0.residency?.notAfter = nil }), ("vendor", { $0.origin.vendor = nil }),
        ("family", { $0.origin.family = nil }), ("noRights", { $0.origin.hasNoRights = false }),
    ]
    private static let facetFields: [(String, @Sendable (inout EndpointFacts) -> Void)] = Facet.allCases.map { facet in
        (facet.rawValue, { $0.residency?.facets[facet] = nil })
    }
}

@Suite struct `Nothing opens an endpoint` {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `by losing a field`(block: UInt64) throws {
        var lost = 0
        for seed in block * 12..<(block + 1) * 12 {
            let world = World(seed: seed)
            let before = try world.admitted()
            for (field, amputated) in world.amputated {
                let after = try amputated.admitted()
                #expect(after.isSubset(of: before), "seed \(seed): without \(field)")
                lost += before.count - after.count
            }
        }
        #expect(lost > 100, "the fields that were taken away meant nothing")
    }

    @Test func `by one more regime, one mechanism less, or one more right`() throws {
        for seed in 0..<150 as Range<UInt64> {
            let world = World(seed: seed)
            let before = try world.admitted()
            for i in world.documents.regimes.indices {
                var regimes = world.documents.regimes
                regimes.remove(at: i)
                #expect(try before.isSubset(of: world.with(regimes: regimes).admitted()), "seed \(seed)")
            }
            for i in world.documents.mechanisms.indices {
                var mechanisms = world.documents.mechanisms
                mechanisms.remove(at: i)
                #expect(try world.with(mechanisms: mechanisms).admitted().isSubset(of: before), "seed \(seed)")
            }
            // A licence gives, every other right takes.
            for (i, right) in world.documents.rights.enumerated() where right.term != .licence {
                var rights = world.documents.rights
                rights.remove(at: i)
                #expect(try before.isSubset(of: world.with(rights: rights).admitted()), "seed \(seed)")
            }
        }
    }

    @Test func `by reaching one more place`() throws {
        for seed in 0..<100 as Range<UInt64> {
            let world = World(seed: seed)
            let before = try world.admitted()
            for facet in Facet.allCases {
                var wider = world
                for i in wider.endpoints.indices {
                    guard let stated = wider.endpoints[i].residency?.facets[facet] else { continue }
                    let names: [String] = if case .within(let names) = stated { names } else { [] }
                    wider.endpoints[i].residency?.facets[facet] = .within(names + ["US"])
                }
                #expect(try wider.admitted().isSubset(of: before), "seed \(seed), \(facet)")
            }
        }
    }

    @Test func `by demanding more`() throws {
        for seed in 0..<150 as Range<UInt64> {
            let world = World(seed: seed)
            let before = try world.admitted()
            var random = SplitMix(seed: seed)
            let edits: [(inout ResidencyProfile) -> Void] = [
                { if !$0.classes.isEmpty { $0.classes.insert(.payment) } }, { $0.subjects?.append("IN") },
                { $0.regimes.insert("r1") }, { _ = $0.mechanisms.popFirst() },
                { $0.within = $0.within.map { Array($0.dropLast()) } ?? ["DE"] },
                { $0.retentionMax = $0.retentionMax.map { min($0, .zero) } ?? .seconds(60) },
                { $0.attestationAgeMax = $0.attestationAgeMax.map { min($0, .seconds(86_400)) } ?? .seconds(86_400) },
            ]
            var narrower = world
            let edit = random.pick(edits)
            for i in narrower.profiles.indices { edit(&narrower.profiles[i]) }
            #expect(try narrower.admitted().isSubset(of: before), "seed \(seed)")
        }
    }

    @Test func `by a caller's claim`() throws {
        var narrowed = 0
        for seed in 0..<200 as Range<UInt64> {
            let world = World(seed: seed)
            var random = SplitMix(seed: seed)
            let compiled = try PolicyCompiler.compile(
                world.documents, profiles: world.profiles, endpoints: world.endpoints, from: Universe.day(0))
            let moment = Universe.day(random.below(13))
            let epoch = compiled.table.epoch(at: moment)
            let claim = ResidencyClaim(
                classes: random.subset(of: [.personal, .payment, .child]),
                within: random.optional(50) { Array($0.subset(of: Universe.countries)) })
            for (p, profile) in world.profiles.enumerated() {
                let base = compiled.table.admissible(ProfileID(p), in: epoch)
                guard let result = try? compiled.narrow(ProfileID(p), by: claim, in: epoch) else { continue }
                var claimed = profile
                if !claimed.classes.isEmpty { claimed.classes.formUnion(claim.classes) }
                if let within = claim.within { claimed.within = within }
                let naive = NaivePolicy(world.documents, at: moment)
                for (e, endpoint) in world.endpoints.enumerated() {
                    let isAdmitted = result.admissible.contains(EndpointID(e))
                    #expect(!isAdmitted || base.contains(EndpointID(e)))
                    let expected = naive.refusal(claimed, endpoint) == nil && naive.refusal(profile, endpoint) == nil
                    #expect(isAdmitted == expected, "seed \(seed)")
                    narrowed += base.contains(EndpointID(e)) && !isAdmitted ? 1 : 0
                }
            }
        }
        #expect(narrowed > 100)
    }
}
