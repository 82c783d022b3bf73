// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ResourceTypes

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make virtual keys, and replace them while both work.",
        subcommands: [KeyNewCommand.self, KeyRotateCommand.self])
}

struct KeyNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a virtual key: shown once, and the document to keep instead of it.",
        discussion: """
            Standard output is the YAML document: the key's public prefix and a keyed hash of the rest. The key itself goes to
            standard error, or to a file. The pepper is the server's secret that keys the hash; the gateway reads it by the
            same reference.

            Examples: export ISOBAR_PEPPER=$(openssl rand -hex 32)
                      isobar key new clinic --tenant clinic --key-file clinic.key >> isobar.yaml
                      isobar key new ops --role operator --key-file ops.token >> isobar.yaml
                      isobar key new batch --tenant clinic --actions embeddings --regions azure-eu --expires 2027-01-31
            Exit codes: 0 made, 1 not.
            """)

    @Argument(help: "Name of the Key, or of the RoleBinding.") var name: String
    @Option(help: "The tenant whose key it is.") var tenant: String?
    @Option(
        parsing: .upToNextOption,
        help:
            "Instead of a caller's key, a token for the admin port with these roles: viewer, operator, security, finance, admin."
    )
    var role: [String] = []
    @Option(parsing: .upToNextOption, help: "Of a token with roles: the tenants that it is bound to; without, all.")
    var tenants: [String] = []
    @Option(help: "Whose it is inside of the tenant.") var team: String?
    @Option(help: "From when on it is refused: a date or a time with zone.") var expires: String?
    @Option(parsing: .upToNextOption, help: "Routes that it may use; without, all.") var routes: [String] = []
    @Option(parsing: .upToNextOption, help: "Models that may answer it.") var models: [String] = []
    @Option(parsing: .upToNextOption, help: "Regions whose endpoints may serve it.") var regions: [String] = []
    @Option(parsing: .upToNextOption, help: "What it may do: chat, embeddings, images, audio, rerank, models.")
    var actions: [String] = []
    @Option(help: "Where the pepper is: env:NAME or file:PATH.") var pepper = "env:ISOBAR_PEPPER"
    @Option(help: "Write the key to this new file instead of standard error.") var keyFile: String?

    func validate() throws {
        guard (tenant == nil) != role.isEmpty else {
            throw ValidationError("Give --tenant for a caller's key, or --role for a token of the admin port.")
        }
        guard role.isEmpty || team == nil && routes.isEmpty && models.isEmpty && regions.isEmpty && actions.isEmpty
        else {
            throw ValidationError("--team, --routes, --models, --regions and --actions are for callers' keys.")
        }
        guard tenants.isEmpty || !role.isEmpty else { throw ValidationError("--tenants goes with --role.") }
        for role in role where Role(rawValue: role) == nil {
            throw ValidationError(
                "--role \(role): allowed are \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        if let expires, WallTime(text: expires) == nil {
            throw ValidationError(
                "--expires must be a date or a time with zone, e.g. 2027-01-31 or 2027-01-31T12:00:00Z.")
        }
        for action in actions where CallerAction(rawValue: action) == nil {
            let allowed = CallerAction.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--actions \(action): allowed are \(allowed).")
        }
    }

    func run() throws {
        let issued = try IssuedKey(pepper: pepper)
        let document = role.isEmpty ? key(issued) : roleBinding(issued)
        // A name that the gateway would refuse is better refused before anybody has the key.
        if let problem = ConfigurationReader.problems(of: document).first { throw ValidationError("\(problem)") }
        try issued.hand(to: keyFile)
        Terminal.print(document.dropLast().description)
    }

    private var end: WallTime? { expires.flatMap { WallTime(text: $0) } }

    private func key(_ issued: IssuedKey) -> String {
        var spec = "  tenant: \"\(tenant ?? "")\"\n"
        if let team { spec += "  team: \"\(team)\"\n" }
        spec += lists([("routes", routes), ("models", models), ("regions", regions), ("actions", actions)])
        if let end { spec += "  expiresAt: \(end.text)\n" }
        return document("Key", spec + "  hashed:\n" + issued.element())
    }

    private func roleBinding(_ issued: IssuedKey) -> String {
        let spec = lists([("roles", role), ("tenants", tenants)])
        return document("RoleBinding", spec + "  hashed:\n" + issued.element(expires: end))
    }

    private func document(_ kind: String, _ spec: String) -> String {
        "---\napiVersion: isobar/v1\nkind: \(kind)\nmetadata: { name: \"\(name)\" }\nspec:\n" + spec
    }

    private func lists(_ fields: [(String, [String])]) -> String {
        fields.filter { !$0.1.isEmpty }
            .map { "  \($0.0): [\($0.1.map { "\"\($0)\"" }.joined(separator: ", "))]\n" }.joined()
    }
}

struct KeyRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Make a key's successor; both work until the old one's date.",
        discussion: """
            Standard output is the new value of the Key's `spec.hashed`: the successor, and what it had before with an end.
            Put it in the old one's place; a running gateway takes it without a restart. The key goes to standard error, or
            to a file. When the date has passed, the old element can be removed.

            Example: isobar key rotate clinic --config isobar.yaml --overlap-hours 168 --key-file clinic-2.key
            Exit codes: 0 made, 1 not.
            """)

    @Argument(help: "Name of the Key or RoleBinding.") var name: String
    @Option(name: .customLong("config"), help: "YAML file or directory that declares it. May be repeated.")
    var configurations: [String]
    @Option(help: "How long the old key goes on to work; 0 ends it now.") var overlapHours = 168
    @Option(help: "Where the new key's pepper is: env:NAME or file:PATH.") var pepper = "env:ISOBAR_PEPPER"
    @Option(help: "Write the key to this new file instead of standard error.") var keyFile: String?

    func validate() throws {
        guard (0...8_760).contains(overlapHours) else { throw ValidationError("--overlap-hours is 0 to 8760, a year.") }
    }

    func run() throws {
        let configuration: Configuration
        do {
            configuration = try ConfigurationReader.decode(try ConfigurationReader.files(at: configurations))
        } catch { throw ConfigurationRefused(problems: error.all) }
        let resources = configuration.resources
        let key = resources.keys.first { $0.name == name }
        guard let hashed = key?.hashed ?? resources.roleBindings.first(where: { $0.name == name })?.hashed else {
            let names = resources.keys.map(\.name) + resources.roleBindings.map(\.name)
            let hint = NearestName.hint(for: name, among: names).map { "; \($0)" } ?? ""
            throw ValidationError("There is no Key or RoleBinding named \(name)\(hint)")
        }
        let issued = try IssuedKey(pepper: pepper)
        let now = WallTime.now
        let end = WallTime(unixSeconds: now.unixNanoseconds / 1_000_000_000 + Int64(overlapHours) * 3_600)
        try issued.hand(to: keyFile)
        Terminal.print("  hashed:\n" + issued.element() + kept(hashed, until: end, now: now).joined().dropLast())
        if key?.secret != nil {
            Terminal.note(
                "Key \(name) also has a `secret:`, which does not end by itself: remove it when nobody uses it.")
        }
    }

    /// What worked before, until then; what has ended already is left out.
    private func kept(_ hashed: [HashedSecret], until end: WallTime, now: WallTime) -> [String] {
        hashed.compactMap { hashed in
            let own = hashed.expiresAtUnixSeconds.map { WallTime(unixSeconds: $0) } ?? .distantFuture
            guard min(own, end) > now else { return nil }
            return HashedElement(
                prefix: hashed.prefix, digest: hashed.digest, pepper: hashed.pepper.text, expires: min(own, end)
            ).text
        }
    }
}

extension SecretReference {
    fileprivate var text: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}
