// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Pricing
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// Stage 9: tokens, other counts, and money of an answer. Never fails a request: what the endpoint did not count is
/// estimated and marked, or has an unknown price.
enum Meter {
    struct Bill {
        var usage = TokenUsage()
        var media = MediaUsage()
        var isEstimated = false
        /// `nil`: not known, because the endpoint's price is not, or because nobody counted what it is the price of.
        var cost: Money?
    }

    static func bill(_ exchange: Exchange) -> Bill {
        guard exchange.machine.committedSlot != nil else { return Bill(cost: .zero) }
        // Every provider counts for nothing.
        if exchange.features.operation.countsTokens { return Bill(cost: .zero) }
        var bill = Bill()
        let counted = exchange.countedInRelay ?? exchange.usage
        if let counted {
            bill.usage = TokenUsage(
                input: counted.promptTokens, cachedInput: counted.cachedTokens, output: counted.completionTokens)
        }
        guard exchange.answeredStatus < 300 else { return priced(bill, exchange, hasTokens: counted != nil) }
        bill.media = media(exchange, counted)
        if !exchange.features.operation.isMedia {
            if counted == nil { estimate(&bill, exchange) }
            return priced(bill, exchange, hasTokens: true)
        }
        bill.isEstimated = counted == nil && bill.media.isEmpty
        return priced(bill, exchange, hasTokens: bill.usage != TokenUsage())
    }

    /// One content event is about one token; a prompt about one token in four bytes.
    private static func estimate(_ bill: inout Bill, _ exchange: Exchange) {
        bill.usage = TokenUsage(input: Int64(exchange.features.promptTokens), output: Int64(exchange.contentEvents))
        bill.isEstimated = true
    }

    /// What sound, images and ranks are counted in, by whoever knows: the answer, else the request.
    private static func media(_ exchange: Exchange, _ counted: UsageCounts?) -> MediaUsage {
        switch exchange.features.operation {
        case .transcriptions, .translations: MediaUsage(audioMilliseconds: counted?.audioMilliseconds ?? 0)
        case .images: MediaUsage(images: exchange.facts.choices)
        case .speech: MediaUsage(characters: exchange.facts.characters)
        // A server that does not bill by searches has answered one all the same.
        case .rerank: MediaUsage(searches: max(1, counted?.searchUnits ?? 0))
        default: MediaUsage()
        }
    }

    /// - Parameter hasTokens: whether the tokens are more than zeros that nobody counted.
    private static func priced(_ bill: Bill, _ exchange: Exchange, hasTokens: Bool) -> Bill {
        var bill = bill
        let attempt = exchange.attempts + exchange.answeringSlot
        let tokens = hasTokens ? attempt.pointee.prices?.cost(of: bill.usage) : nil
        let media = attempt.pointee.mediaPrices?.cost(of: bill.media)
        bill.cost = tokens.map { $0 + (media ?? .zero) } ?? media
        return bill
    }
}

extension Exchange {
    /// What an answer says it used.
    func counted(_ answer: UnsafeRawBufferPointer) -> UsageCounts? {
        let usage = ResponseScan.usage(inTailOf: answer)
        guard features.operation == .rerank, let units = ResponseScan.searchUnits(inTailOf: answer) else {
            return usage
        }
        var counts = usage ?? UsageCounts()
        counts.searchUnits = units
        return counts
    }

    /// The same for the end of an answer that was relayed.
    fileprivate var countedInRelay: UsageCounts? {
        relayedTail.isEmpty ? nil : relayedTail.withUnsafeBytes { counted($0) }
    }
}
