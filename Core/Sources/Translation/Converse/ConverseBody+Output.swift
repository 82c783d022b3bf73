// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Bounds, sampling and the form of the output.
extension ConverseBody {
    // MARK: Bounds and sampling

    /// No bound is written that the caller did not state: Bedrock's default is the model's maximum.
    mutating func writeInference(isThinking: Bool) {
        let temperature = temperature(isThinking)
        let topP = topP(isThinking)
        noteLostSampling()
        let hasBound = conversation.outputTokensMax != nil
        guard hasBound || temperature != nil || topP != nil || !conversation.stops.isEmpty else { return }
        writer.name("inferenceConfig")
        writer.beginObject()
        if let tokens = conversation.outputTokensMax { writer.member("maxTokens", tokens) }
        if let temperature { writer.member("temperature", raw: temperature) }
        if let topP { writer.member("topP", raw: topP) }
        if !conversation.stops.isEmpty {
            writer.name("stopSequences")
            writer.beginArray()
            for stop in conversation.stops { writer.string(stop) }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Newer models take no sampling at all, and Claude takes none while it thinks.
    private func takesSampling(_ isThinking: Bool) -> Bool { target.capabilities.takesSampling && !isThinking }

    /// Bedrock's temperatures end at 1, which is also what models take without being told.
    private mutating func temperature(_ isThinking: Bool) -> JSONRaw? {
        guard let temperature = conversation.sampling.temperature else { return nil }
        let value = Self.value(temperature) ?? 1
        guard takesSampling(isThinking) else {
            if value != 1 { losses.add(.temperature) }
            return nil
        }
        guard value > 1 else { return temperature }
        losses.add(.temperature)
        return "1"
    }

    private mutating func topP(_ isThinking: Bool) -> JSONRaw? {
        guard let topP = conversation.sampling.topP else { return nil }
        guard takesSampling(isThinking) else {
            if Self.value(topP) != 1 { losses.add(.topP) }
            return nil
        }
        return topP
    }

    private mutating func noteLostSampling() {
        let sampling = conversation.sampling
        if sampling.seed != nil { losses.add(.seed) }
        if let penalty = sampling.presencePenalty, Self.value(penalty) != 0 { losses.add(.presencePenalty) }
        if let penalty = sampling.frequencyPenalty, Self.value(penalty) != 0 { losses.add(.frequencyPenalty) }
    }

    private static func value(_ number: JSONRaw) -> Double? { Double(String(decoding: number.bytes, as: UTF8.self)) }

    // MARK: The model's own members

    mutating func writeModelFields(_ thinking: ConverseThinking?) {
        let topK = topK(isThinking: thinking != nil)
        guard thinking != nil || topK != nil else { return }
        writer.name("additionalModelRequestFields")
        writer.beginObject()
        switch thinking {
        case nil: break
        case .adaptive: writer.member("thinking", raw: #"{"type":"adaptive"}"#)
        case .budget(let tokens):
            writer.name("thinking")
            writer.beginObject()
            writer.member("type", "enabled")
            writer.member("budget_tokens", tokens)
            writer.endObject()
        }
        if let topK { writer.member("top_k", raw: topK) }
        writer.endObject()
    }

    /// Compatible servers say "all" as 0 or -1.
    private mutating func topK(isThinking: Bool) -> JSONRaw? {
        guard let topK = conversation.sampling.topK, (Self.value(topK) ?? 0) > 0 else { return nil }
        if takesSampling(isThinking) { return topK }
        losses.add(.topK)
        return nil
    }

    // MARK: Form of the output

    mutating func writeOutput(_ thinking: ConverseThinking?) {
        var effort: Reasoning.Effort?
        if case .adaptive(let wanted) = thinking { effort = wanted }
        let format = takenFormat()
        guard effort != nil || format != nil else { return }
        writer.name("outputConfig")
        writer.beginObject()
        if let format { write(format) }
        if let effort { writer.member("effort", effort.bedrockName) }
        writer.endObject()
    }

    private mutating func takenFormat() -> OutputFormat? {
        switch conversation.format {
        case nil: return nil
        case .jsonObject where !target.capabilities.takesSchemas: losses.add(.jsonObject)
        case .jsonSchema where !target.capabilities.takesSchemas: losses.add(.jsonSchema)
        case .some(let format): return format
        }
        return nil
    }

    /// The schema is JSON inside a string here.
    private func write(_ format: OutputFormat) {
        writer.name("textFormat")
        writer.beginObject()
        writer.member("type", "json_schema")
        writer.name("structure")
        writer.beginObject()
        writer.name("jsonSchema")
        writer.beginObject()
        writer.name("schema")
        writer.beginString()
        switch format {
        case .jsonObject:
            writer.escape(JSONRaw(#"{"type":"object","additionalProperties":true}"#).bytes)
            writer.endString()
        case .jsonSchema(let schema, let name, let description, _):
            writer.escape(schema.bytes)
            writer.endString()
            if let name, !name.isEmpty { writer.member("name", name) }
            if let description, !description.isEmpty { writer.member("description", description) }
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}
