// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing
import WireFormats

@Suite struct ChecksumTests {
    private static func crc(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes(CRC32.checksum) }

    @Test(
        arguments: [
            ("", 0), ("a", 0xE8B7_BE43), ("123456789", 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func `known texts have their known checksum`(_ text: String, _ checksum: UInt32) {
        #expect(Self.crc(Array(text.utf8)) == checksum)
    }

    /// The definition, a bit at a time.
    private static func plain(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
    }

    @Test func `the tables agree with the definition at every length`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for count in 0..<80 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Self.crc(bytes) == Self.plain(bytes))
        }
    }
}

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]) func `the vectors of RFC 4648 hold both ways`(_ text: String, _ base64: String) {
        #expect(Base64.encode(Array(text.utf8)) == Array(base64.utf8))
        #expect(Base64.decode(base64) == Array(text.utf8))
        #expect(Base64.encodedCount(text.utf8.count) == base64.utf8.count)
    }

    @Test func `every byte at every place survives`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<4 {
                var bytes: [UInt8] = [0, 255, 0, 255]
                bytes[place] = byte
                #expect(Base64.decode(String(decoding: Base64.encode(bytes), as: UTF8.self)) == bytes)
            }
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zm9", "Zm9v=", "=", "==", "====", "Z===", "Zg==Zg==", "Z=g=", "=Zg=", "Zm9v\n", " Zm9v",
        "Zm9 ", "Zm-v", "Zm_v", "Zm9\u{e9}", "Zh==", "Zm9=", "Zm.v",
    ]) func `anything else is refused, bits that mean nothing included`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    /// RFC 4648 §10 without padding, and the two letters that differ.
    @Test(arguments: [
        ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
        (Array("fooba".utf8), "Zm9vYmE"), ([0xFB, 0xFF, 0xFE], "-__-"),
    ]) func `the alphabet for URLs goes without padding`(_ bytes: [UInt8], _ text: String) {
        #expect(String(decoding: Base64.encode(bytes, .url), as: UTF8.self) == text)
    }

    @Test(
        arguments: [
            ("AAAA", "AAAA"), ("-_-_", "+/+/"), ("AA", "AA=="), ("AAA", "AAA="), ("AA==", "AA=="), ("AA=", "AA=="),
            (#"a\/b\u003d"#, "a/b="), ("A", nil), ("", nil), ("====", nil), ("AA A", nil), ("A=AA", nil),
            ("AAAAA", nil),
        ] as [(String, String?)])
    func `what clients write becomes standard and padded, and what is none is said to be none`(
        _ text: String, _ expected: String?
    ) {
        let arena = ByteArena()
        let written = JSONString(arena.copy(text), hasEscapes: text.contains("\\"))
        #expect(Base64.standard(written, arena)?.text == expected)
        #expect((Base64.decoded(written, arena) == nil) == (expected == nil))
    }

    @Test(arguments: [Base64.Alphabet.standard, .url], 1..<40)
    func `bytes survive both alphabets`(_ alphabet: Base64.Alphabet, _ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
        let arena = ByteArena()
        let text = arena.copy(String(decoding: Base64.encode(bytes, alphabet), as: UTF8.self))
        #expect(Base64.decoded(JSONString(text, hasEscapes: false), arena).map(Array.init) == bytes)
    }
}

@Suite struct BedrockChunkTests {
    private static func event(_ payload: String) -> Result<String, BedrockChunkFault> {
        let arena = ByteArena()
        return Array(payload.utf8).withUnsafeBytes { payload in
            do throws(BedrockChunkFault) {
                return .success(String(decoding: try BedrockChunk.event(in: payload, arena: arena), as: UTF8.self))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test func `a chunk gives the vendor's own event`() {
        #expect(
            Self.event(AWSEventStreamExamples.meaning[2].payload) == .success(AWSEventStreamExamples.chunkEvent))
        #expect(Self.event(#"{"p":"abc","bytes":"e30=","more":{"bytes":"x"}}"#) == .success("{}"))
        #expect(Self.event(#"{"bytes":"Pz8\/"}"#) == .success("???"), "a slash may be escaped")
        #expect(Self.event(#"{"bytes":""}"#) == .success(""))
    }

    @Test(
        arguments: [
            ("", .notJSON), ("{", .notJSON), (#"{"bytes":"e30="} x"#, .notJSON), ("[]", .noBytes), ("{}", .noBytes),
            (#"{"message":"slow"}"#, .noBytes), (#"{"bytes":7}"#, .noBytes), (#"{"bytes":"e30"}"#, .notBase64),
            (#"{"bytes":"e3 0"}"#, .notBase64), (#"{"bytes":"e3-_"}"#, .notBase64),
        ] as [(String, BedrockChunkFault)]) func `what is no chunk is a fault`(
            _ payload: String, _ fault: BedrockChunkFault
        )
    {
        #expect(Self.event(payload) == .failure(fault))
    }

    @Test func `a chunk carries at most a million bytes`() {
        func payload(_ count: Int) -> String {
            let base64 = Base64.encode([UInt8](repeating: 32, count: count))
            return #"{"bytes":""# + String(decoding: base64, as: UTF8.self) + #""}"#
        }
        #expect((try? Self.event(payload(1_000_000)).get())?.utf8.count == 1_000_000)
        for count in [1_000_001, 1_000_002, 1_000_003] { #expect(Self.event(payload(count)) == .failure(.tooLarge)) }
    }
}
