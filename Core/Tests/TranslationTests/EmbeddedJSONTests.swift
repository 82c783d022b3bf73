// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Translation

@Suite("JSON inside of JSON")
struct EmbeddedJSONTests {
    private func raw<Result>(_ text: String, _ body: (JSONRaw) -> Result) -> Result {
        var text = text
        return text.withUTF8 { body(JSONRaw(UnsafeRawBufferPointer($0))) }
    }

    @Test(
        "compact JSON has no white space but inside strings",
        arguments: [
            ("{}", "{}"), (" { } ", "{}"),
            ("{\"a b\" : \"c \\\" d\" ,\n\"e\":[ 1 ,\t2 ]}", #"{"a b":"c \" d","e":[1,2]}"#),
            (#"{"a":"\\" , "b":" "}"#, #"{"a":"\\","b":" "}"#), ("7", "7"), ("\r\n", "\r\n"),
        ])
    func compact(_ text: String, _ expected: String) {
        let arena = ByteArena()
        #expect(raw(text) { arena.compact($0).text } == expected)
        let writer = JSONWriter()
        writer.beginArray()
        raw(text) { writer.compact($0) }
        writer.integer(1)
        writer.endArray()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[\(expected),1]")
    }

    @Test("compact JSON that was compact is not copied")
    func compactInPlace() {
        raw(#"{"a":"b c"}"#) { json in
            #expect(ByteArena().compact(json).bytes.baseAddress == json.bytes.baseAddress)
        }
    }

    @Test("quoted JSON means itself", arguments: ["{}", #"{"a":"b\"c\\"}"#, "{\n\t\"a\": 1\r\n}", "[\"👋\"]"])
    func quoted(_ text: String) throws {
        let arena = ByteArena()
        let (meaning, written) = raw(text) { json in
            let quoted = arena.quoted(json)
            let characters = String(decoding: arena.unescaped(quoted), as: UTF8.self)
            return (characters, String(decoding: quoted.bytes, as: UTF8.self))
        }
        #expect(meaning == text)
        #expect(try Gemini.json("\"\(written)\"").stringValue == text)
    }
}
