// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func parse(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { HTTPDate.parse($0) } }

@Suite struct HTTPDateTests {
    @Test func `the three formats of RFC 9110 name the same second`() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            #expect(parse(text) == 784_111_777, "\(text)")
        }
        #expect(parse("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(parse("Wed, 21 Oct 2026 07:28:00 GMT") == 1_792_567_680)
        #expect(parse("Tuesday, 31-Dec-69 23:59:59 GMT") == 3_155_759_999, "two digits below 70 are of this century")
    }

    @Test(arguments: [
        "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "06 Nov 1994 08:49:37 GMT",
        "Sun, 6 November 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 32 Oct 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 29 Feb 2100 08:49:37 GMT", "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37", "Sun Nov 6 1994 08:49:37", "Sun Nov 6 08:49:37 94", "1994-11-06T08:49:37Z",
        "Sun, -6 Nov 1994 08:49:37 GMT",
    ]) func `what is none of them is refused`(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `leap days exist when they do`() {
        for year in [1972, 2000, 2024, 2400] { #expect(parse("Xxx, 29 Feb \(year) 00:00:00 GMT") != nil) }
        for year in [1970, 2001, 2100, 2023] { #expect(parse("Xxx, 29 Feb \(year) 00:00:00 GMT") == nil) }
    }

    @Test func `what is formatted is parsed back, every day of 400 years`() {
        for day in Int64(0)..<146_097 {
            let seconds = day * 86_400 + (day * 7_919) % 86_400
            let text = HTTPDate.format(unixSeconds: seconds)
            guard parse(text) == seconds, text.utf8.count == 29 else {
                Issue.record("\(seconds) became \(text)")
                return
            }
        }
    }

    @Test func `times outside the years that can be written become the nearest`() {
        #expect(HTTPDate.format(unixSeconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.format(unixSeconds: -1) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.format(unixSeconds: .max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.format(unixSeconds: .min) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
