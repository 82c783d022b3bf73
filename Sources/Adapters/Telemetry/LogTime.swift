// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FoundationEssentials

/// Wall-clock time for log lines: UTC, RFC 3339, milliseconds.
enum LogTime {
    static func text(millisecondsSince1970 milliseconds: Int64) -> String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
