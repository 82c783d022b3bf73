// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The only values that a schema allows: `enum`, or `const`.
struct SchemaValues: BitwiseCopyable {
    private let list: JSONElement
    private let isConst: Bool
    /// Types of the values.
    let types: SchemaTypes

    /// - Returns: `nil` for a schema that lists no values.
    init?(_ schema: JSONElement) {
        if let const = schema["const"] {
            list = const
            isConst = true
            types = SchemaTypes(of: const)
        } else if let values = schema["enum"], values.isArray {
            list = values
            isConst = false
            types = values.elements.reduce(into: []) { $0.formUnion(SchemaTypes(of: $1)) }
        } else {
            return nil
        }
    }

    var keyword: JSONString { isConst ? "const" : "enum" }

    func forEach(_ body: (JSONElement) -> Void) {
        if isConst { return body(list) }
        for value in list.elements { body(value) }
    }

    /// Those of `types` that any of the values is of.
    func reachable(in allowed: SchemaTypes) -> SchemaTypes {
        var reachable = types
        // An integer is a number too.
        if allowed.contains(.number), types.contains(.integer) { reachable.formUnion(.number) }
        return reachable.intersection(allowed)
    }
}

extension OpenAPISchemaWriter {
    /// Writes the values of one type, if Google can be told them: texts to both, whole numbers as texts to Vertex AI.
    /// - Returns: whether the values say all about the schema's format.
    mutating func write(_ values: SchemaValues, of type: SchemaTypes) -> Bool {
        if type == .boolean, hasBoth(values) { return true }
        guard type == .string || type == .integer && isVertex else {
            lose(values.keyword)
            return false
        }
        var texts: [JSONString] = []
        var isComplete = true
        values.forEach { value in
            guard SchemaTypes(of: value) == type else {
                // A fraction of zeros is a whole number too.
                if SchemaTypes(of: value) == .number { isComplete = type != .integer && isComplete }
                return
            }
            // AI Studio refuses an empty text among the values.
            guard isVertex || !value.isEmpty else { return isComplete = false }
            texts.append(value.string ?? JSONString(value.raw.bytes, hasEscapes: false))
        }
        if !isComplete { lose(values.keyword) }
        guard !texts.isEmpty else { return false }
        writer.member("format", "enum")
        writer.name("enum")
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
        return true
    }

    private func hasBoth(_ values: SchemaValues) -> Bool {
        var hasTrue = false
        var hasFalse = false
        values.forEach {
            hasTrue = hasTrue || $0.kind == .yes
            hasFalse = hasFalse || $0.kind == .no
        }
        return hasTrue && hasFalse
    }
}
