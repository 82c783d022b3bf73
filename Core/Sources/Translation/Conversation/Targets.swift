// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// What writing a request needs besides the conversation: the endpoint's side of it.
public struct EndpointTarget {
    /// Name to send where the wire has the model in the body.
    public var model: JSONString
    /// For wires that demand a bound (Anthropic) when the caller states none.
    public var outputTokensDefault: Int64
    /// Which of the wire's homes this is: they differ in a few members.
    public var home: Home
    public var capabilities: Capabilities
    /// Whose signatures it takes back; `nil`: nobody's.
    public var origin: SignatureOrigin?

    public init(
        model: JSONString, outputTokensDefault: Int64 = 4096, home: Home = .own,
        capabilities: Capabilities = Capabilities(), origin: SignatureOrigin? = nil
    ) {
        self.model = model
        self.outputTokensDefault = outputTokensDefault
        self.home = home
        self.capabilities = capabilities
        self.origin = origin
    }

    public enum Home: UInt8, BitwiseCopyable, Sendable {
        /// The vendor's own API.
        case own
        /// Anthropic's Messages inside InvokeModel: no `model`, no `stream`, `anthropic_version` in the body.
        case bedrock
        /// Anthropic's Messages inside rawPredict, or Gemini on Vertex AI: no `model`, `anthropic_version` in the body.
        case vertex
        /// A server compatible with OpenAI's: `system` instead of `developer`, `max_tokens` instead of
        /// `max_completion_tokens`.
        case compatible
    }
}

/// What a served model can do that its wire alone does not tell; declared, never guessed from its name.
public struct Capabilities: BitwiseCopyable, Hashable, Sendable {
    public var thinking = Thinking.adaptive
    /// `temperature`, `top_p` and `top_k` are taken.
    public var takesSampling = true
    /// Schemas are enforced by the wire's own member.
    public var takesSchemas = true
    /// In which words Google's wire is told schemas.
    public var schemas = SchemaDialect.jsonSchema

    public init() {}

    public typealias Thinking = ThinkingStyle
}

/// Budgets that stand for efforts where a model wants a number. Providers publish no table; these are Google's own for
/// its OpenAI layer at `low` to `high`, extended downwards to Anthropic's minimum and upwards by doubling.
public enum ThinkingBudget {
    public static let smallest: Int64 = 1024

    public static func tokens(_ effort: Reasoning.Effort) -> Int64 {
        switch effort {
        case .minimal, .low: 1024
        case .medium: 8192
        case .high: 24576
        case .xhigh: 49152
        case .max: 65536
        }
    }

    public static func effort(_ tokens: Int64) -> Reasoning.Effort {
        switch tokens {
        case ...1024: .low
        case ...8192: .medium
        case ...24576: .high
        case ...49152: .xhigh
        default: .max
        }
    }
}

/// What writing an answer needs besides the answer: the caller's side of it.
public struct AnswerTarget {
    /// The model's public name, for wires that say it and endpoints that do not.
    public var model: JSONString
    /// Id to use where the endpoint's wire has none; made by the gateway for the request.
    public var id: JSONString
    public var createdUnixSeconds: Int64
    /// Whether the caller of chat completions asked for usage in its stream.
    public var includesUsage: Bool
    public var framing: AnswerFraming

    public init(
        model: JSONString, id: JSONString, createdUnixSeconds: Int64, includesUsage: Bool = true,
        framing: AnswerFraming = .events
    ) {
        self.model = model
        self.id = id
        self.createdUnixSeconds = createdUnixSeconds
        self.includesUsage = includesUsage
        self.framing = framing
    }

    /// Writes the id of a call. One that has none gets it from the answer's own id and its place in the answer.
    func writeCallID(_ id: JSONString, _ number: Int, _ writer: JSONWriter) {
        guard id.isEmpty else { return writer.string(id) }
        writer.beginString()
        writer.piece("call_")
        writer.piece(self.id)
        writer.piece("_")
        writer.append(decimal: Int64(number))
        writer.endString()
    }
}

/// How a caller gets the pieces of a streamed answer.
public enum AnswerFraming: UInt8, BitwiseCopyable, Sendable {
    /// As events of a `text/event-stream`.
    case events
    /// As elements of one JSON array: Google's wire without `alt=sse`.
    case array
}
