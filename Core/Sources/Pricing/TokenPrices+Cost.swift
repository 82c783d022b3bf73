// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension TokenPrices {
    /// What `usage` costs: cached · p_cached + (input − cached) · p_input + output · p_output, exact.
    ///
    /// `cachedInput` is the part of `input` that came from the provider's cache (inclusive count), so it is billed
    /// once, at its own price or, when the provider has none, at the input price. Counts a provider could not mean
    /// (negative, more cached than input) are clamped, because metering must never fail a request.
    /// - Cost: three 128-bit multiplications. |price| · tokens < 2¹²⁶ for every Int64 pair, so the sum cannot overflow.
    public func cost(of usage: TokenUsage) -> Money {
        let input = max(0, usage.input)
        let cached = min(max(0, usage.cachedInput), input)
        let output = max(0, usage.output)
        return self.input.amount(of: input - cached) + (cachedInput ?? self.input).amount(of: cached)
            + self.output.amount(of: output)
    }
}

extension UnitPrice {
    /// price · quantity, exact.
    public func amount(of quantity: Int64) -> Money {
        let (high, low) = picoPerUnit.multipliedFullWidth(by: quantity)
        return Money(pico: Int128(high) << 64 | Int128(low))
    }
}
