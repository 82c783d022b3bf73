// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
public import WireFormats

/// What a target's wire cannot say of a request. Reused.
///
/// Named as the caller knows it: a loss of a `Feature` is named by the wire it came from, a foreign member by itself.
public struct Losses {
    public private(set) var features: [Feature] = []
    /// Features that this one answer goes without, for a reason that lies in the conversation and that a refusal would
    /// only repeat: the caller is told, and no policy is asked.
    public private(set) var told: [Feature] = []
    /// Names of members, as `Conversation.foreign` lists them.
    public private(set) var members: [JSONString] = []
    /// Keywords of schemas, each with what the schema is of.
    private var keywords: [(feature: Feature, keyword: JSONString)] = []

    public init() {}

    /// Whether there is nothing that the route's policy decides about.
    public var isEmpty: Bool { features.isEmpty && members.isEmpty && keywords.isEmpty }
    /// Whether there is nothing to tell the caller.
    public var isSilent: Bool { isEmpty && told.isEmpty }

    public mutating func add(_ feature: Feature) {
        if !features.contains(feature) { features.append(feature) }
    }

    public mutating func tell(_ feature: Feature) {
        if !told.contains(feature) { told.append(feature) }
    }

    public mutating func add(_ member: JSONString) { members.append(member) }

    public mutating func add(_ feature: Feature, keyword: JSONString) {
        guard !keywords.contains(where: { $0.feature == feature && $0.keyword.isSame(as: keyword) }) else { return }
        keywords.append((feature, keyword))
    }

    public mutating func reset() {
        features.removeAll(keepingCapacity: true)
        told.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        keywords.removeAll(keepingCapacity: true)
    }

    /// Names for a message or a header, at most `max` of them.
    public func names(in wire: ChatWire, max: Int = 16) -> [String] {
        let all =
            (features + told).map { "\($0.name(in: wire))" } + members.map(\.text)
            + keywords.map { "\($0.feature.name(in: wire)) (\($0.keyword.text))" }
        return Array(all.prefix(max))
    }
}

/// Something a request can ask for that not every wire can say.
public enum Feature: UInt8, CaseIterable, BitwiseCopyable, Sendable {
    case seed, presencePenalty, frequencyPenalty, topK, topP, temperature
    case stopSequences, user, metadata, serviceTier
    case toolChoiceNone, parallelToolCalls, strictTools, toolSchema
    case jsonObject, jsonSchema
    case reasoning
    case imageURL, image, imageInToolResult, audio, video, document, fileID
    case cacheMarks

    /// The caller's own name for it.
    public func name(in wire: ChatWire) -> StaticString {
        switch wire {
        case .chatCompletions: chatName
        case .responses: responsesName
        case .messages, .converse: messagesName
        case .generateContent: generateContentName
        }
    }

    private var chatName: StaticString {
        switch self {
        case .seed: "seed"
        case .presencePenalty: "presence_penalty"
        case .frequencyPenalty: "frequency_penalty"
        case .topK: "top_k"
        case .topP: "top_p"
        case .temperature: "temperature"
        case .stopSequences: "stop"
        case .user: "user"
        case .metadata: "metadata"
        case .serviceTier: "service_tier"
        case .toolChoiceNone: "tool_choice"
        case .parallelToolCalls: "parallel_tool_calls"
        case .strictTools: "tools[].function.strict"
        case .toolSchema: "tools[].function.parameters"
        case .jsonObject, .jsonSchema: "response_format"
        case .reasoning: "reasoning_effort"
        case .imageURL, .image: "messages[].content[].image_url"
        case .imageInToolResult: "messages[].content (image in a tool result)"
        case .audio: "messages[].content[].input_audio"
        case .video: "messages[].content[].video_url"
        case .document: "messages[].content[].file"
        case .fileID: "messages[].content[].file.file_id"
        case .cacheMarks: "cache_control"
        }
    }

    private var responsesName: StaticString {
        switch self {
        case .jsonObject, .jsonSchema: "text.format"
        case .reasoning: "reasoning"
        case .strictTools: "tools[].strict"
        case .toolSchema: "tools[].parameters"
        case .imageURL, .image: "input[].content[].image_url"
        case .document: "input[].content[].file_data"
        case .fileID: "input[].content[].file_id"
        default: chatName
        }
    }

    private var messagesName: StaticString {
        switch self {
        case .stopSequences: "stop_sequences"
        case .user: "metadata.user_id"
        case .parallelToolCalls: "tool_choice.disable_parallel_tool_use"
        case .strictTools: "tools[].strict"
        case .toolSchema: "tools[].input_schema"
        case .jsonObject, .jsonSchema: "output_config.format"
        case .reasoning: "thinking"
        case .imageURL, .image: "messages[].content[].source (image)"
        case .imageInToolResult: "messages[].content[].content (image in a tool result)"
        case .document: "messages[].content[].source (document)"
        case .fileID: "messages[].content[].source.file_id"
        default: chatName
        }
    }

    private var generateContentName: StaticString {
        switch self {
        case .seed: "generationConfig.seed"
        case .presencePenalty: "generationConfig.presencePenalty"
        case .frequencyPenalty: "generationConfig.frequencyPenalty"
        case .topK: "generationConfig.topK"
        case .topP: "generationConfig.topP"
        case .temperature: "generationConfig.temperature"
        case .stopSequences: "generationConfig.stopSequences"
        case .metadata, .user: "labels"
        case .serviceTier: "serviceTier"
        case .toolChoiceNone: "toolConfig.functionCallingConfig.mode"
        case .parallelToolCalls, .strictTools: "toolConfig.functionCallingConfig"
        case .toolSchema: "tools[].functionDeclarations[].parameters"
        case .jsonObject: "generationConfig.responseMimeType"
        case .jsonSchema: "generationConfig.responseJsonSchema"
        case .reasoning: "generationConfig.thinkingConfig"
        case .imageURL, .fileID: "contents[].parts[].fileData"
        case .image, .audio, .video, .document: "contents[].parts[].inlineData"
        case .imageInToolResult: "contents[].parts[].functionResponse.parts"
        case .cacheMarks: "cachedContent"
        }
    }
}
