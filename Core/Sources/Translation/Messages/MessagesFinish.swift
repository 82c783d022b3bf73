// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `stop_reason` of the Messages wire (Anthropic's SDK types, read 2026-11).
enum MessagesFinish {
    /// - Parameter value: an answer, or the `delta` of a `message_delta`.
    /// - Returns: `nil` when it does not say how the answer ended.
    static func read(_ value: JSONElement) throws(TranslationFault) -> Finish? {
        guard let reason = value.present("stop_reason") else { return nil }
        guard let word = reason.string, let known = self.reason(word) else {
            throw TranslationFault(.brokenAnswer("stop_reason \(reason.string?.text ?? "of another type")"))
        }
        return Finish(known, stopSequence: value["stop_sequence"]?.string ?? .empty)
    }

    /// The words that a refusal may come with.
    static func refusal(_ value: JSONElement) -> JSONString? {
        guard let text = value["stop_details"]?["explanation"]?.string, !text.isBlank else { return nil }
        return text
    }

    private static func reason(_ word: JSONString) -> Finish.Reason? {
        if word == "end_turn" { return .stop }
        if word == "tool_use" { return .toolCalls }
        if word == "max_tokens" { return .length }
        if word == "stop_sequence" { return .stopSequence }
        if word == "refusal" { return .filtered }
        if word == "pause_turn" { return .paused }
        return word == "model_context_window_exceeded" ? .contextFull : nil
    }

    /// - Parameter hasRefusal: the model said why it does not answer: other wires say that beside an ordinary end, this
    ///   one with a reason of its own.
    static func write(_ finish: Finish?, hasRefusal: Bool, _ writer: JSONWriter) {
        writer.name("stop_reason")
        guard let finish else {
            writer.null()
            return writer.member("stop_sequence", raw: "null")
        }
        writer.string(hasRefusal && finish.reason == .stop ? "refusal" : word(finish.reason))
        writer.name("stop_sequence")
        if finish.stopSequence.isEmpty { writer.null() } else { writer.string(finish.stopSequence) }
    }

    private static func word(_ reason: Finish.Reason) -> JSONString {
        switch reason {
        case .stop: "end_turn"
        case .stopSequence: "stop_sequence"
        case .length: "max_tokens"
        case .contextFull: "model_context_window_exceeded"
        case .toolCalls: "tool_use"
        case .filtered: "refusal"
        case .paused: "pause_turn"
        }
    }
}
