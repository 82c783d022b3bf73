// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Tools and the choice among them.
extension MessagesBody {
    mutating func writeTools() throws(TranslationFault) {
        try conversation.checkChoice(hasTools: writesTools)
        // Auto and none say nothing where there is nothing to call.
        guard writesTools else { return }
        writeChoice()
        writer.name("tools")
        writer.beginArray()
        for tool in conversation.tools where conversation.mayCall(tool.name) { write(tool) }
        writer.endArray()
    }

    var writesTools: Bool { conversation.hasCallableTools }

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
