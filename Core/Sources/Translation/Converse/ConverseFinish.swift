// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `stopReason` of Converse (botocore 1.44.5, read 2026-11).
enum ConverseFinish {
    /// - Parameter value: an answer, or the data of `messageStop`.
    /// - Throws: `incompleteAnswer` when it does not say how the answer ended, `brokenAnswer` when it ended badly or in a
    ///   way nobody has heard of: no other wire could say it.
    static func read(_ value: JSONElement) throws(TranslationFault) -> Finish {
        guard let word = value.present("stopReason")?.string else {
            throw TranslationFault(.incompleteAnswer, at: "stopReason")
        }
        guard let reason = reason(word) else { throw TranslationFault(.brokenAnswer("stopReason \(word.text)")) }
        let stop = value["additionalModelResponseFields"]?["stop_sequence"]?.string
        return Finish(reason, stopSequence: stop ?? .empty)
    }

    /// `malformed_model_output` and `malformed_tool_use` are not among them: what they end is no answer.
    private static func reason(_ word: JSONString) -> Finish.Reason? {
        if word == "end_turn" { return .stop }
        if word == "tool_use" { return .toolCalls }
        if word == "max_tokens" { return .length }
        if word == "stop_sequence" { return .stopSequence }
        if word == "content_filtered" || word == "guardrail_intervened" { return .filtered }
        return word == "model_context_window_exceeded" ? .contextFull : nil
    }
}
