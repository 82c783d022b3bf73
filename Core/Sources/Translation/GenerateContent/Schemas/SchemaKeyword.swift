// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A keyword of JSON Schema (2020-12, and what earlier drafts had instead), by what becomes of it in Google's schemas.
///
/// What is not listed constrains nothing: JSON Schema takes unknown keywords for notes.
struct SchemaKeyword: BitwiseCopyable {
    enum Role: BitwiseCopyable {
        /// A note: says nothing about which values are valid.
        case note
        /// Written, as far as it can be, by whoever writes its type.
        case written
        /// No word for it.
        case unsaid
        /// The same, but without a meaning when it is `true` or `{}`: a schema that every value obeys.
        case unsaidUnlessOpen
        /// The same, but without a meaning when it is `false`.
        case unsaidUnlessFalse
    }

    let role: Role
    /// Types of the values that it constrains; all others it leaves alone.
    let types: SchemaTypes

    /// - Returns: `nil` for a name that JSON Schema does not know.
    init?(_ name: JSONString) {
        guard let found = Self.table.first(where: { name == $0.name }) else { return nil }
        role = found.role
        types = found.types
    }

    /// Whether a schema with this member says less without it.
    func isUnsaid(_ value: JSONElement) -> Bool {
        switch role {
        case .note, .written: false
        case .unsaid: true
        case .unsaidUnlessOpen: !value.isOpenSchema
        case .unsaidUnlessFalse: value.kind != .no
        }
    }

    private static let table: [(name: StaticString, role: Role, types: SchemaTypes)] = [
        ("type", .written, .any), ("description", .note, .any), ("properties", .written, .object),
        ("required", .written, .object), ("items", .written, .array), ("enum", .written, .any),
        ("additionalProperties", .written, .object), ("anyOf", .written, .any), ("$ref", .written, .any),
        ("const", .written, .any), ("title", .note, .any), ("default", .note, .any), ("format", .written, .any),
        ("minimum", .written, .numbers), ("maximum", .written, .numbers), ("minItems", .written, .array),
        ("maxItems", .written, .array), ("minLength", .written, .string), ("maxLength", .written, .string),
        ("pattern", .written, .string), ("exclusiveMinimum", .written, .numbers),
        ("exclusiveMaximum", .written, .numbers), ("multipleOf", .written, .numbers),
        ("minProperties", .written, .object), ("maxProperties", .written, .object), ("oneOf", .written, .any),
        ("allOf", .written, .any), ("not", .unsaid, .any), ("then", .unsaidUnlessOpen, .any),
        ("else", .unsaidUnlessOpen, .any), ("$dynamicRef", .unsaid, .any), ("$recursiveRef", .unsaid, .any),
        ("patternProperties", .unsaidUnlessOpen, .object), ("propertyNames", .unsaidUnlessOpen, .object),
        ("dependentRequired", .unsaidUnlessOpen, .object), ("dependentSchemas", .unsaidUnlessOpen, .object),
        ("dependencies", .unsaidUnlessOpen, .object), ("unevaluatedProperties", .unsaidUnlessOpen, .object),
        ("prefixItems", .unsaid, .array), ("contains", .unsaid, .array),
        ("uniqueItems", .unsaidUnlessFalse, .array), ("unevaluatedItems", .unsaidUnlessOpen, .array),
    ]
}

extension JSONElement {
    /// A schema that every value obeys.
    var isOpenSchema: Bool { kind == .yes || isObject && isEmpty }

    /// Whether anything in this schema but `except` says which values are valid.
    func constrains(beside except: StaticString) -> Bool {
        members.contains { name, value in
            guard !(name == except), let keyword = SchemaKeyword(name) else { return false }
            return keyword.role == .written || keyword.isUnsaid(value)
        }
    }

    /// A schema that `null` obeys, and nothing else.
    var isNullSchema: Bool {
        let values = SchemaValues(self)
        guard (self["type"].flatMap { SchemaTypes($0) } ?? values?.types) == .null,
            values?.types.contains(.null) ?? true
        else { return false }
        return members.allSatisfy { name, _ in
            name == "type" || name == "enum" || name == "const" || SchemaKeyword(name).map { $0.role == .note } ?? true
        }
    }
}
