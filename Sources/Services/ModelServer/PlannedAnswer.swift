// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation
internal import WireFormats

/// One choice, decided in full before its first token is due: the timing model only says when each token comes out.
///
/// The same request to a server with the same seed gets the same answer, whatever else the server is doing.
struct PlannedAnswer {
    enum Finish: String {
        case stop, length
        case toolCalls = "tool_calls"
    }

    /// Text of each token. Tokens of a matched stop string are generated but have no text.
    private(set) var tokens: [String]
    private(set) var finish: Finish
    /// The stop string that matched.
    private(set) var stopReason: String?
    /// The tokens are the arguments of a call to this function.
    let toolName: String?
    /// What comes before the tokens.
    let echo: EchoedPrompt?
    /// Candidates to list at each token; `nil` lists no log probabilities.
    let logprobs: Int?
    let pretended: PretendedLogprobs
    /// Where each token begins, in characters; empty when nobody asks.
    private var offsets: [Int] = []

    var text: String { (echo?.text ?? "") + tokens.joined() }

    /// In characters from the beginning of `text`. Only with `logprobs`.
    func offset(ofToken index: Int) -> Int { offsets[index] }

    /// Length of an answer that nothing cuts short.
    private static let naturalTokens = 16..<128

    /// - Parameters:
    ///   - echo: the prompt, where the answer begins with it.
    ///   - seed: of this choice.
    ///   - outputTokensMax: of this prompt; at least 1, or 0 for an echo alone.
    init(_ request: GenerationRequest, echo: EchoedPrompt?, seed: UInt64, outputTokensMax: Int) {
        self.echo = echo
        logprobs = request.logprobs
        pretended = PretendedLogprobs(seed: seed)
        switch request.shape {
        case .prose:
            toolName = nil
            tokens = Self.prose(request, seed, outputTokensMax)
        case .json(let schema):
            toolName = nil
            tokens = Self.pieces(of: schema, seed)
        case .toolCall(let name, let parameters):
            toolName = name
            tokens = Self.pieces(of: parameters, seed)
        }
        finish = toolName == nil ? .stop : .toolCalls
        if tokens.count > outputTokensMax || (request.ignoresEnd && toolName == nil && tokens.count == outputTokensMax)
        {
            tokens.removeLast(tokens.count - outputTokensMax)
            finish = .length
        }
        if toolName == nil { cut(at: request.stops) }
        if logprobs != nil { offsets = Self.offsets(of: tokens, after: echo?.text ?? "") }
    }

    private static func offsets(of tokens: [String], after echo: String) -> [Int] {
        var position = echo.unicodeScalars.count
        return tokens.map { token in
            defer { position += token.unicodeScalars.count }
            return position
        }
    }

    /// One token more than allowed shows that the limit and not the end came first.
    private static func prose(_ request: GenerationRequest, _ seed: UInt64, _ outputTokensMax: Int) -> [String] {
        var lengths = SeededGenerator(seed: seed, label: "answer length")
        let natural = max(Int.random(in: naturalTokens, using: &lengths), request.outputTokensMin)
        let count = request.ignoresEnd ? outputTokensMax : min(natural, outputTokensMax + 1)
        var text = AnswerText(seed: seed)
        return (0..<count).map { _ in text.nextToken() }
    }

    private static func pieces(of schema: JSONValue, _ seed: UInt64) -> [String] {
        var instance = SchemaInstance(schema: schema, seed: seed)
        let text = String(decoding: instance.make().bytes, as: UTF8.self)
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(TokenizedPrompt.bytesPerToken)))
            rest = rest.dropFirst(TokenizedPrompt.bytesPerToken)
        }
        return pieces
    }

    /// Ends the answer before the first stop string; the tokens that spelled it stay, without text.
    private mutating func cut(at stops: [String]) {
        let patterns = stops.map { Array($0.utf8) }
        guard let longest = patterns.map(\.count).max() else { return }
        var seen: [UInt8] = []
        for index in tokens.indices {
            // Because: a match that ends in this token cannot begin further back than the longest stop string.
            let from = max(0, seen.count - longest)
            seen += tokens[index].utf8
            guard let match = Self.firstMatch(of: patterns, in: seen, from: from) else { continue }
            tokens.removeLast(tokens.count - index - 1)
            clear(from: match.offset)
            finish = .stop
            stopReason = stops[match.pattern]
            return
        }
    }

    private static func firstMatch(of patterns: [[UInt8]], in bytes: [UInt8], from: Int) -> (offset: Int, pattern: Int)?
    {
        for offset in from..<bytes.count {
            if let pattern = patterns.firstIndex(where: { bytes[offset...].starts(with: $0) }) {
                return (offset, pattern)
            }
        }
        return nil
    }

    /// Removes the text from a byte offset on.
    private mutating func clear(from offset: Int) {
        var position = 0
        for index in tokens.indices {
            let count = tokens[index].utf8.count
            if position + count > offset {
                tokens[index] = String(decoding: tokens[index].utf8.prefix(max(0, offset - position)), as: UTF8.self)
            }
            position += count
        }
    }
}

/// A prompt at the beginning of its answer.
struct EchoedPrompt {
    let tokens: [String]
    let pretended: PretendedLogprobs

    init(_ prompt: ReadPrompt) {
        tokens = PretendedTokens.texts(of: prompt.bytes)
        pretended = PretendedLogprobs(seed: prompt.tokenized.contentHash)
    }

    var text: String { tokens.joined() }
}
