// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Durations as people write them: a whole number and a unit, `250ms`.
enum DurationText {
    enum Defect: Error, CustomStringConvertible {
        case noUnit, unknownUnit, notWhole, tooLong
        var description: String {
            switch self {
            case .noUnit: "add a unit, e.g. 250ms"
            case .unknownUnit: "units are us, ms, s, m and h"
            case .notWhole: "use a smaller unit instead of a fraction, e.g. 1500ms for 1.5s"
            case .tooLong: "too long"
            }
        }
    }

    /// Longest first where one is another's beginning.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    static func parse(_ text: String) throws(Defect) -> TimeSpan {
        let digits = text.utf8.prefix(while: ScalarText.isDigit)
        let rest = text.dropFirst(digits.count)
        guard !rest.isEmpty else { throw .noUnit }
        if rest.first == ".", rest.dropFirst().utf8.first.map(ScalarText.isDigit) == true { throw .notWhole }
        guard !digits.isEmpty, let unit = units.first(where: { $0.name == rest }) else { throw .unknownUnit }
        guard let count = Int64(String(Substring(digits))) else { throw .tooLong }
        let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
        if overflow { throw .tooLong }
        return .nanoseconds(nanoseconds)
    }

    /// In the largest unit that keeps it whole.
    static func write(_ span: TimeSpan) -> String {
        for unit in units.reversed() where span.nanoseconds % unit.nanoseconds == 0 && span.nanoseconds != 0 {
            return "\(span.nanoseconds / unit.nanoseconds)\(unit.name)"
        }
        return span.nanoseconds == 0 ? "0s" : "\(span.nanoseconds)ns"
    }
}
