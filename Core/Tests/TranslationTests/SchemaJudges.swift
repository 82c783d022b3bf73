// SPDX-License-Identifier: Apache-2.0
// Isobar

import WireFormats

/// Says which values obey a JSON Schema: a plain reading of draft 2020-12, for keywords that tests use.
struct JSONSchemaJudge {
    let root: JSONValue

    func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if let all = schema.boolValue { return all }
        return (schema.members ?? []).allSatisfy { keyword, argument in
            accepts(value, keyword, argument, in: schema)
        }
    }

    private func accepts(_ value: JSONValue, _ keyword: String, _ argument: JSONValue, in schema: JSONValue) -> Bool {
        switch keyword {
        case "type": (argument.arrayValue ?? [argument]).contains { value.isOf(type: $0.stringValue ?? "") }
        case "enum": (argument.arrayValue ?? []).contains { $0.isEqual(to: value) }
        case "const": argument.isEqual(to: value)
        case "anyOf": (argument.arrayValue ?? []).contains { accepts(value, $0) }
        case "oneOf": (argument.arrayValue ?? []).filter { accepts(value, $0) }.count == 1
        case "allOf": (argument.arrayValue ?? []).allSatisfy { accepts(value, $0) }
        case "not": !accepts(value, argument)
        case "$ref": accepts(value, definition(argument.stringValue ?? ""))
        default: value.obeys(keyword, argument, in: schema) { accepts($0, $1) }
        }
    }

    private func definition(_ reference: String) -> JSONValue {
        root["$defs"]?[String(reference.dropFirst("#/$defs/".count))] ?? .bool(false)
    }
}

/// Says which values obey one of Google's schemas, and which of its servers' rules a schema breaks.
struct GoogleSchemaJudge {
    let isVertex: Bool
    var root = JSONValue.null

    func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if value.isNull, schema["nullable"]?.boolValue == true { return true }
        return (schema.members ?? []).allSatisfy { name, argument in
            let keyword = Self.spellings[name] ?? name
            return switch keyword {
            case "type": value.isOf(type: (argument.stringValue ?? "").lowercased())
            case "enum": (argument.arrayValue ?? []).contains { $0.stringValue == value.plainText }
            case "anyOf": (argument.arrayValue ?? []).contains { accepts(value, $0) }
            case "ref": accepts(value, root["defs"]?[String(argument.stringValue?.dropFirst(7) ?? "")] ?? .bool(false))
            default:
                value.obeys(keyword, argument, in: schema) { inner, schema in
                    schema.boolValue ?? accepts(inner, schema)
                }
            }
        }
    }

    /// Members may have the name that they have in the protocol definition.
    private static let spellings = ["max_length": "maxLength", "min_items": "minItems"]

    private static let known: Set<String> = [
        "type", "format", "title", "description", "nullable", "enum", "items", "properties", "required",
        "propertyOrdering", "anyOf", "default", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems",
        "maxItems", "minProperties", "maxProperties",
    ]

    /// What the servers would say; `nil` for a schema that they take.
    func complaint(_ schema: JSONValue, isRoot: Bool = true) -> String? {
        guard let members = schema.members else { return "no object: \(schema.text)" }
        let known = Self.known.union(isVertex ? ["additionalProperties", "ref"] + (isRoot ? ["defs"] : []) : [])
        for (name, _) in members where !known.contains(name) { return "unknown: \(name)" }
        if let reference = schema["ref"]?.stringValue {
            let isThere = reference.hasPrefix("#/defs/") && root["defs"]?[String(reference.dropFirst(7))] != nil
            return isThere && members.count == 1 ? nil : "ref: \(schema.text)"
        }
        let complaint = { (inner: JSONValue) in self.complaint(inner, isRoot: false) }
        if let branches = schema["anyOf"]?.arrayValue {
            return members.count == 1 ? branches.lazy.compactMap(complaint).first : "beside anyOf: \(schema.text)"
        }
        guard let type = schema["type"]?.stringValue, type == type.uppercased() else { return "type: \(schema.text)" }
        if schema["enum"] != nil, type != "STRING", !(isVertex && type == "INTEGER") { return "enum: \(schema.text)" }
        if type == "OBJECT", !isVertex, schema["properties"]?.members?.isEmpty ?? true { return "empty object" }
        let properties = schema["properties"]?.members ?? []
        for name in schema["required"]?.arrayValue ?? [] where !properties.contains(where: { $0.0 == name.stringValue })
        {
            return "required: \(name.text)"
        }
        if type == "ARRAY", schema["items"] == nil { return "no items" }
        let inner = properties.map(\.1) + [schema["items"]].compactMap { $0 } + (schema["defs"]?.members ?? []).map(\.1)
        return inner.lazy.compactMap(complaint).first
    }
}

extension JSONValue {
    fileprivate func isOf(type: String) -> Bool {
        switch (self, type) {
        case (.object, "object"), (.array, "array"), (.string, "string"), (.number, "number"), (.bool, "boolean"),
            (.null, "null"):
            true
        case (.number, "integer"): doubleValue.map { $0 == $0.rounded() } ?? false
        default: false
        }
    }

    fileprivate func isEqual(to other: JSONValue) -> Bool {
        if let number = doubleValue, let other = other.doubleValue { return number == other }
        return self == other
    }

    /// As Google writes a value that a schema lists.
    fileprivate var plainText: String? {
        switch self {
        case .string(let text): text
        case .number(let text): doubleValue.map { $0 == $0.rounded() ? "\(Int($0))" : text }
        case .bool(let flag): "\(flag)"
        default: nil
        }
    }

    /// A count may stand in quotes.
    private var count: Int? { integerValue ?? stringValue.flatMap { Int($0) } }

    /// Keywords that mean the same to everybody, and any other, which means nothing.
    fileprivate func obeys(
        _ keyword: String, _ argument: JSONValue, in schema: JSONValue, _ accepts: (JSONValue, JSONValue) -> Bool
    ) -> Bool {
        switch self {
        case .object(let members): obeys(keyword, argument, members, in: schema, accepts)
        case .array(let elements): obeys(keyword, argument, elements, accepts)
        case .string(let text):
            switch keyword {
            case "minLength": text.count >= argument.count ?? 0
            case "maxLength": text.count <= argument.count ?? .max
            case "pattern": text.contains(argument.stringValue ?? "")
            default: true
            }
        case .number:
            obeys(keyword, argument.doubleValue ?? 0, doubleValue ?? 0)
        default: true
        }
    }

    private func obeys(
        _ keyword: String, _ argument: JSONValue, _ members: [(String, JSONValue)], in schema: JSONValue,
        _ accepts: (JSONValue, JSONValue) -> Bool
    ) -> Bool {
        switch keyword {
        case "properties":
            members.allSatisfy { name, value in argument[name].map { accepts(value, $0) } ?? true }
        case "required": (argument.arrayValue ?? []).allSatisfy { self[$0.stringValue ?? ""] != nil }
        case "additionalProperties":
            members.allSatisfy { name, value in schema["properties"]?[name] != nil || accepts(value, argument) }
        case "minProperties": members.count >= argument.count ?? 0
        case "maxProperties": members.count <= argument.count ?? .max
        default: true
        }
    }

    private func obeys(
        _ keyword: String, _ argument: JSONValue, _ elements: [JSONValue], _ accepts: (JSONValue, JSONValue) -> Bool
    ) -> Bool {
        switch keyword {
        case "items": elements.allSatisfy { accepts($0, argument) }
        case "minItems": elements.count >= argument.count ?? 0
        case "maxItems": elements.count <= argument.count ?? .max
        case "uniqueItems": argument.boolValue != true || Set(elements.map(\.text)).count == elements.count
        default: true
        }
    }

    private func obeys(_ keyword: String, _ argument: Double, _ number: Double) -> Bool {
        switch keyword {
        case "minimum": number >= argument
        case "maximum": number <= argument
        case "exclusiveMinimum": number > argument
        case "exclusiveMaximum": number < argument
        case "multipleOf": (number / argument).rounded() == number / argument
        default: true
        }
    }
}
