// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Divides a form's body into parts by its boundary.
struct MultipartLines {
    private let body: UnsafeRawBufferPointer
    private let boundary: UnsafeRawBufferPointer

    init(_ body: UnsafeRawBufferPointer, boundary: UnsafeRawBufferPointer) {
        self.body = body
        self.boundary = boundary
    }

    /// - Returns: where the first part begins; `nil` for a form without parts.
    func begin() throws(MultipartFault) -> Int? {
        guard isDelimiter(at: 0) else { throw .delimiter(offset: 0) }
        return try afterDelimiter(from: 0)
    }

    /// - Parameter from: position of the two dashes before the boundary.
    /// - Returns: where the next part begins; `nil` when this was the last boundary.
    func afterDelimiter(from: Int) throws(MultipartFault) -> Int? {
        let at = from + 2 + boundary.count
        guard at + 2 <= body.count else { throw .unclosed }
        switch (body[at], body[at + 1]) {
        case (13, 10): return at + 2
        case (45, 45):
            let rest = body.count - at - 2
            guard rest == 0 || rest == 2 && body[at + 2] == 13 && body[at + 3] == 10 else { throw .trailing }
            return nil
        default: throw .delimiter(offset: at)
        }
    }

    /// Position of the CRLF before the delimiter that ends the part whose content begins at `from`.
    func endOfPart(from: Int) throws(MultipartFault) -> Int {
        guard let base = body.baseAddress?.assumingMemoryBound(to: UInt8.self) else { throw .unclosed }
        // The empty line before the content is the line end of a delimiter that follows at once.
        var at = from - 2
        while true {
            at = isobar_line_end(base + at, base + body.count) - base
            guard at < body.count else { throw .unclosed }
            let isFull = body[at] == 13 && at + 1 < body.count && body[at + 1] == 10
            let next = at + (isFull ? 2 : 1)
            if isDelimiter(at: next) {
                // Readers that take a bare CR or LF for a line end would see a delimiter here.
                guard isFull, at >= from else { throw .delimiter(offset: next) }
                return at
            }
            at = next
        }
    }

    private func isDelimiter(at position: Int) -> Bool {
        guard body.count - position >= boundary.count + 2, body[position] == 45, body[position + 1] == 45 else {
            return false
        }
        return body[(position + 2)..<(position + 2 + boundary.count)].elementsEqual(boundary)
    }
}
