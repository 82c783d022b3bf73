// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How long a limit lasts before it starts anew: calendar periods of UTC, so that every gateway and every person agrees
/// on where one ends.
///
/// A limit per minute is a limit per calendar minute: at most the limit in each, so at most twice the limit in any 60
/// seconds.
public enum BudgetWindow: String, CaseIterable, Hashable, BitwiseCopyable, Sendable {
    case minute, hour, day, month
    /// One window without end.
    case total

    /// First second of the window that holds `second`; 0 for `total`.
    public func start(of second: Int64) -> Int64 {
        switch self {
        case .minute: Self.floor(second, 60)
        case .hour: Self.floor(second, 3_600)
        case .day: Self.floor(second, Self.daySeconds)
        case .month: CivilMonth(containing: second).start
        case .total: 0
        }
    }

    /// First second after the window that begins at `start`; `nil` for `total`.
    public func end(ofWindowAt start: Int64) -> Int64? {
        switch self {
        case .minute: start + 60
        case .hour: start + 3_600
        case .day: start + Self.daySeconds
        case .month: CivilMonth(containing: start).next.start
        case .total: nil
        }
    }

    static let daySeconds: Int64 = 86_400

    private static func floor(_ second: Int64, _ length: Int64) -> Int64 {
        let remainder = second % length
        return second - (remainder < 0 ? remainder + length : remainder)
    }
}

/// A month of the proleptic Gregorian calendar.
struct CivilMonth: Equatable {
    var year: Int64
    /// 1 to 12.
    var month: Int64

    init(year: Int64, month: Int64) {
        self.year = year
        self.month = month
    }

    /// Days are counted in eras of 400 years that begin on 1 March, so that the leap day is a year's last.
    init(containing second: Int64) {
        let days = (BudgetWindow.day.start(of: second)) / BudgetWindow.daySeconds + Self.daysFromMarchZero
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var next: CivilMonth { month == 12 ? Self(year: year + 1, month: 1) : Self(year: year, month: month + 1) }

    /// Unix second of its first day's midnight.
    var start: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * marchMonth + 2) / 5
        return (era * 146_097 + dayOfEra - Self.daysFromMarchZero) * BudgetWindow.daySeconds
    }

    /// Days from 0000-03-01 to 1970-01-01.
    private static let daysFromMarchZero: Int64 = 719_468
}
