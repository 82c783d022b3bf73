// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import WireFormats

/// Random schemas and values out of few names and small numbers, so that they meet often.
struct SchemaDice {
    var dice: SeededGenerator
    /// Names of definitions that may be referred to.
    private var definitions = ["A", "B"]

    init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

    // MARK: Values

    mutating func value(depth: Int = 2) -> JSONValue {
        switch dice.below(depth > 0 ? 8 : 5) {
        case 0: .null
        case 1: .bool(dice.oneIn(2))
        case 2: .string(dice.one(["", "a", "b", "ab", "1"]))
        case 3: .integer(dice.below(5))
        case 4: .number(dice.one(["0.5", "1.5", "2.0"]))
        case 5: .array((0..<dice.below(3)).map { _ in value(depth: depth - 1) })
        default: .object(names().map { ($0, value(depth: depth - 1)) })
        }
    }

    private mutating func names() -> [String] { ["a", "b", "c"].filter { _ in dice.oneIn(2) } }

    // MARK: JSON Schema

    mutating func jsonSchema() -> JSONValue {
        var members = self.members(depth: 3)
        if dice.oneIn(2) {
            members.append(("$defs", .object(definitions.map { ($0, .object(self.members(depth: 1))) })))
        }
        return .object(members)
    }

    private mutating func members(depth: Int) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        if dice.oneIn(4) { members.append(("description", .string("d"))) }
        if dice.oneIn(12) { return members + [("$ref", .string("#/$defs/\(dice.one(definitions))"))] }
        if depth > 0, dice.oneIn(5) {
            let name = dice.oneIn(4) ? dice.one(["oneOf", "allOf", "not"]) : "anyOf"
            let branches = (0..<(1 + dice.below(3))).map { _ in branch(depth: depth - 1) }
            return members + [(name, name == "not" ? branches[0] : .array(branches))]
        }
        let types = dice.oneIn(4) ? [type(), type()] : [type()]
        if !dice.oneIn(30) {
            let listed = types[0] == types.last ? [types[0]] : types
            members.append(("type", listed.count == 1 ? .string(listed[0]) : .array(listed.map { .string($0) })))
        }
        if dice.oneIn(6) { members.append(listedValues(types)) }
        for type in types { members += keywords(type, depth) }
        return unique(members)
    }

    private mutating func branch(depth: Int) -> JSONValue {
        dice.oneIn(3) ? .object([("type", .string("null"))]) : .object(members(depth: depth))
    }

    private mutating func type() -> String {
        dice.one(["string", "string", "integer", "number", "boolean", "array", "object", "object", "null"])
    }

    private mutating func listedValues(_ types: [String]) -> (String, JSONValue) {
        if dice.oneIn(4) { return ("const", value(depth: 0)) }
        if types.contains("string"), !dice.oneIn(3) { return ("enum", .array([.string("a"), .string("ab")])) }
        return ("enum", .array((0..<(1 + dice.below(3))).map { _ in value(depth: 0) }))
    }

    private mutating func keywords(_ type: String, _ depth: Int) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        func maybe(_ name: String, _ value: JSONValue) {
            if dice.oneIn(4) { members.append((name, value)) }
        }
        switch type {
        case "string":
            maybe("minLength", .integer(1))
            maybe("maxLength", .integer(1))
            maybe("pattern", .string("a"))
        case "integer", "number":
            maybe("minimum", .integer(1))
            maybe("maximum", .integer(3))
            maybe("exclusiveMinimum", .integer(1))
            maybe("exclusiveMaximum", dice.oneIn(4) ? .number("2.5") : .integer(3))
            if dice.oneIn(12) { members.append(("multipleOf", .integer(1 + dice.below(2)))) }
        case "array":
            if depth > 0, !dice.oneIn(8) { members.append(("items", .object(self.members(depth: depth - 1)))) }
            maybe("minItems", .integer(1))
            maybe("maxItems", .integer(1))
            if dice.oneIn(12) { members.append(("uniqueItems", .bool(dice.oneIn(2)))) }
        case "object":
            let names = depth > 0 ? self.names() : []
            members.append(("properties", .object(names.map { ($0, .object(self.members(depth: depth - 1))) })))
            let required = dice.oneIn(12) ? ["z"] : names.filter { _ in dice.oneIn(2) }
            maybe("required", .array(required.map { .string($0) }))
            maybe("minProperties", .integer(1))
            maybe("additionalProperties", dice.oneIn(2) ? .bool(dice.oneIn(2)) : .object([("type", .string("string"))]))
        default: break
        }
        return members
    }

    /// The first member of each name.
    private func unique(_ members: [(String, JSONValue)]) -> [(String, JSONValue)] {
        members.enumerated().filter { index, member in
            members.firstIndex { $0.0 == member.0 } == index
        }.map(\.element)
    }

    // MARK: Google's

    mutating func googleSchema(depth: Int = 3) -> JSONValue {
        if depth == 3, dice.oneIn(3) {
            let definitions = JSONValue.object([("A", googleSchema(depth: 1))])
            return .object(googleMembers(depth: depth, refers: true) + [("defs", definitions)])
        }
        return .object(googleMembers(depth: depth, refers: false))
    }

    private mutating func googleMembers(depth: Int, refers: Bool) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = dice.oneIn(3) ? [("nullable", .bool(!dice.oneIn(4)))] : []
        if refers, dice.oneIn(3) { return members + [("ref", .string("#/defs/A"))] }
        if depth > 0, dice.oneIn(5) {
            let branches = (0..<(1 + dice.below(3))).map { _ in
                JSONValue.object(googleMembers(depth: depth - 1, refers: refers))
            }
            return members + [("anyOf", .array(branches))]
        }
        let type = dice.one(["STRING", "INTEGER", "NUMBER", "BOOLEAN", "ARRAY", "OBJECT", "OBJECT"])
        members.append(("type", .string(dice.oneIn(8) ? type.lowercased() : type)))
        switch type {
        case "STRING":
            if dice.oneIn(2) {
                members += [("format", .string("enum")), ("enum", .array([.string("a"), .string("1")]))]
            }
            if dice.oneIn(3) { members.append((dice.one(["maxLength", "max_length"]), .string("1"))) }
        case "INTEGER", "NUMBER":
            if dice.oneIn(2) { members.append(("enum", .array([.string("1"), .string("3")]))) }
            if dice.oneIn(2) { members.append(("minimum", .integer(2))) }
        case "ARRAY":
            members.append(("items", .object(googleMembers(depth: max(0, depth - 1), refers: refers))))
            if dice.oneIn(2) { members.append((dice.one(["minItems", "min_items"]), .string("1"))) }
        case "OBJECT":
            let names = depth > 0 ? self.names() : []
            let properties = names.map { ($0, JSONValue.object(googleMembers(depth: depth - 1, refers: refers))) }
            members.append(("properties", .object(properties)))
            members.append(("propertyOrdering", .array(names.reversed().map { .string($0) })))
            if dice.oneIn(2) { members.append(("required", .array(names.prefix(1).map { .string($0) }))) }
            if dice.oneIn(4) { members.append(("additionalProperties", .bool(false))) }
        default: break
        }
        return members
    }
}
