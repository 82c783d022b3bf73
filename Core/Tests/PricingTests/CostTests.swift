// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Pricing

@Suite struct `Cost` {
    private let prices = TokenPrices(
        input: UnitPrice(picoPerUnit: 2_500_000), cachedInput: UnitPrice(picoPerUnit: 1_250_000),
        output: UnitPrice(picoPerUnit: 10_000_000))

    @Test func `bills cached input once, at its own price`() {
        // $2.50, $1.25 and $10 per million: 600 · 2.5 + 400 · 1.25 + 50 · 10 = 2,500 micro-dollars.
        let cost = prices.cost(of: TokenUsage(input: 1_000, cachedInput: 400, output: 50))
        #expect(cost == Money(pico: 2_500_000_000))
        #expect(cost.text(fractionDigits: 6) == "0.002500")
    }

    @Test func `bills cached input like input where there is no cache price`() {
        var plain = prices
        plain.cachedInput = nil
        #expect(plain.cost(of: TokenUsage(input: 10, cachedInput: 9)) == plain.cost(of: TokenUsage(input: 10)))
    }

    @Test func `loses nothing on the smallest prices`() {
        let tiny = TokenPrices(input: UnitPrice(picoPerUnit: 1), output: .zero)
        #expect(tiny.cost(of: TokenUsage(input: 1)) == Money(pico: 1))
        // LiteLLM's example: 10 tokens at $0.05 per million are half a micro-dollar.
        #expect(
            TokenPrices(input: UnitPrice(picoPerUnit: 50_000), output: .zero).cost(of: TokenUsage(input: 10)).text(
                fractionDigits: 7) == "0.0000005")
    }

    @Test func `does not overflow at the largest prices and counts`() {
        let dear = TokenPrices(
            input: UnitPrice(picoPerUnit: .max), cachedInput: UnitPrice(picoPerUnit: .max),
            output: UnitPrice(picoPerUnit: .max))
        let square = Int128(Int64.max) * Int128(Int64.max)
        #expect(dear.cost(of: TokenUsage(input: .max, cachedInput: 5, output: .max)).pico == 2 * square)
        #expect(UnitPrice(picoPerUnit: .min).amount(of: .max).pico == Int128(Int64.min) * Int128(Int64.max))
    }

    @Test func `takes counts nobody could mean for the nearest that make sense`() {
        #expect(prices.cost(of: TokenUsage(input: -5, cachedInput: -5, output: -5)) == .zero)
        #expect(
            prices.cost(of: TokenUsage(input: 10, cachedInput: 99))
                == prices.cost(of: TokenUsage(input: 10, cachedInput: 10)))
    }

    @Test func `equals 128-bit arithmetic done by hand on random usage, and grows with usage`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var state = seed
        func next(_ bound: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 1) % bound
        }
        for _ in 0..<1_000 {
            let prices = TokenPrices(
                input: UnitPrice(picoPerUnit: next(1 << 40)), cachedInput: UnitPrice(picoPerUnit: next(1 << 40)),
                output: UnitPrice(picoPerUnit: next(1 << 40)))
            let input = next(1 << 40)
            let usage = TokenUsage(input: input, cachedInput: next(input + 1), output: next(1 << 40))
            let cached = Int128(usage.cachedInput) * Int128(prices.cachedInput?.picoPerUnit ?? 0)
            let fresh = Int128(usage.input - usage.cachedInput) * Int128(prices.input.picoPerUnit)
            #expect(
                prices.cost(of: usage).pico == cached + fresh + Int128(usage.output)
                    * Int128(prices.output.picoPerUnit), "seed \(seed)")
            var more = usage
            more.output += 1
            #expect(prices.cost(of: more) >= prices.cost(of: usage), "seed \(seed)")
        }
    }
}
