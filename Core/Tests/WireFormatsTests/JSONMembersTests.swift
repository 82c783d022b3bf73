// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@Suite struct JSONMembersTests {
    private func members(_ json: String) -> [String] {
        Array(json.utf8).withUnsafeBytes { bytes in
            var members: [String] = []
            JSONObject.forEachMember(of: JSONRaw(bytes)) { name, value in
                members.append("\(name.text)=\(value?.text ?? "-")")
            }
            return members
        }
    }

    @Test func `members come in order, with their text if they have one`() {
        #expect(
            members(#"{"a":"b", "c" : 7,"d":{"x":"y"},"e":[],"f":null,"g\n":"\u00e9 \"","a":""}"#)
                == ["a=b", "c=-", "d=-", "e=-", "f=-", "g\n=é \"", "a="])
    }

    @Test(arguments: ["{}", "[]", #"["a"]"#, #""a""#, "7", "null", ""]) func `what is no object has none`(
        _ json: String
    ) {
        #expect(members(json).isEmpty)
    }

    @Test func `escapes are noted on names and values`() {
        Array(#"{"a\n":"b","c":"\t"}"#.utf8).withUnsafeBytes { bytes in
            var flags: [Bool?] = []
            JSONObject.forEachMember(of: JSONRaw(bytes)) { flags += [$0.hasEscapes, $1?.hasEscapes] }
            #expect(flags == [true, false, false, true])
        }
    }
}
