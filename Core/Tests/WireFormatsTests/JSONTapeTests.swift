// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import WireFormats

/// A tape's view of a document as a tree, so that both readers can be compared.
private func tree(_ element: JSONElement) -> JSONValue {
    switch element.kind {
    case .object: .object(element.members.map { ($0.name.text, tree($0.value)) })
    case .array: .array(element.elements.map { tree($0) })
    case .string: .string(element.string?.text ?? "")
    case .number: .number(String(decoding: element.raw.bytes, as: UTF8.self))
    case .yes: .bool(true)
    case .no: .bool(false)
    case .null: .null
    }
}

/// What the tape says of `bytes`: a tree, or a fault.
private func read(_ bytes: [UInt8], _ tape: JSONTape = JSONTape()) -> Result<JSONValue, JSONFault> {
    bytes.withUnsafeBytes { raw in
        do throws(JSONFault) { return .success(tree(try tape.read(raw))) } catch { return .failure(error) }
    }
}

@Suite("A tape reads what a tree reads")
struct JSONTapeTests {
    @Test(
        "documents of every shape",
        arguments: [
            "{}", "[]", "7", #""""#, "null", "true", #"{"a":{},"b":[],"c":[[],{}]}"#,
            #"{"a":[1,-2.5e3,"x\"y",null,true,false,{"b":[{"c":"d"}]}],"e":"\u00e9é"}"#, " [ 1 , { \"k\" : [ ] } ] ",
        ])
    func documents(_ text: String) throws {
        let bytes = Array(text.utf8)
        #expect(try read(bytes).get() == (try JSONValue(parsing: bytes)))
    }

    @Test(
        "malformed documents are refused",
        arguments: [
            "", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1,}", "{\"a\":1", "]", "}", "[}", "{]",
            "[1}", "{\"a\":1]", "nul", "tru", "1 2", "{a:1}", "[\"\u{1}\"]", "{\"a\":1 \"b\":2}", "[1 2]", ",",
        ])
    func malformed(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(throws: JSONFault.self) { try read(bytes).get() }
    }

    @Test(
        "the JSON suite is judged as by the tree, file by file",
        .enabled(if: Vectors.areThere("json-parsing/test_parsing")))
    func suite() {
        let tape = JSONTape()
        for name in Vectors.names(in: "json-parsing/test_parsing") {
            let bytes = Vectors.bytes("json-parsing/test_parsing/\(name)")
            #expect((try? JSONValue(parsing: bytes)) == (try? read(bytes, tape).get()), "\(name)")
        }
    }

    @Test("128 levels are read, 129 are not; a tape is as good after a refusal as before")
    func depth() throws {
        let tape = JSONTape()
        let allowed = [UInt8](repeating: 91, count: 128) + [UInt8](repeating: 93, count: 128)
        let tooDeep = [UInt8](repeating: 91, count: 129) + [UInt8](repeating: 93, count: 129)
        #expect(throws: JSONFault.tooDeep) { try read(tooDeep, tape).get() }
        #expect(try read(allowed, tape).get() == (try JSONValue(parsing: allowed)))
    }

    @Test("members are found by name, missing and null ones are not there, integers keep their bounds")
    func access() throws {
        var text = #"{"a":null,"b":12,"c":999999999999999999,"d":1000000000000000000,"e":1.5,"f":"x","g":[],"h":0.0}"#
        try text.withUTF8 { bytes in
            let tape = JSONTape()
            let root = try tape.read(UnsafeRawBufferPointer(bytes))
            #expect(root["a"]?.isNull == true)
            #expect(root.present("a") == nil && root["z"] == nil && root["b"]?["c"] == nil)
            #expect(root["b"]?.integer == 12 && root["c"]?.integer == 999_999_999_999_999_999)
            #expect(root["d"]?.integer == nil && root["e"]?.integer == nil && root["f"]?.integer == nil)
            #expect(root["g"]?.isEmpty == true && root["h"]?.isEmpty == true && root["f"]?.isEmpty == false)
        }
    }
}

@Suite("A writer puts commas and escapes where they belong")
struct JSONWriterTests {
    @Test("nested containers")
    func nesting() {
        let writer = JSONWriter(capacity: 1)
        writer.beginObject()
        writer.name("a")
        writer.beginArray()
        writer.integer(-7)
        writer.beginObject()
        writer.endObject()
        writer.string("x")
        writer.endArray()
        writer.member("b", true)
        writer.member("c", Int64.min)
        writer.name("d")
        writer.null()
        writer.endObject()
        #expect(writer.isBalanced)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":[-7,{},"x"],"b":true,"c":-9223372036854775808,"d":null}"#)
    }

    @Test("every character survives being escaped and read again")
    func escapes() throws {
        let all = String(String.UnicodeScalarView((0...0x2FF).compactMap { Unicode.Scalar($0) })) + "🙂\u{10FFFF}"
        let writer = JSONWriter()
        writer.string(escaping: all)
        #expect(try JSONValue(parsing: Array(writer.bytes)) == .string(all))
    }
}
