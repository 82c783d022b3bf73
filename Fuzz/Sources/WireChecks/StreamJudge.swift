// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// A caller's client, which demands of a stream what the official ones do.
struct StreamJudge {
    private let wire: ChatWire
    private var reader: AnyStreamReader
    private var teller = StreamTeller()
    private var problem: String?
    /// An ending or an error came: nothing may follow.
    private var isOver = false
    /// Messages: blocks that are open, and how many there have been.
    private var openBlocks: Set<Int> = []
    private var blocks = 0
    private var hasStarted = false
    /// Responses: the number that the next event must bear, and items that are open.
    private var sequence = 0
    private var openItems: Set<Int> = []

    init(_ wire: ChatWire) {
        self.wire = wire
        reader = AnyStreamReader(wire)
    }

    /// - Returns: what was understood, and what is wrong with the stream if something is.
    func judge(_ output: [UInt8]) -> (told: ToldAnswer, problem: String?) {
        var judge = self
        Fuzz.withCopy(of: output) { raw in
            var framing = SSEFraming()
            if framing.completeCount(raw) != raw.count { judge.problem = "half an event goes out" }
            var offset = 0
            while judge.problem == nil, let event = SSEFraming.nextEvent(raw, from: &offset) {
                if !event.isComment { judge.take(event, raw) }
            }
        }
        var events: [StreamEvent] = []
        // Chat completions end with a mark, Google's streams with their body.
        if wire == .generateContent { judge.reader.bodyEnded(into: &events) }
        for event in events { judge.teller.take(event) }
        return (judge.teller.tell(), judge.problem)
    }

    private mutating func take(_ event: SSEEvent, _ raw: UnsafeRawBufferPointer) {
        if isOver { return problem = "something follows the end" }
        if event.dataLines != 1 { return problem = "an event has \(event.dataLines) lines of data" }
        let data = event.data.slice(raw)
        if wire == .chatCompletions, data.elementsEqual("[DONE]".utf8) {
            isOver = true
        } else {
            guard let value = try? JSONValue(parsing: Array(data)), value.members != nil else {
                return problem = "data is no object of JSON"
            }
            judge(value, name: String(decoding: event.eventName.slice(raw), as: UTF8.self))
        }
        var events: [StreamEvent] = []
        do throws(TranslationFault) {
            try reader.read(
                WireEvent(name: event.eventName.slice(raw), data: data), tape: JSONTape(), into: &events)
        } catch {
            // Google has no word for a pause, and says that the answer is none.
            let isPause = wire == .generateContent && error.explanation.contains("OTHER")
            return problem = isPause ? nil : "a client cannot read it: \(error.explanation)"
        }
        for event in events { teller.take(event) }
        if teller.told.hasFailed { isOver = true }
    }

    private mutating func judge(_ value: JSONValue, name: String) {
        switch wire {
        case .messages: judgeMessages(value, name)
        case .responses: judgeResponses(value, name)
        case .chatCompletions, .generateContent, .converse: if !name.isEmpty { problem = "an event has a name" }
        }
    }

    // MARK: Messages

    /// Anthropic's clients accumulate blocks by index, and take `message_start` for the beginning.
    private mutating func judgeMessages(_ value: JSONValue, _ name: String) {
        let type = value["type"]?.stringValue ?? ""
        if type != name { return problem = "\(name) is \(type) inside" }
        let index = value["index"]?.integerValue ?? -1
        switch type {
        case "error": isOver = true
        case "message_start":
            if hasStarted { problem = "two beginnings" }
            hasStarted = true
        case "content_block_start":
            if index != blocks { problem = "block \(index) comes as number \(blocks)" }
            blocks += 1
            openBlocks.insert(index)
        case "content_block_delta": if !openBlocks.contains(index) { problem = "a piece of block \(index), not open" }
        case "content_block_stop": if openBlocks.remove(index) == nil { problem = "block \(index) was not open" }
        case "message_delta": if !openBlocks.isEmpty { problem = "blocks are open at the end" }
        case "message_stop": isOver = true
        default: break
        }
        if !hasStarted, type != "error" { problem = "\(type) before the beginning" }
    }

    // MARK: Responses

    /// OpenAI's clients check that the numbers grow, and look items up by their index.
    private mutating func judgeResponses(_ value: JSONValue, _ name: String) {
        let type = value["type"]?.stringValue ?? ""
        if type != name { return problem = "\(name) is \(type) inside" }
        if value["sequence_number"]?.integerValue != sequence { problem = "number \(sequence) is missing" }
        sequence += 1
        if sequence == 1, type != "response.created", type != "error" { problem = "\(type) before the beginning" }
        let index = value["output_index"]?.integerValue
        switch type {
        case "response.output_item.added": openItems.insert(index ?? -1)
        case "response.output_item.done":
            if openItems.remove(index ?? -1) == nil { problem = "an item ends that was not open" }
        case "response.completed", "response.incomplete":
            if !openItems.isEmpty { problem = "items are open at the end" }
            isOver = true
        case "response.failed", "error": isOver = true
        default: if let index, !openItems.contains(index) { problem = "a piece of item \(index), not open" }
        }
    }
}
