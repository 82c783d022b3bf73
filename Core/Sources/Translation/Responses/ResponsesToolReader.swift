// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads tools, which stand flat on this wire, and the choice among them.
enum ResponsesToolReader {
    static func read(_ tools: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard tools.isArray else { throw TranslationFault(.wrongType("an array"), at: "tools") }
        for (index, tool) in tools.elements.enumerated() {
            guard tool["type"]?.string.map({ $0 == "function" }) ?? true else {
                // Grammars, and tools that OpenAI runs itself.
                conversation.addForeign("tools[].", tool["type"]?.string ?? "type")
                continue
            }
            guard let name = tool["name"]?.string, !name.isEmpty else {
                throw TranslationFault(.wrongType("a string"), at: "tools[\(index)].name")
            }
            let parameters = tool.present("parameters")
            guard parameters?.isObject ?? true else {
                throw TranslationFault(.wrongType("an object"), at: "tools[\(index)].parameters")
            }
            var read = Tool(
                name: name, description: tool["description"]?.string, parameters: parameters?.raw,
                isStrict: tool["strict"]?.bool)
            read.cache = CacheMark(tool["cache_control"])
            conversation.tools.append(read)
        }
    }

    static func readChoice(_ value: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if let word = value.string {
            guard let choice = ToolChoice(openAI: word) else {
                throw TranslationFault(.wrongType("none, auto, required or an object"), at: "tool_choice")
            }
            conversation.toolChoice = choice
            return
        }
        guard let type = value["type"]?.string else {
            throw TranslationFault(.wrongType("none, auto, required or an object with a type"), at: "tool_choice")
        }
        if type == "function" {
            guard let name = value["name"]?.string else {
                throw TranslationFault(.wrongType("a string"), at: "tool_choice.name")
            }
            conversation.toolChoice = .named(name)
        } else if type == "allowed_tools" {
            guard let list = value["tools"], list.isArray else {
                throw TranslationFault(.wrongType("an array"), at: "tool_choice.tools")
            }
            for tool in list.elements {
                if let name = tool["name"]?.string { conversation.allowedTools.append(name) }
            }
            conversation.toolChoice = value["mode"]?.string.map { $0 == "required" } ?? false ? .any : .auto
        } else {
            conversation.addForeign("tool_choice.", type)
        }
    }
}
