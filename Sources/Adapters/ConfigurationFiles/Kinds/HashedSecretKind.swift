// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ResourceTypes

// What is kept of virtual keys.

extension Shape where Value == [HashedSecret] {
    /// One in use and one that replaces it are enough; more are for who rotates often.
    static var hashedSecrets: Shape { .list(.hashedSecret, count: 1...4).unique("prefix", by: \.prefix) }
}

extension Shape where Value == HashedSecret {
    static var hashedSecret: Shape {
        .object { fields in
            let prefix = fields.required("prefix", .keyPrefix)
            let digest = fields.required("hmac", .digest)
            let pepper = fields.required("pepper", .secret)
            let expiresAt = fields.optional("expiresAt", .timestamp)
            guard let prefix, let digest, let pepper else { return nil }
            return HashedSecret(prefix: prefix, digest: digest, pepper: pepper, expiresAtUnixSeconds: expiresAt)
        }
    }
}

extension Shape where Value == String {
    fileprivate static var keyPrefix: Shape {
        text("the beginning of a key, isb_ and 8 letters or digits") { text in
            let id = text.utf8.dropFirst(KeyText.idRange.lowerBound)
            return text.hasPrefix("isb_") && KeyText.id(Array(id)) != nil ? .value(text) : .refused()
        }
        .hidingKeys
    }

    /// Because somebody will paste the whole key, which must not be repeated in a message.
    private var hidingKeys: Shape {
        Shape(allowed: allowed) { cursor in
            guard let text = cursor.scalar?.text, text.utf8.count > KeyText.idRange.upperBound else {
                return parse(cursor)
            }
            cursor.reportUnseen(
                "found something longer (not shown); allowed: \(allowed)",
                hint: "the key itself belongs to its user only; if it was committed, revoke it")
            return nil
        }
    }
}

extension Shape where Value == [UInt8] {
    /// 32 bytes in hexadecimal.
    fileprivate static var digest: Shape {
        // Sixty-four digits without a letter among them are a number to YAML.
        leaf("64 hexadecimal digits") { scalar in
            let digits = scalar.text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 64, scalar.text.utf8.count == 64 else { return .refused() }
            return .value(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
        }
    }
}
