// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Tools and the choice among them.
extension MessagesBody {
    mutating func writeTools() throws(TranslationFault) {
        guard conversation.tools.contains(where: allowsCalls) else {
            // Auto and none say nothing where there is nothing to call.
            guard !forcesCall else {
                throw TranslationFault(.wrongType("used together with tools"), at: "tool_choice")
            }
            return
        }
        writeChoice()
        writer.name("tools")
        writer.beginArray()
        for tool in conversation.tools where allowsCalls(of: tool) { write(tool) }
        writer.endArray()
    }

    /// Whether the caller's restriction leaves this tool in.
    func allowsCalls(of tool: Tool) -> Bool {
        conversation.allowedTools.isEmpty || conversation.allowedTools.contains { $0.isSame(as: tool.name) }
    }

    /// Whether the model has to call a tool.
    var forcesCall: Bool {
        switch conversation.toolChoice {
        case .any, .named: true
        case nil, .auto, .some(.none): false
        }
    }

    func name(_ name: JSONString) -> JSONString {
        ToolNames.written(name, for: .messages, arena: conversation.arena)
    }

    private mutating func write(_ tool: Tool) {
        writer.beginObject()
        writer.member("name", name(tool.name))
        if let description = tool.description, !description.isEmpty { writer.member("description", description) }
        writer.member("input_schema", raw: Self.schema(tool.parameters))
        if tool.isStrict ?? false {
            if target.capabilities.takesSchemas { writer.member("strict", true) } else { losses.add(.strictTools) }
        }
        write(tool.cache)
        writer.endObject()
    }

    /// A tool that takes nothing still needs the schema of an object.
    private static func schema(_ parameters: JSONRaw?) -> JSONRaw {
        guard let parameters, !(parameters == "{}") else { return #"{"type":"object","properties":{}}"# }
        return parameters
    }

    private func writeChoice() {
        let allowsParallelCalls = conversation.allowsParallelCalls
        guard let choice = conversation.toolChoice ?? (allowsParallelCalls == false ? .auto : nil) else { return }
        writer.name("tool_choice")
        writer.beginObject()
        switch choice {
        case .auto: writer.member("type", "auto")
        case .any: writer.member("type", "any")
        case .none: writer.member("type", "none")
        case .named(let tool):
            writer.member("type", "tool")
            writer.member("name", name(tool))
        }
        if case .none = choice {
        } else if let allowsParallelCalls {
            writer.member("disable_parallel_tool_use", !allowsParallelCalls)
        }
        writer.endObject()
    }
}
