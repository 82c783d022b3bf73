// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Caps hedges at a share of a route's requests.
///
/// Every request earns `percent` hundredths of a hedge, a hedge spends a whole one. Nothing is earned in advance, so
/// that at any moment hedges ≤ percent · requests / 100; savings stop at `savedMax` hedges, so that a quiet hour cannot
/// pay for a storm.
struct HedgeBudget: BitwiseCopyable {
    static let savedMax: Int32 = 10
    private var hundredths: Int32 = 0

    mutating func earn(percent: Int32) { hundredths = min(Self.savedMax * 100, hundredths + percent) }

    var canSpend: Bool { hundredths >= 100 }

    mutating func spend() { hundredths -= 100 }
}
