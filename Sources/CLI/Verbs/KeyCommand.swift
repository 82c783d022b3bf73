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
                      isobar key new batch --tenant clinic --actions embeddings --regions azure-eu --expires 2027-01-31
            Exit codes: 0 made, 1 not.
            """)

    @Argument(help: "Name of the Key.") var name: String
    @Option(help: "The tenant whose key it is.") var tenant: String
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
        var document =
            "---\napiVersion: isobar/v1\nkind: Key\nmetadata: { name: \"\(name)\" }\nspec:\n  tenant: \"\(tenant)\"\n"
        if let team { document += "  team: \"\(team)\"\n" }
        for (field, values) in [("routes", routes), ("models", models), ("regions", regions), ("actions", actions)]
        where !values.isEmpty {
            document += "  \(field): [\(values.map { "\"\($0)\"" }.joined(separator: ", "))]\n"
        }
        if let expires = expires.flatMap({ WallTime(text: $0) }) { document += "  expiresAt: \(expires.text)\n" }
        document += "  hashed:\n" + issued.element()
        // A name that the gateway would refuse is better refused before anybody has the key.
        if let problem = ConfigurationReader.problems(of: document).first { throw ValidationError("\(problem)") }
        try issued.hand(to: keyFile)
        Terminal.print(document.dropLast().description)
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

    @Argument(help: "Name of the Key.") var name: String
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
        guard let key = configuration.resources.keys.first(where: { $0.name == name }) else {
            let names = configuration.resources.keys.map(\.name)
            let hint = NearestName.hint(for: name, among: names).map { "; \($0)" } ?? ""
            throw ValidationError("There is no Key named \(name)\(hint)")
        }
        let issued = try IssuedKey(pepper: pepper)
        let now = WallTime.now
        let end = WallTime(unixSeconds: now.unixNanoseconds / 1_000_000_000 + Int64(overlapHours) * 3_600)
        try issued.hand(to: keyFile)
        Terminal.print("  hashed:\n" + issued.element() + kept(of: key, until: end, now: now).joined().dropLast())
        if key.secret != nil {
            Terminal.note(
                "Key \(name) also has a `secret:`, which does not end by itself: remove it when nobody uses it.")
        }
    }

    /// What worked before, until then; what has ended already is left out.
    private func kept(of key: Key, until end: WallTime, now: WallTime) -> [String] {
        key.hashed.compactMap { hashed in
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
