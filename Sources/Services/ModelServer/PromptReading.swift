// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation
internal import WireFormats

/// A prompt as bytes and as the timing model's tokens.
struct ReadPrompt {
    let bytes: [UInt8]
    let tokenized: TokenizedPrompt

    init(_ bytes: [UInt8], salt: UInt64) {
        self.bytes = bytes
        tokenized = bytes.withUnsafeBytes { TokenizedPrompt($0, salt: salt) }
    }
}

/// Finds the bytes that a request carries as its input, which are cut into pretended tokens.
enum PromptReading {
    private static let promptsMax = 2_048

    /// Chat messages in order. Tools come first, as chat templates put them, so that they are part of the shared
    /// prefix.
    static func chat(_ body: JSONValue) throws(APIError) -> [UInt8] {
        guard let messages = body.present("messages")?.arrayValue, !messages.isEmpty else {
            throw .badRequest("`messages` must be a non-empty array", parameter: "messages")
        }
        var bytes = body.present("tools")?.bytes ?? []
        for message in messages {
            guard let role = message["role"]?.stringValue else {
                throw .badRequest("every message needs a `role`", parameter: "messages")
            }
            bytes += "<|\(role)|>".utf8
            append(message.present("content"), to: &bytes)
            if let calls = message.present("tool_calls") { bytes += calls.bytes }
            bytes.append(10)
        }
        return bytes
    }

    /// Text parts count as their text; images and other parts as their JSON.
    private static func append(_ content: JSONValue?, to bytes: inout [UInt8]) {
        guard let content else { return }
        if let text = content.stringValue { return bytes += text.utf8 }
        for part in content.arrayValue ?? [] {
            if let text = part["text"]?.stringValue { bytes += text.utf8 } else { bytes += part.bytes }
        }
    }

    /// The four forms of `prompt` and `input`: a string, strings, token ids, lists of token ids.
    static func texts(_ body: JSONValue, member: String) throws(APIError) -> [[UInt8]] {
        guard let value = body.present(member) else { throw .badRequest("`\(member)` is missing", parameter: member) }
        if let text = value.stringValue { return [Array(text.utf8)] }
        guard let list = value.arrayValue, !list.isEmpty, list.count <= promptsMax || list[0].integerValue != nil else {
            throw .badRequest(
                "`\(member)` must be a string or a non-empty array of at most \(promptsMax)", parameter: member)
        }
        if list[0].integerValue != nil { return [PretendedTokens.bytes(of: try ids(list, member: member))] }
        var prompts: [[UInt8]] = []
        for element in list { prompts.append(try prompt(element, member: member)) }
        return prompts
    }

    private static func prompt(_ value: JSONValue, member: String) throws(APIError) -> [UInt8] {
        if let text = value.stringValue { return Array(text.utf8) }
        guard let list = value.arrayValue, !list.isEmpty else {
            throw .badRequest("`\(member)` must hold strings, token ids or lists of token ids", parameter: member)
        }
        return PretendedTokens.bytes(of: try ids(list, member: member))
    }

    static func ids(_ list: [JSONValue], member: String) throws(APIError) -> [UInt32] {
        var ids: [UInt32] = []
        ids.reserveCapacity(list.count)
        for element in list {
            guard let id = element.integerValue.flatMap({ UInt32(exactly: $0) }) else {
                throw .badRequest(
                    "`\(member)`: a token id is an integer from 0 to \(PretendedTokens.idMax)", parameter: member)
            }
            ids.append(id)
        }
        return ids
    }
}
