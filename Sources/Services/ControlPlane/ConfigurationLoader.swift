// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
public import Budgets
public import ConfigurationFiles
public import Policy
public import ResourceTypes
public import Routing

/// Files to snapshot, whole or not at all; asked again on SIGHUP and when `ConfigurationWatcher` sees a change.
///
/// A function of the files, the environment and the previous result. It keeps nothing: the caller holds the last
/// accepted configuration, and goes on with it when the new one is refused.
public struct ConfigurationLoader: Sendable {
    private let paths: [String]
    private let environment: [String: String]
    private let hasAuditLog: Bool
    private let hasLedger: Bool
    private let needsRoles: Bool

    /// - Parameters:
    ///   - paths: files and directories.
    ///   - environment: where `env:` secrets are looked up.
    ///   - hasAuditLog: whether who loads this keeps one; without, a tenant that requires it is refused.
    ///   - hasLedger: whether who loads this has a store for budgets; without, a budget is refused.
    ///   - needsRoles: whether others than this host's users can reach who loads this, so that somebody must be bound to a
    ///     role; without, that is refused.
    public init(
        paths: [String], environment: [String: String], hasAuditLog: Bool, hasLedger: Bool, needsRoles: Bool = false
    ) {
        self.paths = paths
        self.environment = environment
        self.hasAuditLog = hasAuditLog
        self.hasLedger = hasLedger
        self.needsRoles = needsRoles
    }

    /// An accepted configuration, and what the next load has to know of it.
    public struct Loaded: Sendable {
        public var snapshot: RoutingSnapshot
        public var policy: CompiledPolicy
        public var budgets: BudgetPlan
        public var roleBindings: [RoleBindingRecord]
        public var warnings: [ConfigurationProblem]
        /// Issuers of tokens, with the keys that are given in files.
        public var issuers: [DeclaredIssuer]
        /// The files' bytes, one after the other, by path; without secrets, which they only name.
        public var text: [UInt8]
        /// Files besides `paths` whose change matters: secrets and certificate authorities.
        public var watchedFiles: [String]
        var slots: GaugeSlots
        var credentialIDs: CredentialIDs
        var digest: ContentDigest
    }

    public enum Outcome: Sendable {
        /// The bytes of all files and secrets are the same as at the previous load.
        case unchanged
        case accepted(Loaded)
        /// Every reason. The previous snapshot stays in force.
        case rejected([ConfigurationProblem])
    }

    /// Reads everything again and compiles it if a byte differs; blocks on file I/O.
    /// - Parameter now: from when on rules with dates have to be answered for.
    public func reload(_ previous: Loaded?, at now: WallTime) -> Outcome {
        do throws(ConfigurationProblems) {
            // 1. Read: files, then what they declare, then the secrets and certificate authorities these name.
            let files = try ConfigurationReader.files(at: paths)
            let configuration = try ConfigurationReader.decode(files)
            guard !configuration.resources.routes.isEmpty else { return .rejected([noRoute]) }
            let (secrets, secretProblems) = ResolvedSecrets.resolve(
                configuration, with: SecretResolver(environment: environment))
            let (authorities, authorityProblems) = Self.readAuthorities(of: configuration)
            let (issuers, issuerProblems) = DeclaredIssuer.read(configuration)
            let unkept = unaudited(configuration) + unledgered(configuration) + unbound(configuration)
            let refused = secretProblems + authorityProblems + issuerProblems + unkept
            guard refused.isEmpty else { return .rejected(refused) }
            // 2. Compare.
            let written = files.flatMap { [Array($0.path.utf8), $0.bytes] }
            let digest = ContentDigest(
                written + secrets.contents + authorities + issuers.flatMap(\.contents))
            if let previous, previous.digest == digest { return .unchanged }
            // 3. Compile.
            let output = try SnapshotCompiler.compile(
                configuration, secrets: secrets, slots: previous?.slots ?? GaugeSlots(),
                credentialIDs: previous?.credentialIDs ?? CredentialIDs(),
                version: (previous?.snapshot.version ?? 0) + 1, at: now)
            return .accepted(
                Loaded(
                    snapshot: output.snapshot, policy: output.policy, budgets: output.budgets,
                    roleBindings: output.roleBindings, warnings: output.warnings, issuers: issuers,
                    text: files.flatMap(\.bytes),
                    watchedFiles: Self.watchedFiles(of: configuration.resources),
                    slots: output.slots, credentialIDs: output.credentialIDs, digest: digest))
        } catch {
            return .rejected(error.all)
        }
    }

    /// Because: a file that is being written is empty for a moment, and taking that for a wish would refuse every
    /// request.
    private var noRoute: ConfigurationProblem {
        ConfigurationProblem(
            file: paths.first ?? "", message: "there is no Route: every request would be refused",
            hint: "declare at least one `kind: Route`")
    }

    /// Tenants whose requests would be refused one by one.
    private func unaudited(_ configuration: Configuration) -> [ConfigurationProblem] {
        guard !hasAuditLog else { return [] }
        return configuration.resources.tenants.filter { $0.audit == .required }.map { tenant in
            configuration.sources.problem(
                at: ResourceName(.tenant, tenant.name), "spec.audit", "this gateway keeps no audit log",
                hint: "start it with --audit FOLDER")
        }
    }

    /// Limits that nobody could keep.
    private func unledgered(_ configuration: Configuration) -> [ConfigurationProblem] {
        guard !hasLedger else { return [] }
        return configuration.resources.budgets.map { budget in
            configuration.sources.problem(
                at: ResourceName(.budget, budget.name), "spec", "this gateway has no store for budgets",
                hint: "start it with --budgets FILE; gateways of one host share a file")
        }
    }

    private func unbound(_ configuration: Configuration) -> [ConfigurationProblem] {
        guard needsRoles, configuration.resources.roleBindings.isEmpty else { return [] }
        return [
            ConfigurationProblem(
                file: paths.first ?? "",
                message:
                    "the admin port is reachable from other machines, and there is no RoleBinding to say who may use it",
                hint: "make one with `isobar key new NAME --role operator`, or keep --admin on loopback")
        ]
    }

    /// Only their bytes, to see a change; what is inside is for the one who opens connections.
    private static func readAuthorities(of configuration: Configuration) -> (
        contents: [[UInt8]], problems: [ConfigurationProblem]
    ) {
        var contents: [[UInt8]] = []
        var problems: [ConfigurationProblem] = []
        for endpoint in configuration.resources.endpoints {
            guard let path = endpoint.certificateAuthorityFile else { continue }
            do throws(BoundedFile.ReadError) {
                contents.append(try BoundedFile.read(path, bytesMax: authorityBytesMax))
            } catch {
                let resource = ResourceName(.endpoint, endpoint.name)
                problems.append(
                    configuration.sources.problem(
                        at: resource, "spec.certificateAuthorityFile", "cannot read \(path): \(error)"))
            }
        }
        return (contents, problems)
    }

    static let authorityBytesMax = 4 * 1024 * 1024

    private static func watchedFiles(of resources: DeclaredResources) -> [String] {
        let credentials = resources.endpoints.flatMap(\.credentials)
        let references =
            credentials.flatMap { $0.secretReferences.map(\.reference) }
            + resources.keys.compactMap(\.secret) + resources.keys.flatMap { $0.hashed.map(\.pepper) }
            + resources.roleBindings.flatMap { $0.hashed.map(\.pepper) }
        let secretFiles = references.compactMap { reference -> String? in
            guard case .file(let path) = reference else { return nil }
            return path
        }
        let issuerFiles = resources.tokenIssuers.flatMap { [$0.keysFile, $0.certificateAuthorityFile] }.compactMap(\.self)
        return Set(secretFiles + resources.endpoints.compactMap(\.certificateAuthorityFile) + issuerFiles).sorted()
    }
}
