// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `finishReason` both ways.
enum GenerateContentFinish {
    /// - Parameter hasCalls: whether a function call came anywhere in the answer. Google says `STOP` for it, at times in
    ///   a later chunk than the call.
    /// - Throws: `brokenAnswer` for the reasons that say so, and for any that is unknown: nobody could tell what a caller
    ///   should take it for.
    static func read(_ reason: JSONString, hasCalls: Bool) throws(TranslationFault) -> Finish {
        if reason == "STOP" { return Finish(hasCalls ? .toolCalls : .stop) }
        if reason == "MAX_TOKENS" { return Finish(.length) }
        if filtered.contains(where: { reason == $0 }) { return Finish(.filtered) }
        throw TranslationFault(.brokenAnswer("finish reason \(reason.text)"), at: "candidates[0].finishReason")
    }

    /// google-genai 2.19, `FinishReason`. What is neither here nor above is a broken answer: MALFORMED_FUNCTION_CALL,
    /// UNEXPECTED_TOOL_CALL, TOO_MANY_TOOL_CALLS, NO_IMAGE, IMAGE_OTHER, LANGUAGE, OTHER.
    private static let filtered: [StaticString] = [
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    ]

    /// A pause is no word of Google's. It says `OTHER`, so that nobody takes half a turn for a whole one.
    static func name(_ reason: Finish.Reason) -> JSONString {
        switch reason {
        case .stop, .stopSequence, .toolCalls: "STOP"
        case .length, .contextFull: "MAX_TOKENS"
        case .filtered: "SAFETY"
        case .paused: "OTHER"
        }
    }
}
