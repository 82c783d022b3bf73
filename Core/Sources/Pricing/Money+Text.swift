// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension Money {
    /// The amount as decimal text with exactly `fractionDigits` digits after the point (0 to 12), rounded half to even;
    /// no currency sign.
    public func text(fractionDigits: Int) -> String {
        precondition((0...12).contains(fractionDigits), "\(fractionDigits) fraction digits; Money holds 12")
        return DecimalText.format(pico, fractionDigits: 12, shown: fractionDigits)
    }

    /// Reads `"12.5"` exactly: at most 12 fraction digits that are not zero.
    /// - Returns: `nil` when the text is not such a number.
    public init?(text: String) {
        guard let pico = try? DecimalText.parse(text, fractionDigits: 12) else { return nil }
        self.init(pico: pico)
    }

    /// Rounded half to even to whole nano-units: what ledgers keep, one rounding per request and meter.
    /// - Returns: an amount whose `pico` is a multiple of 1,000.
    public var roundedToNano: Money { Money(pico: DecimalText.dividedHalfEven(pico, by: 1_000) * 1_000) }
}
