// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

/// What one import gathers: findings, the variables that keys go to, what the environment says.
///
/// A class because every part of the translation adds to it. Confined to the import that made it.
final class TranslationContext {
    let findings = FindingList()
    /// For what is no secret; secrets stay references.
    let environment: [String: String]
    private var variables: SecretVariables

    init(_ root: YAMLTree, environment: [String: String]) {
        let own = root["environment_variables"]?.entries.compactMap { entry in
            entry.value.text.map { (entry.name, $0) }
        }
        self.environment = environment.merging(own ?? []) { outside, _ in outside }
        variables = SecretVariables(root)
    }

    func toDo(_ place: YAMLTree, _ message: String, hint: String? = nil) {
        findings.add(.toDo, at: place, message, hint: hint)
    }

    func differs(_ place: YAMLTree, _ message: String, hint: String? = nil) {
        findings.add(.differs, at: place, message, hint: hint)
    }

    func leftOut(_ place: YAMLTree, _ message: String, hint: String? = nil, subject: String = "") {
        findings.add(.noCounterpart, at: place, message, hint: hint, subject: subject)
    }

    // MARK: Plain values

    /// The variable's name in `os.environ/NAME`.
    static func variable(in text: String) -> String? {
        text.hasPrefix("os.environ/") ? String(text.dropFirst("os.environ/".count)) : nil
    }

    /// Text that is no secret; a variable is looked up now, because our documents name only secrets by reference.
    /// - Returns: `nil` when there is none; a variable that is not set is reported.
    func plain(_ value: YAMLTree?) -> String? {
        guard let value, let text = value.text else { return nil }
        guard let name = Self.variable(in: text) else { return text }
        guard let found = environment[name], !found.isEmpty else {
            toDo(
                value, "the environment variable \(name) is not set, so its value is missing",
                hint: "set it and import again, or write the value by hand")
            return nil
        }
        differs(
            value, "taken from the environment as it is now",
            hint: "only secrets are looked up when the gateway starts; other values stand in the documents")
        return found
    }

    /// The first of these variables that is set.
    func variable(_ names: String...) -> String? {
        names.lazy.compactMap { self.environment[$0] }.first { !$0.isEmpty }
    }

    /// A whole number in `range`; anything else is reported and left out.
    func count(_ value: YAMLTree?, in range: ClosedRange<Int>) -> Int? {
        guard let value, let text = plain(value) else { return nil }
        if let number = DecimalNumber(text)?.integer(timesTenTo: 0), range.contains(Int(number)) { return Int(number) }
        leftOut(value, "not a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// Seconds, whole or not, in `range`; beyond its end the end is taken.
    func seconds(_ value: YAMLTree?, in range: ClosedRange<TimeSpan>) -> TimeSpan? {
        guard let value, let text = plain(value) else { return nil }
        guard let nanoseconds = DecimalNumber(text)?.integer(timesTenTo: 9), nanoseconds > 0 else {
            leftOut(value, "not a positive number of seconds")
            return nil
        }
        let span = TimeSpan.nanoseconds(nanoseconds)
        guard !range.contains(span) else { return span }
        let end = span < range.lowerBound ? range.lowerBound : range.upperBound
        differs(value, "became \(Int(end.milliseconds)) ms, the nearest that is allowed")
        return end
    }

    // MARK: Secrets

    /// Where a secret is to be found. A secret that stands in the file is never copied: it gets a variable to go to.
    /// - Parameter stem: what the variable's name begins with, e.g. `OPENAI_API_KEY`.
    func secret(_ value: YAMLTree, stem: String) -> SecretReference {
        let text = value.text ?? ""
        if let name = Self.variable(in: text), SecretVariables.isName(name) { return .environment(name) }
        let name = variables.variable(for: text, stem: stem)
        toDo(
            value, "a secret that stands in the file is not copied; put it into the environment variable \(name)",
            hint: "or into a file, and write file:PATH for env:\(name); if the file was shared or committed, revoke it")
        return .environment(name)
    }

    /// Words that people write where a server wants no key.
    static func isNoKey(_ value: YAMLTree) -> Bool {
        let words = [
            "", "none", "null", "empty", "dummy", "fake", "fake-key", "not-needed", "no-key", "no_key", "anything",
            "sk-no-key-required", "unused",
        ]
        return words.contains((value.text ?? "").lowercased())
    }
}

/// Variables that secrets in the file are to be put into: one for each secret, none that the file names already.
struct SecretVariables {
    private var taken: Set<String> = []
    private var names: [String: String] = [:]

    init(_ root: YAMLTree) { note(root) }

    private mutating func note(_ tree: YAMLTree) {
        switch tree.content {
        case .scalar(let text, _): if let name = TranslationContext.variable(in: text) { taken.insert(name) }
        case .list(let elements): for element in elements { note(element) }
        case .mapping(let entries): for entry in entries { note(entry.value) }
        }
    }

    /// Always numbered: the plain name is the one that providers' own tools look into, and may hold another key.
    mutating func variable(for secret: String, stem: String) -> String {
        if let name = names[secret] { return name }
        var number = 1
        while !taken.insert("\(stem)_\(number)").inserted { number += 1 }
        names[secret] = "\(stem)_\(number)"
        return "\(stem)_\(number)"
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57).contains(first), name.utf8.count <= 256 else { return false }
        return name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || byte == UInt8(ascii: "_") || (97...122).contains(byte | 0x20) && byte >= 65
        }
    }
}
