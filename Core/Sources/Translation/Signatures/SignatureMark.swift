// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Signatures: a conversation may be answered by one vendor now and by another one next. Thinking comes signed or sealed,
// callers send it back unchanged, and a vendor refuses what another one signed. So the gateway writes a mark of origin
// in front of every signature that a caller's wire would take for somebody else's, takes it off again, and leaves out
// what the next endpoint could not read. Callers see an opaque text with another beginning; nothing is remembered here.
// (docs/decisions/0007-signature-origin.md)

/// The mark in front of a signature: `isobar-1.<origin>.<signature>`, on Google's wire, whose clients take nothing but
/// base64, the whole of it as base64.
///
/// A mark without a signature behind it says whose thinking or call this is, and that nobody signed it.
struct SignatureMark {
    /// `nil` for an origin that this version does not know, or a text that we would not have written: nobody's then.
    var origin: SignatureOrigin?
    /// Needs no escapes.
    var signature: JSONString

    // MARK: Writing

    /// - Parameter signature: as the endpoint wrote it; may be empty.
    /// - Returns: the marked text in the arena. What is no plain ASCII is no signature, and only the mark is left of it.
    static func written(
        _ signature: JSONString, of origin: SignatureOrigin, for wire: ChatWire, _ arena: ByteArena
    ) -> JSONString {
        let characters = arena.unescaped(signature)
        let kept = isPlain(characters) ? characters : UnsafeRawBufferPointer(start: nil, count: 0)
        let text = joined(origin, kept, arena)
        guard wire == .generateContent else { return JSONString(text, hasEscapes: false) }
        let memory = arena.take(Base64.encodedCount(text.count))
        Base64.encode(text, into: memory)
        return JSONString(UnsafeRawBufferPointer(memory), hasEscapes: false)
    }

    private static func joined(
        _ origin: SignatureOrigin, _ signature: UnsafeRawBufferPointer, _ arena: ByteArena
    ) -> UnsafeRawBufferPointer {
        let memory = arena.take(MarkPrefix.plain.utf8CodeUnitCount + originBytesMax + 1 + signature.count)
        var count = 0
        func add(_ text: StaticString) {
            for i in 0..<text.utf8CodeUnitCount { memory[count + i] = text.utf8Start[i] }
            count += text.utf8CodeUnitCount
        }
        add(MarkPrefix.plain)
        add(word(origin.family))
        if origin.scope != 0 {
            add("-")
            for digit in 0..<8 {
                let nibble = UInt8(truncatingIfNeeded: origin.scope >> (28 - 4 * UInt32(digit)) & 15)
                memory[count + digit] = nibble < 10 ? 48 + nibble : 87 + nibble
            }
            count += 8
        }
        add(".")
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyBytes(from: signature)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<(count + signature.count)])
    }

    // MARK: Reading

    /// - Returns: `nil` for a text without a mark.
    init?(_ text: JSONString, _ arena: ByteArena) {
        var characters = arena.unescaped(text)
        if characters.starts(with: MarkPrefix.base64) {
            guard let decoded = Base64.decoded(JSONString(characters, hasEscapes: false), arena) else {
                self.init(nil, .empty)
                return
            }
            characters = decoded
        }
        guard characters.starts(with: MarkPrefix.plain) else { return nil }
        let rest = UnsafeRawBufferPointer(rebasing: characters[MarkPrefix.plain.utf8CodeUnitCount...])
        guard let end = rest.firstIndex(of: UInt8(ascii: ".")),
            let origin = Self.origin(UnsafeRawBufferPointer(rebasing: rest[..<end]))
        else {
            self.init(nil, .empty)
            return
        }
        let signature = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
        // A mark behind a mark would reach the vendor once the first is off.
        let isOurs =
            Self.isPlain(signature) && !signature.starts(with: MarkPrefix.plain)
            && !signature.starts(with: MarkPrefix.base64)
        self.init(isOurs ? origin : nil, isOurs ? JSONString(signature, hasEscapes: false) : .empty)
    }

    private init(_ origin: SignatureOrigin?, _ signature: JSONString) {
        self.origin = origin
        self.signature = signature
    }

    private static func origin(_ text: UnsafeRawBufferPointer) -> SignatureOrigin? {
        let dash = text.firstIndex(of: UInt8(ascii: "-")) ?? text.count
        let name = JSONString(UnsafeRawBufferPointer(rebasing: text[..<dash]), hasEscapes: false)
        guard let family = SignatureOrigin.Family.allCases.first(where: { name == word($0) }) else { return nil }
        guard dash < text.count else { return SignatureOrigin(family) }
        let digits = text[(dash + 1)...]
        guard digits.count == 8 else { return nil }
        var scope: UInt32 = 0
        for digit in digits {
            switch digit {
            case 48...57: scope = scope << 4 | UInt32(digit - 48)
            case 97...102: scope = scope << 4 | UInt32(digit - 87)
            default: return nil
            }
        }
        return scope == 0 ? nil : SignatureOrigin(family, scope: scope)
    }

    // MARK: Characters

    /// What stands in JSON as it is: signatures are base64, sealed texts have a few signs more.
    private static func isPlain(_ characters: UnsafeRawBufferPointer) -> Bool {
        characters.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 92 }
    }

    private static func word(_ family: SignatureOrigin.Family) -> StaticString {
        switch family {
        case .anthropic: "anthropic"
        case .google: "google"
        case .vertex: "vertex"
        case .openAI: "openai"
        case .bedrock: "bedrock"
        case .other: "other"
        }
    }

    /// The longest word, a dash and eight digits.
    private static let originBytesMax = 18
}

extension UnsafeRawBufferPointer {
    fileprivate func starts(with text: StaticString) -> Bool {
        guard count >= text.utf8CodeUnitCount else { return false }
        for i in 0..<text.utf8CodeUnitCount where self[i] != text.utf8Start[i] { return false }
        return true
    }
}
