// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Yams

/// One value of a document on its way to a type: the node, its path, and where to complain.
struct Cursor {
    let node: Node
    /// From the document's root, e.g. `spec.tiers[0].name`.
    let path: String
    let context: DecodingContext
    /// Where to point when the node itself has no mark.
    let location: SourceMap.Location

    init(_ node: Node, path: String, context: DecodingContext, fallback: SourceMap.Location? = nil) {
        self.node = node
        self.path = path
        self.context = context
        let marked = node.mark.map { context.location(line: $0.line, column: $0.column) }
        location = marked ?? fallback ?? context.location(line: 0, column: 0)
    }

    var scalar: ScalarText? {
        guard case .scalar(let scalar) = node else { return nil }
        return ScalarText(text: scalar.string, isQuoted: scalar.style != .plain && scalar.style != .any)
    }

    /// A value that is left out or `null`.
    var isNothing: Bool { scalar?.reading == .nothing }

    /// For messages: what the file has here.
    var found: String {
        switch node {
        case .scalar: scalar?.described ?? "nothing"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        }
    }

    func field(_ name: String, _ node: Node) -> Cursor {
        Cursor(node, path: path.isEmpty ? name : "\(path).\(name)", context: context, fallback: location)
    }

    func element(_ index: Int, _ node: Node) -> Cursor {
        Cursor(node, path: "\(path)[\(index)]", context: context, fallback: location)
    }

    func report(_ message: String, hint: String? = nil) {
        context.report(at: location, path: path, message, hint: hint)
    }

    /// For a value that is probably a secret: neither it nor its line is shown.
    func reportUnseen(_ message: String, hint: String) {
        context.report(at: location, path: path, message, hint: hint, showsLine: false)
    }

    /// Counts the visit, remembers the place, and reads the value.
    func read<Value>(_ shape: Shape<Value>) -> Value? {
        guard context.visit(path, at: location) else { return nil }
        return shape.parse(self)
    }
}
