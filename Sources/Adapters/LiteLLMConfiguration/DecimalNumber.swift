// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A number as price lists and configurations write it, `0.00000015` or `1.5e-07`, held exactly: never through a
/// `Double`.
struct DecimalNumber: Equatable {
    /// Digits without point and sign; the value is `digits` · 10^`exponent`.
    private let digits: Int128
    private let exponent: Int

    /// Digits before and after the point together; more cannot be meant.
    private static let digitsMax = 36
    private static let exponentMax = 100

    /// `digits[.digits][e[±]digits]`, not negative. `nil` for everything else.
    init?(_ text: String) {
        let parts = text.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        guard let mantissa = parts.first, let stated = parts.count == 2 ? Int(parts[1]) : 0 else { return nil }
        let halves = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = halves.count == 2 ? halves[1] : ""
        let all = halves[0] + fraction
        guard !all.isEmpty, all.utf8.count <= Self.digitsMax, all.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
            abs(stated) <= Self.exponentMax, let digits = Int128(String(all))
        else { return nil }
        self.digits = digits
        exponent = stated - fraction.utf8.count
    }

    /// The value · 10^`power` as a whole number; `nil` when it is none, or too large.
    func integer(timesTenTo power: Int) -> Int64? {
        var value = digits
        for _ in 0..<max(0, exponent + power) {
            let (next, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = next
        }
        for _ in 0..<max(0, -(exponent + power)) {
            guard value % 10 == 0 else { return nil }
            value /= 10
        }
        return Int64(exactly: value)
    }
}
