// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads `tools` and `toolConfig`.
enum GenerateContentToolReader {
    /// Functions may be spread over several entries. Everything else in an entry (search, code execution, files) runs at
    /// Google and exists nowhere else.
    static func read(_ tools: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        try tools.forEachItem { (tool, _) throws(TranslationFault) in
            for (name, value) in tool.members where !value.isNull {
                if name == "functionDeclarations" || name == "function_declarations" {
                    try value.forEachItem { (function, _) throws(TranslationFault) in
                        try readFunction(function, into: conversation)
                    }
                } else {
                    conversation.addForeign("tools[].", name)
                }
            }
        }
    }

    private static func readFunction(_ function: JSONElement, into conversation: Conversation) throws(TranslationFault)
    {
        guard let name = function["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.wrongType("a string"), at: "tools[].functionDeclarations[].name")
        }
        let schema = function.either("parametersJsonSchema", "parameters_json_schema")
        let parameters = function.present("parameters")
        guard schema?.isObject ?? true, parameters?.isObject ?? true else {
            throw TranslationFault(.wrongType("an object"), at: "tools[].functionDeclarations[].parameters")
        }
        let own = parameters.map { GenerateContentSchema.jsonSchema($0, conversation.arena) }
        conversation.tools.append(
            Tool(name: name, description: function["description"]?.string, parameters: schema?.raw ?? own))
        // What a function gives back is told to Google's models only.
        for (name, value) in function.members
        where !value.isEmpty && (name == "response" || name == "responseJsonSchema" || name == "behavior") {
            conversation.addForeign("tools[].functionDeclarations[].", name)
        }
    }

    // MARK: Choice

    static func readConfig(_ config: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        for (name, value) in config.members where !value.isEmpty {
            if name == "functionCallingConfig" || name == "function_calling_config" {
                try readCalling(value, into: conversation)
            } else {
                conversation.addForeign("toolConfig.", name)
            }
        }
    }

    private static func readCalling(_ config: JSONElement, into conversation: Conversation) throws(TranslationFault) {
        if config.either("streamFunctionCallArguments", "stream_function_call_arguments")?.bool ?? false {
            conversation.addForeign("toolConfig.functionCallingConfig.", "streamFunctionCallArguments")
        }
        try config.either("allowedFunctionNames", "allowed_function_names")?.forEachItem {
            (element, _) throws(TranslationFault) in
            guard let name = element.string else {
                throw TranslationFault(
                    .wrongType("strings"), at: "toolConfig.functionCallingConfig.allowedFunctionNames")
            }
            conversation.allowedTools.append(name)
        }
        guard let mode = config["mode"]?.string else { return }
        try readMode(mode, into: conversation)
    }

    private static func readMode(_ mode: JSONString, into conversation: Conversation) throws(TranslationFault) {
        if mode.matches("auto") {
            conversation.toolChoice = .auto
        } else if mode.matches("none") {
            conversation.toolChoice = ToolChoice.none
        } else if mode.matches("any") {
            conversation.toolChoice = .any
            if conversation.allowedTools.count == 1, let name = conversation.allowedTools.popLast() {
                conversation.toolChoice = .named(name)
            }
        } else if mode.matches("validated") {
            // That arguments obey their schema is more than other wires promise for a free choice.
            conversation.toolChoice = .auto
            conversation.addForeign("toolConfig.functionCallingConfig.", "mode")
        } else if !mode.matches("mode_unspecified") {
            throw TranslationFault(
                .wrongType("AUTO, ANY, NONE or VALIDATED"), at: "toolConfig.functionCallingConfig.mode")
        }
    }
}
