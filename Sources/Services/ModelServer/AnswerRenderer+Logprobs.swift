// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Log probabilities of answers, in the two shapes of the API: a list of objects for chat, parallel lists for
// completions. Only tokens that have text are listed: joined they are the answer.

extension AnswerRenderer {
    /// Of a whole choice; `null` when not asked for.
    func logprobs(_ answer: PlannedAnswer) -> JSONValue { logprobs(answer, echoing: true, answer.tokens.indices) }

    /// Of one token's event.
    func logprobs(_ answer: PlannedAnswer, token: Int) -> JSONValue {
        logprobs(answer, echoing: false, token..<token + 1)
    }

    /// Of the event that repeats the prompt.
    func echoLogprobs(_ answer: PlannedAnswer) -> JSONValue { logprobs(answer, echoing: true, 0..<0) }

    private func logprobs(_ answer: PlannedAnswer, echoing: Bool, _ range: Range<Int>) -> JSONValue {
        guard let count = answer.logprobs else { return .null }
        var tokens = range.filter { !answer.tokens[$0].isEmpty }.map { index in
            LoggedToken(
                text: answer.tokens[index], offset: answer.offset(ofToken: index),
                position: answer.pretended.position(index, chosen: answer.tokens[index], candidates: count))
        }
        if endpoint == .chat { return .object([("content", .array(tokens.map(\.chatEntry)))]) }
        if echoing, let echo = answer.echo { tokens = Self.echoed(echo, candidates: count) + tokens }
        return Self.lists(tokens)
    }

    /// Nothing comes before the first token of a prompt, so it has no probability.
    private static func echoed(_ echo: EchoedPrompt, candidates: Int) -> [LoggedToken] {
        var offset = 0
        return echo.tokens.enumerated().map { index, text in
            defer { offset += text.unicodeScalars.count }
            return LoggedToken(
                text: text, offset: offset,
                position: index == 0 ? nil : echo.pretended.position(index, chosen: text, candidates: candidates))
        }
    }

    private static func lists(_ tokens: [LoggedToken]) -> JSONValue {
        .object([
            ("text_offset", .array(tokens.map { .integer($0.offset) })),
            ("token_logprobs", .array(tokens.map { $0.position.map { .decimal($0.chosen.logprob) } ?? .null })),
            ("tokens", .array(tokens.map { .string($0.text) })),
            ("top_logprobs", .array(tokens.map(\.topByText))),
        ])
    }
}

/// One token as a list of log probabilities shows it.
private struct LoggedToken {
    var text: String
    /// In characters from the beginning of the choice's text.
    var offset: Int
    /// `nil` for the first token of a prompt.
    var position: PretendedLogprobs.Position?

    var chatEntry: JSONValue {
        guard let position else { return .null }
        return .object(
            Self.members(position.chosen) + [
                ("top_logprobs", .array(position.top.map { .object(Self.members($0)) }))
            ])
    }

    private static func members(_ candidate: PretendedLogprobs.Candidate) -> [(String, JSONValue)] {
        [
            ("token", .string(candidate.text)), ("logprob", .decimal(candidate.logprob)),
            ("bytes", .array(candidate.text.utf8.map { .integer($0) })),
        ]
    }

    /// The chosen token is always among them, as one more where it is not one of the likeliest.
    var topByText: JSONValue {
        guard let position else { return .null }
        let isListed = position.top.contains { $0.text == position.chosen.text }
        return .object((position.top + (isListed ? [] : [position.chosen])).map { ($0.text, .decimal($0.logprob)) })
    }
}
