// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads what a part carries: text and media, and the results of functions.
enum GenerateContentPartReader {
    /// - Returns: `nil` for a part that carries nothing, or nothing that another wire has; the latter is noted as
    ///   foreign.
    static func read(
        _ part: JSONElement, _ place: GenerateContentPlace, _ conversation: Conversation
    ) throws(TranslationFault) -> Part? {
        conversation.addForeignMembers(of: part, except: known, "contents[].parts[].")
        if let text = part.present("text") {
            guard let text = text.string else { throw place.fault(.wrongType("a string"), ".text") }
            return .text(text)
        }
        guard var read = try media(part, place, conversation.arena) else {
            // A signature may come alone, behind the text that it signs.
            return part.either("thoughtSignature", "thought_signature") == nil ? nil : .text(.empty)
        }
        read.detail = detail(part)
        return read
    }

    /// Members with a meaning on other wires, and notes that a client makes for itself.
    private static let known: [StaticString] = [
        "text", "thought", "thoughtSignature", "thought_signature", "inlineData", "inline_data", "fileData",
        "file_data", "mediaResolution", "media_resolution", "partMetadata",
    ]
    private static let knownOfResults: [StaticString] = ["id", "name", "response", "parts"]

    private static func detail(_ part: JSONElement) -> Part.Detail {
        guard let level = part.either("mediaResolution", "media_resolution")?["level"]?.string else { return .auto }
        if level.matches("media_resolution_low") { return .low }
        let isHigh = level.matches("media_resolution_high") || level.matches("media_resolution_ultra_high")
        return isHigh ? .high : .auto
    }

    // MARK: Media

    private static func media(
        _ part: JSONElement, _ place: GenerateContentPlace, _ arena: ByteArena
    ) throws(TranslationFault) -> Part? {
        if let inline = part.either("inlineData", "inline_data") {
            let type = try mediaType(inline, place, ".inlineData.mimeType")
            guard let data = inline["data"]?.string.flatMap({ Base64.standard($0, arena) }) else {
                throw place.fault(.malformedMedia, ".inlineData.data")
            }
            return mediaPart(Media(.base64, type: type, value: data), inline)
        }
        guard let file = part.either("fileData", "file_data") else { return nil }
        guard let address = file.either("fileUri", "file_uri")?.string else {
            throw place.fault(.wrongType("a string"), ".fileData.fileUri")
        }
        let type = try mediaType(file, place, ".fileData.mimeType")
        return mediaPart(
            Media(GenerateContentFiles.isUploaded(address) ? .fileID : .url, type: type, value: address), file)
    }

    private static func mediaType(
        _ source: JSONElement, _ place: GenerateContentPlace, _ path: StaticString
    ) throws(TranslationFault) -> JSONString {
        guard let type = source.either("mimeType", "mime_type")?.string else { return "application/octet-stream" }
        guard let type = DataURL.mediaType(type) else { throw place.fault(.malformedMedia, path) }
        return type
    }

    private static func mediaPart(_ media: Media, _ source: JSONElement) -> Part {
        var part = Part(kind(media.type))
        part.media = media
        part.name = source.either("displayName", "display_name")?.string ?? .empty
        return part
    }

    private static func kind(_ type: JSONString) -> Part.Kind {
        if type.begins("image/") { return .image }
        if type.begins("audio/") { return .audio }
        return type.begins("video/") ? .video : .document
    }

    // MARK: Results

    /// The result and its children. `{"output": …}` and `{"error": …}` are what Google's clients write; any other
    /// object is handed on as the JSON that it is.
    static func readResult(
        _ value: JSONElement, _ result: Part, _ place: GenerateContentPlace, into conversation: Conversation
    ) throws(TranslationFault) {
        let position = conversation.parts.count
        conversation.parts.append(result)
        let response = value.present("response")
        guard response?.isObject ?? true else {
            throw place.fault(.wrongType("an object"), ".functionResponse.response")
        }
        let sole = response.flatMap(soleMember)
        let isError = sole.map { $0.name == "error" } ?? false
        let output = isError || sole.map { $0.name == "output" } ?? false ? sole?.value : response
        if let text = output.map({ text($0, conversation.arena) }), !text.isEmpty {
            conversation.parts.append(.text(text))
        }
        try value.present("parts")?.forEachItem { (part, _) throws(TranslationFault) in
            guard let media = try media(part, place, conversation.arena) else {
                throw place.fault(.wrongType("parts with inlineData"), ".functionResponse.parts")
            }
            conversation.parts.append(media)
        }
        conversation.parts[position].isError = isError
        conversation.parts[position].childCount = conversation.parts.count - position - 1
        conversation.addForeignMembers(
            of: value, except: knownOfResults, "contents[].parts[].functionResponse.")
    }

    private static func soleMember(_ object: JSONElement) -> (name: JSONString, value: JSONElement)? {
        var members = object.members
        guard let first = members.next(), members.next() == nil else { return nil }
        return first
    }

    private static func text(_ value: JSONElement, _ arena: ByteArena) -> JSONString {
        if value.isNull { return .empty }
        return value.string ?? arena.quoted(value.raw)
    }
}

/// Addresses that only Google's own API can read.
enum GenerateContentFiles {
    static func isUploaded(_ address: JSONString) -> Bool {
        address.begins("https://generativelanguage.googleapis.com/")
    }
}
