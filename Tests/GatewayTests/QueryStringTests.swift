// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Gateway

@Suite struct QueryStringTests {
    @Test(arguments: [
        ("a=1&b=2", "a", "1"), ("a=1&b=2", "b", "2"), ("a=1&a=2", "a", "1"), ("a", "a", ""), ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("na%6De=v%20w", "name", "v w"), ("a=%zz", "a", "%zz"), ("a=%4", "a", "%4"), ("&&a=1&", "a", "1"),
        ("a=%C3%A9", "a", "é"),
        ("a=1+2", "a", "1+2"),
    ])
    func `a member is found by its decoded name`(text: String, name: String, value: String) {
        #expect(QueryString(text)[name] == value)
    }

    @Test func `members beyond the limit are not there`() {
        let text = (0..<40).map { "k\($0)=\($0)" }.joined(separator: "&")
        #expect(QueryString(text)["k31"] == "31")
        #expect(QueryString(text)["k32"] == nil)
        #expect(QueryString("")["k"] == nil)
    }
}

@Suite struct PercentEncodingTests {
    @Test func `every character below 256 survives encoding and decoding`() {
        for scalar in UInt8.min...UInt8.max {
            let text = String(Unicode.Scalar(scalar))
            let encoded = PercentEncoding.encoded(text)
            #expect(encoded.utf8.allSatisfy { $0 > 32 && $0 < 127 })
            #expect(PercentEncoding.decoded(encoded) == text)
        }
    }

    @Test func `only unreserved characters stay as they are`() {
        let unreserved = "ABCXYZabcxyz0189-._~"
        #expect(PercentEncoding.encoded(unreserved) == unreserved)
        #expect(PercentEncoding.encoded("a/b c@[`{") == "a%2Fb%20c%40%5B%60%7B")
    }

    @Test(arguments: ["%", "%4", "%4g", "%g4", "a%", "%FF", "%C3%28", "%-1", "%+1"])
    func `a malformed escape or one that is not UTF-8 is no text`(text: String) {
        #expect(PercentEncoding.decoded(text) == nil)
    }
}
