// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Google's own schemas, the older way to describe arguments and answers, in the JSON Schema that everybody else takes.
///
/// They look like JSON Schema and differ in what a validator trips over: types in capitals, `nullable`, integers in
/// quotes, an order of properties, names in snake case, definitions without a dollar sign (API reference, `Schema`, read
/// 2026-11). The same values are valid on both sides, and properties stand in the order that was asked for.
enum GenerateContentSchema {
    /// - Cost: O(bytes), one buffer; O(properties²) of an object with an order. Depth is bounded by the tape's.
    static func jsonSchema(_ schema: JSONElement, _ arena: ByteArena) -> JSONRaw {
        let writer = JSONWriter(capacity: schema.raw.bytes.count + 256)
        write(schema, to: writer)
        return JSONRaw(arena.copy(writer.bytes))
    }

    private static func write(_ schema: JSONElement, to writer: JSONWriter) {
        guard schema.isObject else { return writer.raw(schema.raw) }
        let isNullable = schema.present("nullable")?.bool ?? false
        writer.beginObject()
        for (name, value) in schema.members where !value.isNull {
            write(Keyword(name), name, value, of: schema, isNullable, to: writer)
        }
        writer.endObject()
    }

    private static func write(
        _ keyword: Keyword?, _ name: JSONString, _ value: JSONElement, of schema: JSONElement, _ isNullable: Bool,
        to writer: JSONWriter
    ) {
        switch keyword {
        case .type: writeType(value, isNullable, to: writer)
        case .dropped: break
        case .schema(let name):
            writer.name(JSONString(stringLiteral: name))
            write(value, to: writer)
        case .schemas(let name):
            let name = JSONString(stringLiteral: name)
            writeList(name, value, isNullable: isNullable && name == "anyOf", to: writer)
        case .properties:
            writeProperties(value, order: schema.either("propertyOrdering", "property_ordering"), to: writer)
        case .definitions: writeMap("$defs", value, to: writer)
        case .reference: writeReference(value, isNullable, to: writer)
        case .values: writeValues(value, of: schema["type"]?.string, isNullable, to: writer)
        case .format: if !(value.string ?? .empty == "enum") { writer.member(name, raw: value.raw) }
        case .example:
            writer.name("examples")
            writer.beginArray()
            writer.raw(value.raw)
            writer.endArray()
        case .integer(let name): writer.member(JSONString(stringLiteral: name), raw: integer(value))
        case nil: writer.member(name, raw: value.raw)
        }
    }

    /// 64-bit integers stand in quotes in the JSON of protocol buffers.
    private static func integer(_ value: JSONElement) -> JSONRaw {
        guard let text = value.string, JSONNumber.isValid(text.bytes),
            text.bytes.allSatisfy({ $0 >= 48 && $0 <= 57 })
        else { return value.raw }
        return JSONRaw(text.bytes)
    }

    // MARK: Types and values

    private static func writeType(_ value: JSONElement, _ isNullable: Bool, to writer: JSONWriter) {
        guard let text = value.string else { return writer.member("type", raw: value.raw) }
        guard !text.matches("type_unspecified") else { return }
        let type = lowercased(text)
        writer.name("type")
        guard isNullable, !(type == "null") else { return writer.string(type) }
        writer.beginArray()
        writer.string(type)
        writer.string("null")
        writer.endArray()
    }

    private static func lowercased(_ type: JSONString) -> JSONString {
        let types: [(StaticString, JSONString)] = [
            ("string", "string"), ("object", "object"), ("integer", "integer"), ("number", "number"),
            ("array", "array"), ("boolean", "boolean"), ("null", "null"),
        ]
        return types.first { type.matches($0.0) }?.1 ?? type
    }

    /// All values are texts here, those of numbers too.
    private static func writeValues(
        _ value: JSONElement, of type: JSONString?, _ isNullable: Bool, to writer: JSONWriter
    ) {
        let isOfNumbers = type.map { $0.matches("integer") || $0.matches("number") } ?? false
        let isOfTruth = type?.matches("boolean") ?? false
        writer.name("enum")
        writer.beginArray()
        for element in value.elements {
            guard let text = element.string,
                isOfNumbers && JSONNumber.isValid(text.bytes) || isOfTruth && (text == "true" || text == "false")
            else {
                writer.raw(element.raw)
                continue
            }
            writer.raw(JSONRaw(text.bytes))
        }
        if isNullable { writer.null() }
        writer.endArray()
    }

    // MARK: Schemas in schemas

    private static func writeProperties(_ value: JSONElement, order: JSONElement?, to writer: JSONWriter) {
        let listed = order?.elements.compactMap(\.string) ?? []
        let place = { (name: JSONString) in listed.firstIndex { $0.isSame(as: name) } }
        writer.name("properties")
        writer.beginObject()
        for (index, wanted) in listed.enumerated() where place(wanted) == index {
            for (name, schema) in value.members where name.isSame(as: wanted) {
                writer.name(name)
                write(schema, to: writer)
            }
        }
        for (name, schema) in value.members where place(name) == nil {
            writer.name(name)
            write(schema, to: writer)
        }
        writer.endObject()
    }

    private static func writeMap(_ name: JSONString, _ value: JSONElement, to writer: JSONWriter) {
        writer.name(name)
        writer.beginObject()
        for (property, schema) in value.members {
            writer.name(property)
            write(schema, to: writer)
        }
        writer.endObject()
    }

    private static func writeList(
        _ name: JSONString, _ value: JSONElement, isNullable: Bool, to writer: JSONWriter
    ) {
        writer.name(name)
        writer.beginArray()
        for schema in value.elements { write(schema, to: writer) }
        if isNullable { writer.raw(#"{"type":"null"}"#) }
        writer.endArray()
    }

    /// `#/defs/NAME`.
    private static func writeReference(_ value: JSONElement, _ isNullable: Bool, to writer: JSONWriter) {
        if isNullable {
            writer.name("anyOf")
            writer.beginArray()
            writer.beginObject()
        }
        writer.name("$ref")
        let prefix: StaticString = "#/defs/"
        if let text = value.string, text.begins(prefix) {
            writer.beginString()
            writer.piece("#/$defs/")
            let name = UnsafeRawBufferPointer(rebasing: text.bytes[prefix.utf8CodeUnitCount...])
            writer.piece(JSONString(name, hasEscapes: text.hasEscapes))
            writer.endString()
        } else {
            writer.raw(value.raw)
        }
        guard isNullable else { return }
        writer.endObject()
        writer.raw(#"{"type":"null"}"#)
        writer.endArray()
    }

    /// Keywords that are written in another way. All others stay as they are.
    private enum Keyword {
        case type, dropped, values, properties, definitions, reference, format, example
        case schema(StaticString), schemas(StaticString), integer(StaticString)

        init?(_ name: JSONString) {
            guard let keyword = Self.table.first(where: { name == $0.name })?.keyword else { return nil }
            self = keyword
        }

        private static let table: [(name: StaticString, keyword: Keyword)] = [
            ("type", .type), ("properties", .properties), ("items", .schema("items")), ("enum", .values),
            ("nullable", .dropped), ("format", .format), ("anyOf", .schemas("anyOf")), ("propertyOrdering", .dropped),
            ("additionalProperties", .schema("additionalProperties")), ("prefixItems", .schemas("prefixItems")),
            ("defs", .definitions), ("ref", .reference), ("example", .example), ("minItems", .integer("minItems")),
            ("maxItems", .integer("maxItems")), ("minLength", .integer("minLength")),
            ("maxLength", .integer("maxLength")), ("minProperties", .integer("minProperties")),
            ("maxProperties", .integer("maxProperties")), ("any_of", .schemas("anyOf")),
            ("property_ordering", .dropped), ("additional_properties", .schema("additionalProperties")),
            ("prefix_items", .schemas("prefixItems")), ("min_items", .integer("minItems")),
            ("max_items", .integer("maxItems")), ("min_length", .integer("minLength")),
            ("max_length", .integer("maxLength")), ("min_properties", .integer("minProperties")),
            ("max_properties", .integer("maxProperties")),
        ]
    }
}
