// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What Converse calls the formats of images, documents, sounds and films, which others call by media types (botocore
/// 1.44.5 `bedrock-runtime`, read 2026-11).
enum ConverseMedia {
    /// What of a medium has no place on this wire; `nil` when it has one.
    static func loss(_ part: Part, _ role: Turn.Role) -> Feature? {
        let feature = feature(part.kind)
        guard role == .user else { return feature }
        switch part.media.source {
        case .fileID: return .fileID
        case .text where part.kind != .document: return feature
        case .url where !part.media.value.begins("s3://"): return part.kind == .image ? .imageURL : feature
        case .base64, .text, .url: return format(part) == nil ? feature : nil
        }
    }

    private static func feature(_ kind: Part.Kind) -> Feature {
        switch kind {
        case .document: .document
        case .audio: .audio
        case .video: .video
        default: .image
        }
    }

    /// - Returns: `nil` for a type that the wire does not list. A name in S3 may tell by its ending what its type does
    ///   not.
    static func format(_ part: Part) -> JSONString? {
        let type = part.media.type
        let formats = formats(of: part.kind)
        if let format = formats.first(where: { isSame(type, $0.type) })?.format {
            return JSONString(stringLiteral: format)
        }
        if part.media.source == .text, type.isEmpty { return "txt" }
        guard part.media.source == .url, type.isEmpty else { return nil }
        let ending = ending(of: part.media.value)
        if let alias = aliases.first(where: { isSame(ending, $0.ending) })?.format,
            formats.contains(where: { JSONString(stringLiteral: $0.format) == alias })
        {
            return JSONString(stringLiteral: alias)
        }
        return formats.first { isSame(ending, $0.format) }.map { JSONString(stringLiteral: $0.format) }
    }

    private static func ending(of name: JSONString) -> JSONString {
        guard let dot = name.bytes.lastIndex(of: 46) else { return .empty }
        return JSONString(UnsafeRawBufferPointer(rebasing: name.bytes[(dot + 1)...]), hasEscapes: false)
    }

    private static func isSame(_ text: JSONString, _ lowercase: StaticString) -> Bool {
        text.bytes.count == lowercase.utf8CodeUnitCount && text.begins(lowercase)
    }

    // MARK: Tables

    private typealias Row = (type: StaticString, format: StaticString)

    private static func formats(of kind: Part.Kind) -> [Row] {
        switch kind {
        case .document: documents
        case .audio: sounds
        case .video: films
        default: images
        }
    }

    private static let aliases: [(ending: StaticString, format: StaticString)] = [
        ("jpg", "jpeg"), ("htm", "html"), ("3gp", "three_gp"), ("mpg", "mpeg"),
    ]
    private static let images: [Row] = [
        ("image/png", "png"), ("image/jpeg", "jpeg"), ("image/jpg", "jpeg"), ("image/gif", "gif"),
        ("image/webp", "webp"),
    ]
    private static let documents: [Row] = [
        ("application/pdf", "pdf"), ("text/plain", "txt"), ("text/markdown", "md"), ("text/html", "html"),
        ("text/csv", "csv"), ("application/msword", "doc"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        ("application/vnd.ms-excel", "xls"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ]
    private static let sounds: [Row] = [
        ("audio/wav", "wav"), ("audio/x-wav", "wav"), ("audio/mpeg", "mp3"), ("audio/mp3", "mp3"),
        ("audio/opus", "opus"), ("audio/ogg", "ogg"), ("audio/flac", "flac"), ("audio/x-flac", "flac"),
        ("audio/aac", "aac"), ("audio/x-aac", "x-aac"), ("audio/mp4", "mp4"), ("audio/m4a", "m4a"),
        ("audio/x-m4a", "m4a"), ("audio/webm", "webm"), ("audio/x-matroska", "mka"), ("audio/pcm", "pcm"),
    ]
    private static let films: [Row] = [
        ("video/mp4", "mp4"), ("video/quicktime", "mov"), ("video/webm", "webm"), ("video/x-matroska", "mkv"),
        ("video/mpeg", "mpeg"), ("video/x-flv", "flv"), ("video/x-ms-wmv", "wmv"), ("video/3gpp", "three_gp"),
    ]
}
