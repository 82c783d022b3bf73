// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// The chunks of one of Google's streams on their way to a caller that wants them as one array: what stands in a chunk
/// stays byte for byte, only what stands around it changes.
struct GenerateContentPassage {
    private var frames = GenerateContentFrames(.array)
    private var isClosed = false

    /// - Parameter data: valid JSON: a chunk, or chunks in an array of their own, which is how some errors come.
    mutating func pass(_ data: UnsafeRawBufferPointer, to writer: JSONWriter) {
        var chunk = Self.trimmed(data)
        if chunk.first == 91 { chunk = Self.trimmed(UnsafeRawBufferPointer(rebasing: chunk.dropFirst().dropLast())) }
        guard !chunk.isEmpty, !isClosed else { return }
        frames.begin(writer)
        writer.append(chunk)
    }

    mutating func close(_ writer: JSONWriter) {
        guard !isClosed else { return }
        isClosed = true
        frames.close(writer)
    }

    mutating func fail(_ error: WireError, to writer: JSONWriter) {
        guard !isClosed else { return }
        frames.begin(writer)
        WireErrorBody.write(error, in: .generateContent, to: writer)
        close(writer)
    }

    func keepAlive(_ writer: JSONWriter) -> Bool { isClosed || frames.keepAlive(writer) }

    private static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return UnsafeRawBufferPointer(rebasing: bytes[..<0]) }
        return UnsafeRawBufferPointer(rebasing: bytes[first...last])
    }
}
