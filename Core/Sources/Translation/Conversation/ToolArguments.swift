// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The arguments of a tool call: a JSON object, which OpenAI's wires carry as text inside a string.
enum ToolArguments {
    /// - Parameter value: a string with JSON in it, or the object itself, which some clients send.
    /// - Returns: the object; `{}` for nothing.
    static func object(_ value: JSONElement?, _ path: String, _ arena: ByteArena) throws(TranslationFault) -> JSONRaw {
        guard let value, !value.isNull else { return "{}" }
        if value.isObject { return value.raw }
        guard let text = value.string else { throw TranslationFault(.malformedArguments, at: path) }
        if text.isBlank { return "{}" }
        let json = arena.unescaped(text)
        guard JSONObject.isValid(json) else { throw TranslationFault(.malformedArguments, at: path) }
        return JSONRaw(json)
    }
}
