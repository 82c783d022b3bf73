// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Wall-clock time for log lines: UTC, RFC 3339, milliseconds.
enum LogTime {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    static func text(millisecondsSince1970 milliseconds: Int64) -> String {
        let (seconds, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        var time = time_t(remainder < 0 ? seconds - 1 : seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "" }
        let date = "\(padded(parts.tm_year + 1_900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(padded(Int32(remainder < 0 ? remainder + 1_000 : remainder), 3))Z"
    }

    private static func padded(_ number: Int32, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
