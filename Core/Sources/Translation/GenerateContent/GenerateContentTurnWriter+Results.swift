// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Results of functions. Google's wire wants the name of the function with each, in the order of the calls, and nothing
// else in their entry. The name is that of the call with the same id in the turn before: no other call can be answered.
extension GenerateContentTurnWriter {
    /// Matching looks at every pair of a call and a result, so their number must be small.
    static var callsMax: Int { 1024 }

    /// Call by call, so that the results come in that order; of calls with the same id the first gets the first result.
    mutating func writeResults(
        _ results: Range<Int>, of calls: Range<Int>, _ losses: inout Losses
    ) throws(TranslationFault) {
        let count = count(.toolResult, results)
        guard count > 0 else { return }
        guard max(count, self.count(.toolCall, calls)) <= Self.callsMax else {
            throw TranslationFault(.wrongType("at most \(Self.callsMax) tool calls in one turn"), at: "contents")
        }
        endEntry()
        var written = 0
        var unanswered: Part?
        for position in calls where conversation.parts[position].kind == .toolCall {
            let call = conversation.parts[position]
            let rank = self.count(.toolCall, calls.lowerBound..<position, id: call.id)
            guard let result = find(call.id, rank, in: results) else {
                unanswered = unanswered ?? call
                continue
            }
            writeResult(result, of: call, &losses)
            written += 1
        }
        guard written == count else { throw unmatched(results, calls) }
        // Google refuses fewer results than calls, and without ids would take one for another's.
        if let unanswered { throw TranslationFault(.unmatchedToolCall, at: unanswered.id.text) }
        endEntry()
    }

    private func count(_ kind: Part.Kind, _ range: Range<Int>, id: JSONString? = nil) -> Int {
        var count = 0
        for position in range {
            let part = conversation.parts[position]
            if part.kind == kind, id.map({ $0.isSame(as: part.id) }) ?? true { count += 1 }
        }
        return count
    }

    private func find(_ id: JSONString, _ rank: Int, in range: Range<Int>) -> Int? {
        var rank = rank
        for position in range where conversation.parts[position].kind == .toolResult {
            guard conversation.parts[position].id.isSame(as: id) else { continue }
            if rank == 0 { return position }
            rank -= 1
        }
        return nil
    }

    /// Where to look: the id that has no call, or more results than calls.
    private func unmatched(_ results: Range<Int>, _ calls: Range<Int>) -> TranslationFault {
        for position in results where conversation.parts[position].kind == .toolResult {
            let id = conversation.parts[position].id
            let rank = count(.toolResult, results.lowerBound..<position, id: id)
            if count(.toolCall, calls, id: id) <= rank { return TranslationFault(.unmatchedToolCall, at: id.text) }
        }
        return TranslationFault(.unmatchedToolCall)
    }

    private mutating func writeResult(_ position: Int, of call: Part, _ losses: inout Losses) {
        let result = conversation.parts[position]
        let children = position + 1..<position + 1 + result.childCount
        beginPart("user")
        writer.name("functionResponse")
        writer.beginObject()
        writeID(call)
        writer.member("name", ToolNames.written(call.name, for: .generateContent, arena: conversation.arena))
        writer.name("response")
        writer.beginObject()
        writer.name(result.isError ? "error" : "output")
        writer.beginString()
        for child in children { writer.piece(text(conversation.parts[child])) }
        writer.endString()
        writer.endObject()
        writeMedia(children, &losses)
        writer.endObject()
        writer.endObject()
    }

    /// A plain text document is text here.
    private func text(_ child: Part) -> JSONString {
        child.kind == .text ? child.text : child.media.source == .text ? child.media.value : .empty
    }

    private func writeMedia(_ children: Range<Int>, _ losses: inout Losses) {
        var isOpen = false
        for position in children {
            let child = conversation.parts[position]
            guard child.kind != .text, child.media.source != .text else { continue }
            guard let form = GenerateContentMedia(child, for: target, losses: &losses) else { continue }
            // AI Studio takes bytes in a result, but no addresses.
            guard form.isInline || target.home == .vertex else {
                losses.add(.imageInToolResult)
                continue
            }
            if !isOpen {
                writer.name("parts")
                writer.beginArray()
                isOpen = true
            }
            writer.beginObject()
            form.write(to: writer)
            writer.endObject()
        }
        if isOpen { writer.endArray() }
    }
}
