// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// How one operation is performed at one endpoint, compiled once: where the request goes and what is spoken there.
public struct OperationPlan: Hashable, Sendable {
    /// What the endpoint hears.
    public enum Speech: Hashable, Sendable {
        /// The caller's own words.
        case same
        /// The conversation in another wire's words.
        case chat(ChatWire, Home)
        /// Embeddings in a family's words.
        case embeddings(EmbeddingsFamily)
        /// A count of tokens in another wire's words, or in the caller's own in another place.
        case count(TokenCountAPI, Home)
    }

    /// Which of a wire's homes the endpoint is: they differ in a few members.
    public enum Home: UInt8, Hashable, Sendable { case own, bedrock, vertex, compatible }

    public enum EmbeddingsFamily: UInt8, Hashable, Sendable, CaseIterable { case titan, nova, cohere, vertex, gemini }

    /// How a stream is framed.
    public enum Framing: UInt8, Hashable, Sendable {
        case serverSentEvents
        /// AWS event-stream frames that carry the wire's own events.
        case eventStream
        /// AWS event-stream frames that carry another wire's events as base64.
        case invokeChunks
    }

    /// Where the model's name stands in what the endpoint hears.
    public enum ModelPlace: UInt8, Hashable, Sendable { case body, path }

    public var speech: Speech
    /// Request target for a whole answer, with the endpoint's base path.
    public var path: String
    /// Request target for a stream.
    public var streamPath: String
    public var framing: Framing
    public var modelPlace: ModelPlace
    /// Complete header lines with CRLFs that the wire demands; may be empty.
    public var headerLines: String
    /// Whose signatures the endpoint makes and takes back; `nil` for operations that have none.
    public var origin: SignatureOrigin?

    public init(
        speech: Speech = .same, path: String, streamPath: String? = nil, framing: Framing = .serverSentEvents,
        modelPlace: ModelPlace = .body, headerLines: String = ""
    ) {
        self.speech = speech
        self.path = path
        self.streamPath = streamPath ?? path
        self.framing = framing
        self.modelPlace = modelPlace
        self.headerLines = headerLines
    }

    public var isNative: Bool { speech == .same }
}

/// What an endpoint can do for one model, by operation.
public struct OperationPlans: Hashable, Sendable {
    private var plans: [OperationPlan?]

    public init() { plans = Array(repeating: nil, count: Operation.allCases.count) }

    public subscript(operation: Operation) -> OperationPlan? {
        get { plans[Int(operation.rawValue)] }
        set { plans[Int(operation.rawValue)] = newValue }
    }

    /// Everything the endpoint can do, translated or not.
    public var served: OperationSet { operations { _ in true } }
    /// What it can do in the caller's own words.
    public var native: OperationSet { operations(where: \.isNative) }

    private func operations(where isIncluded: (OperationPlan) -> Bool) -> OperationSet {
        var set = OperationSet()
        for operation in Operation.allCases where self[operation].map(isIncluded) ?? false {
            set.insert(operation.set)
        }
        return set
    }

    /// OpenAI's three oldest paths below a base path.
    public static func openAI(basePath: String) -> OperationPlans {
        var plans = OperationPlans()
        plans[.chatCompletions] = OperationPlan(path: basePath + "/chat/completions")
        plans[.completions] = OperationPlan(path: basePath + "/completions")
        plans[.embeddings] = OperationPlan(path: basePath + "/embeddings")
        return plans
    }
}
