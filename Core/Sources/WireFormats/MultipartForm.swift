// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What the gateway acts on in a `multipart/form-data` body: the values of a few plain fields, as ranges. Files are
/// passed over, whatever is in them.
///
/// Strict, because the body goes on as it is to an endpoint with a reader of its own: a form that another reader could
/// divide differently is refused. So lines end with CRLF, nothing stands before the first boundary or after the last,
/// the boundary begins no line that is not a delimiter (whatever that line ended with), and a field that we act on
/// stands once.
/// - Facts: RFC 7578; RFC 2046, 5.1.1. Clients read 2026-11: httpx, curl, undici, .NET, OkHttp, Go.
/// - Cost: one pass over the body, 16 bytes a step inside files; no allocation. Heads are bounded, so is their number.
public struct MultipartForm: Sendable {
    public private(set) var model = ByteRange.empty
    /// Empty when there is none.
    public private(set) var language = ByteRange.empty
    public private(set) var isStream = false
    /// Bit per `FormField` that was there.
    private var seen: UInt8 = 0

    static let partsMax = 64
    static let partHeadBytesMax = 4096

    /// The `boundary` parameter of a content type, without quotes.
    public static func boundary(of contentType: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard var parameters = HeaderParameters(contentType), parameters.kind.matches("multipart/form-data") else {
            return nil
        }
        var boundary: UnsafeRawBufferPointer?
        while true {
            switch parameters.next() {
            case .malformed: return nil
            case .end: return boundary
            case .parameter(let parameter):
                guard parameter.name.matches("boundary") else { continue }
                guard boundary == nil, isBoundary(parameter.value) else { return nil }
                boundary = parameter.value
            }
        }
    }

    /// 1 to 70 of RFC 2046's bchars, the last not a space.
    private static func isBoundary(_ text: UnsafeRawBufferPointer) -> Bool {
        guard (1...70).contains(text.count), text.last != 32 else { return false }
        return text.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            // ' ( ) + , - . / : = ? _ and the space
            case 39, 40, 41, 43...47, 58, 61, 63, 95, 32: true
            default: false
            }
        }
    }

    public init(_ body: UnsafeRawBufferPointer, boundary: UnsafeRawBufferPointer) throws(MultipartFault) {
        let lines = MultipartLines(body, boundary: boundary)
        var at = try lines.begin()
        var parts = 0
        while let start = at {
            parts += 1
            guard parts <= Self.partsMax else { throw .tooManyParts }
            let head = try MultipartPartHead(body, from: start)
            let end = try lines.endOfPart(from: head.end)
            try note(head, ByteRange(head.end, end), body)
            at = try lines.afterDelimiter(from: end + 2)
        }
        guard !model.isEmpty else { throw .missing(.model) }
    }

    private mutating func note(
        _ head: MultipartPartHead, _ value: ByteRange, _ body: UnsafeRawBufferPointer
    ) throws(MultipartFault) {
        guard let field = FormField.named(head.name) else { return }
        let bit: UInt8 = 1 << field.rawValue
        guard seen & bit == 0 else { throw .duplicate(field) }
        seen |= bit
        guard !head.isFile, !head.isEncoded else { throw .notText(field) }
        guard Int(value.count) <= field.bytesMax else { throw .tooLong(field) }
        switch field {
        case .model: model = value
        case .language: language = value
        case .stream: isStream = value.slice(body).matches("true")
        }
    }
}
