// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation
internal import WireFormats

/// Makes the smallest value that a simple JSON Schema accepts, the same for the same seed.
///
/// Understood: type (also a list), properties and required, items with minItems, enum, const, minimum and its exclusive
/// form, minLength and maxLength, the common string formats, anyOf, oneOf and allOf by their first branch, and
/// references into the document. Other keywords are ignored: this stands in for a model, it is no validator.
struct SchemaInstance {
    private let root: JSONValue
    private var text: AnswerText

    private static let depthMax = 32
    private static let itemsMax = 64
    private static let lengthMax = 4_096

    init(schema: JSONValue, seed: UInt64) {
        root = schema
        text = AnswerText(seed: seed)
    }

    /// A recursive or very deep schema ends in `null` at the depth limit.
    mutating func make() -> JSONValue { instance(of: root, depth: 0) }

    private mutating func instance(of schema: JSONValue, depth: Int) -> JSONValue {
        guard depth < Self.depthMax else { return .null }
        if let constant = schema["const"] { return constant }
        if let first = schema["enum"]?.arrayValue?.first { return first }
        if let target = schema["$ref"]?.stringValue.flatMap(resolve) { return instance(of: target, depth: depth + 1) }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let branch = schema[keyword]?.arrayValue?.first { return instance(of: branch, depth: depth + 1) }
        }
        switch typeName(of: schema) {
        case "object": return object(schema, depth)
        case "array": return array(schema, depth)
        case "string": return .string(string(schema))
        case "integer", "number": return number(schema)
        case "boolean": return .bool(true)
        default: return .null
        }
    }

    private func typeName(of schema: JSONValue) -> String? {
        if let name = schema["type"]?.stringValue ?? schema["type"]?.arrayValue?.first?.stringValue { return name }
        if schema["properties"] != nil { return "object" }
        return schema["items"] == nil ? nil : "array"
    }

    /// Without `required` every property is filled in, which says more in a demonstration than an empty object.
    private mutating func object(_ schema: JSONValue, _ depth: Int) -> JSONValue {
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue)
        var members: [(String, JSONValue)] = []
        for (name, property) in schema["properties"]?.members ?? [] where required?.contains(name) ?? true {
            members.append((name, instance(of: property, depth: depth + 1)))
        }
        return .object(members)
    }

    private mutating func array(_ schema: JSONValue, _ depth: Int) -> JSONValue {
        let count = min(Self.itemsMax, max(schema["minItems"]?.integerValue ?? 1, 0))
        guard let items = schema["items"] else { return .array([]) }
        var values: [JSONValue] = []
        for _ in 0..<count { values.append(instance(of: items, depth: depth + 1)) }
        return .array(values)
    }

    private mutating func string(_ schema: JSONValue) -> String {
        switch schema["format"]?.stringValue {
        case "date": return "2026-01-01"
        case "time": return "12:00:00Z"
        case "date-time": return "2026-01-01T12:00:00Z"
        case "email": return "reader@example.com"
        case "uri", "url": return "https://example.com/"
        case "uuid": return "00000000-0000-4000-8000-000000000000"
        default: break
        }
        let length = min(Self.lengthMax, max(0, schema["minLength"]?.integerValue ?? 0))
        var value = String(text.text(tokens: 2).trimmingPrefix(" "))
        while value.unicodeScalars.count < length { value += text.nextToken() }
        let lengthMax = max(0, schema["maxLength"]?.integerValue ?? Self.lengthMax)
        return String(String.UnicodeScalarView(value.unicodeScalars.prefix(lengthMax)))
    }

    private func number(_ schema: JSONValue) -> JSONValue {
        if let low = schema["minimum"]?.integerValue { return .integer(low) }
        if let low = schema["exclusiveMinimum"]?.integerValue { return .integer(low + 1) }
        if let high = schema["maximum"]?.integerValue { return .integer(min(high, 1)) }
        if let high = schema["exclusiveMaximum"]?.integerValue { return .integer(min(high - 1, 1)) }
        return .integer(1)
    }

    /// `#`, `#/$defs/Name`, … inside the same document.
    private func resolve(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#") else { return nil }
        var target = root
        for step in reference.dropFirst().split(separator: "/") {
            guard let next = target[String(step)] else { return nil }
            target = next
        }
        return target
    }
}
