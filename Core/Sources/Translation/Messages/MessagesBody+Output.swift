// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Thinking, the form of the output and sampling.
extension MessagesBody {
    mutating func writeOutput(_ thinking: ClaudeThinking?) {
        if let thinking {
            writer.name("thinking")
            thinking.write(to: writer)
        }
        var output = OptionalObject("output_config", writer)
        if let effort = thinking?.effort { output.member("effort", effort) }
        if let format = takenFormat() {
            output.open()
            writer.name("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.member("schema", raw: format.schema)
            writer.endObject()
        }
        output.close()
    }

    func writeSampling(_ sampling: Sampling) {
        if let temperature = sampling.temperature { writer.member("temperature", raw: temperature) }
        if let topP = sampling.topP { writer.member("top_p", raw: topP) }
        if let topK = sampling.topK { writer.member("top_k", raw: topK) }
    }
}
