// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// The single values that fields are made of.

extension Shape where Value == String {
    /// Name of a resource.
    static var name: Shape {
        text("1 to 63 of a-z, 0-9, - and ., first and last a letter or digit") { text in
            if isName(text) { return .value(text) }
            let lowercased = text.lowercased()
            return .refused(hint: isName(lowercased) ? "write \"\(lowercased)\"" : nil)
        }
    }

    private static func isName(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            ScalarText.isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
        }
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        guard isAlphanumeric(first), isAlphanumeric(last) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// Name of a resource that some document must declare.
    static func reference(to kind: ResourceKind) -> Shape {
        let text = text("the name of a \(kind.rawValue)") { .value($0) }
        return Shape(allowed: text.allowed) { cursor in
            guard let name = text.parse(cursor) else { return nil }
            cursor.context.refer(to: ResourceName(kind, name), at: cursor.location, path: cursor.path)
            return name
        }
    }

    /// What callers, or an endpoint, call a model: free text, because makers use capitals, slashes and colons.
    static var modelName: Shape {
        text("a model name of 1 to 256 bytes without control characters") { text in
            let isPrintable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            return (1...256).contains(text.utf8.count) && isPrintable ? .value(text) : .refused()
        }
    }

    /// ISO 3166-1 alpha-2. `NO` must be quoted: a plain one is `false` to YAML 1.1.
    static var jurisdiction: Shape {
        text("a country code of two capital letters (ISO 3166-1), e.g. IN") { text in
            let isCode =
                text.utf8.count == 2 && text.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
            if isCode { return .value(text) }
            return .refused(hint: text.utf8.count == 2 ? "write \(text.uppercased())" : nil)
        }
    }

    /// BCP 47: a language, and what narrows it down.
    static var language: Shape {
        text("a language tag (BCP 47), e.g. hi, ta or pt-BR") { text in
            LanguageCode(text) == nil ? .refused() : .value(text)
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        ScalarText.isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    /// Azure's `api-version`: a date, and `-preview` for previews.
    static var apiVersion: Shape {
        text("an API version such as 2024-10-21 or 2025-04-01-preview") { text in
            let isVersion =
                (1...64).contains(text.utf8.count)
                && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
            return isVersion ? .value(text) : .refused()
        }
    }

    /// Path part of a request, sent as it is.
    static var absolutePath: Shape {
        text("a path that begins with /, at most 1024 bytes, without spaces") { text in
            let isPath =
                text.hasPrefix("/") && text.utf8.count <= 1024
                && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
            return isPath ? .value(text) : .refused()
        }
    }

    /// Path of a file; a relative one counts from the directory of the configuration file.
    static var filePath: Shape {
        let text = text("the path of a file") { text in
            text.utf8.count <= 4096 && !text.utf8.contains(0) ? .value(text) : .refused()
        }
        return Shape(allowed: text.allowed) { cursor in
            text.parse(cursor).map { FilePath.resolve($0, besides: cursor.context.file) }
        }
    }

    /// Base URL of an endpoint, kept as text; `EndpointURL` says what is allowed.
    static var endpointURL: Shape {
        text("http:// or https://, a host, a port if unusual, a path, e.g. https://host:8443/openai/v1") { text in
            do throws(EndpointURL.Defect) {
                _ = try EndpointURL(text)
                return .value(text)
            } catch { return .refused(hint: error.description) }
        }
        .withoutValue(when: { $0.contains("@") || $0.contains("?") })
    }

    /// Because an address can carry a password or a key, a refused one that may is not repeated in the message.
    private func withoutValue(when isSensitive: @escaping @Sendable (String) -> Bool) -> Shape {
        Shape(allowed: allowed) { cursor in
            guard let text = cursor.scalar?.text, isSensitive(text) else { return parse(cursor) }
            let parts = "userinfo, query or fragment"
            cursor.reportUnseen(
                "found an address with \(parts); allowed: \(allowed)",
                hint: "a key belongs in spec.credential.secret, by reference")
            return nil
        }
    }
}

extension Shape where Value == Int {
    /// A whole number in decimal digits. Everything YAML 1.1 reads differently from YAML 1.2 is refused.
    static func integer(_ range: ClosedRange<Int>) -> Shape {
        leaf("a whole number from \(range.lowerBound) to \(range.upperBound)") { scalar in
            if scalar.isQuoted { return .refused(hint: "remove the quotes") }
            let digits = Array(scalar.text.utf8)
            guard !digits.isEmpty, digits.allSatisfy(ScalarText.isDigit) else {
                return .refused(hint: "write decimal digits only")
            }
            if digits.count > 1, digits[0] == UInt8(ascii: "0") {
                return .refused(hint: "remove the leading zero: YAML 1.1 reads it as octal")
            }
            guard let number = Int(scalar.text), range.contains(number) else { return .refused() }
            return .value(number)
        }
    }

    static let percent = integer(1...100)
}

extension Shape where Value == Bool {
    /// `true` or `false` as written; the other words that YAML 1.1 takes for them are refused.
    static let bool = leaf("true or false") { scalar in
        if scalar.isQuoted { return .refused(hint: "remove the quotes") }
        switch scalar.text {
        case "true": return .value(true)
        case "false": return .value(false)
        default: return .refused()
        }
    }
}

extension Shape where Value: RawRepresentable & CaseIterable & SendableMetatype, Value.RawValue == String {
    static func oneOf(_ type: Value.Type) -> Shape {
        let names = type.allCases.map(\.rawValue)
        return text("one of " + names.joined(separator: ", ")) { text in
            if let value = Value(rawValue: text) { return .value(value) }
            return .refused(hint: NearestName.nearest(to: text, among: names).map { "did you mean \"\($0)\"?" })
        }
    }
}

extension Shape where Value == TimeSpan {
    static func duration(_ range: ClosedRange<TimeSpan>) -> Shape {
        let bounds = "\(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
        return leaf("a duration with unit (us, ms, s, m, h) from \(bounds)") { scalar in
            do throws(DurationText.Defect) {
                let span = try DurationText.parse(scalar.text)
                return range.contains(span) ? .value(span) : .refused()
            } catch { return .refused(hint: error.description) }
        }
    }
}

extension Shape where Value == Int64 {
    /// Seconds since 1970-01-01T00:00:00Z.
    static var timestamp: Shape {
        leaf("a time with date and zone as in RFC 3339, e.g. 2027-01-31T00:00:00Z") { scalar in
            Timestamp.unixSeconds(scalar.text).map { .value($0) } ?? .refused()
        }
    }
}
