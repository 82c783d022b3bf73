// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Yams

/// The fields of one mapping, asked for one by one.
///
/// The questions are the schema: a field nobody asked for is unknown, and the names asked for are the ones allowed.
final class Fields {
    let cursor: Cursor
    private var entries: [(name: String, key: Cursor, value: Cursor)] = []
    private var asked: [String] = []

    /// `nil`, and reported, when there is no mapping at `cursor`.
    init?(_ cursor: Cursor) {
        self.cursor = cursor
        if cursor.isNothing { return }
        guard case .mapping(let mapping) = cursor.node else {
            cursor.report("found \(cursor.found); allowed: a mapping of fields")
            return nil
        }
        for (key, value) in mapping { add(key, value) }
    }

    private func add(_ key: Node, _ value: Node) {
        let place = Cursor(key, path: cursor.path, context: cursor.context, fallback: cursor.location)
        guard let name = place.scalar?.text else {
            return place.report("found \(place.found) as a field name; allowed: text")
        }
        if name.unicodeScalars.first == YAMLDocuments.maskedKeyMark { return }  // a duplicate, already reported
        if name == "<<" {
            return place.report("merge keys (<<) are not supported", hint: "repeat the fields, or alias each value")
        }
        entries.append((name, place, cursor.field(name, value)))
    }

    /// The value of a field; `nil` when it is absent, null or wrong. Only the last is reported.
    func optional<Value>(_ name: String, _ shape: Shape<Value>) -> Value? {
        asked.append(name)
        guard let entry = entries.first(where: { $0.name == name }), !entry.value.isNothing else { return nil }
        return entry.value.read(shape)
    }

    /// The value of a field; `nil`, and reported, when it is absent or wrong.
    func required<Value>(_ name: String, _ shape: Shape<Value>) -> Value? {
        guard isWritten(name) else {
            asked.append(name)
            let path = cursor.path.isEmpty ? name : "\(cursor.path).\(name)"
            cursor.context.report(
                at: place(of: name), path: path, "missing; allowed: \(shape.allowed)", hint: misspelling(of: name))
            return nil
        }
        return optional(name, shape)
    }

    /// The value of a field that is itself a mapping; absent, it is read as an empty one, so that what is missing
    /// inside is named.
    func section<Value>(_ name: String, _ shape: Shape<Value>) -> Value? {
        asked.append(name)
        let empty = Cursor(
            Node.mapping(Node.Mapping([])), path: name, context: cursor.context, fallback: cursor.location)
        return (entries.first { $0.name == name }?.value ?? empty).read(shape)
    }

    /// Every field, for mappings whose keys are names rather than fields.
    func all<Value>(_ shape: Shape<Value>, key: (Cursor, String) -> Bool) -> [String: Value]? {
        asked = entries.map(\.name)
        var values: [String: Value] = [:]
        for entry in entries where key(entry.key, entry.name) {
            values[entry.name] = entry.value.read(shape)
        }
        return values.count == entries.count ? values : nil
    }

    /// Accepts a field without looking at it.
    func ignore(_ name: String) { asked.append(name) }

    /// Accepts every field: which are allowed depends on one that is wrong, and was reported.
    func ignoreAll() { asked += entries.map(\.name) }

    /// Whether a field has a value, right or wrong.
    func isWritten(_ name: String) -> Bool { entries.contains { $0.name == name && !$0.value.isNothing } }

    /// Where a field is written, or its mapping when it is not.
    func place(of name: String) -> SourceMap.Location {
        entries.first { $0.name == name }?.value.location ?? cursor.location
    }

    func reportUnknown() {
        guard entries.contains(where: { !asked.contains($0.name) }) else { return }
        let written = Set(entries.map(\.name))
        let unused = asked.filter { !written.contains($0) }
        for entry in entries where !asked.contains(entry.name) {
            let name = ScalarText(text: entry.name, isQuoted: true).shortened
            entry.key.report("unknown field \"\(name)\"", hint: hint(forUnknown: entry.name, unused: unused))
        }
    }

    /// A field that is there already cannot be what was meant.
    private func hint(forUnknown name: String, unused: [String]) -> String? {
        if let near = NearestName.nearest(to: name, among: unused) { return "did you mean \"\(near)\"?" }
        return asked.isEmpty ? "no fields are allowed here" : "allowed: " + asked.joined(separator: ", ")
    }

    /// When a required field is missing because it is misspelt, the two reports should name each other.
    private func misspelling(of name: String) -> String? {
        NearestName.nearest(to: name, among: entries.map(\.name)).flatMap {
            $0 == name ? nil : "\"\($0)\" may be meant as \"\(name)\""
        }
    }
}
