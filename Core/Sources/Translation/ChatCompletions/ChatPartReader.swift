// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads one content part of a chat message.
enum ChatPartReader {
    static func read(_ element: JSONElement, _ path: String) throws(TranslationFault) -> Part {
        guard let type = element["type"]?.string else { throw TranslationFault(.wrongType("a part"), at: path) }
        var part = try read(element, type, path)
        part.cache = CacheMark(element["cache_control"] ?? element.present("prompt_cache_breakpoint"))
        return part
    }

    private static func read(_ element: JSONElement, _ type: JSONString, _ path: String) throws(TranslationFault)
        -> Part
    {
        if type == "text" { return .text(try text(element["text"], path)) }
        if type == "image_url" { return try image(element, path) }
        if type == "file" { return try file(element, path) }
        if type == "input_audio" { return try audio(element, path) }
        if type == "video_url" { return try media(.video, try text(element["video_url"]?["url"], path), path) }
        if type == "refusal" {
            var part = Part(.refusal)
            part.text = try text(element["refusal"], path)
            return part
        }
        throw TranslationFault(.wrongType("text, image_url, input_audio, file or video_url"), at: "\(path).type")
    }

    private static func text(_ value: JSONElement?, _ path: String) throws(TranslationFault) -> JSONString {
        guard let text = value?.string else { throw TranslationFault(.wrongType("a string"), at: path) }
        return text
    }

    private static func image(_ element: JSONElement, _ path: String) throws(TranslationFault) -> Part {
        let value = element["image_url"]
        // Some clients give the address itself instead of an object with it.
        let url = try text(value?["url"] ?? value, "\(path).image_url.url")
        var part = try media(.image, url, "\(path).image_url.url")
        if let detail = value?["detail"]?.string {
            part.detail = detail == "low" ? .low : detail == "high" ? .high : .auto
        }
        return part
    }

    private static func media(_ kind: Part.Kind, _ url: JSONString, _ path: String) throws(TranslationFault) -> Part {
        var part = Part(kind)
        part.media = try DataURL.media(url, path)
        return part
    }

    private static func audio(_ element: JSONElement, _ path: String) throws(TranslationFault) -> Part {
        var part = Part(.audio)
        let audio = element["input_audio"]
        let data = try text(audio?["data"], "\(path).input_audio.data")
        let format = try text(audio?["format"], "\(path).input_audio.format")
        part.media = Media(.base64, type: format == "mp3" ? "audio/mpeg" : "audio/wav", value: data)
        return part
    }

    private static func file(_ element: JSONElement, _ path: String) throws(TranslationFault) -> Part {
        var part = Part(.document)
        let file = element["file"]
        part.name = file?["filename"]?.string ?? .empty
        if let data = file?["file_data"]?.string {
            part.media = try DataURL.media(data, "\(path).file.file_data")
        } else {
            part.media = Media(.fileID, type: .empty, value: try text(file?["file_id"], "\(path).file.file_id"))
        }
        return part
    }
}
