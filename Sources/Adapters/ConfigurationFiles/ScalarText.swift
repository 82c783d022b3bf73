// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A scalar as it stands in the file: its characters, and whether quotes make it text.
///
/// We decide what a value is by the field it is for, never by guessing. But a plain `no`, `1e3` or `012` where text is
/// wanted is refused, because YAML 1.1 readers (most tools that will touch the file) take it for something else.
struct ScalarText: Equatable {
    var text: String
    var isQuoted: Bool

    /// What any YAML 1.1 or 1.2 reader may take a plain scalar for.
    enum Reading { case nothing, truth, number, text }

    var reading: Reading {
        if isQuoted { return .text }
        if text.utf8.count > Self.longestWord, !Self.mayBeginNumber(text) { return .text }
        let lowercased = text.lowercased()
        if ["", "~", "null"].contains(lowercased) { return .nothing }
        if ["true", "false", "yes", "no", "on", "off", "y", "n"].contains(lowercased) { return .truth }
        return Self.isNumber(lowercased) ? .number : .text
    }

    /// `false`
    private static let longestWord = 5

    /// A quick no for most names.
    private static func mayBeginNumber(_ text: String) -> Bool {
        text.utf8.first.map { isDigit($0) || "+-.".utf8.contains($0) } ?? false
    }

    /// For messages: what the file has here.
    var described: String {
        switch reading {
        case .nothing: "nothing"
        case .truth: "\(text), which YAML may read as true or false"
        case .number: "the number \(shortened)"
        case .text: isQuoted ? "the text \"\(shortened)\"" : "\"\(shortened)\""
        }
    }

    /// At most 60 characters on one line; what begins as several providers' keys do is not repeated at all.
    var shortened: String {
        if text.hasPrefix("sk-") { return "sk-…" }
        let visible = text.unicodeScalars.prefix(60).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return String(String.UnicodeScalarView(visible)) + (visible.count < text.unicodeScalars.count ? "…" : "")
    }

    /// Decimal, hexadecimal, octal, binary, base 60, with exponent, with `_`, infinite: all the numbers of YAML 1.1 and
    /// 1.2.
    private static func isNumber(_ lowercased: String) -> Bool {
        var digits = Array(lowercased.utf8)
        if let sign = digits.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { digits.removeFirst() }
        let unsigned = String(decoding: digits, as: UTF8.self)
        if unsigned == ".inf" || unsigned == ".nan" { return true }
        for (prefix, letters) in [("0x", "0123456789abcdef_"), ("0o", "01234567_"), ("0b", "01_")]
        where unsigned.hasPrefix(prefix) {
            let body = digits.dropFirst(2)
            return !body.isEmpty && body.allSatisfy(letters.utf8.contains)
        }
        return isBase60(digits) || isDecimal(digits)
    }

    private static func isBase60(_ digits: [UInt8]) -> Bool {
        let groups = digits.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return groups.count > 1 && groups.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }

    private static func isDecimal(_ digits: [UInt8]) -> Bool {
        let parts = digits.split(separator: UInt8(ascii: "e"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let mantissa = parts.first, mantissa.contains(where: isDigit) else { return false }
        let points = mantissa.count { $0 == UInt8(ascii: ".") }
        guard points <= 1, mantissa.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") })
        else { return false }
        guard parts.count == 2 else { return true }
        let exponent =
            parts[1].first.map { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") } == true
            ? parts[1].dropFirst() : parts[1]
        return !exponent.isEmpty && exponent.allSatisfy(isDigit)
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
