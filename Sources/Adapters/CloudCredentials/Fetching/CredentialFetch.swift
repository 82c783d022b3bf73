// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Where getting a credential begins, for every kind of identity.
enum CredentialFetch {
    static func begin(_ source: CredentialSource, _ surroundings: Surroundings) throws(CredentialError) -> FetchStep {
        switch source.identity {
        case .aws(let identity):
            try AWSKeyFetch(identity: identity, secrets: source.secrets, surroundings: surroundings).begin()
        case .entra(let identity):
            try EntraTokenFetch(identity: identity, secrets: source.secrets, surroundings: surroundings).begin()
        case .google(let identity):
            try GoogleTokenFetch(identity: identity, surroundings: surroundings).begin()
        }
    }
}
