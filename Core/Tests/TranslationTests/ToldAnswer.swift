// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import WireFormats

@testable import Translation

/// A random answer of Bedrock's, told whole and as a stream.
struct ToldAnswer {
    var whole = ""
    var stream: [(String, String)] = []

    init(_ random: inout SeededGenerator) {
        var blocks: [String] = []
        stream = [("messageStart", #"{"role":"assistant"}"#)]
        for index in 0..<Int.random(in: 0...5, using: &random) {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: blocks.append(addThinking(index, &random))
            case 1: blocks.append(addCall(index, &random))
            default: blocks.append(addText(index, &random))
            }
            stream.append(("contentBlockStop", #"{"contentBlockIndex":\#(index)}"#))
        }
        let reason = random.one(["end_turn", "tool_use", "max_tokens", "content_filtered"])
        stream.append(("messageStop", #"{"stopReason":"\#(reason)"}"#))
        whole = #"{"output":{"message":{"role":"assistant","content":[\#(blocks.joined(separator: ","))]}},"#
        whole += #""stopReason":"\#(reason)"}"#
    }

    // MARK: Blocks

    private mutating func delta(_ index: Int, _ delta: String) {
        stream.append(("contentBlockDelta", #"{"contentBlockIndex":\#(index),"delta":\#(delta)}"#))
    }

    private mutating func addText(_ index: Int, _ random: inout SeededGenerator) -> String {
        let pieces = Self.pieces(&random)
        for piece in pieces { delta(index, #"{"text":"\#(piece)"}"#) }
        return #"{"text":"\#(pieces.joined())"}"#
    }

    private mutating func addThinking(_ index: Int, _ random: inout SeededGenerator) -> String {
        guard random.chance(80) else {
            delta(index, #"{"reasoningContent":{"redactedContent":"AAEC"}}"#)
            return #"{"reasoningContent":{"redactedContent":"AAEC"}}"#
        }
        let pieces = Self.pieces(&random)
        for piece in pieces { delta(index, #"{"reasoningContent":{"text":"\#(piece)"}}"#) }
        delta(index, #"{"reasoningContent":{"signature":"s\#(index)"}}"#)
        return #"{"reasoningContent":{"reasoningText":{"text":"\#(pieces.joined())","signature":"s\#(index)"}}}"#
    }

    private mutating func addCall(_ index: Int, _ random: inout SeededGenerator) -> String {
        let pieces = Self.pieces(&random)
        let start = #"{"toolUse":{"toolUseId":"t\#(index)","name":"f"}}"#
        stream.append(("contentBlockStart", #"{"contentBlockIndex":\#(index),"start":\#(start)}"#))
        if random.chance(30) { return #"{"toolUse":{"toolUseId":"t\#(index)","name":"f","input":{}}}"# }
        delta(index, #"{"toolUse":{"input":"{\"a\":\""}}"#)
        for piece in pieces { delta(index, #"{"toolUse":{"input":"\#(piece)"}}"#) }
        delta(index, #"{"toolUse":{"input":"\"}"}}"#)
        return #"{"toolUse":{"toolUseId":"t\#(index)","name":"f","input":{"a":"\#(pieces.joined())"}}}"#
    }

    private static func pieces(_ random: inout SeededGenerator) -> [String] {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in random.one(["a", "é", "b c", "(", "👋"]) }
    }

    // MARK: What was understood

    /// A whole answer's parts in the words of a stream's events; neighbouring texts run together.
    static func lines(_ parts: [Part]) -> [String] {
        var lines: [String] = []
        var calls = 0
        for part in parts {
            switch part.kind {
            case .thinking: lines += ["thinking \(part.text.text)", "signature \(part.signature.text) "]
            case .redactedThinking: lines.append("redacted \(part.text.text)")
            case .toolCall:
                let arguments = String(decoding: part.arguments.bytes, as: UTF8.self)
                lines += [
                    "tool \(calls) \(part.id.text) \(part.name.text)", "arguments \(calls) \(arguments)",
                    "end \(calls)",
                ]
                calls += 1
            default: lines.append("text \(part.text.text)")
            }
        }
        return joined(lines)
    }

    /// Pieces of one text, one thought or one call's arguments as one line; starts and ends of streams left out.
    static func joined(_ events: [String]) -> [String] {
        events.filter { $0 != "started" && $0 != "ended" }.reduce(into: []) { lines, event in
            for prefix in [
                "text ", "thinking ", "arguments 0 ", "arguments 1 ", "arguments 2 ", "arguments 3 ", "arguments 4 ",
            ]
            where event.hasPrefix(prefix) && (lines.last?.hasPrefix(prefix) ?? false) {
                lines[lines.count - 1] += event.dropFirst(prefix.count)
                return
            }
            lines.append(event)
        }
    }
}
