// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes

// The values that rules of residency are made of.

extension Shape {
    /// One word in place of the value proper.
    func or<Other>(_ word: String, _ meaning: Other, _ convert: @escaping @Sendable (Value) -> Other?) -> Shape<Other>
    where Other: Sendable {
        Shape<Other>(allowed: "\(allowed), or \(word)") { cursor in
            cursor.scalar?.text == word ? meaning : parse(cursor).flatMap(convert)
        }
    }

    /// Several cases of an enumeration, or `any` for all of them.
    static func setOf<Case>(_ type: Case.Type) -> Shape
    where
        Value == Set<Case>, Case: RawRepresentable & CaseIterable & Hashable & Sendable & SendableMetatype,
        Case.RawValue == String
    {
        Shape<[Case]>.list(.oneOf(type), count: 1...Case.allCases.count).unique("element", by: \.self)
            .or("any", Set(Case.allCases)) { Set($0) }
    }
}

extension Shape where Value == [String] {
    /// Countries and unions.
    static let places = list(.place, count: 1...256).unique("place", by: \.self)
}

extension Shape where Value == String {
    /// An assigned country code. `NO` must be quoted: a plain one is `false` to YAML 1.1.
    static var country: Shape {
        text("a country code (ISO 3166-1 alpha-2), e.g. IN") { text in
            if Jurisdiction(code: text) != nil { return .value(text) }
            return .refused(hint: countryHint(text))
        }
    }

    /// A country code in capitals, or the name of a `JurisdictionUnion`, which has none.
    static var place: Shape {
        let union = reference(to: .jurisdictionUnion)
        let country = text("a country code (ISO 3166-1 alpha-2) or the name of a JurisdictionUnion") { text in
            Jurisdiction(code: text) != nil ? .value(text) : .refused(hint: countryHint(text))
        }
        return Shape(allowed: country.allowed) { cursor in
            let isName =
                cursor.scalar?.text.utf8.contains { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") } ?? false
            return isName ? union.parse(cursor) : country.parse(cursor)
        }
    }

    private static func countryHint(_ text: String) -> String? {
        if Jurisdiction(code: text.uppercased()) != nil { return "write \(text.uppercased())" }
        if text == "UK" { return "write GB" }
        return text == text.uppercased() && (2...3).contains(text.utf8.count)
            ? "a union is written as its name, e.g. \(text.lowercased())" : nil
    }

    /// A line of text for people.
    static var sentence: Shape {
        text("a text of 1 to 1000 bytes") { text in
            let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            return (1...1_000).contains(text.utf8.count) && isPrintable ? .value(text) : .refused()
        }
    }

    /// An address for a `Link` header.
    static var policyURL: Shape {
        text("an https:// address of at most 1000 bytes") { text in
            let isSafe = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"".utf8.contains($0) }
            return text.hasPrefix("https://") && text.utf8.count <= 1_000 && isSafe ? .value(text) : .refused()
        }
    }
}

extension Shape where Value == TimeSpan {
    /// How long bytes are kept, or how old something may be: up to ten years.
    static var retention: Shape { duration(.zero ... .seconds(87_600 * 3_600)) }
}

extension Shape where Value == WallTime {
    /// A day counts from its first moment (UTC).
    static var beginning: Shape {
        leaf("a date, e.g. 2026-11-21, or a time with zone (RFC 3339)") { scalar in
            WallTime.moment(scalar.text, endsDay: false).map { .value($0) } ?? .refused()
        }
    }

    /// A day counts to its last moment (UTC); `open` has no end.
    static var end: Shape {
        leaf("a date, e.g. 2026-11-21, a time with zone (RFC 3339), or open") { scalar in
            if scalar.text == "open" { return .value(.distantFuture) }
            return WallTime.moment(scalar.text, endsDay: true).map { .value($0) } ?? .refused()
        }
    }
}
