// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How the gateway's marks in opaque texts begin: plain, and where a wire's clients take nothing but base64, as base64.
/// Nine bytes, so that the letters of base64 are the same whatever follows.
public enum MarkPrefix {
    public static var plain: StaticString { "isobar-1." }
    public static var base64: StaticString { "aXNvYmFyLTEu" }

    /// Whether the text that begins at `start` may be marked. One comparison of eight bytes per prefix, so that the scan
    /// of a body can ask it of every string.
    @inline(__always)
    static func mayBegin(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Bool {
        guard end - start >= 8 else { return false }
        let word = UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)
        return word == plainWord || word == base64Word
    }

    /// `isobar-1` and `aXNvYmFy`, read as the processor does.
    private static let plainWord = UInt64(littleEndian: 0x312D_7261_626F_7369)
    private static let base64Word = UInt64(littleEndian: 0x7946_6D59_764E_5861)
}
