// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// A conversation in words that can be compared, told as far as one wire has words for it: what is neutral there is left
/// out, and what means the same is told the same.
struct ToldConversation {
    var system = Words()
    var groups: [ToldGroup] = []
    var hasTextFiles = false
    var tools: [ToldTool] = []
    var choice = ToldChoice.free
    /// At most one call at a time.
    var isSerial = false
    var sampling = ToldSampling()
    var outputTokensMax: Int64?
    var stops: [String] = []
    var format: String?
    var reasoning: Reasoning?
    var user: String?
    var metadata: String?
    var tier: ServiceTier?
    var isStream = false
    var model: String
    var foreign: [String]

    init(_ conversation: Conversation, as wire: ChatWire) {
        var turns = TurnTeller(conversation, wire)
        system = Words(joining: conversation.system.map(\.text)).solid
        groups = turns.tell()
        hasTextFiles = turns.hasTextFiles
        isStream = conversation.isStream
        model = conversation.model.text
        foreign = conversation.foreign.map(\.text)
        outputTokensMax = conversation.outputTokensMax
        stops = conversation.stops.map(\.text)
        sampling = ToldSampling(conversation.sampling)
        reasoning = conversation.reasoning
        user = conversation.user?.text
        metadata = conversation.metadata?.compact
        tier = conversation.serviceTier == .auto ? nil : conversation.serviceTier
        tellFormat(conversation)
        tellTools(conversation, turns)
    }

    private mutating func tellFormat(_ conversation: Conversation) {
        switch conversation.format {
        case nil: break
        // Wires without a word for it say it with a schema.
        case .jsonObject: format = #"{"type":"object","additionalProperties":true}"#
        case .jsonSchema(let schema, _, _, _): format = schema.compact
        }
    }

    // MARK: Tools

    /// A restriction is told by the tools that it leaves, however a wire says it.
    private mutating func tellTools(_ conversation: Conversation, _ turns: TurnTeller) {
        let allowed = conversation.allowedTools.map(turns.written)
        tools = conversation.tools.map { ToldTool($0, turns.written($0.name)) }
        if !allowed.isEmpty { tools.removeAll { !allowed.contains($0.name) } }
        switch conversation.toolChoice {
        case nil, .auto: choice = .free
        case .some(.none): choice = tools.isEmpty ? .free : .none
        case .any: choice = .forced(tools.isEmpty ? allowed : tools.map(\.name))
        case .named(let name): choice = .forced([turns.written(name)])
        }
        if case .forced(let names) = choice { tools.removeAll { !names.contains($0.name) } }
        isSerial = conversation.allowsParallelCalls == false && !tools.isEmpty && choice != .none
    }
}

enum ToldChoice: Equatable {
    case free, none
    /// One of these must be called.
    case forced([String])
}

struct ToldTool: Equatable {
    var name: String
    var description: String
    /// Empty where the tool takes nothing.
    var parameters: String
    var isStrict: Bool

    init(_ tool: Tool, _ name: String) {
        self.name = name
        description = tool.description?.text ?? ""
        isStrict = tool.isStrict ?? false
        parameters = tool.parameters?.compact ?? ""
        if parameters == "{}" || parameters == #"{"type":"object","properties":{}}"# { parameters = "" }
    }
}

/// Numbers by value; `nil` where they say nothing.
struct ToldSampling {
    var temperature, topP, topK, seed, presencePenalty, frequencyPenalty: Double?

    init() {}

    init(_ sampling: Sampling) {
        temperature = sampling.temperature?.value
        topP = sampling.topP?.value
        topK = sampling.topK?.value.flatMap { $0 > 0 ? $0 : nil }
        seed = sampling.seed?.value
        presencePenalty = sampling.presencePenalty?.value.flatMap { $0 == 0 ? nil : $0 }
        frequencyPenalty = sampling.frequencyPenalty?.value.flatMap { $0 == 0 ? nil : $0 }
    }
}
