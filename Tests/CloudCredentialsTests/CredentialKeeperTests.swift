// SPDX-License-Identifier: Apache-2.0
// Isobar

import Reactor
import ResourceTypes
import TestSupport
import Testing

@testable import CloudCredentials

/// The keeper on a real loop: what the machine decides is done, and nothing else.
@Suite struct CredentialKeeperTests {
    private let cloud: CloudDouble

    init() throws { cloud = try CloudDouble() }

    private static let secret = SecretReference.environment("S")

    private func source(_ client: String, secret: String = "s") -> CredentialSource {
        CredentialSource(
            identity: .entra(
                EntraIdentity(
                    source: .clientSecret(tenant: "t", client: client, secret: Self.secret), authorityURL: cloud.url)),
            secrets: [Self.secret: Secret(Array(secret.utf8))])
    }

    private func question(_ client: String, secret: String = "s") -> Question {
        .form(
            "/t/oauth2/v2.0/token",
            [
                "grant_type": "client_credentials", "client_id": client, "scope": EntraIdentity.scopeDefault,
                "client_secret": secret,
            ])
    }

    private func token(_ text: String, seconds: Int = 3_600) -> String {
        #"{"access_token":"\#(text)","expires_in":\#(seconds)}"#
    }

    private var published: [String] {
        cloud.published.map { id, credential in
            guard case .headerLines(let lines) = credential else { return "\(id.number) -" }
            return "\(id.number) \(lines.text.dropFirst("Authorization: Bearer ".count))"
        }
    }

    @Test func `each identity has its own credential`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a").answering(token("A")), question("b").answering(token("B")))
        keeper.follow([CredentialID(1): source("a"), CredentialID(2): source("b")])
        cloud.when { published.count == 2 }
        try cloud.run()
        #expect(Set(published) == ["1 A", "2 B"])
        #expect(keeper.statuses.map(\.isHeld) == [true, true])
        #expect(keeper.statuses.map(\.summary)[0].hasPrefix("Entra client secret of a for https://"))
        keeper.stop()
    }

    @Test func `a short-lived token is renewed before it expires`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a").answering(token("first", seconds: 2)), question("a").answering(token("second")))
        keeper.follow([CredentialID(1): source("a")])
        cloud.when { published.count == 2 }
        try cloud.run()
        #expect(published == ["1 first", "1 second"])
        keeper.stop()
    }

    @Test func `a token that cannot be renewed is withdrawn when it expires, and one comes when it can`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(
            question("a").answering(token("first", seconds: 1)), question("a").answering(503, ""),
            question("a").answering(token("second")))
        keeper.follow([CredentialID(1): source("a")])
        cloud.when { published.count == 3 }
        try cloud.run()
        #expect(published == ["1 first", "1 -", "1 second"])
        #expect(keeper.statuses.first?.lastError == nil)
        keeper.stop()
    }

    @Test func `a refusal within a minute of the fetch asks nobody`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a").answering(token("A")))
        keeper.follow([CredentialID(1): source("a")])
        cloud.when({ published.count == 1 }) {
            keeper.refused(CredentialID(1))
            keeper.refused(CredentialID(9))
            keeper.follow([CredentialID(1): source("a"), CredentialID(2): source("b")])
        }
        cloud.expect(question("b").answering(token("B")))
        cloud.when { published.count == 2 }
        try cloud.run()
        #expect(published == ["1 A", "2 B"])
        #expect(cloud.asked == 2)
        keeper.stop()
    }

    @Test func `a new secret fetches anew, the same one does not, and what left is let go`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a").answering(token("old")), question("a", secret: "new").answering(token("new")))
        keeper.follow([CredentialID(1): source("a")])
        cloud.when({ published.count == 1 }) { [self] in
            keeper.follow([CredentialID(1): source("a")])
            keeper.follow([CredentialID(1): source("a", secret: "new")])
            #expect(keeper.statuses.first?.isHeld == true)
        }
        cloud.when({ published.count == 2 }) { keeper.follow([:]) }
        try cloud.run()
        #expect(published == ["1 old", "1 new"])
        #expect(keeper.statuses.isEmpty)
        keeper.stop()
    }

    @Test func `a new secret during a fetch replaces it`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a", secret: "new").answering(token("new")))
        keeper.follow([CredentialID(1): source("a")])
        keeper.follow([CredentialID(1): source("a", secret: "new")])
        cloud.when { published.count == 1 }
        try cloud.run()
        #expect(published == ["1 new"])
        keeper.stop()
    }

    @Test func `a name is looked up, and a service that is not there is named`() throws {
        let keeper = try cloud.keeper()
        cloud.expect(question("a").answering(token("A")))
        var named = source("a")
        named.identity = .entra(
            EntraIdentity(
                source: .clientSecret(tenant: "t", client: "a", secret: Self.secret),
                authorityURL: "http://localhost:\(cloud.port)"))
        cloud.hostExpected = "localhost:\(cloud.port)"
        var absent = source("b")
        absent.identity = .entra(
            EntraIdentity(
                source: .clientSecret(tenant: "t", client: "b", secret: Self.secret),
                authorityURL: "https://login.invalid"))
        keeper.follow([CredentialID(1): named, CredentialID(2): absent])
        cloud.when { published.count == 1 && keeper.statuses.last?.lastError != nil }
        try cloud.run()
        #expect(
            keeper.statuses.last?.lastError?.hasPrefix(
                "POST https://login.invalid/t/oauth2/v2.0/token: cannot resolve login.invalid:") == true)
        keeper.stop()
    }

    @Test func `a service that refuses the connection is named with a hint`() throws {
        let port = try CloudDouble().port
        let outcome = try cloud.obtain(
            .entra(EntraIdentity(source: .managedIdentity(client: nil), metadataURL: "http://127.0.0.1:\(port)")))
        #expect(outcome.error?.contains("127.0.0.1:\(port)/metadata/identity/oauth2/token: cannot connect") == true)
        #expect(outcome.error?.hasSuffix("does this process run where that service is?") == true)
    }

    @Test func `an answer that is too large gives nothing`() throws {
        let keeper = try cloud.keeper()
        let large = token(String(repeating: "x", count: 300_000))
        cloud.expect(question("a").answering(large))
        keeper.follow([CredentialID(1): source("a")])
        cloud.when { keeper.statuses.first?.lastError != nil }
        try cloud.run()
        #expect(keeper.statuses.first?.lastError?.contains("exceeds the limit of 262144 bytes") == true)
        #expect(published == [])
        keeper.stop()
    }

    @Test func `a token file that is replaced mends what failed, without waiting for the next attempt`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "expired")
        let keeper = try cloud.keeper()
        let federated = CredentialSource(
            identity: .entra(
                EntraIdentity(
                    source: .federated(tenant: "t", client: "a", tokenFile: path), authorityURL: cloud.url)),
            secrets: [:])
        func question(_ token: String) -> Question {
            .form(
                "/t/oauth2/v2.0/token",
                [
                    "grant_type": "client_credentials", "client_id": "a", "scope": EntraIdentity.scopeDefault,
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    "client_assertion": token,
                ])
        }
        // After such an answer the next attempt would come in half a minute at the soonest.
        cloud.expect(
            question("expired").answering(401, #"{"error":"invalid_client"}"#),
            question("renewed").answering(token("A")))
        keeper.follow([CredentialID(1): federated])
        cloud.when({ keeper.statuses.first?.lastError != nil }) {
            #expect(throws: Never.self) { try folder.write("token", "renewed") }
        }
        cloud.when { published == ["1 A"] }
        try cloud.run()
        keeper.stop()
    }

    @Test func `who waits for the first credentials is told when each has come or failed, and when time is over`()
        throws
    {
        let keeper = try cloud.keeper()
        let silent = try UnansweredPort(.ignores)
        var settled: [String] = []
        keeper.whenSettled(within: 9) { settled.append("nothing to wait for") }
        cloud.expect(question("a").answering(token("A")), question("b").answering(503, ""))
        keeper.follow([CredentialID(1): source("a"), CredentialID(2): source("b")])
        keeper.whenSettled(within: 9) { settled.append("forgotten") }
        keeper.whenSettled(within: 9) { settled.append("settled") }
        cloud.when({ settled.count == 2 }) { [self] in
            #expect(published == ["1 A"])
            #expect(keeper.statuses.last?.lastError != nil)
            var absent = source("c")
            absent.identity = .entra(
                EntraIdentity(
                    source: .clientSecret(tenant: "t", client: "c", secret: Self.secret),
                    authorityURL: "http://127.0.0.1:\(silent.port)"))
            keeper.follow([CredentialID(3): absent])
            keeper.whenSettled(within: 1) { settled.append("time is over") }
        }
        cloud.when { settled.count == 3 }
        try cloud.run()
        #expect(settled == ["nothing to wait for", "settled", "time is over"])
        keeper.stop()
    }

    /// (authority trusted, what the error must contain; `nil` for success)
    @Test(arguments: [("ca.pem", nil), ("stranger.pem", "certificate refused")])
    func `a service is asked over TLS, and told nothing when its certificate is not trusted`(
        _ trusted: String, _ reason: String?
    ) throws {
        let folder = try TemporaryFolder()
        let new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        for name in ["ca", "stranger"] {
            try folder.run(
                "\(new) -keyout \(name).key -out \(name).pem -subj /CN=\(name)", makes: "\(name).key", "\(name).pem")
        }
        let names = "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        try folder.run(
            "\(new) -keyout leaf.key -out leaf.pem -subj /CN=leaf -CA ca.pem -CAkey ca.key \(names)",
            makes: "leaf.key", "leaf.pem")
        let cloud = try CloudDouble(
            tls: TLSContext(certificateFile: "\(folder.path)/leaf.pem", keyFile: "\(folder.path)/leaf.key"))
        if reason == nil { cloud.expect(question("a").answering(token("A"))) }
        let keeper = try cloud.keeper(trusting: "\(folder.path)/\(trusted)")
        var secure = source("a")
        secure.identity = .entra(
            EntraIdentity(
                source: .clientSecret(tenant: "t", client: "a", secret: Self.secret), authorityURL: cloud.url))
        keeper.follow([CredentialID(1): secure])
        cloud.when { !cloud.published.isEmpty || keeper.statuses.first?.lastError != nil }
        try cloud.run()
        #expect(cloud.published.count == (reason == nil ? 1 : 0))
        #expect(cloud.asked == (reason == nil ? 1 : 0))
        #expect((keeper.statuses.first?.lastError).map { $0.contains(reason ?? "-") } ?? (reason == nil))
        keeper.stop()
    }
}
