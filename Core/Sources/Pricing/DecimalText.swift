// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A number as people and price lists write it, `12.50`, read into an exact integer of 10⁻ᵈ and written back. Never
/// through a `Double`.
enum DecimalText {
    /// Digits before and after the point together; more cannot be a price.
    static let digitsMax = 36

    /// Why a text is not an exact number of the wanted fineness.
    enum Problem: Error, Equatable {
        case notANumber
        case tooManyDigits
        /// A digit other than 0 after the last place that fits.
        case tooFine
        case tooLarge
    }

    /// Reads `[-]digits[.digits]` as an integer of 10⁻ᵈ, d = `fractionDigits`. No exponent, no separators, no spaces,
    /// no bare point.
    static func parse(_ text: String, fractionDigits: Int) throws(Problem) -> Int128 {
        var scanner = DecimalScanner(fractionDigits: fractionDigits)
        var bytes = text.utf8[...]
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        for byte in bytes { try scanner.take(byte) }
        let magnitude = try scanner.finish()
        return isNegative ? -magnitude : magnitude
    }

    /// `units` of 10⁻ᵈ as text with exactly `shown` digits after the point, rounded half to even where `shown` < d.
    static func format(_ units: Int128, fractionDigits: Int, shown: Int) -> String {
        let rounded = shown < fractionDigits ? dividedHalfEven(units, by: powerOfTen(fractionDigits - shown)) : units
        let scale = min(shown, fractionDigits)
        var digits = String(rounded.magnitude)
        if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
        let whole = digits.dropLast(scale)
        let fraction = digits.suffix(scale) + String(repeating: "0", count: max(0, shown - fractionDigits))
        let sign = rounded < 0 ? "-" : ""
        return shown == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }

    /// Nearest integer to value ÷ divisor; exactly between two it is the even one, so that many roundings do not drift
    /// (divisor > 0).
    static func dividedHalfEven(_ value: Int128, by divisor: Int128) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        let twice = remainder.magnitude * 2
        let isUp = twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 == 1)
        guard isUp else { return quotient }
        return value < 0 ? quotient - 1 : quotient + 1
    }

    static func powerOfTen(_ exponent: Int) -> Int128 {
        var power: Int128 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}

/// Takes the characters after the sign one by one.
private struct DecimalScanner {
    let fractionDigits: Int
    var value: Int128 = 0
    var digits = 0
    /// Digits after the point; `nil` before it.
    var fraction: Int?

    init(fractionDigits: Int) { self.fractionDigits = fractionDigits }

    mutating func take(_ byte: UInt8) throws(DecimalText.Problem) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): try takeDigit(Int128(byte - UInt8(ascii: "0")))
        case UInt8(ascii: ".") where fraction == nil && digits > 0: fraction = 0
        default: throw .notANumber
        }
    }

    private mutating func takeDigit(_ digit: Int128) throws(DecimalText.Problem) {
        digits += 1
        guard digits <= DecimalText.digitsMax else { throw .tooManyDigits }
        if let places = fraction {
            fraction = places + 1
            // Zeros after the last place change nothing and are common in price lists.
            if places >= fractionDigits {
                if digit != 0 { throw .tooFine }
                return
            }
        }
        value = value * 10 + digit
    }

    func finish() throws(DecimalText.Problem) -> Int128 {
        guard digits > 0, fraction != 0 else { throw .notANumber }
        let missing = fractionDigits - min(fraction ?? 0, fractionDigits)
        let (scaled, overflow) = value.multipliedReportingOverflow(by: DecimalText.powerOfTen(missing))
        guard !overflow else { throw .tooLarge }
        return scaled
    }
}
