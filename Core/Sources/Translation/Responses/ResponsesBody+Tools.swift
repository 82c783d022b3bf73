// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Tools and the choice among them.
extension ResponsesBody {
    func writeTools() throws(TranslationFault) {
        // An empty list of allowed tools would be refused.
        let hasTools = conversation.hasCallableTools
        try conversation.checkChoice(hasTools: hasTools)
        guard hasTools else { return }
        writeChoice()
        if let allows = conversation.allowsParallelCalls { writer.member("parallel_tool_calls", allows) }
        writer.name("tools")
        writer.beginArray()
        for tool in conversation.tools where isWritten(tool) { write(tool) }
        writer.endArray()
    }

    /// OpenAI is told of a restriction in the choice, which leaves its prompt cache alone; compatible servers only know
    /// tools that are there or not.
    private func isWritten(_ tool: Tool) -> Bool { target.home != .compatible || conversation.mayCall(tool.name) }

    func name(_ name: JSONString) -> JSONString {
        ToolNames.written(name, for: .responses, arena: conversation.arena)
    }

    /// This wire takes tools as strict unless it is told otherwise, and every other wire the other way around.
    private func write(_ tool: Tool) {
        writer.beginObject()
        writer.member("type", "function")
        writer.member("name", name(tool.name))
        if let description = tool.description { writer.member("description", description) }
        writer.member("parameters", raw: tool.parameters ?? #"{"type":"object","properties":{}}"#)
        writer.member("strict", tool.isStrict ?? false)
        writer.endObject()
    }

    private func writeChoice() {
        let isRestricted = !conversation.allowedTools.isEmpty && target.home != .compatible
        guard let choice = conversation.toolChoice ?? (isRestricted ? .auto : nil) else { return }
        writer.name("tool_choice")
        switch choice {
        case .auto: if isRestricted { writeAllowed("auto") } else { writer.string("auto") }
        case .none: writer.string("none")
        case .any: if isRestricted { writeAllowed("required") } else { writer.string("required") }
        case .named(let tool):
            writer.beginObject()
            writer.member("type", "function")
            writer.member("name", name(tool))
            writer.endObject()
        }
    }

    private func writeAllowed(_ mode: JSONString) {
        writer.beginObject()
        writer.member("type", "allowed_tools")
        writer.member("mode", mode)
        writer.name("tools")
        writer.beginArray()
        for tool in conversation.tools where conversation.mayCall(tool.name) {
            writer.beginObject()
            writer.member("type", "function")
            writer.member("name", name(tool.name))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
