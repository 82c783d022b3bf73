// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// The statement with which a service account asks for a token: a JSON Web Token (RFC 7519), signed with RS256.
struct ServiceAccountAssertion {
    private let account: String
    private let keyID: String
    private let key: RSASigningKey
    private let audience: String
    private let scope: String

    /// The longest that Google accepts.
    private static let lifeSeconds: Int64 = 3_600

    init(file: GoogleCredentialFile, audience: String, scope: String) throws(CredentialError) {
        account = try file.required("client_email")
        keyID = try file.required("private_key_id")
        self.audience = audience
        self.scope = scope
        let pem = Array(try file.required("private_key").utf8)
        do throws(RSASigningKey.Defect) {
            key = try RSASigningKey(pem: pem)
        } catch {
            throw CredentialError(
                "private_key in \(file.path) cannot be used: \(error.description)", hint: "download the file again")
        }
    }

    func signed(at unixSeconds: Int64) throws(CredentialError) -> Secret {
        let header = JSONValue.object([
            ("alg", .string("RS256")), ("typ", .string("JWT")), ("kid", .string(keyID)),
        ])
        let claims = JSONValue.object([
            ("iss", .string(account)), ("sub", .string(account)), ("aud", .string(audience)),
            ("scope", .string(scope)), ("iat", .integer(unixSeconds)),
            ("exp", .integer(unixSeconds + Self.lifeSeconds)),
        ])
        var token = Base64.encode(header.bytes, .url) + Array(".".utf8) + Base64.encode(claims.bytes, .url)
        guard let signature = key.signature(of: token) else {
            throw CredentialError("OpenSSL refuses to sign with the key of \(account)")
        }
        token += Array(".".utf8) + Base64.encode(signature, .url)
        return Secret(token)
    }
}
