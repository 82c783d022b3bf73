// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension WallTime {
    /// A time with zone (RFC 3339), or a date: its first moment, UTC.
    public init?(text: String) {
        guard let time = Self.moment(text, endsDay: false) else { return nil }
        self = time
    }

    /// - Parameter endsDay: a date is its last moment instead.
    static func moment(_ text: String, endsDay: Bool) -> WallTime? {
        if let seconds = Timestamp.unixSeconds(text) { return WallTime(unixSeconds: seconds) }
        guard let day = Timestamp.unixSeconds(text + "T00:00:00Z") else { return nil }
        return endsDay ? WallTime(unixSeconds: day + 86_400) - .nanoseconds(1) : WallTime(unixSeconds: day)
    }

    /// RFC 3339 in UTC, to the second; `open` and `ever` for what has no end or beginning.
    public var text: String {
        if self == .distantFuture { return "open" }
        if self == .distantPast { return "ever" }
        let (quotient, rest) = unixNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Timestamp.text(unixSeconds: rest < 0 ? quotient - 1 : quotient)
    }
}
