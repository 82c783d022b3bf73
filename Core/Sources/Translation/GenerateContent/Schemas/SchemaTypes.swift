// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Types of JSON values, as JSON Schema names them. `number` includes `integer` where it says what values may be.
struct SchemaTypes: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let string = SchemaTypes(rawValue: 4)
    static let integer = SchemaTypes(rawValue: 8)
    static let number = SchemaTypes(rawValue: 16)
    static let array = SchemaTypes(rawValue: 32)
    static let object = SchemaTypes(rawValue: 64)

    static let numbers: SchemaTypes = [.integer, .number]
    static let any = SchemaTypes(rawValue: 127)

    /// In the order in which they are written where there are several.
    static let all: [SchemaTypes] = [.string, .integer, .number, .boolean, .array, .object]

    /// - Returns: `nil` when the value is neither a type's name nor a list of such.
    init?(_ value: JSONElement) {
        if let word = value.string {
            guard let type = Self.named(word) else { return nil }
            self = type
            return
        }
        guard value.isArray else { return nil }
        var types = SchemaTypes()
        for element in value.elements {
            guard let word = element.string, let type = Self.named(word) else { return nil }
            types.formUnion(type)
        }
        self = types
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Type of a value. A number without fraction and exponent counts as an integer.
    init(of value: JSONElement) {
        switch value.kind {
        case .null: self = .null
        case .yes, .no: self = .boolean
        case .string: self = .string
        case .number: self = value.integer == nil ? .number : .integer
        case .array: self = .array
        case .object: self = .object
        }
    }

    private static func named(_ word: JSONString) -> SchemaTypes? {
        for (name, type) in names where word == name { return type }
        return nil
    }

    private static let names: [(StaticString, SchemaTypes)] = [
        ("string", .string), ("object", .object), ("integer", .integer), ("number", .number), ("array", .array),
        ("boolean", .boolean), ("null", .null),
    ]

    /// Without `integer` where `number` says it already, and without `null`.
    var concrete: SchemaTypes {
        var types = subtracting(.null)
        if types.contains(.number) { types.remove(.integer) }
        return types
    }

    /// Whether a value can be of both.
    func overlaps(_ other: SchemaTypes) -> Bool {
        !spread.isDisjoint(with: other.spread)
    }

    private var spread: SchemaTypes { contains(.number) ? union(.integer) : self }

    /// Google's name of a single type.
    var googleName: JSONString {
        switch self {
        case .boolean: "BOOLEAN"
        case .integer: "INTEGER"
        case .number: "NUMBER"
        case .array: "ARRAY"
        case .object: "OBJECT"
        case .null: "NULL"
        default: "STRING"
        }
    }
}
