// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Which call a result answers, for wires that refuse one without the other.
///
/// Calls are those of one turn, results those of the next. With ids they are matched by id; without (Google's wire has
/// none of old) by order among those of the same name.
struct CallPairs {
    let parts: [Part]
    /// Positions of the turn with the calls, and of the turn with the results.
    let calls: Range<Int>
    let results: Range<Int>

    /// Matching looks at every pair, so their number must be small. No model makes that many calls at once.
    static let callsMax = 1024

    /// - Throws: `unmatchedToolCall` at the id that stands alone, or that stands twice.
    func check() throws(TranslationFault) {
        let callCount = count(.toolCall, calls)
        let resultCount = count(.toolResult, results)
        guard callCount <= Self.callsMax, resultCount <= Self.callsMax else {
            throw TranslationFault(.wrongType("at most \(Self.callsMax) tool calls in one turn"), at: "messages")
        }
        for position in results where parts[position].kind == .toolResult {
            guard call(of: position) != nil, !isRepeated(position) else { throw fault(position) }
        }
        guard callCount != resultCount else { return }
        let isUnanswered = { (position: Int) in parts[position].kind == .toolCall && !isAnswered(parts[position].id) }
        throw fault(calls.first(where: isUnanswered) ?? calls.lowerBound)
    }

    /// Position of the call that the result at `position` answers.
    func call(of position: Int) -> Int? {
        let result = parts[position]
        if !result.id.isEmpty {
            return calls.first { parts[$0].kind == .toolCall && parts[$0].id.isSame(as: result.id) }
        }
        var before = results.lowerBound..<position
        var rank = 0
        while let earlier = before.popFirst() {
            let part = parts[earlier]
            if part.kind == .toolResult, part.id.isEmpty, matches(part, result) { rank += 1 }
        }
        for call in calls where parts[call].kind == .toolCall && parts[call].id.isEmpty && matches(parts[call], result)
        {
            if rank == 0 { return call }
            rank -= 1
        }
        return nil
    }

    // MARK: Parts

    private func matches(_ part: Part, _ result: Part) -> Bool {
        result.name.isEmpty || part.name.isEmpty || part.name.isSame(as: result.name)
    }

    private func isRepeated(_ position: Int) -> Bool {
        let id = parts[position].id
        guard !id.isEmpty else { return false }
        return (results.lowerBound..<position).contains { parts[$0].kind == .toolResult && parts[$0].id.isSame(as: id) }
    }

    private func isAnswered(_ id: JSONString) -> Bool {
        results.contains { parts[$0].kind == .toolResult && parts[$0].id.isSame(as: id) }
    }

    private func count(_ kind: Part.Kind, _ range: Range<Int>) -> Int {
        var count = 0
        for position in range where parts[position].kind == kind { count += 1 }
        return count
    }

    private func fault(_ position: Int) -> TranslationFault {
        let part = parts[position]
        return TranslationFault(.unmatchedToolCall, at: part.id.isEmpty ? part.name.text : part.id.text)
    }
}
