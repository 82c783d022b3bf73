// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The three date formats of RFC 9110 §5.6.7, as Unix seconds.
public enum HTTPDate {
    /// `Wed, 21 Oct 2026 07:28:00 GMT`, the format to send. Times outside the years 1970 to 9999 become the nearest one
    /// inside.
    public static func format(unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, 0), InternetDate.unixSecondsMax)
        let (days, time) = (seconds / 86_400, seconds % 86_400)
        let (year, month, day) = civil(days: days)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [time / 3_600, time / 60 % 60, time % 60].map(twoDigits).joined(separator: ":")
        return "\(weekdays[Int(days % 7)]), \(twoDigits(day)) \(names[Int(month) - 1]) \(year) \(clock) GMT"
    }

    static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static let months: [StaticString] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// - Returns: `nil` when the text is none of the formats.
    public static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        // A weekday stands before everything; it adds nothing.
        if let comma = text.firstIndex(of: 44) {
            let rest = UnsafeRawBufferPointer(rebasing: text[(comma + 1)...]).trimmed
            return rest.contains(45) ? rfc850(rest) : fixdate(rest)
        }
        return asctime(text)
    }

    /// `21 Oct 2026 07:28:00 GMT`
    private static func fixdate(_ text: UnsafeRawBufferPointer) -> Int64? {
        let parts = words(text)
        guard parts.count == 5, parts[4].matches("gmt") else { return nil }
        return assemble(day: parts[0], month: parts[1], year: number(parts[2]), time: parts[3])
    }

    /// `21-Oct-26 07:28:00 GMT`; two-digit years are 1970 to 2069.
    private static func rfc850(_ text: UnsafeRawBufferPointer) -> Int64? {
        let parts = words(text)
        guard parts.count == 3, parts[2].matches("gmt") else { return nil }
        let date = split(parts[0], at: 45)
        guard date.count == 3, date[2].count == 2, let short = number(date[2]) else { return nil }
        return assemble(day: date[0], month: date[1], year: short < 70 ? 2000 + short : 1900 + short, time: parts[1])
    }

    /// `Wed Oct 21 07:28:00 2026`
    private static func asctime(_ text: UnsafeRawBufferPointer) -> Int64? {
        let parts = words(text)
        guard parts.count == 5 else { return nil }
        return assemble(day: parts[2], month: parts[1], year: number(parts[4]), time: parts[3])
    }

    private static func assemble(
        day: UnsafeRawBufferPointer, month: UnsafeRawBufferPointer, year: Int64?, time: UnsafeRawBufferPointer
    ) -> Int64? {
        let clock = split(time, at: 58)
        guard let year, (1970...9999).contains(year), let day = number(day), (1...31).contains(day),
            let month = months.firstIndex(where: { month.matches($0) }), clock.count == 3,
            let hours = number(clock[0]), hours < 24, let minutes = number(clock[1]), minutes < 60,
            let seconds = number(clock[2]), seconds <= 60
        else { return nil }
        let days = days(year: year, month: Int64(month) + 1, day: day)
        // The 31st of a shorter month would come back as a day of the next.
        guard civil(days: days).day == day else { return nil }
        return days * 86_400 + hours * 3_600 + minutes * 60 + seconds
    }

    /// Days since 1970-01-01 of a Gregorian date. Years begin in March, so that the leap day comes last.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `days`, from 1970 on.
    public static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    // MARK: Pieces

    private static func words(_ text: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        split(text, at: 32).filter { !$0.isEmpty }
    }

    static func split(_ text: UnsafeRawBufferPointer, at separator: UInt8) -> [UnsafeRawBufferPointer] {
        text.split(separator: separator, omittingEmptySubsequences: false).map { UnsafeRawBufferPointer(rebasing: $0) }
    }

    static func number(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard !text.isEmpty, text.count <= 15 else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }
}
