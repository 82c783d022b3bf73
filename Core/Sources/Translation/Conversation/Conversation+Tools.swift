// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Questions that every wire's writer asks about tools.
extension Conversation {
    /// Whether the caller's restriction leaves this tool in.
    func mayCall(_ name: JSONString) -> Bool {
        allowedTools.isEmpty || allowedTools.contains { $0.isSame(as: name) }
    }

    var hasCallableTools: Bool { tools.contains { mayCall($0.name) } }

    /// Whether the model has to call a tool.
    var forcesCall: Bool {
        switch toolChoice {
        case .any, .named: true
        case nil, .auto, .some(.none): false
        }
    }

    /// Calls and results without tools are refused by some wires.
    var hasToolHistory: Bool { parts.contains { $0.kind == .toolCall || $0.kind == .toolResult } }

    /// - Throws: when a call is demanded and there is nothing to call.
    func checkChoice(hasTools: Bool) throws(TranslationFault) {
        guard hasTools || !forcesCall else {
            throw TranslationFault(.wrongType("used together with tools"), at: "tool_choice")
        }
    }

    /// The id of the call at `position` in what every wire takes; its number where the caller's wire has no ids.
    func writeCallID(_ position: Int, to writer: JSONWriter) {
        let id = parts[position].id
        guard id.isEmpty else { return writer.string(ToolNames.writtenID(id, arena: arena)) }
        writer.beginString()
        writer.piece("call_")
        writer.append(decimal: Int64(position))
        writer.endString()
    }
}
