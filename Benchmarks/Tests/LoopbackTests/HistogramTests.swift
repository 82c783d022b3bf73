// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Testing

@testable internal import Loopback

@Suite struct HistogramTests {
    @Test func `buckets cover all values in order without gaps`() {
        for bucket in 1..<(128 * 40) {
            let low = Histogram.lowerBound(of: bucket)
            #expect(Histogram.bucket(of: low) == bucket)
            #expect(Histogram.bucket(of: low - 1) == bucket - 1)
        }
    }

    @Test func `quantiles of a known distribution are within one percent`() {
        var histogram = Histogram()
        for value in 1...100_000 { histogram.record(Int64(value) * 10) }
        for quantile in [0.1, 0.5, 0.9, 0.99, 0.999] {
            let exact = quantile * 1_000_000
            #expect(abs(histogram.value(at: quantile) - exact) < exact * 0.01)
        }
        #expect(histogram.total == 100_000 && histogram.largest == 1_000_000)
    }

    @Test func `extremes are kept and nothing gives zero`() {
        var histogram = Histogram()
        #expect(histogram.value(at: 0.99) == 0)
        histogram.record(-5)
        histogram.record(.max)
        #expect(histogram.total == 2 && histogram.largest == .max)
        #expect(histogram.value(at: 0) == 0)
    }
}
