// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import FoundationEssentials
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

// On real files in a directory of their own, because what is tested is reading them.

@Suite("Configuration is reloaded whole or not at all")
struct ConfigurationLoaderTests {
    /// A directory that lives as long as the test's value.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/isobar-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) {
            _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(text.utf8))
        }
    }

    private static let text = """
        {apiVersion: isobar/v1, kind: Tenant, metadata: {name: t}}
        ---
        {apiVersion: isobar/v1, kind: Key, metadata: {name: k}, spec: {tenant: t, secret: "file:key"}}
        ---
        {apiVersion: isobar/v1, kind: Provider, metadata: {name: p}}
        ---
        {apiVersion: isobar/v1, kind: Region, metadata: {name: r}, spec: {provider: p, jurisdiction: IN}}
        ---
        {apiVersion: isobar/v1, kind: Model, metadata: {name: m}}
        ---
        {apiVersion: isobar/v1, kind: Endpoint, metadata: {name: e}, spec: {region: r, url: "http://[::1]/v1", serves: [{model: m}]}}
        ---
        {apiVersion: isobar/v1, kind: Route, metadata: {name: m}, spec: {model: m, tiers: [{name: a, endpoints: [e]}]}}
        """

    private let folder: Folder
    private let loader: ConfigurationLoader

    init() throws {
        folder = try Folder()
        folder.write("isobar.yaml", Self.text)
        folder.write("key", "0123456789abcdef\n")
        loader = ConfigurationLoader(paths: [folder.path], environment: [:], hasAuditLog: false, hasLedger: false)
    }

    private func accepted(_ outcome: ConfigurationLoader.Outcome) throws -> ConfigurationLoader.Loaded {
        guard case .accepted(let loaded) = outcome else { throw Unexpected(outcome: outcome) }
        return loaded
    }

    private func rejected(_ outcome: ConfigurationLoader.Outcome) throws -> [ConfigurationProblem] {
        guard case .rejected(let problems) = outcome else { throw Unexpected(outcome: outcome) }
        return problems
    }

    private struct Unexpected: Error { var outcome: ConfigurationLoader.Outcome }

    @Test("the first load is version 1 with its secrets, found beside the file")
    func first() throws {
        let loaded = try accepted(loader.reload(nil))
        #expect(loaded.snapshot.version == 1)
        #expect(loaded.snapshot.keys.map(\.secret?.text) == ["0123456789abcdef"])
        #expect(loaded.watchedFiles == ["\(folder.path)/key"])
    }

    @Test("the same bytes are no new configuration; a changed file, a new file and a changed secret are")
    func changes() throws {
        var loaded = try accepted(loader.reload(nil))
        folder.write("isobar.yaml", Self.text)
        guard case .unchanged = loader.reload(loaded) else { throw Unexpected(outcome: loader.reload(loaded)) }
        folder.write("key", "another-secret-of-16+\n")
        loaded = try accepted(loader.reload(loaded))
        #expect(loaded.snapshot.version == 2)
        #expect(loaded.snapshot.keys.map(\.secret?.text) == ["another-secret-of-16+"])
        folder.write("b.yaml", "{apiVersion: isobar/v1, kind: Tenant, metadata: {name: u}}")
        #expect(try accepted(loader.reload(loaded)).snapshot.version == 3)
    }

    @Test("a bad configuration is rejected with its reasons and the next good one goes on from the last accepted")
    func rejection() throws {
        let loaded = try accepted(loader.reload(nil))
        folder.write("isobar.yaml", Self.text + "\n---\nkind: Nothing\n")
        #expect(try rejected(loader.reload(loaded)).count == 3)
        folder.write("isobar.yaml", Self.text + "\n# better\n")
        #expect(try accepted(loader.reload(loaded)).snapshot.version == 2)
    }

    @Test(
        "a configuration without a route is rejected, as a file caught while it is written",
        arguments: ["", "# soon\n"])
    func withoutRoute(text: String) throws {
        let loaded = try accepted(loader.reload(nil))
        folder.write("isobar.yaml", text)
        #expect(
            try rejected(loader.reload(loaded)).map(\.message) == ["there is no Route: every request would be refused"])
    }

    @Test(
        "a secret that cannot be read is a problem at its reference, with the reason and without the content",
        arguments: [
            ("", "the secret is empty"), ("\n", "the secret is empty"), ("a\nb", "a line break"),
            ("a\n\n", "a line break"), ("a\0b", "control byte"),
            ("hunter2 ", "begins or ends with a space"), ("hünter2", "outside ASCII"),
            (String(repeating: "a", count: 16 * 1024 + 1), "longer than 16384 bytes"),
            (String(repeating: "a", count: 20_000), "longer than 16384 bytes"),
        ])
    func badSecrets(content: String, reason: String) throws {
        folder.write("key", content)
        let problem = try #require(try rejected(loader.reload(nil)).first)
        #expect(problem.line == 3 && problem.path == "spec.secret" && problem.message.contains(reason), "\(problem)")
        #expect(!problem.description.contains("hunter2"))
    }

    @Test(
        "a secret's last newline is dropped, also the one of Windows",
        arguments: ["0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\n"])
    func newline(content: String) throws {
        folder.write("key", content)
        #expect(try accepted(loader.reload(nil)).snapshot.keys.map(\.secret?.text) == ["0123456789abcdef"])
    }

    @Test("a missing file and a missing variable are named")
    func missing() throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/key")
        #expect(
            try rejected(loader.reload(nil)).first?.message
                == "cannot read \(folder.path)/key: No such file or directory")
        folder.write("isobar.yaml", Self.text.replacing("file:key", with: "env:NOT_SET"))
        #expect(try rejected(loader.reload(nil)).first?.message == "the environment variable NOT_SET is not set")
        let set = ConfigurationLoader(paths: [folder.path], environment: ["NOT_SET": "0123456789abcdef"], hasAuditLog: false, hasLedger: false)
        #expect(try accepted(set.reload(nil)).snapshot.keys.count == 1)
    }

    @Test(
        "a cloud's secret is read, watched, and pointed at where it is written",
        arguments: [
            ("credential: ", "", "spec.credential.secret"), ("credentials: [", "]", "spec.credentials[0].secret"),
        ])
    func cloudSecret(before: String, after: String, path: String) throws {
        let credential = "{scheme: entra, source: client-secret, tenant: t, client: c, secret: \"file:entra\"}"
        let url = #"url: "http://[::1]/v1""#
        folder.write("isobar.yaml", Self.text.replacing(url, with: "\(url), \(before)\(credential)\(after)"))
        let problem = try #require(try rejected(loader.reload(nil)).first)
        #expect(problem.path == path && problem.line == 11 && problem.message.contains("/entra"), "\(problem)")
        folder.write("entra", "first")
        let first = try accepted(loader.reload(nil))
        #expect(first.watchedFiles == ["\(folder.path)/entra", "\(folder.path)/key"])
        folder.write("entra", "second")
        let second = try accepted(loader.reload(first))
        #expect(second.snapshot.credentialSources.keys.sorted() == [CredentialID(1)])
        #expect(second.snapshot.credentialSources.values.flatMap { $0.secrets.values.map(\.text) } == ["second"])
    }

    @Test("the watcher sees files change, appear, vanish and be replaced, and is quiet otherwise")
    func watcher() throws {
        var watcher = ConfigurationWatcher(paths: [folder.path])
        let secrets = ["\(folder.path)/key"]
        func changed() -> Bool { watcher.poll(watchedFiles: secrets) }
        #expect(changed())
        #expect(!changed())
        folder.write("isobar.yaml", Self.text + "\n")
        #expect(changed())
        folder.write("new.yaml", "")
        #expect(changed())
        try FileManager.default.removeItem(atPath: "\(folder.path)/new.yaml")
        #expect(changed())
        folder.write("key", "another")
        #expect(changed())
        #expect(!changed())
        folder.write("replacement", Self.text + "\n")
        _ = watcher.poll(watchedFiles: secrets)
        try FileManager.default.removeItem(atPath: "\(folder.path)/isobar.yaml")
        try FileManager.default.moveItem(atPath: "\(folder.path)/replacement", toPath: "\(folder.path)/isobar.yaml")
        #expect(changed())
        #expect(!changed())
    }
}
