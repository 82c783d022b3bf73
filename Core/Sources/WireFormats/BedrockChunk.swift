// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Payload of a `chunk` event of Bedrock's InvokeModel stream: `{"bytes":"<base64>"}` around the vendor's own event,
/// beside members that do not matter (`p`, padding of random length).
public enum BedrockChunk {
    /// Bedrock's own limit on what a chunk carries, in bytes (botocore 1.44.5 `PayloadPart`, read 2026-11).
    public static let bytesMax = 1_000_000

    /// - Parameter arena: where the event is put; its `reset` ends it.
    /// - Returns: the vendor's event, e.g. the data of one of Anthropic's.
    public static func event(
        in payload: UnsafeRawBufferPointer, arena: ByteArena
    ) throws(BedrockChunkFault) -> UnsafeRawBufferPointer {
        guard let text = try text(in: payload) else { throw .noBytes }
        guard text.bytes.count <= Base64.encodedCount(bytesMax) else { throw .tooLarge }
        // A slash may be written with an escape.
        let base64 = arena.unescaped(text)
        guard let event = Base64.decode(base64, into: arena.take(Base64.decodedCountMax(base64.count))) else {
            throw .notBase64
        }
        guard event.count <= bytesMax else { throw .tooLarge }
        return event
    }

    private static func text(in payload: UnsafeRawBufferPointer) throws(BedrockChunkFault) -> JSONString? {
        guard !payload.isEmpty else { throw .notJSON }
        var scanner = JSONScanner(payload)
        var text: JSONString?
        do throws(JSONFault) {
            guard try scanner.kind() == .object else { return nil }
            try scanner.members(depth: 0) { scanner, name throws(JSONFault) in
                guard text == nil, name.equals("bytes"), try scanner.kind() == .string else {
                    return try scanner.skipValue(depth: 1)
                }
                let found = try scanner.string()
                text = JSONString(found.range.slice(payload), hasEscapes: found.hasEscapes)
            }
            try scanner.finish()
            return text
        } catch {
            throw .notJSON
        }
    }
}

public enum BedrockChunkFault: Error, Equatable, Sendable {
    case notJSON
    /// The payload has no string of that name.
    case noBytes
    case notBase64, tooLarge
}
