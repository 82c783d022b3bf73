// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// References. What one leads to is written in its place, until it leads back to what is being written: that goes to the
// root's `defs`, and a `ref` in its place. Only Vertex AI's schemas have both, and `defs` at the root only (API reference,
// `Schema`, read 2026-11), where nothing may stand beside `anyOf`.
extension OpenAPISchemaWriter {
    struct OpenReference {
        let place: UnsafeRawPointer?
        /// Around it.
        let containers: Int
    }

    struct Definition {
        let name: JSONString
        let schema: JSONElement
    }

    /// Calls the root by a name of its own, for a reference to it.
    private static var rootName: JSONString { "root" }

    /// - Returns: what to write in the reference's place; `nil` where the node says it, or nothing can.
    mutating func follow(_ reference: JSONElement, _ node: inout Node) -> JSONElement? {
        for (name, value) in node.schema.members where !(name == "$ref") {
            if let keyword = SchemaKeyword(name), keyword.role == .written || keyword.isUnsaid(value) { lose(name) }
        }
        guard let found = definition(reference) else {
            lose("$ref")
            return nil
        }
        guard let open = openReferences.last(where: { $0.place == found.schema.place }) else {
            openReferences.append(OpenReference(place: found.schema.place, containers: containers))
            return found.schema
        }
        // A schema that is itself and nothing else says nothing.
        if containers > open.containers, define(found) { node.reference = found.name } else { lose("$ref") }
        return nil
    }

    func definition(_ reference: JSONElement) -> Definition? {
        guard let text = reference.string else { return nil }
        if text == "#" { return Definition(name: Self.rootName, schema: root) }
        for (prefix, list) in [("#/$defs/", "$defs"), ("#/definitions/", "definitions")]
            as [(StaticString, StaticString)]
        where text.begins(prefix) {
            let bytes = UnsafeRawBufferPointer(rebasing: text.bytes[prefix.utf8CodeUnitCount...])
            let found = root[list]?.members.first { $0.name.bytes.elementsEqual(bytes) }
            return found.map { Definition(name: $0.name, schema: $0.value) }
        }
        return nil
    }

    /// - Returns: false where there is no place for it, or another definition has its name.
    private mutating func define(_ definition: Definition) -> Bool {
        guard let known = definitions?.first(where: { $0.name.isSame(as: definition.name) }) else {
            definitions?.append(definition)
            return definitions != nil
        }
        return known.schema.place == definition.schema.place
    }

    func write(reference name: JSONString, _ node: Node) {
        writer.beginObject()
        if node.isNullable {
            writer.name("anyOf")
            writer.beginArray()
            writer.beginObject()
        }
        writer.name("ref")
        writer.beginString()
        writer.piece("#/defs/")
        writer.piece(name)
        writer.endString()
        if node.isNullable {
            writer.endObject()
            writeNull(nil)
            writer.endArray()
        }
        writer.endObject()
    }

    /// Writes the root's `defs`; writing one may ask for another.
    mutating func writeDefinitions() {
        guard let first = definitions, !first.isEmpty else { return }
        writer.name("defs")
        writer.beginObject()
        let around = openReferences
        var next = 0
        while let definition = definitions?[next...].first {
            writer.name(definition.name)
            openReferences = [OpenReference(place: definition.schema.place, containers: 0)]
            containers = 0
            write(definition.schema)
            next += 1
        }
        openReferences = around
        writer.endObject()
    }

    /// Writes a schema that stands in an object or an array.
    mutating func writeInner(_ schema: JSONElement) {
        containers += 1
        write(schema)
        containers -= 1
    }
}

extension JSONElement {
    /// Where it stands: two elements of one document are the same if this is.
    var place: UnsafeRawPointer? { raw.bytes.baseAddress }
}
