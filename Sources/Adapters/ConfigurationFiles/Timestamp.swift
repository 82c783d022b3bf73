// SPDX-License-Identifier: Apache-2.0
// Isobar

/// RFC 3339 times. Hand-written because calendar arithmetic on whole seconds is short and formatters accept too much.
enum Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; fractions are cut off. `nil` when it is not RFC 3339 or not a date.
    static func unixSeconds(_ text: String) -> Int64? {
        var scanner = Scanner(Array(text.utf8))
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2), scanner.take("T", "t", " "), let hour = scanner.number(2), scanner.take(":"),
            let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2), scanner.skipFraction(),
            let zone = scanner.zoneSeconds(), scanner.isAtEnd
        else { return nil }
        guard (1...12).contains(month), (1...daysIn(month: month, of: year)).contains(day) else { return nil }
        // A leap second (:60) is legal and counts as the first second of the next minute.
        guard hour < 24, minute < 60, second <= 60 else { return nil }
        return daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second - zone
    }

    /// `2026-11-21T00:00:00Z`.
    static func text(unixSeconds: Int64) -> String {
        let days = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
        let second = unixSeconds - days * 86_400
        let (year, month, day) = civil(daysSince1970: days)
        let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time)Z"
    }

    private static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// The inverse of `daysSince1970`.
    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // A year is found from below: 400 years have 146,097 days.
        var year = (days + 719_468) * 400 / 146_097
        while daysSince1970(year: year, month: 1, day: 1) > days { year -= 1 }
        while daysSince1970(year: year + 1, month: 1, day: 1) <= days { year += 1 }
        var month: Int64 = 12
        while daysSince1970(year: year, month: month, day: 1) > days { month -= 1 }
        return (year, month, days - daysSince1970(year: year, month: month, day: 1) + 1)
    }

    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func daysIn(month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Years are counted from March, so that the leap day is a year's last and months need no table of leap years.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let years = month <= 2 ? year - 1 : year
        let monthsSinceMarch = (month + 9) % 12
        let leapDays = years / 4 - years / 100 + years / 400
        // (153 m + 2) / 5 is the number of days in the m months after March 1.
        let daysSinceYearZero = years * 365 + leapDays + (153 * monthsSinceMarch + 2) / 5 + day - 1
        return daysSinceYearZero - 719_468
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var index = 0
        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { index == bytes.count }

        mutating func number(_ digits: Int) -> Int64? {
            guard index + digits <= bytes.count else { return nil }
            let slice = bytes[index..<index + digits]
            guard slice.allSatisfy(ScalarText.isDigit) else { return nil }
            index += digits
            return slice.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }

        mutating func take(_ allowed: Unicode.Scalar...) -> Bool {
            guard index < bytes.count, allowed.contains(Unicode.Scalar(bytes[index])) else { return false }
            index += 1
            return true
        }

        mutating func skipFraction() -> Bool {
            guard take(".") else { return true }
            let digits = bytes[index...].prefix(while: ScalarText.isDigit).count
            index += digits
            return digits > 0
        }

        mutating func zoneSeconds() -> Int64? {
            if take("Z", "z") { return 0 }
            let isEast = take("+")
            guard isEast || take("-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return (hours * 3_600 + minutes * 60) * (isEast ? 1 : -1)
        }
    }
}
