// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Points in time as RFC 3339 writes them, `2026-11-21T01:00:00Z`, as Unix seconds.
public enum InternetDate {
    /// `9999-12-31T23:59:59Z`, the last that four digits for the year can say.
    public static let unixSecondsMax: Int64 = 253_402_300_799

    /// In UTC, to the second: `2026-11-21T01:00:00Z`. Times outside the years 1970 to 9999 become the nearest one inside.
    public static func text(unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, 0), unixSecondsMax)
        let (year, month, day) = HTTPDate.civil(days: seconds / 86_400)
        let time = seconds % 86_400
        let clock = [time / 3_600, time / 60 % 60, time % 60].map(HTTPDate.twoDigits).joined(separator: ":")
        return "\(year)-\(HTTPDate.twoDigits(month))-\(HTTPDate.twoDigits(day))T\(clock)Z"
    }

    /// - Returns: `nil` when the text is no such date. A fraction of a second is rounded up: a reset must not be
    ///   believed too early.
    public static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, text[4] == 45, text[7] == 45, text[10] | 0x20 == 116, text[13] == 58, text[16] == 58,
            let year = number(text, 0, 4), year >= 1970, let month = number(text, 5, 2), (1...12).contains(month),
            let day = number(text, 8, 2), let hours = number(text, 11, 2), hours < 24,
            let minutes = number(text, 14, 2), minutes < 60, let seconds = number(text, 17, 2), seconds <= 60
        else { return nil }
        let days = HTTPDate.days(year: year, month: month, day: day)
        guard day >= 1, HTTPDate.civil(days: days).day == day else { return nil }
        var end = 19
        let fraction = self.fraction(text, &end)
        guard let fraction, let offset = offset(UnsafeRawBufferPointer(rebasing: text[end...])) else { return nil }
        return days * 86_400 + hours * 3_600 + minutes * 60 + seconds - offset + fraction
    }

    /// 1 when there is a fraction that is not zero; `nil` when a point stands without digits.
    private static func fraction(_ text: UnsafeRawBufferPointer, _ end: inout Int) -> Int64? {
        guard text[end] == 46 else { return 0 }
        end += 1
        let first = end
        var isZero = true
        while end < text.count, text[end] >= 48, text[end] <= 57 {
            if text[end] > 48 { isZero = false }
            end += 1
        }
        return end == first ? nil : isZero ? 0 : 1
    }

    /// Seconds that the local time is ahead: of `Z`, `+01:00` or `-05:30`.
    private static func offset(_ text: UnsafeRawBufferPointer) -> Int64? {
        if text.matches("z") { return 0 }
        guard text.count == 6, text[0] == 43 || text[0] == 45, text[3] == 58, let hours = number(text, 1, 2),
            hours < 24,
            let minutes = number(text, 4, 2), minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return text[0] == 45 ? -seconds : seconds
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Int64? {
        HTTPDate.number(UnsafeRawBufferPointer(rebasing: text[start..<(start + count)]))
    }
}
