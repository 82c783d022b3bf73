// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Fields of a form that we act on.
public enum FormField: UInt8, CaseIterable, Sendable {
    case model, language, stream

    public var name: StaticString {
        switch self {
        case .model: "model"
        case .language: "language"
        case .stream: "stream"
        }
    }

    /// Longest value.
    var bytesMax: Int {
        switch self {
        case .model: 256
        case .language: 64
        case .stream: 16
        }
    }

    static func named(_ name: UnsafeRawBufferPointer) -> FormField? { allCases.first { name.equals($0.name) } }
}

/// Why a form is refused before anything is forwarded.
public enum MultipartFault: Error, Equatable, Sendable {
    /// The content type is not `multipart/form-data` with one good boundary, or there are two content types.
    case contentType
    /// Something stands before the first boundary, or a line begins with the boundary and is no delimiter.
    case delimiter(offset: Int)
    /// The last boundary is missing.
    case unclosed
    /// Something stands after the last boundary.
    case trailing
    /// A part's head is not header lines with one Content-Disposition.
    case partHead(offset: Int)
    case partHeadTooLarge(offset: Int)
    case tooManyParts
    case missing(FormField)
    case duplicate(FormField)
    /// It comes as a file, or encoded.
    case notText(FormField)
    case tooLong(FormField)

    /// The field to blame.
    public var parameter: StaticString? {
        switch self {
        case .missing(let field), .duplicate(let field), .notText(let field), .tooLong(let field): field.name
        default: nil
        }
    }

    public var explanation: String {
        switch self {
        case .contentType: "The body must be multipart/form-data, and its Content-Type must name one valid boundary."
        case .delimiter(let offset): "The form is malformed: the boundary is used wrongly near byte \(offset)."
        case .unclosed: "The form is incomplete: its last boundary is missing."
        case .trailing: "The form is malformed: something follows its last boundary."
        case .partHead(let offset):
            "The form is malformed: the part near byte \(offset) needs header lines with one Content-Disposition that "
                + "names a field."
        case .partHeadTooLarge(let offset):
            "The head of the form's part near byte \(offset) is larger than \(MultipartForm.partHeadBytesMax) bytes."
        case .tooManyParts: "The form has more than \(MultipartForm.partsMax) parts."
        case .missing(let field): "The form's field `\(field.name)` is missing; it must be a non-empty text."
        case .duplicate(let field): "The form's field `\(field.name)` stands twice."
        case .notText(let field): "The form's field `\(field.name)` must be plain text, not a file and not encoded."
        case .tooLong(let field): "The form's field `\(field.name)` is longer than \(field.bytesMax) bytes."
        }
    }
}
