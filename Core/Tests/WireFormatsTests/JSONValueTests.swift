// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct JSONValueTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.50", "1E+2", "9007199254740993", "123456789012345678901234567890.000",
        #""""#, #""a\"b\\c\n\r\t""#,
        #""\u0000\u001f""#, #""é👋""#, "[]", "{}", #"[1,[2,[3]],{"a":[]}]"#, #"{"b":1,"a":2,"b":3,"":null}"#,
    ]) func `compact text survives reading and writing byte for byte`(_ text: String) throws {
        let value = try parse(text)
        #expect(value.text == text)
        #expect(try parse(value.text) == value)
    }

    @Test func `members keep their order, and the first of a name is found`() throws {
        let value = try parse(#" { "z" : 1 , "a" : 2 , "z" : 3 } "#)
        #expect(value.members?.map(\.0) == ["z", "a", "z"])
        #expect(value["z"]?.integerValue == 1 && value["q"] == nil && value["a"]?["b"] == nil)
    }

    @Test func `escapes are read; a lone surrogate becomes the replacement character`() throws {
        let rows: [(String, String)] = [
            (#""\u00e9""#, "é"), (#""\uD83D\uDC4B""#, "👋"), (#""\ud83d""#, "\u{FFFD}"), (#""\udc4bx""#, "\u{FFFD}x"),
            (#""\ud83d\ud83d\udc4b""#, "\u{FFFD}👋"),
            (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\/\b\f""#, "/\u{8}\u{C}"),
            (#""\ud83dabc\\u""#, "\u{FFFD}abc\\u"),
        ]
        for (text, expected) in rows { #expect(try parse(text).stringValue == expected, "\(text)") }
    }

    @Test func `numbers give integers and decimals where they fit`() throws {
        #expect(try parse("9223372036854775807").integerValue == Int.max)
        #expect(try parse("9223372036854775808").integerValue == nil)
        #expect(try parse("1.0").integerValue == nil && parse("1.0").doubleValue == 1)
        #expect(try parse("1e3").integerValue == nil && parse("1e3").doubleValue == 1_000)
        #expect(JSONValue.integer(UInt64.max).text == "18446744073709551615")
        #expect(JSONValue.decimal(2.0).text == "2" && JSONValue.decimal(-0.25).text == "-0.25")
        #expect(JSONValue.decimal(Double.nan) == .null && JSONValue.decimal(-Double.infinity) == .null)
        for number in [1e15, 1e300, Double.leastNonzeroMagnitude, 0.1, -123_456_789_012_345.6] {
            #expect(try parse(JSONValue.decimal(number).text).doubleValue == number)
        }
    }

    @Test func `each kind answers to its own accessor only`() throws {
        let values = try [parse("null"), parse("true"), parse("1"), parse(#""s""#), parse("[]"), parse("{}")]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false])
        #expect(values.map { $0.boolValue != nil } == [false, true, false, false, false, false])
        #expect(values.map { $0.integerValue != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.stringValue != nil } == [false, false, false, true, false, false])
        #expect(values.map { $0.arrayValue != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0.members != nil } == [false, false, false, false, false, true])
        for (index, value) in values.enumerated() { #expect(values.firstIndex(of: value) == index) }
    }

    @Test func `what is built from values is JSON with the same values`() throws {
        let text = "quote \" backslash \\ tab \t nul \u{0} del \u{7F} \u{2028} é 👋"
        let value = JSONValue.object([
            ("k\"", .string(text)), ("n", .integer(-1)), ("a", .array([.bool(true), .null])),
        ])
        #expect(try parse(value.text) == value)
    }

    @Test func `nesting is read to 128 levels`() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(try parse(nested(128)).text == nested(128))
        #expect(throws: JSONFault.tooDeep) { try parse(nested(129)) }
        let objects = String(repeating: "{\"a\":", count: 128) + "1" + String(repeating: "}", count: 128)
        #expect(try parse(objects).text == objects)
        #expect(throws: JSONFault.tooDeep) { try parse("[" + objects + "]") }
    }
}
