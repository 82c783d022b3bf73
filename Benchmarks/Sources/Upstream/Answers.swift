// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// Every message the upstream sends.
struct Answers {
    let models: Template
    private let chat: WireAnswers
    private let messages: WireAnswers
    private let converse: WireAnswers
    private let generateContent: WireAnswers

    /// - Parameter model: the name answers carry, whatever was asked for.
    init(model: String) {
        models = Template(.answer(json: Self.modelsJSON(model: model), fields: ChatAnswers.fields))
        chat = ChatAnswers(model: model).all
        messages = MessagesAnswers(model: model).all
        converse = ConverseAnswers().all
        generateContent = GenerateContentAnswers(model: model).all
    }

    subscript(_ wire: Wire) -> WireAnswers {
        switch wire {
        case .chat: chat
        case .messages: messages
        case .converse: converse
        case .generateContent: generateContent
        }
    }

    private static func modelsJSON(model: String) -> String {
        #"{"object":"list","data":[{"id":"\#(model)","object":"model","created":1795000000,"owned_by":"bench"}]}"#
    }
}

/// What the upstream says on one wire.
final class WireAnswers {
    let whole: Template
    /// Head, opening events and first text: they leave together so that time to first token is the proxy's doing alone.
    let streamStart: Template
    let text: Template
    let finish: Template
    let finishWithUsage: Template

    /// - Parameters:
    ///   - opening: all that comes before the first text, the head included.
    ///   - usage: what only those get who asked for it; it stands between `closing` and `end`.
    init(whole: Draft, opening: Draft, text: Draft, closing: Draft, usage: Draft = Draft(""), end: Draft = .end) {
        self.whole = Template(whole)
        streamStart = Template(opening + text)
        self.text = Template(text)
        finish = Template(closing + end)
        finishWithUsage = Template(closing + usage + end)
    }
}

/// The same words on every wire, as the content of a JSON string.
enum AnswerText {
    /// About 550 bytes. The number comes last: who finds it has all of the text.
    static let whole =
        String(
            repeating:
                #"Pressure falls with height because less air lies above; \"isobars\" join the points where it is equal.\n"#,
            count: 5) + "answer-NNNNNNNNNNNNNNNN"
    /// One piece of a stream.
    static let piece = " answer-NNNNNNNNNNNNNNNN@TTTTTTTTTTTTTTTTTT"
}
