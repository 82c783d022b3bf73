// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation
internal import WireFormats

/// What a chat or completions request asks for, as far as the reference model server acts on it. Other members are
/// accepted and ignored.
struct GenerationRequest {
    enum Endpoint { case chat, completions }

    /// What kind of text the answer is.
    enum Shape {
        case prose
        /// Smallest instance of a JSON Schema.
        case json(schema: JSONValue)
        case toolCall(name: String, parameters: JSONValue)
    }

    var endpoint: Endpoint
    /// One for chat; one per prompt for completions.
    var prompts: [ReadPrompt]
    /// Answers per prompt.
    var choices: Int
    /// `nil`: up to the end of the context.
    var outputTokensMax: Int?
    /// Completions only: the answer begins with its prompt.
    var echoes: Bool
    /// Candidates to list at each token besides the token itself, 0 to 20; `nil` lists no log probabilities.
    var logprobs: Int?
    var outputTokensMin: Int
    /// Runs to the limit instead of the answer's natural end (vLLM `ignore_eos`).
    var ignoresEnd: Bool
    var stops: [String]
    var isStream: Bool
    var includesUsage: Bool
    var seed: UInt64
    var shape: Shape

    /// Sequences one request may start.
    static let sequencesMax = 128
    private static let stopsMax = 16

    init(endpoint: Endpoint, body: JSONValue, prompts: [ReadPrompt]) throws(APIError) {
        self.endpoint = endpoint
        self.prompts = prompts
        choices = try body.optionalInteger("n", in: 1...Self.sequencesMax) ?? 1
        guard prompts.count * choices <= Self.sequencesMax else {
            throw .badRequest(
                "prompts × n is \(prompts.count * choices); at most \(Self.sequencesMax) are allowed", parameter: "n")
        }
        echoes = try endpoint == .completions ? body.optionalBool("echo") ?? false : false
        logprobs = try endpoint == .chat ? Self.chatLogprobs(body) : Self.candidates(body, "logprobs")
        // Without a single token of its own an answer can still be the prompt.
        let outputTokens = (echoes ? 0 : 1)...Int(Int32.max)
        let newer = try body.optionalInteger("max_completion_tokens", in: outputTokens)
        let older = try body.optionalInteger("max_tokens", in: outputTokens)
        outputTokensMax = newer ?? older ?? (endpoint == .completions ? Self.completionsDefaultTokens : nil)
        outputTokensMin = try body.optionalInteger("min_tokens", in: 0...Int(Int32.max)) ?? 0
        ignoresEnd = try body.optionalBool("ignore_eos") ?? false
        stops = try Self.stops(body)
        isStream = try body.optionalBool("stream") ?? false
        includesUsage = try body.present("stream_options")?.optionalBool("include_usage") ?? false
        seed = UInt64(bitPattern: Int64(try body.optionalInteger("seed", in: Int.min...Int.max) ?? 0))
        shape = try endpoint == .chat ? Self.shape(body) : .prose
    }

    /// OpenAI's and vLLM's default of the old completions endpoint.
    private static let completionsDefaultTokens = 16

    private static func chatLogprobs(_ body: JSONValue) throws(APIError) -> Int? {
        let count = try candidates(body, "top_logprobs")
        if try body.optionalBool("logprobs") ?? false { return count ?? 0 }
        guard count ?? 0 == 0 else {
            throw .badRequest("`top_logprobs` needs `logprobs` to be true", parameter: "top_logprobs")
        }
        return nil
    }

    private static func candidates(_ body: JSONValue, _ name: String) throws(APIError) -> Int? {
        try body.optionalInteger(name, in: 0...PretendedLogprobs.candidatesMax)
    }

    private static func stops(_ body: JSONValue) throws(APIError) -> [String] {
        guard let value = body.present("stop") else { return [] }
        let list = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue)
        guard let list, list.count <= stopsMax, !list.contains(""), value.arrayValue?.count ?? 1 == list.count else {
            throw .badRequest("`stop` must be a string or up to \(stopsMax) non-empty strings", parameter: "stop")
        }
        return list
    }

    // MARK: Shape

    private static func shape(_ body: JSONValue) throws(APIError) -> Shape {
        if let forced = try forcedTool(body) { return forced }
        guard let format = body.present("response_format") else { return .prose }
        switch format["type"]?.stringValue {
        case "text": return .prose
        case "json_object": return .json(schema: answerObjectSchema)
        case "json_schema":
            guard let schema = format["json_schema"]?["schema"] else {
                throw .badRequest("`response_format.json_schema.schema` is missing", parameter: "response_format")
            }
            return .json(schema: schema)
        default:
            throw .badRequest(
                "`response_format.type` must be text, json_object or json_schema", parameter: "response_format")
        }
    }

    /// Any object will do where only an object is asked for.
    private static let answerObjectSchema = JSONValue.object([
        ("type", .string("object")), ("properties", .object([("answer", .object([("type", .string("string"))]))])),
    ])

    /// The tool that `tool_choice` forces; left to choose, this model never calls one.
    private static func forcedTool(_ body: JSONValue) throws(APIError) -> Shape? {
        guard let choice = body.present("tool_choice") else { return nil }
        let functions = body.present("tools")?.arrayValue?.compactMap { $0["function"] } ?? []
        let wanted: String?
        switch choice.stringValue {
        case "none", "auto": return nil
        case "required": wanted = functions.first?["name"]?.stringValue
        case nil: wanted = choice["function"]?["name"]?.stringValue
        default:
            throw .badRequest("`tool_choice` must be none, auto, required or name a function", parameter: "tool_choice")
        }
        guard let wanted, let function = functions.first(where: { $0["name"]?.stringValue == wanted }) else {
            throw .badRequest("`tool_choice` asks for a function that `tools` does not have", parameter: "tool_choice")
        }
        return .toolCall(name: wanted, parameters: function.present("parameters") ?? .object([]))
    }
}
