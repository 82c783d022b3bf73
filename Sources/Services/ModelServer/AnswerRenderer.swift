// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Token counts of one answered request.
struct AnswerUsage {
    var promptTokens: Int
    var cachedTokens: Int
    var completionTokens: Int

    var json: JSONValue {
        .object([
            ("prompt_tokens", .integer(promptTokens)), ("total_tokens", .integer(promptTokens + completionTokens)),
            ("completion_tokens", .integer(completionTokens)),
            ("prompt_tokens_details", .object([("cached_tokens", .integer(cachedTokens))])),
        ])
    }
}

/// Writes the bodies and stream events of chat and text completions as vLLM does.
struct AnswerRenderer {
    let endpoint: GenerationRequest.Endpoint
    let id: String
    let model: String
    let createdUnixSeconds: Int64
    /// What every token's event of this answer begins with, up to the choice's index.
    private let pieceStart: [UInt8]

    init(endpoint: GenerationRequest.Endpoint, id: String, model: String, createdUnixSeconds: Int64) {
        self.endpoint = endpoint
        self.id = id
        self.model = model
        self.createdUnixSeconds = createdUnixSeconds
        let object = endpoint == .chat ? "chat.completion.chunk" : "text_completion"
        let start = "data: {\"id\":\"\(id)\",\"object\":\"\(object)\",\"created\":\(createdUnixSeconds),\"model\":"
        pieceStart = Array(start.utf8) + JSONValue.string(model).bytes + Array(",\"choices\":[{\"index\":".utf8)
    }

    // MARK: Stream events

    /// First event of a choice: the role, or the prompt where it is repeated. `nil` where there is none.
    func opening(choice: Int, answer: PlannedAnswer) -> [UInt8]? {
        guard endpoint == .chat else {
            return answer.echo.map {
                event(
                    choice: choice, payload: ("text", .string($0.text)), logprobs: echoLogprobs(answer), finish: nil,
                    stopReason: nil)
            }
        }
        var delta: [(String, JSONValue)] = [("role", .string("assistant"))]
        if let name = answer.toolName {
            delta.append(("tool_calls", .array([toolCall(choice: choice, name: name, arguments: "", isStream: true)])))
        } else {
            delta.append(("content", .string("")))
        }
        return event(choice: choice, payload: ("delta", .object(delta)), finish: nil, stopReason: nil)
    }

    /// One token's text. Spliced from prepared bytes because there are hundreds of these per answer.
    func piece(choice: Int, answer: PlannedAnswer, token: Int) -> [UInt8] {
        var output = pieceStart
        output += String(choice).utf8
        let frame: (before: StaticString, after: StaticString) =
            switch (endpoint, answer.toolName) {
            case (.completions, _): (",\"text\":", ",\"logprobs\":")
            case (.chat, nil): (",\"delta\":{\"content\":", "},\"logprobs\":")
            case (.chat, _?):
                (",\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":", "}}]},\"logprobs\":")
            }
        frame.before.withUTF8Buffer { output += $0 }
        JSONText.append(answer.tokens[token], to: &output)
        frame.after.withUTF8Buffer { output += $0 }
        output += answer.logprobs == nil ? Self.null : logprobs(answer, token: token).bytes
        output += ",\"finish_reason\":null}]}\n\n".utf8
        return output
    }

    private static let null = Array("null".utf8)

    /// Last event of a choice.
    func closing(choice: Int, answer: PlannedAnswer) -> [UInt8] {
        let payload: (String, JSONValue) = endpoint == .chat ? ("delta", .object([])) : ("text", .string(""))
        return event(choice: choice, payload: payload, finish: answer.finish, stopReason: answer.stopReason)
    }

    func usageEvent(_ usage: AnswerUsage) -> [UInt8] {
        Self.frame(envelope(object: streamObject, choices: [], usage: usage))
    }

    static func errorEvent(_ error: APIError) -> [UInt8] { Array("data: ".utf8) + error.body + Array("\n\n".utf8) }
    static let brokenEvent = Array(
        "data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\n\n".utf8)
    static let doneEvent = Array("data: [DONE]\n\n".utf8)

    private func event(
        choice: Int, payload: (String, JSONValue), logprobs: JSONValue = .null, finish: PlannedAnswer.Finish?,
        stopReason: String?
    ) -> [UInt8] {
        let choice = self.choice(
            choice, payload: payload, logprobs: logprobs, finish: finish, stopReason: stopReason)
        return Self.frame(envelope(object: streamObject, choices: [choice], usage: nil))
    }

    private var streamObject: String { endpoint == .chat ? "chat.completion.chunk" : "text_completion" }

    private static func frame(_ value: JSONValue) -> [UInt8] { Array("data: ".utf8) + value.bytes + Array("\n\n".utf8) }

    // MARK: Whole answers

    func whole(_ answers: [PlannedAnswer], usage: AnswerUsage) -> [UInt8] {
        let choices = answers.enumerated().map { index, answer in
            let payload: (String, JSONValue) =
                endpoint == .chat ? ("message", message(choice: index, answer)) : ("text", .string(answer.text))
            return choice(
                index, payload: payload, logprobs: logprobs(answer), finish: answer.finish,
                stopReason: answer.stopReason)
        }
        return envelope(
            object: endpoint == .chat ? "chat.completion" : "text_completion", choices: choices, usage: usage
        ).bytes
    }

    private func message(choice: Int, _ answer: PlannedAnswer) -> JSONValue {
        var members: [(String, JSONValue)] = [("role", .string("assistant"))]
        if let name = answer.toolName {
            members.append(("content", .null))
            members.append(
                ("tool_calls", .array([toolCall(choice: choice, name: name, arguments: answer.text, isStream: false)])))
        } else {
            members.append(("content", .string(answer.text)))
        }
        return .object(members)
    }

    // MARK: Shared parts

    private func envelope(object: String, choices: [JSONValue], usage: AnswerUsage?) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("id", .string(id)), ("object", .string(object)), ("created", .integer(Int(createdUnixSeconds))),
            ("model", .string(model)),
            ("choices", .array(choices)),
        ]
        if let usage { members.append(("usage", usage.json)) }
        return .object(members)
    }

    private func choice(
        _ index: Int, payload: (String, JSONValue), logprobs: JSONValue, finish: PlannedAnswer.Finish?,
        stopReason: String?
    ) -> JSONValue {
        .object([
            ("index", .integer(index)), payload, ("logprobs", logprobs),
            ("finish_reason", finish.map { .string($0.rawValue) } ?? .null),
            ("stop_reason", stopReason.map { .string($0) } ?? .null),
        ])
    }

    private func toolCall(choice: Int, name: String, arguments: String, isStream: Bool) -> JSONValue {
        let function = JSONValue.object([("name", .string(name)), ("arguments", .string(arguments))])
        let call: [(String, JSONValue)] = [
            ("id", .string("call_\(id.split(separator: "-").last ?? "")_\(choice)")), ("type", .string("function")),
            ("function", function),
        ]
        return .object(isStream ? [("index", .integer(0))] + call : call)
    }
}
