// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// How an image, a document or a sound is said on Google's wire.
enum GenerateContentMedia {
    case inline(type: JSONString, data: JSONString)
    /// `type` is empty where Google knows it: for files that were uploaded to it.
    case file(type: JSONString, address: JSONString)
    case text(JSONString)

    /// `nil` when it cannot be said; the loss is noted then.
    init?(_ part: Part, for target: EndpointTarget, losses: inout Losses) {
        guard let form = Self.form(part.media, target) else {
            losses.add(Self.feature(part))
            return nil
        }
        self = form
    }

    private static func form(_ media: Media, _ target: EndpointTarget) -> GenerateContentMedia? {
        let type = media.type.isEmpty ? .empty : DataURL.canonical(media.type)
        switch media.source {
        case .text: return .text(media.value)
        case .base64: return type.isEmpty ? nil : .inline(type: type, data: media.value)
        case .url, .fileID:
            if media.value.begins("gs://") {
                let type = type.isEmpty ? Self.type(of: media.value) : type
                return type.isEmpty ? nil : .file(type: type, address: media.value)
            }
            let isUploaded = GenerateContentFiles.isUploaded(media.value) && target.home != .vertex
            return isUploaded ? .file(type: type, address: media.value) : nil
        }
    }

    var isInline: Bool { if case .inline = self { true } else { false } }

    /// The member or members of a part.
    func write(to writer: JSONWriter) {
        switch self {
        case .text(let text): writer.member("text", text)
        case .inline(let type, let data):
            writer.name("inlineData")
            writer.beginObject()
            writer.member("mimeType", type)
            writer.member("data", data)
            writer.endObject()
        case .file(let type, let address):
            writer.name("fileData")
            writer.beginObject()
            if !type.isEmpty { writer.member("mimeType", type) }
            writer.member("fileUri", address)
            writer.endObject()
        }
    }

    private static func feature(_ part: Part) -> Feature {
        if part.media.source == .fileID { return .fileID }
        switch part.kind {
        case .audio: return .audio
        case .video: return .video
        case .document: return .document
        default: return part.media.source == .url ? .imageURL : .image
        }
    }

    /// Google demands a type for what lies in Cloud Storage; other wires do not say one, so the name must.
    private static func type(of address: JSONString) -> JSONString {
        let types: [(StaticString, JSONString)] = [
            (".png", "image/png"), (".jpg", "image/jpeg"), (".jpeg", "image/jpeg"), (".webp", "image/webp"),
            (".gif", "image/gif"), (".heic", "image/heic"), (".pdf", "application/pdf"), (".txt", "text/plain"),
            (".mp3", "audio/mpeg"), (".wav", "audio/wav"), (".flac", "audio/flac"), (".mp4", "video/mp4"),
            (".mov", "video/quicktime"), (".webm", "video/webm"),
        ]
        return types.first { address.ends($0.0) }?.1 ?? .empty
    }
}

extension JSONString {
    /// Suffix test without regard to case; `suffix` must be lower case ASCII.
    fileprivate func ends(_ suffix: StaticString) -> Bool {
        let length = suffix.utf8CodeUnitCount
        guard bytes.count >= length else { return false }
        return JSONString(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - length)...]), hasEscapes: false)
            .begins(suffix)
    }
}
