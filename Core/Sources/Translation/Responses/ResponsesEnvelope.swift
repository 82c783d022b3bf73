// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The response object: the whole of a complete answer, and a part of a stream's first and last events.
struct ResponsesEnvelope {
    enum Status {
        case inProgress, completed
        /// With its reason.
        case incomplete(JSONString)
        case failed(WireError)
    }

    var id: JSONString
    var model: JSONString
    var createdUnixSeconds: Int64

    /// - Parameter output: writes the items.
    func write(_ status: Status, usage: UsageCounts?, to writer: JSONWriter, output: (JSONWriter) -> Void) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("object", "response")
        writer.member("created_at", createdUnixSeconds)
        writeStatus(status, writer)
        writer.member("model", model)
        writer.name("output")
        writer.beginArray()
        output(writer)
        writer.endArray()
        // Echoes of the request that clients' types demand, at their defaults.
        writer.member("parallel_tool_calls", true)
        writer.member("tool_choice", "auto")
        writer.member("tools", raw: "[]")
        ResponsesUsage.write(usage, writer)
        writer.endObject()
    }

    private func writeStatus(_ status: Status, _ writer: JSONWriter) {
        var error: WireError?
        var reason: JSONString?
        switch status {
        case .inProgress: writer.member("status", "in_progress")
        case .completed: writer.member("status", "completed")
        case .incomplete(let why):
            writer.member("status", "incomplete")
            reason = why
        case .failed(let why):
            writer.member("status", "failed")
            error = why
        }
        writer.name("error")
        if let error { Self.write(error, writer) } else { writer.null() }
        writer.name("incomplete_details")
        guard let reason else { return writer.null() }
        writer.beginObject()
        writer.member("reason", reason)
        writer.endObject()
    }

    private static func write(_ error: WireError, _ writer: JSONWriter) {
        writer.beginObject()
        writer.name("code")
        writeCode(error, writer)
        writer.name("message")
        writer.string(escaping: error.message)
        writer.endObject()
    }

    /// The wire's codes are a closed list, of which the status tells the class.
    static func writeCode(_ error: WireError, _ writer: JSONWriter) {
        if let code = error.code { return writer.string(escaping: code) }
        switch error.status {
        case 429: writer.string("rate_limit_exceeded")
        case 400..<500: writer.string("invalid_prompt")
        default: writer.string("server_error")
        }
    }
}
