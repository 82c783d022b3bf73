// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Policy

@Suite struct `An admission table` {
    private let start = WallTime(unixSeconds: 1_000)

    private func table(until: WallTime, clockError: TimeSpan = .zero) throws -> CompiledPolicy {
        let documents = PolicyDocuments(
            bundle: PolicyBundle(name: "b", notAfter: WallTime(unixSeconds: 9_000), clockErrorMax: clockError),
            regimes: [ResidencyPolicy(name: "r", constrains: [.process], home: ["DE"])],
            mechanisms: [
                TransferMechanism(
                    name: "m", kind: .contractual, regime: "r", to: .listed(["US"]), facets: [.process],
                    classes: [.personal], purposes: [.inference], processors: .any, retentionMax: .unlimited,
                    notBefore: WallTime(unixSeconds: 2_000), notAfter: until, evidence: "x", isOptIn: false)
            ])
        let endpoints = (0..<130).map { index in
            EndpointFacts(
                name: "e\(index)", model: "m", origin: ModelOrigin(hasNoRights: true), provider: "p",
                residency: EndpointResidency(
                    facets: [.process: .within([index % 3 == 0 ? "US" : "DE"])], notAfter: .distantFuture))
        }
        return try PolicyCompiler.compile(
            documents, profiles: [ResidencyProfile(classes: [.personal])], endpoints: endpoints, from: start)
    }

    private func admitted(_ policy: CompiledPolicy, at time: WallTime) -> [Int] {
        let set = policy.table.admissible(ProfileID(0), in: policy.table.epoch(at: time))
        return (0..<130).filter { set.contains(EndpointID($0)) }
    }

    @Test func `changes its answer in the very nanosecond in which a mechanism begins and ends`() throws {
        let (begin, end) = (WallTime(unixSeconds: 2_000), WallTime(unixSeconds: 3_000))
        let policy = try table(until: end)
        let (home, all) = ((0..<130).filter { $0 % 3 != 0 }, Array(0..<130))
        #expect(admitted(policy, at: begin - .nanoseconds(1)) == home)
        #expect(admitted(policy, at: begin) == all)
        #expect(admitted(policy, at: end) == all)
        #expect(admitted(policy, at: end + .nanoseconds(1)) == home)
        #expect(admitted(policy, at: WallTime(unixSeconds: 9_001)) == [])
    }

    @Test func `ends permissions earlier and begins them later by what the clock may be wrong`() throws {
        let (begin, end) = (WallTime(unixSeconds: 2_000), WallTime(unixSeconds: 3_000))
        let policy = try table(until: end, clockError: .seconds(30))
        #expect(admitted(policy, at: begin + .seconds(30) - .nanoseconds(1)).count < 130)
        #expect(admitted(policy, at: begin + .seconds(30)).count == 130)
        #expect(admitted(policy, at: end - .seconds(30)).count == 130)
        #expect(admitted(policy, at: end - .seconds(30) + .nanoseconds(1)).count < 130)
    }

    @Test func `admits nothing before it begins, to strangers, or beyond its endpoints`() throws {
        let table = try table(until: .distantFuture).table
        let epoch = table.epoch(at: start)
        #expect(epoch.contains(start) && table.epoch(at: start - .nanoseconds(1)).index == -1)
        #expect(!table.admissible(ProfileID(0), in: table.epoch(at: start - .nanoseconds(1))).contains(EndpointID(1)))
        #expect(table.admissible(ProfileID(0), in: epoch).contains(EndpointID(1)))
        #expect(!table.admissible(ProfileID(1), in: epoch).contains(EndpointID(1)))
        #expect(!table.admissible(nil, in: epoch).contains(EndpointID(1)))
        #expect(!table.admissible(ProfileID(0), in: epoch).contains(EndpointID(130)))
        #expect(!table.admissible(ProfileID(0), in: .none).contains(EndpointID(1)))
    }

    @Test func `gives handles for what it contains only`() throws {
        let table = try table(until: .distantFuture).table
        let set = table.admissible(ProfileID(0), in: table.epoch(at: start))
        #expect(set.handle(EndpointID(1))?.id == EndpointID(1) && set.handle(EndpointID(0)) == nil)
        #expect(!set.isEverything)
    }

    @Test func `without policies admits everything to everyone`() {
        let table = CompiledPolicy.unrestricted.table
        let set = table.admissible(nil, in: table.epoch(at: start))
        #expect(set.isEverything && set.handle(EndpointID(4_095))?.id == EndpointID(4_095))
    }

    @Test func `says the places where an endpoint may process`() throws {
        let policy = try table(until: .distantFuture)
        #expect(policy.processing(in: policy.table.epoch(at: start)).prefix(2).map(\.text) == ["US", "DE"])
        #expect(CompiledPolicy.unrestricted.processing(in: .none).isEmpty)
    }

    @Test func `refuses to be larger than memory allows`() {
        let documents = PolicyDocuments(
            bundle: PolicyBundle(name: "b", notAfter: .distantFuture, clockErrorMax: .zero),
            mechanisms: (0..<700).map {
                TransferMechanism(
                    name: "m\($0)", kind: .scc, notBefore: WallTime(unixSeconds: 10_000 + $0), notAfter: .distantFuture)
            })
        let endpoint = EndpointFacts(name: "e", model: "m", origin: ModelOrigin(), provider: "p", residency: nil)
        #expect(throws: PolicyTooLarge(cells: 701 * 30 * 1_000)) {
            try PolicyCompiler.compile(
                documents, profiles: [ResidencyProfile](repeating: ResidencyProfile(), count: 30),
                endpoints: [EndpointFacts](repeating: endpoint, count: 1_000), from: start)
        }
    }
}
