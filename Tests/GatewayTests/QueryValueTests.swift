// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Gateway

@Suite("Values in a query, where they stand")
struct QueryValueTests {
    private func value(_ name: StaticString, in query: String) -> String {
        let padding = "GET /x?"
        var text = padding + query
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            let range = ByteRange(start: Int32(padding.utf8.count), count: Int32(query.utf8.count))
            return String(decoding: QueryValue.range(of: name, in: range, bytes).slice(bytes), as: UTF8.self)
        }
    }

    @Test(
        "a parameter is found by its whole name, with Google's dollar sign or without",
        arguments: [
            ("alt=sse", "sse"), ("$alt=sse", "sse"), ("key=a&alt=sse", "sse"), ("alt=sse&alt=json", "sse"),
            ("alt=", ""), ("alt", ""), ("", ""), ("xalt=sse", ""), ("key=alt=sse", ""), ("altx=sse", ""),
            ("$$alt=sse", ""), ("&&alt=json;enum-encoding=int&", "json;enum-encoding=int"), ("$=", ""),
        ])
    func found(_ query: String, _ expected: String) {
        #expect(value("alt", in: query) == expected)
    }
}
