// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What a request needs to be let in, as the hot path takes it.
public enum CloudCredential: Sendable {
    /// Complete header lines, joined by CRLF, without the last CRLF: `Authorization: Bearer …` and what belongs to it.
    case headerLines(Secret)
    /// The key that requests are signed with, by `AWSSigner`.
    case aws(AWSCredential)
}

/// A credential as a source gave it.
struct IssuedCredential: Sendable {
    var credential: CloudCredential
    /// Until it expires; `nil`: it does not.
    var life: TimeSpan?
    /// When to look again because the source's owner may change it meanwhile; `nil`: as `life` says.
    var recheck: TimeSpan?
}

/// Why there is no credential: what went wrong, where, and how to mend it. Never contains a secret.
public struct CredentialError: Error, Sendable, CustomStringConvertible {
    public var message: String
    /// How to mend it.
    public var hint: String?
    /// Asking again soon is of no use: someone has to change something.
    public var isLasting: Bool
    /// How long the source wants to be left alone.
    public var retryAfter: TimeSpan?

    init(_ message: String, hint: String? = nil, isLasting: Bool = true, retryAfter: TimeSpan? = nil) {
        self.message = message
        self.hint = hint
        self.isLasting = isLasting
        self.retryAfter = retryAfter
    }

    public var description: String { hint.map { "\(message); \($0)" } ?? message }
}

extension CloudIdentity {
    /// For logs and messages: whose credential, from what kind of source.
    public var summary: String {
        switch self {
        case .aws(let identity):
            let role = identity.role.map { " as \($0.arn)" } ?? ""
            return "AWS \(identity.source.word) in \(identity.region)\(role)"
        case .entra(let identity): return "Entra \(identity.source.word) for \(identity.scope)"
        case .google(let identity): return "Google \(identity.source.word)"
        }
    }
}

extension AWSIdentity.Source {
    fileprivate var word: String {
        switch self {
        case .environment: "environment"
        case .static: "static key"
        case .profile(let name): name.map { "profile \($0)" } ?? "profile"
        case .webIdentity(let role, _): role.map { "web identity as \($0)" } ?? "web identity"
        case .container: "container"
        case .instance: "instance"
        }
    }
}

extension EntraIdentity.Source {
    fileprivate var word: String {
        switch self {
        case .clientSecret(_, let client, _): "client secret of \(client)"
        case .federated(_, let client, _): client.map { "federated token of \($0)" } ?? "federated token"
        case .managedIdentity(let client): client.map { "managed identity \($0)" } ?? "managed identity"
        }
    }
}

extension GoogleIdentity.Source {
    fileprivate var word: String {
        switch self {
        case .serviceAccount(let file): file.map { "service account of \($0)" } ?? "service account"
        case .metadata: "metadata server"
        case .federation(let file): file.map { "federation of \($0)" } ?? "federation"
        }
    }
}
