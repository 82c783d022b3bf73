// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing
internal import WireFormats

/// The smallest real call that shows whether an endpoint serves its model: a word in, a few tokens out.
public struct ProbeCall: Sendable {
    public var wire: ProbeWire
    /// Request target.
    public var path: String
    /// Of the wire, complete with CRLFs.
    var headerLines: String
    public internal(set) var contentType = "application/json"
    public var body: [UInt8]

    /// Bounds of answers are given by this name first; a model that refuses it is asked once more with the other.
    enum BoundName: String {
        /// OpenAI's present one; reasoning models take no other.
        case completion = "max_completion_tokens"
        /// What compatible servers know.
        case classic = "max_tokens"

        var other: BoundName { self == .completion ? .classic : .completion }
    }

    /// What to ask `record`; `nil` when it has no operation that can be tried for next to nothing.
    ///
    /// An API of its own comes first, so that what is tried is the endpoint and not a translation.
    init?(_ record: EndpointRecord, bound: BoundName? = nil) {
        let plans = Self.preference.compactMap { operation in record.plans[operation].map { (operation, $0) } }
        let own = plans.first { $0.1.isNative && ProbeWire($0.0, $0.1) != nil }
        guard let (operation, plan) = own ?? plans.first(where: { ProbeWire($0.0, $0.1) != nil }),
            let wire = ProbeWire(operation, plan)
        else { return nil }
        self.wire = wire
        path = plan.path
        headerLines = plan.headerLines
        let writer = ProbeBody(
            model: Self.text(record.upstreamModel), namesModel: plan.modelPlace == .body,
            bound: bound ?? Self.bound(record.flavor))
        body = writer.bytes(wire)
        if wire == .transcriptions { contentType = "multipart/form-data; boundary=\(ProbeBody.boundary)" }
    }

    static func bound(_ flavor: ProviderFlavor) -> BoundName {
        switch flavor {
        case .openai, .azure: .completion
        default: .classic
        }
    }

    private static let preference: [Operation] = [
        .chatCompletions, .messages, .generateContent, .responses, .completions, .embeddings, .rerank, .transcriptions,
        .speech,
    ]

    /// The record keeps the name as it stands inside a JSON string.
    private static func text(_ escaped: [UInt8]) -> String {
        (try? JSONValue(parsing: [34] + escaped + [34]))?.stringValue ?? ""
    }
}

/// Writes the bodies. Facts: the wires' references (read 2026-11).
struct ProbeBody {
    let model: String
    /// Whether the model's name stands in the body; else the path has it.
    let namesModel: Bool
    let bound: ProbeCall.BoundName

    /// OpenAI's Responses take no smaller bound.
    private static let tokensMax = 16
    static let boundary = "isobar-doctor"

    func bytes(_ wire: ProbeWire) -> [UInt8] {
        if wire == .transcriptions { return form() }
        let members = self.members(wire)
        return JSONValue.object((namesModel ? [("model", .string(model))] : []) + members).bytes
    }

    private func members(_ wire: ProbeWire) -> [(String, JSONValue)] {
        let count = JSONValue.integer(Self.tokensMax)
        let turn = JSONValue.array([.object([("role", .string("user")), ("content", .string("ping"))])])
        switch wire {
        case .chatCompletions: return [("messages", turn), (bound.rawValue, count)]
        case .completions: return [("prompt", .string("ping")), ("max_tokens", count)]
        case .responses: return [("input", .string("ping")), ("max_output_tokens", count), ("store", .bool(false))]
        case .messages(let home): return version(home) + [("max_tokens", count), ("messages", turn)]
        case .generateContent:
            let parts = JSONValue.array([.object([("text", .string("ping"))])])
            return [
                ("contents", .array([.object([("role", .string("user")), ("parts", parts)])])),
                ("generationConfig", .object([("maxOutputTokens", count)])),
            ]
        case .converse:
            let content = JSONValue.array([.object([("text", .string("ping"))])])
            return [
                ("messages", .array([.object([("role", .string("user")), ("content", content)])])),
                ("inferenceConfig", .object([("maxTokens", count)])),
            ]
        case .embeddings(let family): return embeddings(family)
        case .rerank: return [("query", .string("ping")), ("documents", .array([.string("ping"), .string("pong")]))]
        case .speech: return [("input", .string("ping")), ("voice", .string("alloy"))]
        case .transcriptions: return []
        }
    }

    private func version(_ home: OperationPlan.Home) -> [(String, JSONValue)] {
        switch home {
        case .bedrock: [("anthropic_version", .string("bedrock-2023-05-31"))]
        case .vertex: [("anthropic_version", .string("vertex-2023-10-16"))]
        case .own, .compatible: []
        }
    }

    private func embeddings(_ family: OperationPlan.EmbeddingsFamily?) -> [(String, JSONValue)] {
        let text = JSONValue.string("ping")
        switch family {
        case nil: return [("input", text)]
        case .titan: return [("inputText", text)]
        case .nova:
            let parameters = JSONValue.object([
                ("embeddingPurpose", .string("GENERIC_INDEX")),
                ("text", .object([("truncationMode", .string("END")), ("value", text)])),
            ])
            return [("taskType", .string("SINGLE_EMBEDDING")), ("singleEmbeddingParams", parameters)]
        case .cohere: return [("texts", .array([text])), ("input_type", .string("search_query"))]
        case .vertex: return [("instances", .array([.object([("content", text)])]))]
        case .gemini:
            let content = JSONValue.object([("parts", .array([.object([("text", text)])]))])
            let request = JSONValue.object([("model", .string("models/\(model)")), ("content", content)])
            return [("requests", .array([request]))]
        }
    }

    /// A form with a second of silence as a WAV file: 8 kHz, one channel, 16 bits.
    private func form() -> [UInt8] {
        let samples = 8_000 * 2
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 0xFF) } }
        var wave = Array("RIFF".utf8) + little(36 + samples, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        wave += little(1, 2) + little(1, 2) + little(8_000, 4) + little(16_000, 4) + little(2, 2) + little(16, 2)
        wave += Array("data".utf8) + little(samples, 4) + [UInt8](repeating: 0, count: samples)
        let start = "--\(Self.boundary)\r\nContent-Disposition: form-data; name="
        var bytes = Array("\(start)\"model\"\r\n\r\n\(model)\r\n".utf8)
        bytes += Array("\(start)\"file\"; filename=\"ping.wav\"\r\nContent-Type: audio/wav\r\n\r\n".utf8)
        bytes += wave + Array("\r\n--\(Self.boundary)--\r\n".utf8)
        return bytes
    }
}
