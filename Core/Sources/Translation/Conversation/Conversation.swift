// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
public import WireFormats

// Translation: one conversation in several vendors' words.
//
// A request is read from the caller's wire into a `Conversation`, which knows no vendor, and written from it to the
// endpoint's wire; an answer goes the other way as an `Answer`, or as `StreamEvent`s. So each wire is written once for
// reading and once for writing, in a folder of its own, and not once per pair.
//
// - Text is never unescaped on the way (`JSONString`), values that nobody acts on are carried as they are written
//   (`JSONRaw`); both point into the source, which must stay put until the target is written.
// - What a wire cannot say is never lost in silence: whoever writes a wire reports it to `Losses`, under the caller's
//   own name for it, and the route's policy decides between a refusal and a header.
// - An ending is never invented: a finish reason, a usage count or a `[DONE]` exists only if the source said so.
// - Nothing here allocates per request once the scratch has grown; nothing here waits, looks at a clock or rolls dice.

/// A request for an answer, in nobody's words. Reused: `reset` keeps the memory.
public final class Conversation {
    /// The public model name as the caller wrote it; empty where the wire has it in the path.
    public var model = JSONString.empty
    public var isStream = false
    /// System text, one part per source block, in order. Text parts only.
    public var system: [Part] = []
    public var turns: [Turn] = []
    /// Every turn's parts, one turn after the other.
    public var parts: [Part] = []
    public var tools: [Tool] = []
    public var toolChoice: ToolChoice?
    /// Names of the tools that may be called this time, where the caller names some; empty: all.
    public var allowedTools: [JSONString] = []
    /// Whether the model may call several tools at once; `nil`: its own default.
    public var allowsParallelCalls: Bool?
    public var sampling = Sampling()
    /// Bound on output tokens, reasoning included; `nil`: the endpoint's own.
    public var outputTokensMax: Int64?
    public var stops: [JSONString] = []
    public var format: OutputFormat?
    public var reasoning: Reasoning?
    /// Whether the caller asked to see thoughts. Most wires show them to whoever has the model think; OpenAI's summaries
    /// come for the asking only.
    public var showsThoughts = false
    /// The caller's own name for its user.
    public var user: JSONString?
    /// An object of short strings that the provider stores with the request.
    public var metadata: JSONRaw?
    public var serviceTier: ServiceTier?
    /// Members of the caller's body that have no place here, by their name: unknown ones, and known ones that no other
    /// wire has. Members with a neutral value (`null`, the wire's own default) are not listed.
    public var foreign: [JSONString] = []
    /// For texts that reading had to make.
    public let arena = ByteArena()

    public init() {}

    public func reset() {
        model = .empty
        isStream = false
        system.removeAll(keepingCapacity: true)
        turns.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        tools.removeAll(keepingCapacity: true)
        toolChoice = nil
        allowedTools.removeAll(keepingCapacity: true)
        allowsParallelCalls = nil
        sampling = Sampling()
        outputTokensMax = nil
        stops.removeAll(keepingCapacity: true)
        format = nil
        reasoning = nil
        showsThoughts = false
        user = nil
        metadata = nil
        serviceTier = nil
        foreign.removeAll(keepingCapacity: true)
        arena.reset()
    }
}

extension Conversation {
    /// Forgets what bears on the answer or its price alone: what is left is what the model would read.
    func keepInput() {
        for i in system.indices { system[i].cache = .none }
        for i in parts.indices { parts[i].cache = .none }
        for i in tools.indices { tools[i].cache = .none }
        isStream = false
        sampling = Sampling()
        outputTokensMax = nil
        stops.removeAll(keepingCapacity: true)
        user = nil
        metadata = nil
        serviceTier = nil
    }
}

/// One message. Neighbours may have the same role: wires that need alternation merge them when they write.
public struct Turn: BitwiseCopyable {
    public enum Role: UInt8, BitwiseCopyable, Sendable { case user, assistant }
    public var role: Role
    /// Positions in `Conversation.parts`, children of tool results included.
    public var start: Int
    public var end: Int

    public init(role: Role, start: Int, end: Int) {
        self.role = role
        self.start = start
        self.end = end
    }

    public var parts: Range<Int> { start..<end }
}

/// A tool the model may call.
public struct Tool: BitwiseCopyable {
    public var name: JSONString
    public var description: JSONString?
    /// JSON Schema of the arguments; `nil`: the tool takes none.
    public var parameters: JSONRaw?
    public var isStrict: Bool?
    public var cache = CacheMark.none

    public init(name: JSONString, description: JSONString? = nil, parameters: JSONRaw? = nil, isStrict: Bool? = nil) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
    }
}

public enum ToolChoice: BitwiseCopyable {
    case auto, none
    /// At least one call, of whichever tool.
    case any
    case named(JSONString)
}

/// Numbers that steer sampling, as the caller wrote them. `nil`: the model's own default.
public struct Sampling: BitwiseCopyable {
    public var temperature: JSONRaw?
    public var topP: JSONRaw?
    public var topK: JSONRaw?
    public var seed: JSONRaw?
    public var presencePenalty: JSONRaw?
    public var frequencyPenalty: JSONRaw?
    public init() {}
}

public enum OutputFormat: BitwiseCopyable {
    /// Some JSON object.
    case jsonObject
    /// JSON of this schema. `name` is OpenAI's label for it.
    case jsonSchema(schema: JSONRaw, name: JSONString?, description: JSONString?, isStrict: Bool?)
}

/// How much the model is to think before it answers.
public enum Reasoning: BitwiseCopyable, Equatable, Sendable {
    case off
    case effort(Effort)
    /// At most this many tokens.
    case budget(Int64)
    /// As much as the model thinks fit.
    case adaptive

    public enum Effort: UInt8, BitwiseCopyable, Sendable, CaseIterable { case minimal, low, medium, high, xhigh, max }
}

public enum ServiceTier: UInt8, BitwiseCopyable, Sendable {
    /// The provider chooses.
    case auto
    case standard, flex, priority
}

/// A prompt up to here is worth caching at the provider, for so long.
public enum CacheMark: UInt8, BitwiseCopyable, Sendable { case none, fiveMinutes, oneHour }
