// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Gateway

@Suite struct HistogramTests {
    static let scales = [Histogram.Scale.operation, .firstToken, .perToken, .tokens]

    @Test func `bounds ascend and leave room for the rest`() {
        for scale in Self.scales {
            #expect(scale.bounds.count < Histogram.rangesMax)
            #expect(zip(scale.bounds, scale.bounds.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func `a value at a bound counts below it, one above counts in the next range`() {
        for scale in Self.scales {
            for (index, bound) in scale.bounds.enumerated() {
                var histogram = Histogram(scale)
                histogram.record(bound)
                #expect(histogram.counts[index] == 1)
                histogram.record(bound + 1)
                #expect(histogram.counts[index + 1] == 1)
                #expect(histogram.total == 2)
                #expect(histogram.sum == 2 * bound + 1)
            }
        }
    }

    @Test func `adding is the same as having recorded both`() {
        var first = Histogram(.tokens)
        var second = Histogram(.tokens)
        var both = Histogram(.tokens)
        for value in [0, 1, 2, 4, 5, 1_000, .max / 4] as [Int64] {
            first.record(value)
            both.record(value)
            second.record(value / 3)
            both.record(value / 3)
        }
        first.add(second)
        #expect((0..<Histogram.rangesMax).allSatisfy { first.counts[$0] == both.counts[$0] })
        #expect(first.sum == both.sum)
        #expect(first.total == both.total)
    }
}
