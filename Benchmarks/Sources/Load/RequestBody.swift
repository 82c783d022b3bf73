// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The JSON of a request, as the vendors' Python clients order it; `NNNNNNNNNNNNNNNN` marks its number.
///
/// The model name and most options follow the messages, so a gateway has to read past all of the text. The text has
/// escaped quotes and line breaks, as real prompts do. The number stands in the field `user`, or at the end of the last
/// message where it has to survive translation.
struct RequestBody {
    let plan: Plan

    private static let system = "You are a careful assistant. Answer in short paragraphs."
    private static let number = "caller-NNNNNNNNNNNNNNNN"

    /// Exactly `plan.bodyBytes` long (longer only if that leaves no room for text).
    var json: String {
        let (opening, closing) = plan.wire == .chat ? chatFrame : messagesFrame
        return opening + turns(filling: plan.bodyBytes - opening.utf8.count - closing.utf8.count) + closing
    }

    private var tokensMax: Int { plan.mode == .stream ? plan.chunks : 256 }

    private var chatFrame: (opening: String, closing: String) {
        var closing = #"],"model":"\#(plan.model)","max_tokens":\#(tokensMax),"temperature":0.7"#
        if plan.mode == .stream { closing += #","stream":true"# }
        if plan.asksUsage { closing += #","stream_options":{"include_usage":true}"# }
        if !plan.putsNumberInText { closing += #","user":"\#(Self.number)""# }
        return (#"{"messages":[{"role":"system","content":"\#(Self.system)"},"#, closing + "}")
    }

    private var messagesFrame: (opening: String, closing: String) {
        let stream = plan.mode == .stream ? #","stream":true"# : ""
        return (
            #"{"max_tokens":\#(tokensMax),"messages":["#,
            #"],"model":"\#(plan.model)"\#(stream),"system":"\#(Self.system)","temperature":0.7}"#
        )
    }

    /// Alternating user and assistant messages of about 1 500 bytes, `count` bytes in all.
    private func turns(filling count: Int) -> String {
        var turns = ""
        var left = count
        var isUser = true
        while left > 0 {
            let isLast = left < 2000
            let frame = (
                open: #"\#(turns.isEmpty ? "" : ",")"# + #"{"role":"\#(isUser ? "user" : "assistant")","content":""#,
                close: isLast && plan.putsNumberInText ? #" \#(Self.number)"}"# : #""}"#
            )
            let frameCount = frame.open.utf8.count + frame.close.utf8.count
            let textCount = max(0, isLast ? left - frameCount : 1500)
            turns += frame.open + Self.text(textCount) + frame.close
            left -= frameCount + textCount
            isUser.toggle()
        }
        return turns
    }

    private static func text(_ count: Int) -> String {
        let sentence =
            #"She asked: \"Why does the wind not blow straight from high to low pressure?\"\nBecause the Earth turns, "#
            + "it bends until it follows the isobars. "
        let text = String(repeating: sentence, count: count / sentence.utf8.count)
        return text + String(repeating: "x", count: count - text.utf8.count)
    }
}
