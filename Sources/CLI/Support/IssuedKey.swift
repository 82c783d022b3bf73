// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Identity
import ResourceTypes

/// A virtual key that has just been made: what its user gets, and what is kept of it.
struct IssuedKey {
    let key: [UInt8]
    private let digest: [UInt8]
    private let pepper: String

    /// - Parameter pepper: `env:NAME` or `file:PATH`; read here, to hash with it.
    init(pepper reference: String) throws {
        guard let source = SecretReference(reference, besides: "") else {
            throw ValidationError("--pepper must be env:NAME or file:PATH, where the pepper is.")
        }
        let secret: Secret
        do {
            secret = try SecretResolver(environment: Environment.all).resolve(source)
        } catch {
            throw ValidationError("The pepper: \(error). Make one: export ISOBAR_PEPPER=$(openssl rand -hex 32)")
        }
        guard secret.count >= PepperedHash.pepperBytesMin else {
            throw ValidationError(
                "The pepper has only \(secret.count) bytes; \(PepperedHash.pepperBytesMin) are needed: openssl rand -hex 32"
            )
        }
        var random = SystemRandomNumberGenerator()
        key = KeyText.make(using: &random)
        digest = key.withUnsafeBytes { key in
            PepperedHash(pepper: secret).digest(of: UnsafeRawBufferPointer(rebasing: key[KeyText.hashedRange]))
        }
        pepper = reference
    }

    /// An element of `spec.hashed`, two spaces further in than its list.
    func element(expires: WallTime? = nil) -> String {
        let prefix = String(decoding: key[..<KeyText.idRange.upperBound], as: UTF8.self)
        return HashedElement(prefix: prefix, digest: digest, pepper: pepper, expires: expires).text
    }

    /// Once: to a new file that only its owner can read, or to the terminal beside the document.
    func hand(to file: String?) throws {
        let text = String(decoding: key, as: UTF8.self)
        if let file {
            try NewFile.write(text + "\n", to: file, mode: 0o600)
            Terminal.note("The key is in \(file): give it to its user, and delete it here.")
        } else {
            Terminal.note("The key, shown this once; give it to its user and keep it nowhere else:\n\(text)")
        }
    }
}

/// What is kept of one virtual key, in YAML.
struct HashedElement {
    let prefix: String
    let digest: [UInt8]
    let pepper: String
    let expires: WallTime?

    var text: String {
        let hexadecimal = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let lines = ["prefix: \(prefix)", "hmac: \"\(hexadecimal)\"", "pepper: \"\(pepper)\""]
        let all = lines + (expires.map { ["expiresAt: \($0.text)"] } ?? [])
        return "    - " + all.joined(separator: "\n      ") + "\n"
    }
}
