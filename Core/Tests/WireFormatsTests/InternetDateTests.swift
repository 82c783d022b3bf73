// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func parse(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { InternetDate.parse($0) } }

@Suite struct InternetDateTests {
    @Test func `what is written is parsed back, every day of 400 years`() {
        for day in Int64(0)..<146_097 {
            let seconds = day * 86_400 + (day * 7_919) % 86_400
            let text = InternetDate.text(unixSeconds: seconds)
            guard parse(text) == seconds, text.utf8.count == 20 else {
                Issue.record("\(seconds) became \(text)")
                return
            }
        }
    }

    @Test func `times outside the years that can be written become the nearest`() {
        #expect(InternetDate.text(unixSeconds: 1_792_567_680) == "2026-10-21T07:28:00Z")
        #expect(InternetDate.text(unixSeconds: .min) == "1970-01-01T00:00:00Z")
        #expect(InternetDate.text(unixSeconds: .max) == "9999-12-31T23:59:59Z")
    }
}
