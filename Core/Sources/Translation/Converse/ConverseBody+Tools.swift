// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Tools and the choice among them.
extension ConverseBody {
    mutating func writeTools() throws(TranslationFault) {
        let hasTools = conversation.tools.contains(where: allowsCalls)
        guard hasTools || !forcesCall else {
            throw TranslationFault(.wrongType("used together with tools"), at: "tool_choice")
        }
        guard writesTools || historyHasTools else { return }
        writer.name("toolConfig")
        writer.beginObject()
        writer.name("tools")
        writer.beginArray()
        if hasTools {
            for tool in conversation.tools where allowsCalls(of: tool) { write(tool) }
        } else {
            writePlaceholder()
        }
        writer.endArray()
        if hasTools { writeChoice() }
        writer.endObject()
    }

    /// Whether the caller's tools are sent for their own sake. Without them nothing can be called, which is what `none`
    /// asks for and this wire has no word for.
    var writesTools: Bool {
        if case .some(.none) = conversation.toolChoice { return historyHasTools }
        return conversation.tools.contains(where: allowsCalls)
    }

    /// Bedrock refuses calls and results in a conversation without tools.
    private var historyHasTools: Bool {
        conversation.parts.contains { $0.kind == .toolCall || $0.kind == .toolResult }
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
        ToolNames.written(name, for: .converse, arena: conversation.arena)
    }

    private mutating func write(_ tool: Tool) {
        let isStrict = tool.isStrict ?? false
        writer.beginObject()
        writer.name("toolSpec")
        writer.beginObject()
        writer.member("name", name(tool.name))
        if let description = tool.description, !description.isEmpty { writer.member("description", description) }
        writer.name("inputSchema")
        writer.beginObject()
        writer.member("json", raw: Self.schema(tool.parameters))
        writer.endObject()
        if isStrict, target.capabilities.takesSchemas { writer.member("strict", true) }
        writer.endObject()
        writer.endObject()
        if isStrict, !target.capabilities.takesSchemas { losses.add(.strictTools) }
        write(tool.cache)
    }

    /// A tool that takes nothing still needs the schema of an object.
    private static func schema(_ parameters: JSONRaw?) -> JSONRaw {
        guard let parameters, !(parameters == "{}") else { return #"{"type":"object","properties":{}}"# }
        return parameters
    }

    /// Stands in for the tools of a history whose caller sends none any more.
    private mutating func writePlaceholder() {
        write(Tool(name: "unavailable", description: "Must not be called."))
    }

    private mutating func writeChoice() {
        // Claude has a member of its own for this, which no document of Bedrock's promises to pass on.
        if conversation.allowsParallelCalls == false { losses.add(.parallelToolCalls) }
        switch conversation.toolChoice {
        case nil: break
        case .auto: writer.member("toolChoice", raw: #"{"auto":{}}"#)
        case .any: writer.member("toolChoice", raw: #"{"any":{}}"#)
        case .some(.none): losses.add(.toolChoiceNone)
        case .named(let tool):
            writer.name("toolChoice")
            writer.beginObject()
            writer.name("tool")
            writer.beginObject()
            writer.member("name", name(tool))
            writer.endObject()
            writer.endObject()
        }
    }
}
