// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// The head of one part of a form: which field it is, and whether its content is the text it seems.
struct MultipartPartHead {
    private(set) var name: UnsafeRawBufferPointer
    private(set) var isFile = false
    /// The content is said to be encoded, which some readers undo and others do not.
    private(set) var isEncoded = false
    /// Where the content begins.
    private(set) var end: Int

    private static let linesMax = 16

    /// - Parameter from: where the part begins, after its delimiter's line.
    init(_ body: UnsafeRawBufferPointer, from: Int) throws(MultipartFault) {
        name = UnsafeRawBufferPointer(start: nil, count: 0)
        end = from
        var hasDisposition = false
        for _ in 0...Self.linesMax {
            let line = try Self.line(body, at: end, partStart: from)
            end += line.count + 2
            if line.isEmpty {
                guard hasDisposition else { break }
                return
            }
            guard let field = Self.field(line) else { break }
            if field.name.matches("content-disposition") {
                guard !hasDisposition, readDisposition(field.value) else { break }
                hasDisposition = true
            } else if field.name.matches("content-transfer-encoding") {
                let value = field.value
                isEncoded = !(value.matches("binary") || value.matches("8bit") || value.matches("7bit"))
            }
        }
        throw .partHead(offset: from)
    }

    /// One line without its CRLF; no other line end, and no control character, may stand in it.
    private static func line(
        _ body: UnsafeRawBufferPointer, at start: Int, partStart: Int
    ) throws(MultipartFault) -> UnsafeRawBufferPointer {
        guard let base = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { throw .unclosed }
        let limit = min(body.count, partStart + MultipartForm.partHeadBytesMax)
        let end = isobar_header_value_end(base + start, base + limit) - base
        guard end + 1 < limit else {
            throw limit == body.count ? .unclosed : .partHeadTooLarge(offset: partStart)
        }
        guard body[end] == 13, body[end + 1] == 10 else { throw .partHead(offset: partStart) }
        return UnsafeRawBufferPointer(rebasing: body[start..<end])
    }

    /// - Returns: `nil` for a line without a name, a folded one included, and for one that begins with a dash: a lenient
    ///   reader could take it for a delimiter.
    private static func field(
        _ line: UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[0] != 45 else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard name.allSatisfy({ isobar_is_token($0) != 0 }) else { return nil }
        return (name, UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]).trimmed)
    }

    /// `form-data; name="…"`, with the names of a file if it is one.
    /// - Returns: false when it is anything else, or says something twice.
    private mutating func readDisposition(_ value: UnsafeRawBufferPointer) -> Bool {
        guard var parameters = HeaderParameters(value), parameters.kind.matches("form-data") else { return false }
        var hasName = false
        var (plainNames, encodedNames) = (0, 0)
        while true {
            switch parameters.next() {
            case .malformed: return false
            case .end: return hasName && plainNames <= 1 && encodedNames <= 1
            case .parameter(let parameter):
                if parameter.name.matches("name") {
                    // A backslash is an escape to some readers and itself to others.
                    guard !hasName, !parameter.hasEscapes else { return false }
                    hasName = true
                    name = parameter.value
                } else if parameter.name.matches("name*") {
                    return false
                } else if parameter.name.matches("filename") {
                    plainNames += 1
                    isFile = true
                } else if parameter.name.matches("filename*") {
                    encodedNames += 1
                    isFile = true
                }
            }
        }
    }
}
