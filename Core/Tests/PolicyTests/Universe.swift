// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes

/// Random documents, profiles and endpoints over a few countries and names, small enough that rules meet often.
struct Universe {
    static let countries = ["DE", "FR", "GB", "IN", "US"]
    /// What may stand where a country or union belongs, some of it wrong.
    static let names = countries + ["eu", "old", "xx", "QQ"]
    static let start = WallTime(unixSeconds: 1_700_000_000)
    /// Whole days after `start`, where everything begins and ends.
    static let days = 0...12

    var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func documents() -> PolicyDocuments {
        PolicyDocuments(
            bundle: PolicyBundle(
                name: "bundle", notAfter: random.isTrue(70) ? Self.day(40) : day(),
                clockErrorMax: .seconds(random.pick([0, 1, 3_600]))),
            unions: [
                JurisdictionUnion(name: "eu", members: ["DE", "FR"], validFrom: nil, validTo: nil),
                JurisdictionUnion(
                    name: "old", members: ["DE", "GB", random.isTrue(20) ? "QQ" : "FR"],
                    validFrom: random.optional { _ in Self.day(1) },
                    validTo: random.optional { _ in Self.day(6) }),
            ],
            regimes: (0..<random.below(4)).map { regime("r\($0)") },
            mechanisms: (0..<random.below(6)).map { mechanism("m\($0)") },
            rights: (0..<random.below(3)).map { right("c\($0)") })
    }

    static func day(_ number: Int) -> WallTime { start + .seconds(Int64(number) * 86_400) }
    private mutating func day() -> WallTime { Self.day(random.below(Self.days.count)) }
    private mutating func bound() -> WallTime? {
        switch random.below(10) {
        case 0: nil
        case 1: .distantFuture
        default: day()
        }
    }
    private mutating func start() -> WallTime? {
        random.optional(90) { $0.isTrue(60) ? Self.day(0) : Self.day($0.below(8)) }
    }
    private mutating func list(_ choices: [String] = Universe.names, max: Int = 3) -> [String] {
        (0..<(1 + random.below(max))).map { _ in random.pick(choices) }
    }
    private mutating func classes() -> Set<DataClass> {
        random.subset(of: [DataClass.public, .personal, .payment, .child])
    }

    private mutating func regime(_ name: String) -> ResidencyPolicy {
        ResidencyPolicy(
            name: name,
            appliesTo: random.optional { random in
                ResidencyPolicy.Applicability(
                    subjects: random.optional { Self.someNames(&$0) },
                    classes: random.optional { $0.subset(of: [DataClass.personal, .payment, .child]) },
                    isByName: random.isTrue(25))
            },
            constrains: random.optional { $0.subset(of: Facet.allCases) },
            home: random.optional { Self.someNames(&$0) }, validFrom: random.optional(50) { Self.day($0.below(6)) },
            validTo: random.optional(40) { Self.day(4 + $0.below(8)) })
    }

    private static func someNames(_ random: inout SplitMix) -> [String] {
        (0..<(1 + random.below(3))).map { _ in random.pick(names) }
    }

    private mutating func mechanism(_ name: String) -> TransferMechanism {
        TransferMechanism(
            name: name, kind: random.pick(TransferMechanism.Kind.allCases),
            regime: random.optional(95) { "r\($0.below(3))" },
            to: random.optional(95) { $0.isTrue(30) ? .anyCountry : .listed(Self.someNames(&$0)) },
            facets: random.optional(95) { $0.isTrue() ? Set(Facet.allCases) : $0.subset(of: Facet.allCases) },
            classes: random.optional(95) {
                $0.isTrue() ? Set(DataClass.allCases) : $0.subset(of: [DataClass.public, .personal, .payment])
            },
            purposes: random.optional(95) { $0.isTrue(80) ? [.inference, .eval] : [.eval] },
            processors: random.optional(95) { $0.isTrue() ? .any : .listed($0.subset(of: ["p", "q"])) },
            retentionMax: random.optional(95) { $0.isTrue() ? .unlimited : .atMost(.seconds($0.pick([0, 60]))) },
            notBefore: start(), notAfter: bound(), evidence: random.optional(95) { $0.isTrue(95) ? "x" : "" },
            isOptIn: random.optional { $0.isTrue(40) })
    }

    private mutating func right(_ name: String) -> PlacementRight {
        let term: PlacementRight.Term =
            switch random.below(5) {
            case 0: .exclusivity
            case 1:
                .firstAccess(
                    generalAvailability: random.optional(60) { Self.day($0.below(6)) },
                    window: random.optional { .seconds(86_400 * Int64($0.below(5))) },
                    declinedOn: random.optional(30) { Self.day($0.below(12)) })
            case 2: .licence
            case 3: .territory(list())
            default: .exportControl(list())
            }
        return PlacementRight(
            name: name, term: term,
            subject: PlacementRight.Subject(
                vendor: random.optional(50) { $0.pick(["v", "w"]) },
                family: random.optional(30) { $0.pick(["f", "g"]) },
                models: random.optional(40) { $0.pick([["a"], ["b"], ["a", "b"]]) }),
            holders: random.optional { $0.subset(of: ["azure", "aws"]) },
            scope: random.optional(40) { Self.someNames(&$0) }, carveOuts: random.isTrue(20) ? ["aws"] : [],
            notBefore: random.optional(60) { Self.day($0.below(6)) },
            notAfter: random.optional(60) { Self.day($0.below(13)) })
    }

    mutating func profile() -> ResidencyProfile {
        ResidencyProfile(
            subjects: random.optional { Self.someNames(&$0) }, classes: classes(),
            purpose: random.pick([.inference, .eval]), regimes: random.subset(of: ["r0", "r1", "r2"]),
            mechanisms: random.subset(of: (0..<6).map { "m\($0)" }),
            within: random.optional(20) { Self.someNames(&$0) },
            retentionMax: random.optional(20) { .seconds($0.pick([0, 60])) },
            attestationAgeMax: random.optional(15) { .seconds(86_400 * Int64(1 + $0.below(6))) })
    }

    mutating func endpoint(_ name: String) -> EndpointFacts {
        EndpointFacts(
            name: name, model: random.pick(["a", "b"]),
            origin: ModelOrigin(
                vendor: random.optional(60) { $0.pick(["v", "w"]) },
                family: random.optional(40) { $0.pick(["f", "g"]) },
                hasNoRights: random.isTrue(30)),
            provider: random.pick(["azure", "aws"]), residency: random.optional(95) { Self.residency(&$0) })
    }

    private static func residency(_ random: inout SplitMix) -> EndpointResidency {
        var facets: [Facet: ClosedSet] = [:]
        for facet in Facet.allCases where random.isTrue(93) {
            facets[facet] = random.isTrue(20) ? .nowhere : .within(someNames(&random))
        }
        return EndpointResidency(
            facets: facets, processor: random.optional { $0.pick(["p", "q"]) },
            retention: random.optional { .seconds($0.pick([0, 60, 3_600])) },
            attestedAt: random.optional(70) { day($0.below(8)) },
            notAfter: random.optional(95) { $0.isTrue() ? .distantFuture : day(2 + $0.below(12)) })
    }
}
