// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Members that the reader takes, or that say nothing to another wire; any other is foreign. Kept here because a list
/// made at the call would be an allocation for every block.
enum MessagesMembers {
    static let message: [StaticString] = ["role", "content", "id", "type"]
    static let text: [StaticString] = ["type", "text", "cache_control"]
    static let image: [StaticString] = ["type", "source", "cache_control"]
    static let document: [StaticString] = ["type", "source", "title", "citations", "cache_control"]
    static let call: [StaticString] = ["type", "id", "name", "input", "cache_control", "caller"]
    static let result: [StaticString] = ["type", "tool_use_id", "content", "is_error", "cache_control"]
    static let tool: [StaticString] = [
        "type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming",
    ]
    static let metadata: [StaticString] = ["user_id"]
    static let output: [StaticString] = ["effort", "format"]
    static let thinking: [StaticString] = ["type", "budget_tokens", "display"]
}
