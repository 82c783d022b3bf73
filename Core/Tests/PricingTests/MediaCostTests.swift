// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Pricing

@Suite struct `Cost beside tokens` {
    private static func price(_ text: String, _ basis: PriceBasis) -> UnitPrice? { try? UnitPrice(text, per: basis) }

    private let prices = MediaPrices(
        audioMinute: price("0.006", .one), image: price("0.04", .one), search: price("2.00", .thousand),
        character: price("15", .million))

    @Test func `is price times count, for each that was counted`() {
        // Facts: public price lists, read 2026-11: Whisper $0.006 a minute, TTS $15 a million characters.
        #expect(prices.cost(of: MediaUsage(audioMilliseconds: 90_000)) == Money(text: "0.009"))
        #expect(prices.cost(of: MediaUsage(audioMilliseconds: 1_000)) == Money(text: "0.0001"))
        #expect(prices.cost(of: MediaUsage(images: 3)) == Money(text: "0.12"))
        #expect(prices.cost(of: MediaUsage(searches: 2)) == Money(text: "0.004"))
        #expect(prices.cost(of: MediaUsage(characters: 100)) == Money(text: "0.0015"))
        #expect(prices.cost(of: MediaUsage(images: 1, characters: 100)) == Money(text: "0.0415"))
    }

    @Test func `is unknown, not nothing, where what was counted has no price`() {
        #expect(MediaPrices(image: prices.image).cost(of: MediaUsage(audioMilliseconds: 5)) == nil)
        #expect(prices.cost(of: MediaUsage()) == nil)
        #expect(MediaPrices(image: .zero).cost(of: MediaUsage(images: 5)) == .zero)
    }

    @Test func `of a part of a minute is rounded once, half to even`() {
        let odd = MediaPrices(audioMinute: UnitPrice(picoPerUnit: 1))
        // In 60,000ths of a pico-unit: half of one goes to 0, one and a half to 2.
        #expect(odd.cost(of: MediaUsage(audioMilliseconds: 30_000)) == .zero)
        #expect(odd.cost(of: MediaUsage(audioMilliseconds: 30_001)) == Money(pico: 1))
        #expect(odd.cost(of: MediaUsage(audioMilliseconds: 90_000)) == Money(pico: 2))
        #expect(odd.cost(of: MediaUsage(audioMilliseconds: 150_000)) == Money(pico: 2))
    }

    @Test func `does not overflow at the largest prices and counts, and takes negative counts for none`() {
        let dear = MediaPrices(
            audioMinute: UnitPrice(picoPerUnit: .max), image: UnitPrice(picoPerUnit: .max),
            search: UnitPrice(picoPerUnit: .max), character: UnitPrice(picoPerUnit: .max))
        let most = MediaUsage(audioMilliseconds: .max, images: .max, searches: .max, characters: .max)
        #expect(dear.cost(of: most).map { $0 > .zero } == true)
        #expect(dear.cost(of: MediaUsage(audioMilliseconds: -1, images: -1, searches: -1, characters: -1)) == nil)
    }
}
