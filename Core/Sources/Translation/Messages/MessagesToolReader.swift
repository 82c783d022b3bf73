// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads tools and the choice among them.
enum MessagesToolReader {
    static func read(_ tools: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard tools.isArray else { throw TranslationFault(.wrongType("an array"), at: "tools") }
        for (index, tool) in tools.elements.enumerated() {
            guard tool.present("type").map({ $0.string.map { $0 == "custom" } ?? false }) ?? true else {
                // Tools that Anthropic runs itself carry a dated type.
                conversation.addForeign("tools[].", tool["type"]?.string ?? "type")
                continue
            }
            try read(tool, index, into: conversation)
        }
    }

    private static func read(
        _ tool: JSONElement, _ index: Int, into conversation: Conversation
    ) throws(TranslationFault) {
        let place = MessagesPlace("tools", index)
        let name = try place.text(tool["name"], ".name")
        guard !name.isEmpty else { throw place.fault(.wrongType("a string"), ".name") }
        let schema = tool.present("input_schema")
        guard schema?.isObject ?? true else { throw place.fault(.wrongType("an object"), ".input_schema") }
        var read = Tool(
            name: name, description: tool["description"]?.string, parameters: schema?.raw,
            isStrict: tool["strict"]?.bool)
        read.cache = CacheMark(tool["cache_control"])
        conversation.tools.append(read)
        conversation.addForeignMembers(
            of: tool,
            except: MessagesMembers.tool, "tools[].")
    }

    static func readChoice(_ choice: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        guard let type = choice["type"]?.string else {
            throw TranslationFault(.wrongType("an object with a type"), at: "tool_choice")
        }
        if type == "auto" {
            conversation.toolChoice = .auto
        } else if type == "any" {
            conversation.toolChoice = .any
        } else if type == "none" {
            conversation.toolChoice = ToolChoice.none
        } else if type == "tool", let name = choice["name"]?.string {
            conversation.toolChoice = .named(name)
        } else {
            throw TranslationFault(.wrongType("auto, any, none, or tool with a name"), at: "tool_choice")
        }
        conversation.allowsParallelCalls = choice["disable_parallel_tool_use"]?.bool.map { !$0 }
    }
}
