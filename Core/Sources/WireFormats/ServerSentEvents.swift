// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Finds where whole events of a `text/event-stream` end, across any split of the bytes.
///
/// An event ends with an empty line; lines end with LF, CR or CRLF. A CR at the end of the bytes at hand may be the
/// first half of a CRLF, so an event that ends there waits for one more byte: held back for a moment, never split
/// wrongly.
public struct SSEFraming: Sendable {
    /// Bytes of the unfinished rest that have been looked at already and contain no end of an event.
    private var scanned = 0

    public init() {}

    /// How many leading bytes end with a finished event; 0 when none does. The caller keeps the rest and calls again
    /// with the rest and more.
    public mutating func completeCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let start = base.assumingMemoryBound(to: UInt8.self)
        if scanned == 0, Self.endsWithEmptyLine(start, bytes.count) { return bytes.count }
        var complete = 0
        // Three bytes back: the line end before an empty line may have been seen without its second half.
        var position = max(0, min(scanned, bytes.count) - 3)
        while let end = Self.eventEnd(bytes, from: position, isLineStart: position == complete) {
            complete = end
            position = end
        }
        scanned = bytes.count - complete
        return complete
    }

    /// The common case, decided from the last bytes alone: what arrived ends with `\n\n`. Everything before belongs to
    /// events that are complete too.
    @inline(__always)
    private static func endsWithEmptyLine(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        count >= 2 && start[count - 1] == 10 && start[count - 2] == 10
    }

    /// Position after the next empty line; `nil` when there is none, or when its CR might still become a CRLF.
    private static func eventEnd(_ bytes: UnsafeRawBufferPointer, from: Int, isLineStart: Bool) -> Int? {
        var position = from
        var isLineStart = isLineStart
        while let lineEnd = lineEnd(bytes, from: position) {
            guard let next = skipLineEnd(bytes, lineEnd) else { return nil }
            if isLineStart, lineEnd == position { return next }
            position = next
            isLineStart = true
        }
        return nil
    }

    fileprivate static func lineEnd(_ bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard from < bytes.count, let base = bytes.baseAddress else { return nil }
        let start = base.assumingMemoryBound(to: UInt8.self)
        let position = isobar_line_end(start + from, start + bytes.count) - start
        return position < bytes.count ? position : nil
    }

    /// Position after the line end at `at`; `nil` when it is a CR and the last byte.
    fileprivate static func skipLineEnd(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        guard bytes[at] == 13 else { return at + 1 }
        guard at + 1 < bytes.count else { return nil }
        return bytes[at + 1] == 10 ? at + 2 : at + 1
    }
}

/// One event of a stream.
public struct SSEEvent: Sendable {
    /// With its empty line.
    public var raw = ByteRange.empty
    /// Value of the only data line; of the first when there are several.
    public var data = ByteRange.empty
    public var dataLines = 0
    /// Nothing but comment lines.
    public var isComment = false
    public var eventName = ByteRange.empty
}

extension SSEFraming {
    /// The event that begins at `offset`, which moves behind it.
    /// - Parameter bytes: finished events, as `completeCount` tells.
    public static func nextEvent(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> SSEEvent? {
        guard offset < bytes.count else { return nil }
        var event = SSEEvent()
        let start = offset
        var comments = 0
        var lines = 0
        // A byte order mark may stand before the first line. Before a later event it is skipped as well: where a stream
        // begins is not known here.
        if bytes.count - offset >= 3, bytes[offset] == 0xEF, bytes[offset + 1] == 0xBB, bytes[offset + 2] == 0xBF {
            offset += 3
        }
        while offset < bytes.count {
            let end = lineEnd(bytes, from: offset) ?? bytes.count
            let next = end < bytes.count ? skipLineEnd(bytes, end) ?? bytes.count : end
            if end == offset {
                offset = next
                break
            }
            lines += 1
            if bytes[offset] == 58 { comments += 1 } else { note(bytes, offset, end, in: &event) }
            offset = next
        }
        event.raw = ByteRange(start, offset)
        event.isComment = lines > 0 && comments == lines
        return event
    }

    private static func note(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, in event: inout SSEEvent) {
        if let value = value(bytes, start, end, of: "data") {
            if event.dataLines == 0 { event.data = value }
            event.dataLines += 1
        } else if let value = value(bytes, start, end, of: "event") {
            event.eventName = value
        }
    }

    /// Value of the line's field without one leading space; a line without a colon is a field with an empty value.
    @inline(__always)
    private static func value(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, of name: StaticString)
        -> ByteRange?
    {
        let length = name.utf8CodeUnitCount
        guard end - start >= length else { return nil }
        for i in 0..<length where bytes[start + i] != name.utf8Start[i] { return nil }
        var value = start + length
        if value == end { return ByteRange(end, end) }
        guard bytes[value] == 58 else { return nil }
        value += 1
        if value < end, bytes[value] == 32 { value += 1 }
        return ByteRange(value, end)
    }

    /// An event's data: of several data lines, what they say together, joined by line feeds as the format wants.
    ///
    /// Also JSON that stands there without `data:`, which is how Google's servers report an error inside a stream.
    /// - Parameter arena: for joined lines; reset here.
    /// - Returns: `nil` for an event without data.
    public static func data(
        of event: SSEEvent, in bytes: UnsafeRawBufferPointer, arena: ByteArena
    ) -> UnsafeRawBufferPointer? {
        switch event.dataLines {
        case 1: return event.data.slice(bytes)
        case 0:
            let raw = event.raw.slice(bytes).trimmedLines
            return raw.first == 123 || raw.first == 91 ? raw : nil
        default:
            arena.reset()
            return join(event.raw.slice(bytes), into: arena.take(event.raw.slice(bytes).count))
        }
    }

    private static func join(
        _ raw: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        var filled = 0
        var offset = 0
        while offset < raw.count {
            let end = lineEnd(raw, from: offset) ?? raw.count
            if let line = value(raw, offset, end, of: "data") {
                if filled > 0 {
                    memory[filled] = 10
                    filled += 1
                }
                UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyMemory(from: line.slice(raw))
                filled += Int(line.count)
            }
            offset = end < raw.count ? skipLineEnd(raw, end) ?? raw.count : end
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<filled])
    }
}

extension UnsafeRawBufferPointer {
    /// Without white space and line ends at both ends.
    fileprivate var trimmedLines: UnsafeRawBufferPointer {
        let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 10 || $0 == 13 }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return UnsafeRawBufferPointer(rebasing: self[..<0])
        }
        return UnsafeRawBufferPointer(rebasing: self[first...last])
    }
}
