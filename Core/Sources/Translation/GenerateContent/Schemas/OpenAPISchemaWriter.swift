// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes a JSON Schema in Google's selection of OpenAPI's schemas, which is all that models before Gemini 2.5 take.
///
/// Every value that is valid stays valid, and no other becomes so; whatever has no words there is reported by its keyword
/// and left out. References are written out, as far as they do not lead back to themselves: that Vertex AI alone has words
/// for (`OpenAPISchemaWriter+References`). A schema that may be `null`
/// is `nullable`; one of several types is an `anyOf`, which must be the only member where it stands.
///
/// Facts (read 2026-11): the API references' `Schema` of Gemini and of Vertex AI; python-genai 3.6. The servers' own
/// refusals: AI Studio knows no `additionalProperties`, wants `properties` in every object and `enum` on strings only;
/// Vertex AI takes nothing beside `anyOf`. What AI Studio does with members that are not listed is not documented, so
/// `additionalProperties: false` is a loss there.
/// - Cost: O(bytes written), which references can make more than were read: bounded by `nodesMax` and `depthMax`.
struct OpenAPISchemaWriter {
    let root: JSONElement
    let writer: JSONWriter
    /// Vertex AI's schemas say more.
    let isVertex: Bool
    /// What the schema is of, for losses.
    let feature: Feature
    var losses: Losses
    /// What references have led to and is being written.
    var openReferences: [OpenReference]
    /// Objects and arrays around what is being written.
    var containers = 0
    /// What references lead back to; `nil` where the root has no place for it.
    var definitions: [Definition]?
    private var nodes = 0
    private(set) var depth = 0

    static let nodesMax = 4096
    static let depthMax = 64

    /// - Parameter schema: valid JSON.
    static func write(
        _ schema: JSONRaw, of feature: Feature, home: EndpointTarget.Home, to writer: JSONWriter, losses: inout Losses
    ) {
        read(schema) { root in
            var schemas = OpenAPISchemaWriter(
                root: root, writer: writer, isVertex: home == .vertex, feature: feature, losses: Losses())
            // Moved rather than copied: a copy would be two owners of the lists, and the next addition an allocation.
            swap(&schemas.losses, &losses)
            schemas.write(root)
            swap(&schemas.losses, &losses)
        }
    }

    /// Whether a schema is one of objects without any properties.
    static func saysNothing(_ schema: JSONRaw) -> Bool {
        read(schema) { root in
            root.members.allSatisfy { name, value in
                if name == "type" { return SchemaTypes(value) == .object }
                if name == "properties" || name == "required" { return value.isEmpty }
                guard let keyword = SchemaKeyword(name) else { return true }
                return name == "additionalProperties" || keyword.role == .note
            }
        }
    }

    /// What is read ends with the tape.
    private static func read<Result>(_ schema: JSONRaw, _ body: (JSONElement) -> Result) -> Result {
        let tape = JSONTape()
        guard let root = try? tape.read(schema.bytes) else {
            preconditionFailure("a schema was read as a part of a valid document")
        }
        return withExtendedLifetime(tape) { body(root) }
    }

    private init(root: JSONElement, writer: JSONWriter, isVertex: Bool, feature: Feature, losses: Losses) {
        self.root = root
        self.writer = writer
        self.isVertex = isVertex
        self.feature = feature
        self.losses = losses
        openReferences = [OpenReference(place: root.place, containers: 0)]
    }

    mutating func lose(_ keyword: JSONString) { losses.add(feature, keyword: keyword) }

    // MARK: One schema

    /// - Parameters:
    ///   - orNull: `null` is valid too.
    ///   - description: of what surrounds it, for a schema that has none of its own.
    mutating func write(_ schema: JSONElement, orNull: Bool = false, description: JSONRaw? = nil) {
        nodes += 1
        depth += 1
        let mark = openReferences.count
        defer {
            depth -= 1
            openReferences.removeLast(openReferences.count - mark)
        }
        guard nodes <= Self.nodesMax, depth <= Self.depthMax else {
            lose("$ref")
            return writeAnything(description)
        }
        var node = resolve(schema)
        node.isNullable = node.isNullable || orNull
        node.description = node.description ?? description
        if let name = node.reference { return write(reference: name, node) }
        guard node.schema.isObject else {
            lose("type")
            return writeAnything(node.description)
        }
        if let alternatives = alternatives(of: node.schema) { return write(alternatives, node) }
        writeTypes(node)
    }

    /// Something has to stand there; whatever it is has been reported.
    func writeAnything(_ description: JSONRaw?) {
        writer.beginObject()
        writer.member("type", "STRING")
        if let description { writer.member("description", raw: description) }
        writer.endObject()
    }

    // MARK: References and wrappers

    struct Node {
        var schema: JSONElement
        var isNullable = false
        var description: JSONRaw?
        /// Of the definition that it is, where that is being written already.
        var reference: JSONString?
    }

    /// Follows what only leads to another schema: a reference, the only branch of several, a branch beside `null`.
    private mutating func resolve(_ schema: JSONElement) -> Node {
        var node = Node(schema: schema)
        while node.schema.isObject {
            if node.description == nil, let text = node.schema["description"], text.string != nil {
                node.description = text.raw
            }
            guard let next = target(of: &node) else { break }
            node.schema = next
        }
        return node
    }

    private mutating func target(of node: inout Node) -> JSONElement? {
        if let reference = node.schema["$ref"] { return follow(reference, &node) }
        if let all = node.schema["allOf"], !node.schema.constrains(beside: "allOf") { return all.onlyElement }
        for (name, isExclusive) in [("anyOf", false), ("oneOf", true)] as [(StaticString, Bool)] {
            guard let branches = node.schema[name], !node.schema.constrains(beside: name),
                !isExclusive || branches.onlyElement != nil || areDisjoint(branches)
            else { continue }
            var others = branches.elements.filter { !$0.isNullSchema }
            guard others.count == 1, let only = others.popLast() else { continue }
            if branches.elements.contains(where: \.isNullSchema) { node.isNullable = true }
            return only
        }
        return nil
    }

    // MARK: Alternatives

    /// Schemas of which a value must obey any; `nil`, and reported, where they do not stand alone.
    private mutating func alternatives(of schema: JSONElement) -> JSONElement? {
        if schema["allOf"] != nil { lose("allOf") }
        if let branches = schema["anyOf"] {
            if branches.isArray, !branches.isEmpty, !schema.constrains(beside: "anyOf") { return branches }
            lose("anyOf")
        }
        if let branches = schema["oneOf"] {
            if !schema.constrains(beside: "oneOf"), areDisjoint(branches) { return branches }
            lose("oneOf")
        }
        return nil
    }

    /// Where no value can obey two of them, one of them is any of them.
    private func areDisjoint(_ branches: JSONElement) -> Bool {
        var seen: SchemaTypes = []
        for branch in branches.elements {
            let target = branch["$ref"].flatMap(definition)?.schema ?? branch
            guard let types = target["type"].flatMap({ SchemaTypes($0) }), !types.overlaps(seen) else { return false }
            seen.formUnion(types)
        }
        return !seen.isEmpty
    }

    private mutating func write(_ alternatives: JSONElement, _ node: Node) {
        let branches = alternatives.elements.filter { !$0.isNullSchema }
        guard !branches.isEmpty else { return writeNull(node.description) }
        var isNullable = node.isNullable || alternatives.elements.contains(where: \.isNullSchema)
        writer.beginObject()
        writer.name("anyOf")
        writer.beginArray()
        for branch in branches {
            write(branch, orNull: isNullable, description: node.description)
            isNullable = false
        }
        writer.endArray()
        writer.endObject()
    }

    func writeNull(_ description: JSONRaw?) {
        writer.beginObject()
        writer.member("type", "NULL")
        if let description { writer.member("description", raw: description) }
        writer.endObject()
    }
}

extension JSONElement {
    /// The value of an array with one.
    fileprivate var onlyElement: JSONElement? {
        var elements = elements
        guard let first = elements.next(), elements.next() == nil else { return nil }
        return first
    }
}
