// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Bounds, sampling and the form of the output.
extension ConverseBody {
    // MARK: Bounds and sampling

    /// No bound is written that the caller did not state: Bedrock's default is the model's maximum.
    func writeInference(_ sampling: Sampling) {
        var config = OptionalObject("inferenceConfig", writer)
        if let tokens = conversation.outputTokensMax {
            config.open()
            writer.member("maxTokens", tokens)
        }
        config.member("temperature", raw: sampling.temperature)
        config.member("topP", raw: sampling.topP)
        if !conversation.stops.isEmpty {
            config.open()
            writer.member("stopSequences", strings: conversation.stops)
        }
        config.close()
    }

    // MARK: The model's own members

    func writeModelFields(_ thinking: ClaudeThinking?, topK: JSONRaw?) {
        var fields = OptionalObject("additionalModelRequestFields", writer)
        if let thinking {
            fields.open()
            writer.name("thinking")
            thinking.write(to: writer)
        }
        fields.member("top_k", raw: topK)
        fields.close()
    }

    // MARK: Form of the output

    mutating func writeOutput(_ thinking: ClaudeThinking?) {
        var output = OptionalObject("outputConfig", writer)
        if let format = takenFormat() {
            output.open()
            write(format)
        }
        if let effort = thinking?.effort { output.member("effort", effort) }
        output.close()
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
        writer.escape(format.schema.bytes)
        writer.endString()
        if case .jsonSchema(_, let name, let description, _) = format {
            if let name, !name.isEmpty { writer.member("name", name) }
            if let description, !description.isEmpty { writer.member("description", description) }
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}
