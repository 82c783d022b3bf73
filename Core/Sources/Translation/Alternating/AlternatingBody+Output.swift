// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Sampling and the form of the output, which depend on the model as much as on the wire.
extension AlternatingBody {
    /// What of the caller's wishes the model takes; reports the others. Newer models take no sampling at all, and none
    /// takes it while it thinks.
    mutating func takenSampling(isThinking: Bool) -> Sampling {
        let asked = conversation.sampling
        let isTaken = target.capabilities.takesSampling && !isThinking
        var taken = Sampling()
        if let temperature = asked.temperature { taken.temperature = self.taken(temperature, isTaken) }
        if let topP = asked.topP {
            if isTaken { taken.topP = topP } else if SamplingNumber.value(topP) != 1 { losses.add(.topP) }
        }
        // Compatible servers say "all" as 0 or -1.
        if let topK = asked.topK, (SamplingNumber.value(topK) ?? 0) > 0 {
            if isTaken { taken.topK = topK } else { losses.add(.topK) }
        }
        if asked.seed != nil { losses.add(.seed) }
        if let penalty = asked.presencePenalty, SamplingNumber.value(penalty) != 0 { losses.add(.presencePenalty) }
        if let penalty = asked.frequencyPenalty, SamplingNumber.value(penalty) != 0 { losses.add(.frequencyPenalty) }
        return taken
    }

    /// Temperatures end at 1 here, which is also what models take without being told.
    private mutating func taken(_ temperature: JSONRaw, _ isTaken: Bool) -> JSONRaw? {
        let value = SamplingNumber.value(temperature) ?? 1
        if value > 1 || !isTaken && value != 1 { losses.add(.temperature) }
        guard isTaken else { return nil }
        return value > 1 ? "1" : temperature
    }

    /// The form that the model keeps to; reports one that it cannot.
    mutating func takenFormat() -> OutputFormat? {
        switch conversation.format {
        case nil: return nil
        case .jsonObject where !target.capabilities.takesSchemas: losses.add(.jsonObject)
        case .jsonSchema where !target.capabilities.takesSchemas: losses.add(.jsonSchema)
        case .some(let format): return format
        }
        return nil
    }
}

extension OutputFormat {
    /// For wires that know JSON by its schema only.
    var schema: JSONRaw {
        switch self {
        case .jsonObject: #"{"type":"object","additionalProperties":true}"#
        case .jsonSchema(let schema, _, _, _): schema
        }
    }
}
