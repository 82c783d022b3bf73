// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Yams

/// A YAML document of somebody else's format: every value with its place.
///
/// For outside formats only; our own documents go through `Shape`, which also says what is allowed. Aliases and merge
/// keys (`<<`) are resolved, because other programs' files use them. Lines of the file are never shown: only our own
/// format tells which of them hold secrets.
/// - Limits: one document, `ConfigurationReader.fileBytesMax` bytes, as many nodes as one of our own files may have.
public struct YAMLTree: Sendable {
    public enum Content: Sendable {
        /// The characters; quotes make them text.
        case scalar(String, isQuoted: Bool)
        case list([YAMLTree])
        /// In the order of the file; no name twice.
        case mapping([Entry])
    }

    public struct Entry: Sendable {
        public var name: String
        public var value: YAMLTree
    }

    public var content: Content
    public var location: SourceMap.Location
    /// From the document's root, e.g. `model_list[0].model_name`.
    public var path: String

    public init(_ content: Content, at location: SourceMap.Location, path: String = "") {
        self.content = content
        self.location = location
        self.path = path
    }

    /// The pure part: bytes to a tree. An empty file is an empty mapping.
    /// - Throws: every place that is not YAML, that states a key twice or that passes a limit.
    public static func read(_ file: ConfigurationReader.File) throws(ConfigurationProblems) -> YAMLTree {
        var problems: [ConfigurationProblem] = []
        func refuse(_ message: String, line: Int = 0, column: Int = 0, hint: String? = nil) {
            problems.append(
                ConfigurationProblem(file: file.path, line: line, column: column, message: message, hint: hint))
        }
        guard file.bytes.count <= ConfigurationReader.fileBytesMax else {
            refuse("cannot read: larger than \(ConfigurationReader.fileBytesMax) bytes")
            throw ConfigurationProblems(problems)
        }
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            refuse("not text: the bytes are not UTF-8")
            throw ConfigurationProblems(problems)
        }
        let documents = YAMLDocuments.compose(SourceText(file: file.path, text: text)) { line, column, message, hint in
            refuse(message, line: line, column: column, hint: hint)
        }
        var builder = YAMLTreeBuilder(file: file.path)
        if documents.count > 1 {
            refuse("\(documents.count) documents; allowed: one", line: documents[1].lineOffset + 1)
        }
        let tree = documents.first.map { builder.tree($0) }
        if builder.isSpent { refuse("more than \(DecodingContext.nodesMax) values, aliases followed") }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        return tree ?? YAMLTree(.mapping([]), at: SourceMap.Location(file: file.path, line: 1, column: 1))
    }
}

/// Turns the library's nodes into ours and counts them: aliases make a small file stand for a large tree.
private struct YAMLTreeBuilder {
    let file: String
    var nodesLeft = DecodingContext.nodesMax
    var lineOffset = 0

    init(file: String) { self.file = file }

    var isSpent: Bool { nodesLeft < 0 }

    mutating func tree(_ document: YAMLDocument) -> YAMLTree {
        lineOffset = document.lineOffset
        return tree(document.root, path: "", near: SourceMap.Location(file: file, line: lineOffset + 1, column: 1))
    }

    private mutating func tree(_ node: Node, path: String, near parent: SourceMap.Location) -> YAMLTree {
        nodesLeft -= 1
        let marked = node.mark.map { SourceMap.Location(file: file, line: $0.line + lineOffset, column: $0.column) }
        let location = marked ?? parent
        guard !isSpent else { return YAMLTree(.list([]), at: location, path: path) }
        switch node {
        case .scalar(let scalar):
            let isQuoted = scalar.style != .plain && scalar.style != .any
            return YAMLTree(.scalar(scalar.string, isQuoted: isQuoted), at: location, path: path)
        case .sequence(let nodes):
            let values = nodes.enumerated().map { tree($1, path: "\(path)[\($0)]", near: location) }
            return YAMLTree(.list(values), at: location, path: path)
        case .mapping(let mapping):
            return YAMLTree(.mapping(entries(of: mapping, path: path, near: location)), at: location, path: path)
        case .alias:
            return YAMLTree(.list([]), at: location, path: path)
        }
    }

    /// What is written comes before what is merged in, and of several merged mappings the first.
    private mutating func entries(
        of mapping: Node.Mapping, path: String, near location: SourceMap.Location
    ) -> [YAMLTree.Entry] {
        var entries: [YAMLTree.Entry] = []
        var merged: [YAMLTree.Entry] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else { continue }
            guard scalar.string != "<<" else {
                merged += mergedEntries(value, path: path, near: location)
                continue
            }
            let place = path.isEmpty ? scalar.string : "\(path).\(scalar.string)"
            entries.append(YAMLTree.Entry(name: scalar.string, value: tree(value, path: place, near: location)))
        }
        var names = Set(entries.map(\.name))
        return entries + merged.filter { names.insert($0.name).inserted }
    }

    private mutating func mergedEntries(
        _ node: Node, path: String, near location: SourceMap.Location
    ) -> [YAMLTree.Entry] {
        guard !isSpent else { return [] }
        nodesLeft -= 1
        switch node {
        case .mapping(let mapping): return entries(of: mapping, path: path, near: location)
        case .sequence(let nodes): return nodes.flatMap { mergedEntries($0, path: path, near: location) }
        case .scalar, .alias: return []
        }
    }
}

// MARK: Reading scalars

extension YAMLTree {
    public var entries: [Entry] { if case .mapping(let entries) = content { entries } else { [] } }
    public var elements: [YAMLTree]? { if case .list(let elements) = content { elements } else { nil } }
    public var isMapping: Bool { if case .mapping = content { true } else { false } }

    /// The value of a name in a mapping; `nil` when it is absent or null.
    public subscript(name: String) -> YAMLTree? {
        entries.first { $0.name == name && !$0.value.isNull }?.value
    }

    /// Left out, `null` or `~`.
    public var isNull: Bool { scalar?.reading == .nothing }

    /// A scalar's characters, quoted or not; `nil` for null and for what is no scalar.
    public var text: String? { isNull ? nil : scalar?.text }

    /// The words that YAML 1.1 takes for true and false, quoted or not.
    public var truth: Bool? {
        switch scalar?.text.lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: nil
        }
    }

    private var scalar: ScalarText? {
        guard case .scalar(let text, let isQuoted) = content else { return nil }
        return ScalarText(text: text, isQuoted: isQuoted)
    }
}
