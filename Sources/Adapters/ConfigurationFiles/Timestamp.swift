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
