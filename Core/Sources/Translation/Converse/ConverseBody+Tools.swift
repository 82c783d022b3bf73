// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Tools and the choice among them.
extension ConverseBody {
    mutating func writeTools() throws(TranslationFault) {
        let hasTools = conversation.hasCallableTools
        try conversation.checkChoice(hasTools: hasTools)
        guard writesTools || conversation.hasToolHistory else { return }
        writer.name("toolConfig")
        writer.beginObject()
        writer.name("tools")
        writer.beginArray()
        if hasTools {
            for tool in conversation.tools where conversation.mayCall(tool.name) { write(tool) }
        } else {
            writePlaceholder()
        }
        writer.endArray()
        if hasTools { writeChoice() }
        writer.endObject()
    }

    /// Without tools nothing can be called, which is what `none` asks for and this wire has no word for. Bedrock refuses
    /// calls and results in a conversation without tools.
    var writesTools: Bool {
        if case .some(.none) = conversation.toolChoice { return conversation.hasToolHistory }
        return conversation.hasCallableTools
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
