// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ConfigurationFiles

/// One thing about an import that its owner should know: where, what became of it, what to do.
///
/// Never holds a value that may be a secret: values are named by their path.
public struct ImportFinding: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Encodable, Sendable {
        /// The documents do not do their work before someone has done this.
        case toDo = "to-do"
        /// It is there, but not exactly as it was.
        case differs
        /// Left out: there is nothing like it.
        case noCounterpart = "no-counterpart"
    }

    public var kind: Kind
    public var location: SourceMap.Location
    /// Inside the proxy's configuration, e.g. `model_list[0].litellm_params.weight`. Empty means all of it.
    public var path: String
    public var message: String
    public var hint: String?
    /// How many places this is said of; `location` and `path` are the first one's.
    public var places: Int
}

extension ImportFinding: CustomStringConvertible {
    public var description: String {
        let place = location.line > 0 ? "\(location.file):\(location.line):\(location.column)" : location.file
        let kind = kind.rawValue.replacing("-", with: " ")
        let others = places > 1 ? " (and in \(places - 1) more place\(places == 2 ? "" : "s"))" : ""
        let text = "\(place): \(kind): \(path.isEmpty ? "" : path + ": ")\(message)\(others)"
        return hint.map { "\(text)\n    hint: \($0)" } ?? text
    }
}

extension ImportFinding: Encodable {
    private enum CodingKeys: String, CodingKey { case kind, file, line, column, path, message, hint, places }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(location.file, forKey: .file)
        try container.encode(location.line, forKey: .line)
        try container.encode(location.column, forKey: .column)
        try container.encode(path, forKey: .path)
        try container.encode(message, forKey: .message)
        try container.encodeIfPresent(hint, forKey: .hint)
        try container.encode(places, forKey: .places)
    }
}

/// What is found, in the order of the file; the same thing said of many places is one finding.
final class FindingList {
    private struct Key: Hashable {
        var kind: ImportFinding.Kind
        var subject: String
        var message: String
        var hint: String?
    }

    /// More than anyone reads.
    static let findingsMax = 1_000
    private(set) var all: [ImportFinding] = []
    private var indices: [Key: Int] = [:]

    /// - Parameter subject: what the message does not say, but the path does: places of one subject are told together.
    func add(
        _ kind: ImportFinding.Kind, at place: YAMLTree, _ message: String, hint: String? = nil, subject: String = ""
    ) {
        let key = Key(kind: kind, subject: subject, message: message, hint: hint)
        if let index = indices[key] {
            all[index].places += 1
        } else if all.count < Self.findingsMax {
            indices[key] = all.count
            all.append(
                ImportFinding(
                    kind: kind, location: place.location, path: place.path, message: message, hint: hint, places: 1))
        }
    }
}
