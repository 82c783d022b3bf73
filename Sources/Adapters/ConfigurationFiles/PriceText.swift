// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Prices per million tokens from decimal text, exactly: micro-units per million are pico-units per token.
enum PriceText {
    private static let fractionDigitsMax = 6

    /// `nil` when it is not a plain decimal number, needs more than six decimals, or does not fit.
    static func perMillion(_ text: String) -> UnitPrice? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ScalarText.isDigit) }), let whole = parts.first else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard fraction.dropFirst(fractionDigitsMax).allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        let kept = fraction.prefix(fractionDigitsMax)
        let padding = [UInt8](repeating: UInt8(ascii: "0"), count: fractionDigitsMax - kept.count)
        return Int64(String(decoding: Array(whole) + kept + padding, as: UTF8.self)).map(UnitPrice.init(picoPerUnit:))
    }
}
