// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What the gateway acts on in a `multipart/form-data` body (RFC 7578): the values of a few plain fields. Files are
/// passed over, whatever is in them.
public struct MultipartForm: Sendable {
    /// Value of the field `model`; empty when there is none.
    public var model = ByteRange.empty
    /// Value of the field `language`.
    public var language = ByteRange.empty
    public var isStream = false

    /// Parts looked at; what comes later is not acted on.
    private static let partsMax = 64

    /// The `boundary` parameter of a content type, without quotes.
    public static func boundary(of contentType: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard contentType.begins("multipart/form-data") else { return nil }
        var start = 0
        while let semicolon = contentType[start...].firstIndex(of: 59) {
            start = semicolon + 1
            let parameter = UnsafeRawBufferPointer(rebasing: contentType[start...]).trimmed
            guard parameter.begins("boundary=") else { continue }
            let rest = UnsafeRawBufferPointer(rebasing: parameter[9...])
            let value =
                rest.first == 34
                ? UnsafeRawBufferPointer(rebasing: rest[1..<(rest[1...].firstIndex(of: 34) ?? rest.count)])
                : UnsafeRawBufferPointer(rebasing: rest[..<(rest.firstIndex(of: 59) ?? rest.count)]).trimmed
            return (1...70).contains(value.count) ? value : nil
        }
        return nil
    }

    /// - Returns: `nil` when the body is not a form with this boundary.
    public init?(_ body: UnsafeRawBufferPointer, boundary: UnsafeRawBufferPointer) {
        guard Self.isDelimiter(body, 0, boundary) else { return nil }
        var at = boundary.count + 2
        for _ in 0..<Self.partsMax {
            if Self.begins(body, at, "--") { return }
            guard Self.begins(body, at, "\r\n"), let headEnd = Self.find("\r\n\r\n", in: body, from: at) else {
                return nil
            }
            let head = UnsafeRawBufferPointer(rebasing: body[at..<(headEnd + 2)])
            guard let end = Self.nextDelimiter(body, from: headEnd + 2, boundary) else { return nil }
            note(head, body, ByteRange(headEnd + 4, max(end, headEnd + 4)))
            at = end + 4 + boundary.count
        }
    }

    private mutating func note(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, _ value: ByteRange) {
        guard !head.holds("filename"), value.count <= 256 else { return }
        if head.holds(#"name="model""#) {
            model = value
        } else if head.holds(#"name="language""#) {
            language = value
        } else if head.holds(#"name="stream""#) {
            isStream = value.slice(body).matches("true")
        }
    }

    /// Position of the CRLF before the next `--boundary`.
    private static func nextDelimiter(
        _ body: UnsafeRawBufferPointer, from: Int, _ boundary: UnsafeRawBufferPointer
    ) -> Int? {
        var at = from
        while let found = find("\r\n--", in: body, from: at) {
            if isDelimiter(body, found + 2, boundary) { return found }
            at = found + 4
        }
        return nil
    }

    private static func isDelimiter(
        _ body: UnsafeRawBufferPointer, _ at: Int, _ boundary: UnsafeRawBufferPointer
    ) -> Bool {
        begins(body, at, "--") && body.count - at - 2 >= boundary.count
            && body[(at + 2)..<(at + 2 + boundary.count)].elementsEqual(boundary)
    }

    private static func begins(_ body: UnsafeRawBufferPointer, _ at: Int, _ text: StaticString) -> Bool {
        at >= 0 && at + text.utf8CodeUnitCount <= body.count
            && UnsafeRawBufferPointer(rebasing: body[at..<(at + text.utf8CodeUnitCount)]).equals(text)
    }

    /// Jumps from one carriage return to the next: a file's bytes have few.
    private static func find(_ text: StaticString, in body: UnsafeRawBufferPointer, from: Int) -> Int? {
        var at = from
        while at < body.count, let next = body[at...].firstIndex(of: 13) {
            if begins(body, next, text) { return next }
            at = next + 1
        }
        return nil
    }
}
