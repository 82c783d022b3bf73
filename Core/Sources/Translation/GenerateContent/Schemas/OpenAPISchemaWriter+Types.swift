// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// A schema that says itself what its values are: type by type.
extension OpenAPISchemaWriter {
    mutating func writeTypes(_ node: Node) {
        let schema = node.schema
        let values = SchemaValues(schema)
        guard schema["$ref"] == nil else { return writeAnything(node.description) }
        let declared = schema["type"].flatMap { SchemaTypes($0) }
        let types = declared ?? values?.types ?? guess(schema)
        let allowsNull = types.contains(.null) && (values?.types.contains(.null) ?? true)
        let isNullable = node.isNullable || allowsNull
        var concrete = types.concrete
        if let values { concrete = concrete.intersection(values.reachable(in: concrete)) }
        guard !concrete.isEmpty else {
            if allowsNull {
                noteUnsaid(schema, .null)
                return writeNull(node.description)
            }
            lose(values?.keyword ?? "type")
            return writeAnything(node.description)
        }
        write(concrete, of: schema, values, isNullable, node.description)
    }

    /// What a schema without a type is meant to be of. Other types would obey it too, so it is never quite that.
    private mutating func guess(_ schema: JSONElement) -> SchemaTypes {
        lose("type")
        if schema["properties"] != nil { return .object }
        return schema["items"] != nil ? .array : .string
    }

    private mutating func write(
        _ types: SchemaTypes, of schema: JSONElement, _ values: SchemaValues?, _ isNullable: Bool,
        _ description: JSONRaw?
    ) {
        let listed = SchemaTypes.all.filter { types.contains($0) }
        if listed.count == 1 {
            if depth == 1, isVertex { definitions = [] }
            return write(listed[0], of: schema, values, isNullable: isNullable, description)
        }
        writer.beginObject()
        writer.name("anyOf")
        writer.beginArray()
        for (index, type) in listed.enumerated() {
            write(type, of: schema, values, isNullable: isNullable && index == 0, description)
        }
        writer.endArray()
        writer.endObject()
    }

    private mutating func write(
        _ type: SchemaTypes, of schema: JSONElement, _ values: SchemaValues?, isNullable: Bool, _ description: JSONRaw?
    ) {
        writer.beginObject()
        writer.member("type", type.googleName)
        if isNullable { writer.member("nullable", true) }
        if let title = schema["title"], title.string != nil { writer.member("title", raw: title.raw) }
        if let description { writer.member("description", raw: description) }
        let hasValues = values.map { write($0, of: type) } ?? false
        if !hasValues { writeFormat(schema, type) }
        switch type {
        case .object: writeObject(schema)
        case .array: writeArray(schema)
        case .string: write(["minLength", "maxLength", "pattern"], of: schema)
        case .integer, .number: writeBounds(schema, type)
        default: break
        }
        if let value = schema.present("default") { writer.member("default", raw: value.raw) }
        noteUnsaid(schema, type)
        if depth == 1 { writeDefinitions() }
        writer.endObject()
    }

    private mutating func noteUnsaid(_ schema: JSONElement, _ type: SchemaTypes) {
        for (name, value) in schema.members {
            guard let keyword = SchemaKeyword(name), !keyword.types.isDisjoint(with: type) else { continue }
            if keyword.isUnsaid(value) { lose(name) }
        }
    }

    /// Members that are written the same way on both sides.
    private func write(_ names: [StaticString], of schema: JSONElement) {
        for name in names {
            if let value = schema.present(name) { writer.member(JSONString(stringLiteral: name), raw: value.raw) }
        }
    }

    // MARK: Objects and arrays

    private mutating func writeObject(_ schema: JSONElement) {
        let properties = schema.present("properties")
        let isEmpty = properties?.isEmpty ?? true
        if isEmpty, !isVertex { lose("properties") }
        if let properties, !isEmpty { writeProperties(properties) }
        writeRequired(schema, properties)
        write(["minProperties", "maxProperties"], of: schema)
        guard let others = schema["additionalProperties"], !others.isOpenSchema else { return }
        guard isVertex else { return lose("additionalProperties") }
        writer.name("additionalProperties")
        if others.bool == false { writer.bool(false) } else { writeInner(others) }
    }

    /// In the order in which they stand: models before Gemini 2.5 keep to it only when it is said.
    private mutating func writeProperties(_ properties: JSONElement) {
        writer.name("properties")
        writer.beginObject()
        for (name, schema) in properties.members {
            writer.name(name)
            writeInner(schema)
        }
        writer.endObject()
        var members = properties.members
        guard members.next() != nil, members.next() != nil else { return }
        writer.name("propertyOrdering")
        writer.beginArray()
        for (name, _) in properties.members { writer.string(name) }
        writer.endArray()
    }

    /// Google refuses names that are no property of the same schema.
    private mutating func writeRequired(_ schema: JSONElement, _ properties: JSONElement?) {
        guard let required = schema["required"], !required.isEmpty else { return }
        let known = required.elements.compactMap(\.string).filter { name in
            properties?.members.contains { $0.name.isSame(as: name) } ?? false
        }
        if known.count < required.elements.reduce(0, { count, _ in count + 1 }) { lose("required") }
        guard !known.isEmpty else { return }
        writer.name("required")
        writer.beginArray()
        for name in known { writer.string(name) }
        writer.endArray()
    }

    private mutating func writeArray(_ schema: JSONElement) {
        writer.name("items")
        if let items = schema["items"], items.isObject {
            writeInner(items)
        } else {
            // Google wants to know what is in it; a list of schemas, one for each place, is an older draft's.
            lose("items")
            writeAnything(nil)
        }
        write(["minItems", "maxItems"], of: schema)
    }

    // MARK: Numbers and formats

    private mutating func writeBounds(_ schema: JSONElement, _ type: SchemaTypes) {
        writeBound("minimum", "exclusiveMinimum", of: schema, type, step: 1)
        writeBound("maximum", "exclusiveMaximum", of: schema, type, step: -1)
        guard let factor = schema["multipleOf"], !(type == .integer && factor.integer == 1) else { return }
        lose("multipleOf")
    }

    /// Of an integer, the next one is the bound itself. What older drafts had, a flag beside the bound, counts as well.
    private mutating func writeBound(
        _ name: StaticString, _ exclusive: StaticString, of schema: JSONElement, _ type: SchemaTypes, step: Int64
    ) {
        let bound = schema.present(name)
        let outside = schema[exclusive].flatMap { $0.kind == .yes ? bound : $0.kind == .no ? nil : $0 }
        guard let outside else {
            if let bound { writer.member(JSONString(stringLiteral: name), raw: bound.raw) }
            return
        }
        guard type == .integer, let excluded = outside.integer else {
            lose(JSONString(stringLiteral: exclusive))
            if let bound { writer.member(JSONString(stringLiteral: name), raw: bound.raw) }
            return
        }
        var tightest = excluded + step
        if let inside = bound?.integer { tightest = step > 0 ? max(tightest, inside) : min(tightest, inside) }
        if let bound, bound.integer == nil { lose(JSONString(stringLiteral: name)) }
        writer.member(JSONString(stringLiteral: name), tightest)
    }

    /// AI Studio refuses all others; Vertex AI names some for strings, and takes any.
    private mutating func writeFormat(_ schema: JSONElement, _ type: SchemaTypes) {
        guard let format = schema.present("format"), let word = format.string else { return }
        let isTaken =
            switch type {
            case .string: isVertex || word == "date-time"
            case .integer: word == "int32" || word == "int64"
            case .number: word == "float" || word == "double"
            // Formats of strings and numbers say nothing about other values.
            default: false
            }
        if isTaken {
            writer.member("format", word)
        } else if type == .string || !type.isDisjoint(with: .numbers) {
            lose("format")
        }
    }
}
