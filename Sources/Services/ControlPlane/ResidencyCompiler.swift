// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ConfigurationFiles
public import Policy
public import ResourceTypes

/// From declared resources to compiled policy: whose requests demand what, what endpoints state, and the answers.
///
/// Needs no secrets, so that a configuration can be examined where its keys are not.
public enum ResidencyCompiler {
    public struct Output: Sendable {
        public var policy: CompiledPolicy
        /// Every tenant, and every key that demands more than its tenant; in the order of the documents.
        public var holders: [Holder]
        /// As a snapshot names and numbers them.
        public var endpointNames: [String]
        var keyNames: Set<String>
        var profileByKey: [String: ProfileID]
    }

    /// Whose demands a profile is.
    public struct Holder: Hashable, Sendable {
        public var tenant: String
        /// `nil`: all keys of the tenant that demand nothing more.
        public var key: String?
        public var profile: ProfileID
        public var name: String { key.map { "\(tenant)/\($0)" } ?? tenant }
    }

    /// The table answers from a day before now on, so that a clock set back a little does not refuse everything.
    private static let pastNanoseconds: Int64 = 86_400_000_000_000

    public static func compile(_ configuration: Configuration, at now: WallTime) throws(ConfigurationProblems) -> Output
    {
        let resources = configuration.resources
        let facts = facts(of: resources)
        let keyNames = Set(resources.keys.map(\.name))
        guard let documents = documents(of: resources) else {
            return Output(
                policy: .unrestricted,
                holders: resources.tenants.map { Holder(tenant: $0.name, key: nil, profile: ProfileID(0)) },
                endpointNames: facts.map(\.name), keyNames: keyNames, profileByKey: [:])
        }
        var profiles = Profiles()
        var profileByKey: [String: ProfileID] = [:]
        for tenant in resources.tenants {
            let demands = tenant.residency ?? ResidencyProfile()
            profiles.add(Holder(tenant: tenant.name, key: nil, profile: profiles.enter(demands)))
            for key in resources.keys where key.tenant == tenant.name {
                let profile = profiles.enter(try Self.demands(of: key, demands, configuration))
                profileByKey[key.name] = profile
                if key.residency != nil { profiles.add(Holder(tenant: tenant.name, key: key.name, profile: profile)) }
            }
        }
        do throws(PolicyTooLarge) {
            let policy = try PolicyCompiler.compile(
                documents, profiles: profiles.all, endpoints: facts, from: now - .nanoseconds(pastNanoseconds))
            return Output(
                policy: policy, holders: profiles.holders, endpointNames: facts.map(\.name), keyNames: keyNames,
                profileByKey: profileByKey)
        } catch {
            let message =
                "\(error.cells) combinations of profiles, endpoints and times; allowed: \(PolicyCompiler.cellsMax)"
            throw ConfigurationProblems([ConfigurationProblem(file: "", message: message)])
        }
    }

    private static func documents(of resources: DeclaredResources) -> PolicyDocuments? {
        resources.policyBundles.first.map {
            PolicyDocuments(
                bundle: $0, unions: resources.jurisdictionUnions, regimes: resources.residencyPolicies,
                mechanisms: resources.transferMechanisms, rights: resources.placementRights)
        }
    }

    private static func demands(of key: Key, _ tenant: ResidencyProfile, _ configuration: Configuration)
        throws(ConfigurationProblems) -> ResidencyProfile
    {
        guard let narrowing = key.residency else { return tenant }
        do throws(NarrowingFault) {
            return try tenant.narrowed(by: narrowing, unions: configuration.resources.jurisdictionUnions)
        } catch {
            throw ConfigurationProblems([
                configuration.sources.problem(
                    at: ResourceName(.key, key.name), "spec.residency", "demands less than its tenant")
            ])
        }
    }

    /// In the order in which a snapshot numbers its endpoints.
    private static func facts(of resources: DeclaredResources) -> [EndpointFacts] {
        let providers = Dictionary(resources.regions.map { ($0.name, $0.provider) }) { first, _ in first }
        let origins = Dictionary(resources.models.map { ($0.name, $0.origin) }) { first, _ in first }
        return resources.endpoints.flatMap { endpoint in
            endpoint.serves.enumerated().map { index, served in
                EndpointFacts(
                    name: endpoint.recordName(served.model, isFirst: index == 0), model: served.model,
                    origin: origins[served.model] ?? ModelOrigin(), provider: providers[endpoint.region] ?? "",
                    residency: endpoint.residency)
            }
        }
    }

    /// Each different profile once.
    private struct Profiles {
        private(set) var all: [ResidencyProfile] = []
        private(set) var holders: [Holder] = []
        private var ids: [ResidencyProfile: ProfileID] = [:]

        mutating func enter(_ profile: ResidencyProfile) -> ProfileID {
            if let id = ids[profile] { return id }
            let id = ProfileID(all.count)
            ids[profile] = id
            all.append(profile)
            return id
        }

        mutating func add(_ holder: Holder) { holders.append(holder) }
    }
}

extension Endpoint {
    /// The name of the record for one of its models: for the second and later ones `name/model`.
    func recordName(_ model: String, isFirst: Bool) -> String { isFirst ? name : "\(name)/\(model)" }
}
