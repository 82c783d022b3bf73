// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import WireFormats

/// An error answer in vLLM's shape: `{"error": {"message", "type", "param", "code"}}` with the status repeated as an
/// integer code.
struct APIError: Error, Equatable {
    var status: Int
    var type: String
    var message: String
    /// The request member at fault.
    var parameter: String?

    static func badRequest(_ message: String, parameter: String? = nil) -> APIError {
        APIError(status: 400, type: "BadRequestError", message: message, parameter: parameter)
    }

    static func modelNotFound(_ name: String) -> APIError {
        APIError(status: 404, type: "NotFoundError", message: "The model `\(name)` does not exist.", parameter: "model")
    }

    static func notFound(_ path: String) -> APIError {
        APIError(status: 404, type: "NotFoundError", message: "There is nothing at \(path).")
    }

    static func methodNotAllowed(allowed: String) -> APIError {
        APIError(status: 405, type: "MethodNotAllowedError", message: "Allowed here: \(allowed).")
    }

    static let queueFull = APIError(
        status: 503, type: "ServiceUnavailableError", message: "The waiting queue is full. Try again later.")

    static func contextExceeded(tokensMax: Int, prompt: Int, output: Int) -> APIError {
        .badRequest(
            "This model's maximum context length is \(tokensMax) tokens. However, you requested \(prompt + output) tokens "
                + "(\(prompt) in the messages, \(output) in the completion). Please reduce the length of the messages or completion.",
            parameter: "input_tokens")
    }

    var body: [UInt8] {
        let error = JSONValue.object([
            ("message", .string(message)), ("type", .string(type)), ("param", parameter.map { .string($0) } ?? .null),
            ("code", .integer(status)),
        ])
        return JSONValue.object([("error", error)]).bytes
    }

    func send(to responder: HTTPResponder) { responder.respond(status, contentType: "application/json", body: body) }
}
