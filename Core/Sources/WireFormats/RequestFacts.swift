// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Which request a body is of; decides what must be in it.
public enum RequestKind: Sendable {
    case chatCompletions, completions, embeddings, responses
    /// Anthropic's Messages, and the count of one.
    case messages
    /// Google's; its model and whether it streams stand in the path.
    case generateContent
    /// The count of one of Google's, which may stand inside of another object.
    case countContentTokens
    /// What is spoken has its characters counted.
    case speech
    case images
    /// Rerank: a model, and members nobody acts on.
    case other

    /// The member with the prompt; `nil`: nobody knows its name.
    var prompt: RequestMember? {
        switch self {
        case .chatCompletions, .messages: .messages
        case .completions: .prompt
        case .embeddings, .responses: .input
        case .generateContent: .contents
        case .countContentTokens, .speech, .images, .other: nil
        }
    }

    /// Whether the model's name stands in the path.
    var hasModelInPath: Bool { self == .generateContent || self == .countContentTokens }
}

/// The `stream_options` member of a request.
public enum StreamOptions: Equatable, Sendable {
    case absent
    /// The range of `null`.
    case null(ByteRange)
    /// The range with its braces; `includeUsageValue` is the range of that member's value, empty when it is not there.
    case object(ByteRange, isEmpty: Bool, includeUsage: Bool?, includeUsageValue: ByteRange)
}

/// What routing and metering need to know of a request's body. Ranges are of the body.
public struct RequestFacts: Sendable {
    /// Most messages whose prefix is hashed.
    public static let prefixesMax = 16

    /// Between the quotes.
    public var model = ByteRange.empty
    public var modelHasEscapes = false
    public var isStream = false
    public var streamOptions = StreamOptions.absent
    /// `max_completion_tokens`, else `max_tokens`; -1 when absent.
    public var outputTokensMax: Int64 = -1
    /// `previous_response_id` of Responses, between the quotes: the answer continues one that a single endpoint keeps.
    public var previousResponse = ByteRange.empty
    /// Whom the caller says it asks for, between the quotes: `safety_identifier`, `user`, or Anthropic's
    /// `metadata.user_id`.
    public var subject = ByteRange.empty
    public var subjectHasEscapes = false
    /// `n`.
    public var choices: Int64 = 1
    /// Unicode scalars of `input` where that is spoken.
    public var characters: Int64 = 0
    /// `language` of a form.
    public var language = ByteRange.empty
    /// Length of the value of `messages`, `prompt` or `input`.
    public var promptBytes = 0
    public var messageCount = 0
    public var hasTools = false
    /// Some string begins as the gateway's marks do.
    public var mayBeMarked = false
    /// Some string begins as the address of a local file does; `LocalFileAddress.member` tells whether it is one.
    public var mayNameLocalFile = false
    /// Offset after the opening brace.
    public var objectBody = 0
    /// Hash `k` covers the messages 0 to `k`.
    public var prefixHashes = InlineArray<16, UInt64>(repeating: 0)
    public var prefixCount = 0

    public init() {}
}

/// Members of a request that we act on.
public enum RequestMember: UInt8, CaseIterable, Sendable {
    case model, stream, streamOptions, includeUsage, maxTokens, maxCompletionTokens, maxOutputTokens, choices, messages,
        prompt, input, contents, tools, previousResponse, safetyIdentifier, user, metadata

    var name: StaticString {
        switch self {
        case .model: "model"
        case .stream: "stream"
        case .streamOptions: "stream_options"
        case .includeUsage: "stream_options.include_usage"
        case .maxTokens: "max_tokens"
        case .maxCompletionTokens: "max_completion_tokens"
        case .maxOutputTokens: "max_output_tokens"
        case .contents: "contents"
        case .previousResponse: "previous_response_id"
        case .choices: "n"
        case .messages: "messages"
        case .prompt: "prompt"
        case .input: "input"
        case .tools: "tools"
        case .safetyIdentifier: "safety_identifier"
        case .user: "user"
        case .metadata: "metadata"
        }
    }

    /// What its value must be.
    var expected: StaticString {
        switch self {
        case .model: "a non-empty string"
        case .stream, .includeUsage: "true or false"
        case .streamOptions, .metadata: "an object"
        case .maxTokens, .maxCompletionTokens, .maxOutputTokens: "an integer of at least 0"
        case .choices: "an integer from 1 to 128"
        case .previousResponse, .safetyIdentifier, .user: "a string"
        case .messages, .contents: "a non-empty array of objects"
        case .prompt, .input: "a string or an array"
        case .tools: "an array"
        }
    }

    /// Which person is meant steers nothing; of several the last counts, as for most readers.
    var mayRepeat: Bool { self == .safetyIdentifier || self == .user || self == .metadata }

    /// Whether requests of this kind have it. The others pass through unread, as every member does that nobody acts on.
    func belongs(to kind: RequestKind) -> Bool {
        switch self {
        case .input: self == kind.prompt || kind == .speech
        case .messages, .prompt, .contents: self == kind.prompt
        case .tools: kind.prompt != nil && kind != .embeddings && kind != .completions
        case .model, .stream: !kind.hasModelInPath
        case .choices: kind == .chatCompletions || kind == .completions || kind == .embeddings || kind == .images
        case .streamOptions, .includeUsage, .maxCompletionTokens:
            kind == .chatCompletions || kind == .completions || kind == .embeddings
        case .maxTokens: kind.prompt != nil && !kind.hasModelInPath && kind != .responses
        case .maxOutputTokens, .previousResponse: kind == .responses
        case .safetyIdentifier, .user: !kind.hasModelInPath && kind != .messages
        case .metadata: kind == .messages
        }
    }

    /// The member of this name at the top level.
    static func named(_ name: UnsafeRawBufferPointer) -> RequestMember? {
        switch name.count {
        case 1: name.equals("n") ? .choices : nil
        case 4: name.equals("user") ? .user : nil
        case 5: name.equals("model") ? .model : name.equals("input") ? .input : name.equals("tools") ? .tools : nil
        case 6: name.equals("stream") ? .stream : name.equals("prompt") ? .prompt : nil
        case 8:
            name.equals("messages")
                ? .messages : name.equals("contents") ? .contents : name.equals("metadata") ? .metadata : nil
        case 17:
            name.equals("max_output_tokens")
                ? .maxOutputTokens : name.equals("safety_identifier") ? .safetyIdentifier : nil
        case 20: name.equals("previous_response_id") ? .previousResponse : nil
        case 10: name.equals("max_tokens") ? .maxTokens : nil
        case 14: name.equals("stream_options") ? .streamOptions : nil
        case 21: name.equals("max_completion_tokens") ? .maxCompletionTokens : nil
        default: nil
        }
    }
}

/// Why a body is refused before anything is forwarded.
public enum RequestFault: Error, Equatable, Sendable {
    case empty
    case syntax(offset: Int, JSONFault)
    case notAnObject
    case missing(RequestMember)
    case wrongType(RequestMember)
    case duplicate(RequestMember)

    /// The parameter to blame, in OpenAI's terms.
    public var parameter: StaticString? {
        switch self {
        case .missing(let member), .wrongType(let member), .duplicate(let member): member.name
        case .empty, .syntax, .notAnObject: nil
        }
    }

    public func explanation() -> String {
        switch self {
        case .empty: "The request body is empty; a JSON object is needed."
        case .syntax(let offset, let fault):
            "The request body is not valid JSON: \(fault.explanation), near byte \(offset)."
        case .notAnObject: "The request body must be a JSON object."
        case .missing(let member): "The member `\(member.name)` is missing; it must be \(member.expected)."
        case .wrongType(let member): "The member `\(member.name)` must be \(member.expected)."
        case .duplicate(let member): "The member `\(member.name)` stands twice in the request."
        }
    }
}
