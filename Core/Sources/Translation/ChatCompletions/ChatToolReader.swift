// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads tools, the choice among them, and calls of them.
enum ChatToolReader {
    static func read(_ tools: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        for (index, tool) in tools.elements.enumerated() {
            let path = "tools[\(index)]"
            guard tool["type"]?.string.map({ $0 == "function" }) ?? true, let function = tool["function"] else {
                // Grammars and hosted tools exist on OpenAI's own wire only.
                conversation.foreign.append(
                    tool["type"]?.string.map { $0 == "custom" } ?? false ? "tools[].custom" : "tools[].type")
                continue
            }
            guard let name = function["name"]?.string, !name.isEmpty else {
                throw TranslationFault(.wrongType("a string"), at: "\(path).function.name")
            }
            let parameters = function.present("parameters")
            guard parameters?.isObject ?? true else {
                throw TranslationFault(.wrongType("an object"), at: "\(path).function.parameters")
            }
            var read = Tool(
                name: name, description: function["description"]?.string, parameters: parameters?.raw,
                isStrict: function["strict"]?.bool)
            read.cache = CacheMark(tool["cache_control"] ?? function["cache_control"])
            conversation.tools.append(read)
        }
    }

    static func readChoice(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let word = value.string {
            guard let choice = ToolChoice(openAI: word) else {
                throw TranslationFault(.wrongType("none, auto, required or an object"), at: "tool_choice")
            }
            conversation.toolChoice = choice
        } else if let name = value["function"]?["name"]?.string {
            conversation.toolChoice = .named(name)
        } else if let allowed = value["allowed_tools"] {
            try restrict(to: allowed, conversation)
        } else {
            throw TranslationFault(.wrongType("none, auto, required or a function's name"), at: "tool_choice")
        }
    }

    /// `allowed_tools` means: as if only these were there.
    private static func restrict(to allowed: JSONElement, _ conversation: Conversation) throws(TranslationFault) {
        guard let list = allowed["tools"], list.isArray else {
            throw TranslationFault(.wrongType("an array"), at: "tool_choice.allowed_tools.tools")
        }
        let names = list.elements.compactMap { ($0["function"]?["name"] ?? $0["name"])?.string }
        conversation.allowedTools = names
        conversation.toolChoice = allowed["mode"]?.string.map { $0 == "required" } ?? false ? .any : .auto
    }

    static func readCall(_ call: JSONElement, _ path: String, _ arena: ByteArena) throws(TranslationFault) -> Part {
        var part = Part(.toolCall)
        guard let function = call["function"], let name = function["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.wrongType("a function call"), at: path)
        }
        part.name = name
        part.id = call["id"]?.string ?? .empty
        part.arguments = try ToolArguments.object(
            function["arguments"], "\(path).function.arguments", arena)
        part.signature = call["extra_content"]?["google"]?["thought_signature"]?.string ?? .empty
        return part
    }
}

extension ToolChoice {
    init?(openAI word: JSONString) {
        if word == "auto" {
            self = .auto
        } else if word == "none" {
            self = .none
        } else if word == "required" {
            self = .any
        } else {
            return nil
        }
    }
}
