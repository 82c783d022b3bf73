// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads the content of a message, or the output of a call: a string or parts.
enum ResponsesPartReader {
    static func readContent(
        _ content: JSONElement?, allowsMedia: Bool, _ place: ResponsesPlace,
        into parts: inout [Part]
    ) throws(TranslationFault) {
        guard let content, !content.isNull else { return }
        if let text = content.string { return parts.append(.text(text)) }
        guard content.isArray else { throw place.fault(.wrongType("a string or an array of parts"), ".content") }
        for (number, element) in content.elements.enumerated() {
            var place = place
            place.part = number
            var part = try read(element, place)
            guard allowsMedia || part.kind == .text else { throw place.fault(.wrongType("text"), ".type") }
            part.cache = CacheMark(element["cache_control"] ?? element.present("prompt_cache_breakpoint"))
            parts.append(part)
        }
    }

    private static func read(_ element: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) -> Part {
        let type = try place.text(element["type"], ".type")
        if type == "input_text" || type == "output_text" || type == "text" {
            return .text(try place.text(element["text"], ".text"))
        }
        if type == "refusal" {
            var part = Part(.refusal)
            part.text = try place.text(element["refusal"], ".refusal")
            return part
        }
        if type == "input_image" { return try image(element, place) }
        if type == "input_file" { return try file(element, place) }
        throw place.fault(.wrongType("input_text, input_image, input_file, output_text or refusal"), ".type")
    }

    private static func image(_ element: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) -> Part {
        var part = Part(.image)
        if let id = element.present("file_id") {
            part.media = Media(.fileID, type: .empty, value: try place.text(id, ".file_id"))
        } else {
            part.media = try media(try place.text(element["image_url"], ".image_url"), place, ".image_url")
        }
        if let detail = element["detail"]?.string {
            part.detail = detail == "low" ? .low : detail == "high" ? .high : .auto
        }
        return part
    }

    private static func file(_ element: JSONElement, _ place: ResponsesPlace) throws(TranslationFault) -> Part {
        var part = Part(.document)
        part.name = element["filename"]?.string ?? .empty
        if let data = element.present("file_data") {
            part.media = try media(try place.text(data, ".file_data"), place, ".file_data")
            guard part.media.source == .base64 else { throw place.fault(.malformedMedia, ".file_data") }
        } else if let url = element.present("file_url") {
            part.media = Media(.url, type: .empty, value: try place.text(url, ".file_url"))
        } else {
            part.media = Media(.fileID, type: .empty, value: try place.text(element["file_id"], ".file_id"))
        }
        return part
    }

    private static func media(
        _ url: JSONString, _ place: ResponsesPlace, _ member: StaticString
    ) throws(TranslationFault) -> Media {
        do throws(TranslationFault) {
            return try DataURL.media(url, "")
        } catch {
            throw place.fault(error.problem, member)
        }
    }
}
