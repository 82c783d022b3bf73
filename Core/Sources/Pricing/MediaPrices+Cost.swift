// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension MediaPrices {
    /// What `usage` costs; `nil` when nothing that was counted has a price, which is not the same as nothing.
    ///
    /// Exact but for sound: p_minute · milliseconds ÷ 60,000 is rounded once, half to even, to 10⁻¹². Counts a provider
    /// could not mean (negative, above 10¹⁵) are clamped, because metering must never fail a request; the sum then
    /// cannot overflow.
    public func cost(of usage: MediaUsage) -> Money? {
        var cost: Money?
        func add(_ price: UnitPrice?, _ quantity: Int64, parts: Int128 = 1) {
            guard let price, quantity > 0 else { return }
            let amount = price.amount(of: min(quantity, Self.quantityMax)).pico
            cost = (cost ?? .zero) + Money(pico: DecimalText.dividedHalfEven(amount, by: parts))
        }
        add(audioMinute, usage.audioMilliseconds, parts: 60_000)
        add(image, usage.images)
        add(search, usage.searches)
        add(character, usage.characters)
        return cost
    }

    private static let quantityMax: Int64 = 1_000_000_000_000_000
}
