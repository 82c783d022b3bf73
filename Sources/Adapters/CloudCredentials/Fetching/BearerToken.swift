// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Tokens that open a door for whoever holds them (RFC 6750), and answers that bring one.
enum BearerToken {
    /// Longer ones no server takes in a header.
    static let bytesMax = 16 * 1024

    /// Without white space around it; `nil` when nothing is left, or what could not stand in a header.
    static func trimmed(_ bytes: [UInt8]) -> Secret? {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
        var rest = bytes[...]
        while let byte = rest.first, isSpace(byte) { rest.removeFirst() }
        while let byte = rest.last, isSpace(byte) { rest.removeLast() }
        guard !rest.isEmpty, rest.count <= bytesMax, rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return Secret(Array(rest))
    }

    static func of(_ text: String?) -> Secret? { text.flatMap { trimmed(Array($0.utf8)) } }

    /// `access_token` of an OAuth answer.
    static func accessToken(in json: JSONValue, of answer: TokenAnswer) throws(CredentialError) -> Secret {
        guard let token = of(json["access_token"]?.stringValue) else {
            throw answer.malformed("it has no access_token")
        }
        if let type = json["token_type"]?.stringValue, type.lowercased() != "bearer" {
            throw answer.malformed("its token_type is not Bearer")
        }
        return token
    }

    /// From an OAuth answer (RFC 6749 §5.1) to the credential.
    /// - Parameter quotaProject: Google's `x-goog-user-project`; `nil` sends none.
    static func issued(by answer: TokenAnswer, quotaProject: String? = nil) throws(CredentialError) -> FetchStep {
        let json = try answer.json()
        let token = try accessToken(in: json, of: answer)
        let life = try answer.life(seconds: json["expires_in"]?.seconds)
        return .done(issued(token, life: life, quotaProject: quotaProject))
    }

    static func issued(_ token: Secret, life: TimeSpan, quotaProject: String? = nil) -> IssuedCredential {
        var lines = Array("Authorization: Bearer ".utf8)
        token.withBytes { lines += $0 }
        if let quotaProject { lines += Array("\r\nx-goog-user-project: \(quotaProject)".utf8) }
        return IssuedCredential(credential: .headerLines(Secret(lines)), life: life, recheck: nil)
    }
}
