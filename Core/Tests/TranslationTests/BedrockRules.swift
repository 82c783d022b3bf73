// SPDX-License-Identifier: Apache-2.0
// Isobar

import WireFormats

/// What Bedrock documents to refuse a Converse request for, as far as a body alone shows it.
enum BedrockRules {
    /// - Returns: the first rule that the body breaks.
    static func problem(_ body: JSONValue) -> String? {
        let messages = body["messages"]?.arrayValue ?? []
        guard !messages.isEmpty else { return "no messages" }
        var role = ""
        var calls: [String] = []
        for message in messages {
            guard let next = message["role"]?.stringValue, next != role else { return "roles do not alternate" }
            role = next
            let blocks = message["content"]?.arrayValue ?? []
            guard !blocks.isEmpty else { return "an empty message" }
            if let problem = problem(blocks, role: role, &calls) { return problem }
        }
        guard calls.isEmpty else { return "calls without results" }
        return toolProblem(body, messages) ?? configurationProblem(body)
    }

    // MARK: Messages

    private static func problem(_ blocks: [JSONValue], role: String, _ calls: inout [String]) -> String? {
        let isUser = role == "user"
        if blocks.contains(where: { $0["document"] != nil }), !blocks.contains(where: { $0["text"] != nil }) {
            return "a document without words"
        }
        let results = blocks.compactMap { $0["toolResult"]?["toolUseId"]?.stringValue }
        guard !isUser || results.sorted() == calls.sorted() else { return "results \(results) for calls \(calls)" }
        calls = blocks.compactMap { $0["toolUse"]?["toolUseId"]?.stringValue }
        for block in blocks {
            guard block.members?.count == 1 else { return "a block of several kinds" }
            if let text = block["text"]?.stringValue, isBlank(text) { return "blank text" }
            if block["image"] != nil || block["document"] != nil || block["toolResult"] != nil {
                guard isUser else { return "media or results from the assistant" }
            }
            if block["toolUse"] != nil || block["reasoningContent"] != nil {
                guard !isUser else { return "user's calls" }
            }
            if let problem = toolProblem(block) { return problem }
        }
        return nil
    }

    private static func toolProblem(_ block: JSONValue) -> String? {
        if let call = block["toolUse"] {
            guard isLegal(call["name"]?.stringValue, ids: false), isLegal(call["toolUseId"]?.stringValue, ids: true)
            else {
                return "an illegal name or id"
            }
            guard call["input"]?.members != nil else { return "input that is no object" }
        }
        if let result = block["toolResult"] {
            guard let content = result["content"]?.arrayValue, !content.isEmpty else { return "an empty result" }
            guard !content.contains(where: { $0["text"]?.stringValue.map(isBlank) ?? false }) else {
                return "a blank result"
            }
        }
        if let document = block["document"] {
            let name = document["name"]?.stringValue ?? ""
            guard name.wholeMatch(of: /[a-zA-Z0-9\-()\[\] ]{1,200}/) != nil else { return "an illegal name" }
        }
        return nil
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    private static func isLegal(_ text: String?, ids: Bool) -> Bool {
        let text = text ?? ""
        return ids
            ? text.wholeMatch(of: /[a-zA-Z0-9_.:-]{1,64}/) != nil : text.wholeMatch(of: /[a-zA-Z0-9_-]{1,64}/) != nil
    }

    // MARK: Envelope

    private static func toolProblem(_ body: JSONValue, _ messages: [JSONValue]) -> String? {
        let blocks = messages.flatMap { $0["content"]?.arrayValue ?? [] }
        let needsTools = blocks.contains { $0["toolUse"] != nil || $0["toolResult"] != nil }
        guard let config = body["toolConfig"] else { return needsTools ? "a history of calls without tools" : nil }
        let specs = config["tools"]?.arrayValue?.compactMap { $0["toolSpec"] } ?? []
        guard !specs.isEmpty else { return "no tools" }
        for spec in specs {
            guard isLegal(spec["name"]?.stringValue, ids: false) else { return "an illegal tool name" }
            guard spec["inputSchema"]?["json"]?["type"]?.stringValue == "object" else { return "no schema" }
        }
        let isForced = config["toolChoice"]?["any"] != nil || config["toolChoice"]?["tool"] != nil
        let thinks = body["additionalModelRequestFields"]?["thinking"] != nil
        return isForced && thinks ? "thinking with a forced call" : nil
    }

    private static func configurationProblem(_ body: JSONValue) -> String? {
        let inference = body["inferenceConfig"]
        let fields = body["additionalModelRequestFields"]
        if let temperature = inference?["temperature"]?.doubleValue, temperature > 1 { return "too hot" }
        if fields?["thinking"] != nil, inference?["temperature"] != nil || fields?["top_k"] != nil {
            return "thinking with sampling"
        }
        if let budget = fields?["thinking"]?["budget_tokens"]?.integerValue {
            guard budget >= 1024, budget < inference?["maxTokens"]?.integerValue ?? .max else { return "a bad budget" }
        }
        if let system = body["system"]?.arrayValue, system.isEmpty { return "empty system text" }
        if let tier = body["serviceTier"]?["type"]?.stringValue, tier == "auto" { return "a tier that is none" }
        for name in ["inferenceConfig", "additionalModelRequestFields", "requestMetadata", "outputConfig"] {
            if let value = body[name], value.members?.isEmpty ?? true { return "empty \(name)" }
        }
        return body.text.split(separator: "cachePoint").count > 5 ? "too many cache points" : nil
    }

    // MARK: What was said

    /// Every text of the caller's, sorted.
    static func words(_ body: JSONValue) -> [String] {
        let blocks = (body["messages"]?.arrayValue ?? []).flatMap { $0["content"]?.arrayValue ?? [] }
        let inside = blocks.flatMap { $0["toolResult"]?["content"]?.arrayValue ?? [] }
        let texts = ((body["system"]?.arrayValue ?? []) + blocks + inside).compactMap { $0["text"]?.stringValue }
        return texts.filter { $0 != "(empty)" && $0 != "(document)" }.sorted()
    }
}
