// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Translation
internal import WireFormats

/// The terminal event of a stream that passed through as it was and broke: in the form of the caller's wire.
enum StreamFailure {
    static func event(_ error: WireError, in wire: ChatWire) -> [UInt8] {
        let writer = JSONWriter(capacity: 512)
        switch wire {
        case .messages: writer.text("event: error\n")
        case .responses:
            writer.text("event: error\n")
            return finish(writer) { responses(error, $0) }
        case .chatCompletions, .generateContent, .converse: break
        }
        return finish(writer) { WireErrorBody.write(error, in: wire, to: $0) }
    }

    private static func finish(_ writer: JSONWriter, _ body: (JSONWriter) -> Void) -> [UInt8] {
        writer.text("data: ")
        body(writer)
        writer.text("\n\n")
        return Array(writer.bytes)
    }

    /// Its error event is flat.
    private static func responses(_ error: WireError, _ writer: JSONWriter) {
        writer.beginObject()
        writer.member("type", "error")
        writer.name("code")
        writer.string(escaping: error.code ?? error.type)
        writer.name("message")
        writer.string(escaping: error.message)
        writer.name("param")
        writer.null()
        // Behind whatever the endpoint had counted to.
        writer.member("sequence_number", Int64(Int32.max))
        writer.endObject()
    }
}
