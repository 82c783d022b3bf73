// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// `response_format` of chat completions.
enum ChatFormat {
    static func read(_ value: JSONElement) throws(TranslationFault) -> OutputFormat? {
        guard let type = value["type"]?.string else {
            throw TranslationFault(.wrongType("an object with a type"), at: "response_format")
        }
        if type == "text" { return nil }
        if type == "json_object" {
            // llama.cpp's form: the schema beside the type.
            guard let schema = value.present("schema") else { return .jsonObject }
            return .jsonSchema(schema: schema.raw, name: nil, description: nil, isStrict: nil)
        }
        guard type == "json_schema", let format = value["json_schema"], let schema = format.present("schema") else {
            throw TranslationFault(.wrongType("text, json_object or json_schema with a schema"), at: "response_format")
        }
        return Self.schema(schema, format)
    }

    /// A schema with OpenAI's members beside it, which stand one level higher in Responses.
    static func schema(_ schema: JSONElement, _ format: JSONElement) -> OutputFormat {
        .jsonSchema(
            schema: schema.raw, name: format["name"]?.string, description: format["description"]?.string,
            isStrict: format["strict"]?.bool)
    }

    static func write(_ format: OutputFormat, to writer: JSONWriter) {
        writer.name("response_format")
        writer.beginObject()
        switch format {
        case .jsonObject: writer.member("type", "json_object")
        case .jsonSchema:
            writer.member("type", "json_schema")
            writer.name("json_schema")
            writer.beginObject()
            writeSchema(format, to: writer)
            writer.endObject()
        }
        writer.endObject()
    }

    static func writeSchema(_ format: OutputFormat, to writer: JSONWriter) {
        guard case .jsonSchema(let schema, let name, let description, let isStrict) = format else { return }
        writer.member("name", name ?? "response")
        if let description { writer.member("description", description) }
        writer.member("schema", raw: schema)
        if let isStrict { writer.member("strict", isStrict) }
    }
}
