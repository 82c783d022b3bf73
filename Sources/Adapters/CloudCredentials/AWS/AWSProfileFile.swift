// SPDX-License-Identifier: Apache-2.0
// Isobar

/// `~/.aws/credentials` or `~/.aws/config`: sections of `key = value` lines.
///
/// Settings nested below a key (indented lines) are passed over, as nothing we need is one.
struct AWSProfileFile {
    typealias Section = [String: String]

    /// By profile name; keys in lower case. Of two values of one key the last counts.
    private(set) var profiles: [String: Section] = [:]

    /// - Parameter isConfiguration: in `config` a profile is `[profile NAME]`, but `[default]`; other sections are
    ///   something else. In `credentials` every section is a profile.
    init(_ bytes: [UInt8], isConfiguration: Bool) {
        var current: String?
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";", !first.isWhitespace else { continue }
            if first == "[" {
                current = Self.profileName(line, isConfiguration: isConfiguration)
                if let current, profiles[current] == nil { profiles[current] = [:] }
            } else if let current, let (key, value) = Self.setting(line) {
                profiles[current]?[key] = value
            }
        }
    }

    private static func profileName(_ line: Substring, isConfiguration: Bool) -> String? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
        if isConfiguration, words.count == 2, words[0] == "profile" { return String(words[1]) }
        guard words.count == 1, !isConfiguration || words[0] == "default" else { return nil }
        return String(words[0])
    }

    /// A `#` or `;` after white space begins a comment.
    private static func setting(_ line: Substring) -> (String, String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        var value = line[line.index(after: equals)...]
        if let comment = value.firstRange(of: " #") ?? value.firstRange(of: " ;") {
            value = value[..<comment.lowerBound]
        }
        func trimmed(_ text: Substring) -> Substring {
            let rest = text.drop { $0.isWhitespace }
            return rest.lastIndex { !$0.isWhitespace }.map { rest[...$0] } ?? ""
        }
        return (trimmed(line[..<equals]).lowercased(), String(trimmed(value)))
    }
}
