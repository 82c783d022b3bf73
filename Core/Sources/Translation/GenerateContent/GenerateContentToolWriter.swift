// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// Writes `tools`, all functions in one entry, and `toolConfig`.
enum GenerateContentToolWriter {
    /// Filtering looks at every pair of a tool and an allowed name, so their number must be small.
    static let filteredToolsMax = 1024

    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        // Names can be allowed only where a call is demanded; a free choice among some is a choice among fewer.
        let isForced = isForced(conversation.toolChoice)
        let isFiltered = !isForced && !conversation.allowedTools.isEmpty
        if isFiltered, max(conversation.tools.count, conversation.allowedTools.count) > filteredToolsMax {
            throw TranslationFault(.wrongType("at most \(filteredToolsMax) tools to choose from"), at: "tools")
        }
        let isWritten = { (tool: Tool) in !isFiltered || conversation.allowedTools.contains { $0.isSame(as: tool.name) }
        }
        let hasTools = conversation.tools.contains(where: isWritten)
        if hasTools {
            writer.name("tools")
            writer.beginArray()
            writer.beginObject()
            writer.name("functionDeclarations")
            writer.beginArray()
            for tool in conversation.tools where isWritten(tool) {
                write(tool, target, conversation.arena, to: writer, losses: &losses)
            }
            writer.endArray()
            writer.endObject()
            writer.endArray()
            if conversation.allowsParallelCalls == false { losses.add(.parallelToolCalls) }
            // A demanded call obeys its schema; a chosen one does not promise to.
            if !isForced, conversation.tools.contains(where: { isWritten($0) && $0.isStrict == true }) {
                losses.add(.strictTools)
            }
        }
        // Without tools a demand is the provider's to refuse, and anything else means nothing.
        if let choice = conversation.toolChoice, hasTools || isForced { write(choice, conversation, to: writer) }
    }

    private static func isForced(_ choice: ToolChoice?) -> Bool {
        switch choice {
        case .any, .named: true
        case .auto, .some(.none), nil: false
        }
    }

    private static func write(
        _ tool: Tool, _ target: EndpointTarget, _ arena: ByteArena, to writer: JSONWriter, losses: inout Losses
    ) {
        writer.beginObject()
        writer.member("name", ToolNames.written(tool.name, for: .generateContent, arena: arena))
        if let description = tool.description, !description.isEmpty { writer.member("description", description) }
        if let parameters = tool.parameters {
            switch target.capabilities.schemas {
            case .jsonSchema: writer.member("parametersJsonSchema", raw: parameters)
            // A tool without arguments has no schema: Google refuses one without properties.
            case .openAPI where OpenAPISchemaWriter.saysNothing(parameters): break
            case .openAPI:
                writer.name("parameters")
                OpenAPISchemaWriter.write(
                    parameters, of: .toolSchema, home: target.home, to: writer, losses: &losses)
            }
        }
        writer.endObject()
    }

    private static func write(_ choice: ToolChoice, _ conversation: Conversation, to writer: JSONWriter) {
        writer.name("toolConfig")
        writer.beginObject()
        writer.name("functionCallingConfig")
        writer.beginObject()
        writer.member("mode", mode(choice))
        writer.allowedNames(choice, conversation)
        writer.endObject()
        writer.endObject()
    }

    private static func mode(_ choice: ToolChoice) -> JSONString {
        switch choice {
        case .auto: "AUTO"
        case .none: "NONE"
        case .any, .named: "ANY"
        }
    }
}

extension JSONWriter {
    fileprivate func allowedNames(_ choice: ToolChoice, _ conversation: Conversation) {
        switch choice {
        case .named(let name): allowedNames(CollectionOfOne(name), conversation.arena)
        case .any where !conversation.allowedTools.isEmpty:
            allowedNames(conversation.allowedTools, conversation.arena)
        case .auto, .none, .any: break
        }
    }

    private func allowedNames(_ names: some Sequence<JSONString>, _ arena: ByteArena) {
        name("allowedFunctionNames")
        beginArray()
        for name in names { string(ToolNames.written(name, for: .generateContent, arena: arena)) }
        endArray()
    }
}
