// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// vLLM's `/tokenize` and `/detokenize` over the pretended tokens: the counts are those that requests are charged with.
enum Tokenization {
    /// Of one request: a list of more would be tens of megabytes.
    static let tokensMax = 1 << 18

    /// Answer to `{"prompt": …}` or `{"messages": …}`, with `return_token_strs` also each token's text.
    static func tokenize(_ body: JSONValue, contextTokensMax: Int) throws(APIError) -> JSONValue {
        let bytes = try content(body)
        let ids = PretendedTokens.ids(of: bytes)
        guard ids.count <= tokensMax else { throw .badRequest("more than \(tokensMax) tokens", parameter: "prompt") }
        let wantsTexts = try body.optionalBool("return_token_strs") ?? false
        let texts = wantsTexts ? JSONValue.array(PretendedTokens.texts(of: bytes).map { .string($0) }) : .null
        return .object([
            ("count", .integer(ids.count)), ("max_model_len", .integer(contextTokensMax)),
            ("tokens", .array(ids.map { .integer($0) })), ("token_strs", texts),
        ])
    }

    private static func content(_ body: JSONValue) throws(APIError) -> [UInt8] {
        if body.present("messages") != nil { return try PromptReading.chat(body) }
        guard let prompt = try body.optionalString("prompt") else {
            throw .badRequest("`prompt` or `messages` is missing", parameter: "prompt")
        }
        return Array(prompt.utf8)
    }

    /// Answer to `{"tokens": […]}`.
    static func detokenize(_ body: JSONValue) throws(APIError) -> JSONValue {
        guard let list = body.present("tokens")?.arrayValue, list.count <= tokensMax else {
            throw .badRequest("`tokens` must be an array of at most \(tokensMax) token ids", parameter: "tokens")
        }
        let bytes = PretendedTokens.bytes(of: try PromptReading.ids(list, member: "tokens"))
        return .object([("prompt", .string(String(decoding: bytes, as: UTF8.self)))])
    }
}
