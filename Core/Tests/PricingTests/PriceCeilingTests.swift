// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing

@testable import Pricing

/// What is reserved is never less than what any of the endpoints will bill.
struct PriceCeilingTests {
    private struct Endpoint {
        var tokens: TokenPrices?
        var media: MediaPrices?
        var context: Int64
        var output: Int64
    }

    private func price(_ dice: inout SeededGenerator) -> UnitPrice {
        UnitPrice(picoPerUnit: Int64.random(in: 0...100_000_000, using: &dice))
    }

    private func endpoint(_ dice: inout SeededGenerator) -> Endpoint {
        let cached: UnitPrice? = Bool.random(using: &dice) ? price(&dice) : nil
        let tokens = TokenPrices(input: price(&dice), cachedInput: cached, output: price(&dice))
        let media = MediaPrices(
            audioMinute: price(&dice), image: price(&dice), search: price(&dice), character: price(&dice))
        let context = Int64.random(in: 1_000...1_000_000, using: &dice)
        return Endpoint(
            tokens: tokens, media: Bool.random(using: &dice) ? media : nil, context: context,
            output: Int64.random(in: 1...context, using: &dice))
    }

    @Test func `no use within a request's means costs more than its ceiling, at any endpoint`() {
        var dice = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let endpoints = (0..<Int.random(in: 1...4, using: &dice)).map { _ in endpoint(&dice) }
            var ceiling = PriceCeiling()
            for one in endpoints {
                ceiling.include(
                    tokens: one.tokens, media: one.media, contextTokensMax: one.context, outputTokensMax: one.output)
            }
            let stated: Int64? = Bool.random(using: &dice) ? Int64.random(in: 0...200_000, using: &dice) : nil
            let request = PriceCeiling.Request(
                bodyBytes: Int64.random(in: 2...500_000, using: &dice), refersElsewhere: Bool.random(using: &dice),
                outputTokensMax: stated, choices: Int64.random(in: 1...8, using: &dice),
                images: Int64.random(in: 0...4, using: &dice), characters: Int64.random(in: 0...9_000, using: &dice),
                isSound: Bool.random(using: &dice))
            let bound = ceiling.money(request)
            let tokens = ceiling.tokens(request)
            for one in endpoints {
                let inputMax = request.refersElsewhere ? max(request.bodyBytes, one.context) : request.bodyBytes
                let outputMax = min(stated ?? one.output, one.output) * request.choices
                let used = TokenUsage(
                    input: Int64.random(in: 0...inputMax, using: &dice), cachedInput: Int64.random(in: 0...inputMax, using: &dice),
                    output: Int64.random(in: 0...outputMax, using: &dice))
                #expect(used.input <= tokens.input && used.output <= tokens.output)
                let media = MediaUsage(
                    audioMilliseconds: request.isSound ? request.bodyBytes * 2 : 0, images: request.images, searches: 1,
                    characters: request.characters)
                let cost = (one.tokens?.cost(of: used) ?? .zero) + (one.media?.cost(of: media) ?? .zero)
                #expect(cost <= bound, "\(request)")
                #expect(Int128(bound.nanoRoundedUp) * 1_000 >= cost.pico)
            }
        }
    }

    @Test func `nano-units round up, and never below zero`() {
        #expect(Money(pico: 1).nanoRoundedUp == 1 && Money(pico: 1_000).nanoRoundedUp == 1)
        #expect(Money(pico: 1_001).nanoRoundedUp == 2 && Money.zero.nanoRoundedUp == 0)
        #expect(Money(pico: -5).nanoRoundedUp == 0 && Money(pico: Int128(Int64.max) * 1_000_000).nanoRoundedUp == .max)
    }

    @Test func `a bound that no integer holds stays the largest`() {
        var ceiling = PriceCeiling()
        ceiling.include(tokens: .free, media: nil, contextTokensMax: 1, outputTokensMax: .max)
        let request = PriceCeiling.Request(bodyBytes: 1, choices: 128)
        #expect(ceiling.tokens(request).output == .max)
    }
}
