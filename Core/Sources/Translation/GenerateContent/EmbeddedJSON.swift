// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// JSON inside of JSON, and JSON inside of a line.
extension ByteArena {
    /// A value as text between quotes.
    func quoted(_ json: JSONRaw) -> JSONString {
        var added = 0
        for byte in json.bytes where Self.escape(of: byte) != nil { added += 1 }
        guard added > 0 else { return JSONString(json.bytes, hasEscapes: false) }
        let memory = take(json.bytes.count + added)
        var at = 0
        for byte in json.bytes {
            if let escape = Self.escape(of: byte) {
                memory[at] = 92
                memory[at + 1] = escape
                at += 2
            } else {
                memory[at] = byte
                at += 1
            }
        }
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: true)
    }

    /// Letter of the short escape: JSON text has no other control characters than white space.
    private static func escape(of byte: UInt8) -> UInt8? {
        switch byte {
        case 34, 92: byte
        case 10: 110
        case 13: 114
        case 9: 116
        default: nil
        }
    }

    /// The value without white space between its tokens.
    func compact(_ json: JSONRaw) -> JSONRaw {
        var runs = CompactRuns(json)
        guard let first = runs.next(), first.count < json.bytes.count else { return json }
        let memory = take(json.bytes.count)
        var count = 0
        runs = CompactRuns(json)
        while let run = runs.next() {
            UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: run)
            count += run.count
        }
        return JSONRaw(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}

extension JSONWriter {
    /// The value without white space between its tokens: a line break would end the line of an event stream.
    func compact(_ json: JSONRaw) {
        var runs = CompactRuns(json)
        guard let first = runs.next() else { return raw(json) }
        raw(JSONRaw(first))
        while let run = runs.next() { append(run) }
    }
}

/// The stretches of a JSON value between white space outside of strings.
private struct CompactRuns {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ json: JSONRaw) { bytes = json.bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
        guard at < bytes.count else { return nil }
        let start = at
        var isInString = false
        while at < bytes.count, isInString || !Self.isSpace(bytes[at]) {
            if bytes[at] == 34 {
                isInString.toggle()
            } else if bytes[at] == 92 {
                at += 1
            }
            at += 1
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<min(at, bytes.count)])
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}
