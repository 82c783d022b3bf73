// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Gateway

@Suite struct TimestampTextTests {
    /// Dates from `date -u -d @SECONDS`.
    static let dates: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00"), (951_782_399, "2000-02-28T23:59:59"), (951_782_400, "2000-02-29T00:00:00"),
        (1_735_689_599, "2024-12-31T23:59:59"), (1_795_320_306, "2026-11-22T04:05:06"),
        (4_107_542_400, "2100-03-01T00:00:00"),
    ]

    @Test(arguments: dates)
    func `a line begins with the time in RFC 3339`(second: Int64, text: String) {
        var timestamp = TimestampText()
        #expect(written { timestamp.append(second * 1_000_000_000, to: &$0) } == #"{"time":"\#(text).000Z""#)
        #expect(
            written { timestamp.append(second * 1_000_000_000 + 999_999_999, to: &$0) } == #"{"time":"\#(text).999Z""#)
        #expect(
            written { timestamp.append(second * 1_000_000_000 + 78_000_000, to: &$0) } == #"{"time":"\#(text).078Z""#)
    }

    @Test func `a clock that is set back is followed`() {
        var timestamp = TimestampText()
        _ = written { timestamp.append(2_000_000_000, to: &$0) }
        #expect(written { timestamp.append(1_000_000_000, to: &$0) } == #"{"time":"1970-01-01T00:00:01.000Z""#)
    }
}
