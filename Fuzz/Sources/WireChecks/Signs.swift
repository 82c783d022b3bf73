// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// What an endpoint signed or sealed in an answer, as the endpoint knows it: without the marks that callers see, and
/// in no order, because a wire may have one place for both.
struct Signs {
    private(set) var signatures: [String] = []
    private(set) var sealed: [String] = []

    /// Foreign to every caller's wire, so that all is marked.
    static let origin = SignatureOrigin(.other, scope: 0x1A2B)

    init(said: ToldAnswer) {
        for text in said.signatures where Self.isPlain(text) { addSignature(text) }
        for text in said.sealed where Self.isPlain(text) && !text.isEmpty { sealed.append(text) }
        sort()
    }

    init(heard: ToldAnswer) {
        for text in heard.signatures { addSignature(Self.unmarked(text)) }
        for text in heard.sealed {
            let data = Self.unmarked(text)
            if !data.isEmpty { sealed.append(data) }
        }
        sort()
    }

    private mutating func addSignature(_ text: String) {
        let prefix = "redacted_thinking:"
        if !text.hasPrefix(prefix) {
            if !text.isEmpty { signatures.append(text) }
        } else if text.utf8.count > prefix.utf8.count {
            sealed.append(String(text.dropFirst(prefix.count)))
        }
    }

    private mutating func sort() {
        signatures.sort()
        sealed.sort()
    }

    /// Nothing else is a signature, and nothing else goes on.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 } && !hasMark(text)
    }

    private static func hasMark(_ text: String) -> Bool { text.hasPrefix("isobar-1.") || text.hasPrefix("aXNvYmFyLTEu") }

    private static func unmarked(_ text: String) -> String {
        let arena = ByteArena()
        return Array(text.utf8).withUnsafeBytes { bytes in
            let mark = SignatureMark(JSONString(bytes, hasEscapes: false), arena)
            return withExtendedLifetime(arena) { mark?.signature.text ?? "no mark: \(text)" }
        }
    }
}
