// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// RFC 3339 timestamps with milliseconds for the log. The calendar is computed once a second, not once a line.
struct TimestampText {
    private var second: Int64 = .min
    private var text = [UInt8](repeating: 0, count: 19)

    /// Appends `{"time":"2026-11-22T04:05:06.789Z"`, the beginning of a line.
    mutating func append(_ unixNanoseconds: Int64, to writer: inout ByteWriter) {
        let now = unixNanoseconds / 1_000_000_000
        if now != second { format(now) }
        let milliseconds = unixNanoseconds / 1_000_000 % 1_000
        writer.append(#"{"time":""#)
        writer.append(text)
        writer.append(byte: 46)
        writer.append(byte: 48 + UInt8(milliseconds / 100))
        writer.append(byte: 48 + UInt8(milliseconds / 10 % 10))
        writer.append(byte: 48 + UInt8(milliseconds % 10))
        writer.append(#"Z""#)
    }

    private mutating func format(_ unixSeconds: Int64) {
        second = unixSeconds
        text = Array(InternetDate.text(unixSeconds: unixSeconds).utf8.dropLast())
    }
}
