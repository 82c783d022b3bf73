// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The language of a BCP 47 tag, without what narrows it down: `hi` of `hi-IN`, `brx` of `brx-Deva`.
///
/// Two tags match when their languages do: who serves Hindi serves India's. Region and script are for the model itself.
/// - Facts: RFC 5646, 2.1: the first subtag is two or three letters, any case; a language with a code of two letters
///   is never written with three, so codes are compared as they stand.
public struct LanguageCode: Hashable, BitwiseCopyable, Sendable {
    /// Lower-case letters, the first in the highest byte that is used; orders and compares as one number.
    public let packed: UInt32

    /// Longest tag read: what RFC 5646, 4.4.1, has everybody take.
    public static let tagBytesMax = 35

    /// `und`: whoever says so does not know the language.
    public static let undetermined = LanguageCode(packed: 0x75_6E64)

    private init(packed: UInt32) { self.packed = packed }

    /// - Parameter tag: as people write it; `_` parts subtags as `-` does, as locale names have it.
    /// - Returns: `nil` for what is no such tag, the names of languages (`hindi`) and private tags included.
    /// - Cost: one pass, no allocation.
    public init?(tag: some Collection<UInt8>) {
        guard tag.count <= Self.tagBytesMax else { return nil }
        var packed: UInt32 = 0
        var subtags = 1
        var length = 0
        for byte in tag {
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") {
                guard Self.isSubtag(length, number: subtags) else { return nil }
                subtags += 1
                length = 0
                continue
            }
            guard Self.isLetter(byte) || subtags > 1 && (48...57).contains(byte) else { return nil }
            if subtags == 1, length < 3 { packed = packed << 8 | UInt32(byte | 0x20) }
            length += 1
        }
        guard Self.isSubtag(length, number: subtags) else { return nil }
        self.init(packed: packed)
    }

    private static func isSubtag(_ length: Int, number: Int) -> Bool {
        number == 1 ? length == 2 || length == 3 : length >= 1 && length <= 8
    }

    public init?(_ tag: String) { self.init(tag: tag.utf8) }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
}

extension LanguageCode: Comparable {
    public static func < (a: Self, b: Self) -> Bool { a.packed < b.packed }
}

extension LanguageCode: CustomStringConvertible {
    public var description: String {
        let bytes = [packed >> 16, packed >> 8, packed].map { UInt8(truncatingIfNeeded: $0) }
        return String(decoding: bytes.drop { $0 == 0 }, as: UTF8.self)
    }
}
