// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What one pass over all files gathers: problems, names, references, places.
///
/// A class because every shape adds to it while the tree is walked. Confined to the reader that made it.
final class DecodingContext {
    /// More than anyone reads; keeps the report of a wrong file type short.
    static let problemsMax = 1_000
    /// Nodes visited in one file. Aliases make a small file stand for a large tree; what counts is the tree.
    static let nodesMax = 200_000

    /// Something said at a place that only makes sense next to what other documents say.
    struct Mention<Subject> {
        var subject: Subject
        var location: SourceMap.Location
        var resource: ResourceName?
        var path: String
    }

    private(set) var problems: [ConfigurationProblem] = []
    /// Names that must be declared somewhere.
    private(set) var references: [Mention<ResourceName>] = []
    private(set) var currencies: [Mention<Currency>] = []
    private(set) var declared: [ResourceName: SourceMap.Location] = [:]
    private(set) var sources = SourceMap()

    private var source = SourceText(file: "", text: "")
    private var nodesLeft = nodesMax
    /// Lines of the file before the document at hand.
    var lineOffset = 0
    /// The document at hand, once its kind and name are known.
    var resource: ResourceName?

    func begin(_ source: SourceText) {
        self.source = source
        sources.insert(source)
        nodesLeft = Self.nodesMax
        lineOffset = 0
        resource = nil
    }

    var file: String { source.file }

    func location(line: Int, column: Int) -> SourceMap.Location {
        SourceMap.Location(file: source.file, line: line + lineOffset, column: column)
    }

    /// The problem is made only if there is room for it: a wrong file can have very many.
    func report(_ problem: @autoclosure () -> ConfigurationProblem) {
        if problems.count < Self.problemsMax { problems.append(problem()) }
    }

    func report(
        at location: SourceMap.Location, path: String = "", _ message: String, hint: String? = nil,
        showsLine: Bool = true
    ) {
        var problem = sources.problem(at: location, in: resource, path: path, message, hint: hint)
        if !showsLine { problem.excerpt = nil }
        report(problem)
    }

    func report<Subject>(_ mention: Mention<Subject>, _ message: String, hint: @autoclosure () -> String?) {
        report(sources.problem(at: mention.location, in: mention.resource, path: mention.path, message, hint: hint()))
    }

    /// Counts one visited node and remembers its place.
    /// - Returns: `false` when the file's budget is spent; said once.
    func visit(_ path: String, at location: SourceMap.Location) -> Bool {
        nodesLeft -= 1
        if nodesLeft == -1 {
            report(
                at: location, "the file has more than \(Self.nodesMax) values", hint: "split it, or use fewer aliases")
        }
        guard nodesLeft >= 0 else { return false }
        if let resource { sources.insert(location, of: resource, path: path) }
        return true
    }

    func refer(to target: ResourceName, at location: SourceMap.Location, path: String) {
        references.append(Mention(subject: target, location: location, resource: resource, path: path))
    }

    func price(in currency: Currency, at location: SourceMap.Location, path: String) {
        currencies.append(Mention(subject: currency, location: location, resource: resource, path: path))
    }

    /// Enters the document at hand under its name.
    func declare(_ name: ResourceName, at location: SourceMap.Location) {
        resource = name
        if let first = declared[name] {
            report(
                at: location, path: "metadata.name", "there is already a \(name.kind.rawValue) named \"\(name.name)\"",
                hint: "the first is at \(first.file):\(first.line); rename or remove one")
        } else {
            declared[name] = location
            sources.insert(location, of: name, path: "")
        }
    }
}
