// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Why a text is not a price.
public enum PriceTextError: Error, Equatable, Sendable {
    /// Not `digits[.digits]`.
    case notANumber(String)
    case negative(String)
    /// Finer than 10⁻¹² per unit, which is the smallest price that can be held exactly.
    case tooFine(String)
    case tooLarge(String)
}

extension PriceTextError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notANumber(let text): "`\(text)` is not a price: write digits with an optional fraction, for example 0.15"
        case .negative(let text): "`\(text)` is negative: a price is 0 or more"
        case .tooFine(let text): "`\(text)` is finer than 0.000000000001 per unit and would have to be rounded"
        case .tooLarge(let text): "`\(text)` is larger than 9000000 per unit"
        }
    }
}

/// How many units a price is stated for: what makes it a number people can read.
public enum PriceBasis: Sendable, CaseIterable {
    case one, thousand, million

    /// Digits after the point that are held exactly: 10⁻¹² per unit is the finest.
    public var fractionDigits: Int {
        switch self {
        case .one: 12
        case .thousand: 9
        case .million: 6
        }
    }
}

extension UnitPrice {
    /// Largest price read from text; leaves head room below Int64's 9.22 · 10¹⁸.
    static let picoMax: Int128 = 9_000_000_000_000_000_000

    /// Reads a price per million tokens, `"0.15"` → 150,000 pico-units per token, exactly or not at all.
    public init(perMillionTokens text: String) throws(PriceTextError) { try self.init(text, per: .million) }

    /// Reads a price for so many units, exactly or not at all; digits beyond the finest must be zeros.
    public init(_ text: String, per basis: PriceBasis) throws(PriceTextError) {
        let units: Int128
        do {
            units = try DecimalText.parse(text, fractionDigits: basis.fractionDigits)
        } catch {
            switch error {
            case .notANumber: throw .notANumber(text)
            case .tooFine: throw .tooFine(text)
            case .tooLarge, .tooManyDigits: throw .tooLarge(text)
            }
        }
        guard units >= 0 else { throw .negative(text) }
        guard units <= Self.picoMax else { throw .tooLarge(text) }
        self.init(picoPerUnit: Int64(units))
    }

    /// The price per million tokens as decimal text: at least two fraction digits, as many more (up to six) as it needs
    /// to be exact.
    public var perMillionTokensText: String {
        var text = DecimalText.format(Int128(picoPerUnit), fractionDigits: 6, shown: 6)
        for _ in 0..<4 where text.hasSuffix("0") { text.removeLast() }
        return text
    }
}
