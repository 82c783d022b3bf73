// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Pricing
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// Stage 9: tokens and money of an answer. Never fails a request: what the endpoint did not count is estimated and
/// marked.
enum Meter {
    struct Bill {
        var usage = TokenUsage()
        var isEstimated = false
        /// `nil`: the endpoint's price is not known.
        var cost: Money?
    }

    static func bill(_ exchange: Exchange) -> Bill {
        guard exchange.machine.committedSlot != nil else { return Bill(cost: .zero) }
        // Every provider counts for nothing.
        if exchange.features.operation.countsTokens { return Bill(cost: .zero) }
        var bill = Bill()
        if let counted = ResponseScan.usage(inTailOf: exchange.relayedTail) ?? exchange.usage {
            bill.usage = TokenUsage(
                input: counted.promptTokens, cachedInput: counted.cachedTokens, output: counted.completionTokens)
        } else if exchange.answeredStatus < 300 {
            // One content event is about one token; a prompt about one token in four bytes.
            bill.usage = TokenUsage(input: Int64(exchange.features.promptTokens), output: Int64(exchange.contentEvents))
            bill.isEstimated = true
        }
        bill.cost = exchange.attempts[exchange.answeringSlot].prices.map { $0.cost(of: bill.usage) }
        return bill
    }
}

extension ResponseScan {
    static func usage(inTailOf bytes: [UInt8]) -> UsageCounts? {
        bytes.isEmpty ? nil : bytes.withUnsafeBytes { usage(inTailOf: $0) }
    }
}
