// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Simulation
internal import WireFormats

/// Turns what a request carries as its input into pretended tokens.
enum PromptReading {
    private static let promptsMax = 2_048

    /// Chat messages in order. Tools come first, as chat templates put them, so that they are part of the shared
    /// prefix.
    static func chat(_ body: JSONValue, salt: UInt64) throws(APIError) -> TokenizedPrompt {
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
        return bytes.withUnsafeBytes { TokenizedPrompt($0, salt: salt) }
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
    static func texts(_ body: JSONValue, member: String, salt: UInt64) throws(APIError) -> [TokenizedPrompt] {
        guard let value = body.present(member) else { throw .badRequest("`\(member)` is missing", parameter: member) }
        if value.stringValue != nil { return [prompt(value, salt)] }
        guard let list = value.arrayValue, !list.isEmpty, list.count <= promptsMax || list[0].integerValue != nil else {
            throw .badRequest(
                "`\(member)` must be a string or a non-empty array of at most \(promptsMax)", parameter: member)
        }
        if list.allSatisfy({ $0.integerValue != nil }) { return [prompt(value, salt)] }
        guard list.allSatisfy({ $0.stringValue != nil || isTokenList($0) }) else {
            throw .badRequest("`\(member)` must hold strings, token ids or lists of token ids", parameter: member)
        }
        return list.map { prompt($0, salt) }
    }

    private static func isTokenList(_ value: JSONValue) -> Bool {
        guard let list = value.arrayValue, !list.isEmpty else { return false }
        return list.allSatisfy { $0.integerValue != nil }
    }

    /// A token id takes the place of `bytesPerToken` bytes, so that a list of n ids counts n tokens.
    private static func prompt(_ value: JSONValue, _ salt: UInt64) -> TokenizedPrompt {
        var bytes: [UInt8] = []
        if let text = value.stringValue {
            bytes += text.utf8
        } else {
            for id in value.arrayValue ?? [] {
                withUnsafeBytes(of: Int32(truncatingIfNeeded: id.integerValue ?? 0)) { bytes += $0 }
            }
        }
        return bytes.withUnsafeBytes { TokenizedPrompt($0, salt: salt) }
    }
}
