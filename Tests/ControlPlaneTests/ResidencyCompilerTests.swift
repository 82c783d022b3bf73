// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import Policy
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

/// `smallResources` with a rule: a home in the US, endpoint e2 outside of it.
private func restricted(_ change: (inout DeclaredResources) -> Void = { _ in }) -> DeclaredResources {
    var resources = smallResources()
    resources.policyBundles = [
        PolicyBundle(name: "b", notAfter: WallTime(unixSeconds: 1_900_000_000), clockErrorMax: .zero)
    ]
    resources.residencyPolicies = [
        ResidencyPolicy(name: "home", appliesTo: .init(classes: [.personal]), constrains: [.process], home: ["US"])
    ]
    resources.transferMechanisms = [
        TransferMechanism(
            name: "leave", kind: .scc, regime: "home", to: .listed(["IN"]), facets: [.process], classes: [.personal],
            purposes: [.inference], processors: .any, retentionMax: .unlimited, notBefore: .distantPast,
            notAfter: WallTime(unixSeconds: 1_800_000_000), evidence: "x", isOptIn: true)
    ]
    for (index, place) in ["US", "IN"].enumerated() {
        resources.endpoints[index].residency = EndpointResidency(
            facets: [.process: .within([place])], notAfter: .distantFuture)
    }
    resources.models = resources.models.map {
        var model = $0
        model.origin.hasNoRights = true
        return model
    }
    resources.tenants = [
        Tenant(name: "acme", region: "far", residency: ResidencyProfile(classes: [.personal], mechanisms: ["leave"])),
        Tenant(name: "open", residency: ResidencyProfile(classes: [.public])),
    ]
    resources.keys += [
        Key(
            name: "strict", tenant: "acme", secret: .environment("STRICT"),
            residency: ResidencyNarrowing(mechanisms: [])),
        Key(name: "other", tenant: "open", secret: .environment("OTHER")),
    ]
    change(&resources)
    return resources
}

private func compileResidency(_ resources: DeclaredResources) throws -> ResidencyCompiler.Output {
    try ResidencyCompiler.compile(Configuration(resources: resources), at: testTime)
}

@Suite("Residency compiles into a snapshot")
struct ResidencyCompilerTests {
    @Test("each key finds its tenant's profile, or its own, and the table answers for the snapshot's endpoints")
    func keys() throws {
        var secrets = smallSecrets()
        secrets[.environment("STRICT")] = Secret(Array("a second secret of some length".utf8))
        secrets[.environment("OTHER")] = Secret(Array("a third secret of some length".utf8))
        let output = try compile(restricted(), secrets: secrets)
        let snapshot = output.snapshot
        #expect(snapshot.endpoints.map(\.name) == ["e1", "e1/big", "e2"])
        #expect(output.policy.endpoints.map(\.name) == ["e1", "e1/big", "e2"])
        func admitted(_ key: String, at seconds: Int64) -> [Int] {
            let profile = snapshot.keys.first { $0.name == key }?.profile
            let epoch = snapshot.admission.epoch(at: WallTime(unixSeconds: seconds))
            let set = snapshot.admission.admissible(profile, in: epoch)
            return (0..<3).filter { set.contains(EndpointID($0)) }
        }
        #expect(admitted("app", at: 1_790_000_000) == [0, 1, 2])
        #expect(admitted("app", at: 1_800_000_001) == [0, 1])
        #expect(admitted("strict", at: 1_790_000_000) == [0, 1])
        #expect(admitted("other", at: 1_790_000_000) == [0, 1, 2])
        #expect(admitted("app", at: 1_900_000_001) == [])
        #expect(admitted("app", at: 1_780_000_000) == [])
        #expect(admitted("nobody", at: 1_790_000_000) == [])
    }

    @Test("without a bundle nothing is restricted")
    func unrestricted() throws {
        let output = try compile(smallResources())
        #expect(output.snapshot.admission.isUnrestricted && output.snapshot.keys.allSatisfy { $0.profile == nil })
    }

    @Test("tenants are listed once, and keys where they demand more")
    func holders() throws {
        #expect(try compileResidency(restricted()).holders.map(\.name) == ["acme", "acme/strict", "open"])
    }

    @Test("a key that demands less than its tenant is refused with its place")
    func wideningKey() {
        let resources = restricted { $0.keys[1].residency = ResidencyNarrowing(mechanisms: ["more"]) }
        #expect(throws: ConfigurationProblems.self) { try compileResidency(resources) }
    }
}

@Suite("The difference between two configurations")
struct ResidencyDifferenceTests {
    private func differences(_ old: DeclaredResources, _ new: DeclaredResources) throws -> [String] {
        try ResidencyDifference.all(from: compileResidency(old), to: compileResidency(new), at: testTime).map {
            "\($0.isNewlyAllowed ? "+" : "-")\($0.holder) \($0.endpoint) \($0.at.unixNanoseconds / 1_000_000_000)"
        }
    }

    @Test("is nothing between equals")
    func equal() throws {
        #expect(try differences(restricted(), restricted()) == [])
        #expect(try differences(smallResources(), smallResources()) == [])
    }

    @Test("has the moment at which they part, also when that is later")
    func later() throws {
        let longer = restricted { $0.transferMechanisms[0].notAfter = WallTime(unixSeconds: 1_810_000_000) }
        #expect(try differences(restricted(), longer) == ["+acme e2 1800000000"])
        #expect(try differences(longer, restricted()) == ["-acme e2 1800000000"])
    }

    @Test("has both directions of one pair")
    func both() throws {
        let later = restricted {
            $0.transferMechanisms[0].notBefore = WallTime(unixSeconds: 1_795_000_000)
            $0.transferMechanisms[0].notAfter = WallTime(unixSeconds: 1_810_000_000)
        }
        #expect(
            try differences(restricted(), later) == [
                "-acme e2 \(testTime.unixNanoseconds / 1_000_000_000)", "+acme e2 1800000000",
            ])
    }

    @Test("tells what turning residency on closes, and what comes and goes with endpoints and tenants")
    func onAndOff() throws {
        let closed = try differences(smallResources(), restricted())
        #expect(
            closed.contains("-acme e2 1800000000")
                && closed.contains("+open e1 \(testTime.unixNanoseconds / 1_000_000_000)"))
        let fewer = restricted { $0.endpoints.removeLast() }
        #expect(try differences(restricted(), fewer).contains { $0.hasPrefix("-acme e2") })
        #expect(try differences(fewer, restricted()).contains { $0.hasPrefix("+acme e2") })
    }
}
