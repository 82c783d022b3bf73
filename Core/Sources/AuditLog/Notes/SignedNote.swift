// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A text with signatures below it (C2SP signed-note, read 2026-11).
///
/// What was accepted is written back byte for byte.
public struct SignedNote: Equatable, Sendable {
    /// Ends with a line end; may contain blank lines.
    public var text: String
    public var signatures: [NoteSignature]

    public static let bytesMax = 128 << 10
    public static let signaturesMax = 64

    public enum Fault: Error, Equatable, Sendable {
        case tooLarge, notText, noSignature, malformedSignature
    }

    public init(text: String, signatures: [NoteSignature]) {
        precondition(text.utf8.last == 10, "a note's text ends with a line end")
        self.text = text
        self.signatures = signatures
    }

    public init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.bytesMax else { throw .tooLarge }
        guard let whole = String(validating: bytes, as: UTF8.self), !bytes.contains(where: { $0 < 32 && $0 != 10 })
        else { throw .notText }
        guard let blank = bytes.indices.dropLast().last(where: { bytes[$0] == 10 && bytes[$0 + 1] == 10 }),
            bytes.last == 10
        else { throw .noSignature }
        let lines = bytes[(blank + 2)...].split(separator: 10, omittingEmptySubsequences: false).dropLast()
        guard !lines.isEmpty else { throw .noSignature }
        guard lines.count <= Self.signaturesMax else { throw .tooLarge }
        signatures = []
        for line in lines {
            guard let signature = NoteSignature(line: String(decoding: line, as: UTF8.self)) else {
                throw .malformedSignature
            }
            signatures.append(signature)
        }
        text = String(decoding: whole.utf8.prefix(blank + 1), as: UTF8.self)
    }

    public var bytes: [UInt8] { Array((text + "\n" + signatures.map(\.line).joined()).utf8) }
}

/// One line below a note: who says so, by which key.
public struct NoteSignature: Hashable, Sendable {
    public var name: String
    public var keyID: UInt32
    public var bytes: [UInt8]

    public init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// With its line end.
    public var line: String {
        "\u{2014} \(name) \(String(decoding: Base64.encode(keyID.bigEndianBytes + bytes), as: UTF8.self))\n"
    }

    /// - Parameter line: without its line end. `nil` when it is no signature.
    public init?(line: String) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "\u{2014}", KeyName.isValid(parts[1]),
            let blob = Base64.decode(String(parts[2])), blob.count > 4
        else { return nil }
        self.init(
            name: String(parts[1]), keyID: blob[..<4].reduce(0) { $0 << 8 | UInt32($1) }, bytes: Array(blob[4...]))
    }
}

/// Name of a log or a witness.
enum KeyName {
    static let bytesMax = 255

    static func isValid(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.count <= bytesMax
            && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" && $0.value >= 32 }
    }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
