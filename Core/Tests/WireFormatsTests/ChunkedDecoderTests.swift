// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

/// What a decoder makes of bytes that come in pieces.
private struct Decoded: Equatable {
    var body: [UInt8] = []
    var ended = false
    var fault: HTTPFault?
    /// Bytes used, over all pieces.
    var used = 0

    init(_ pieces: [some Collection<UInt8>]) {
        var decoder = ChunkedDecoder()
        for piece in pieces {
            guard !take(Array(piece), &decoder) else { return }
        }
    }

    init(_ text: String) { self.init([text.utf8]) }

    /// - Returns: whether this was the end.
    private mutating func take(_ piece: [UInt8], _ decoder: inout ChunkedDecoder) -> Bool {
        piece.withUnsafeBytes { raw in
            var offset = 0
            while true {
                let before = offset
                let event = decoder.next(raw, from: &offset)
                used += offset - before
                switch event {
                case .data(let range): body += range.slice(raw)
                case .needMore: return false
                case .end: ended = true
                case .fault(let found): fault = found
                }
                if ended || fault != nil { return true }
            }
        }
    }
}

@Suite struct ChunkedDecoderTests {
    static let good = "5\r\nhello\r\nB;name=\"v\";x\r\n, streams! \r\n001\r\n.\r\n0\r\nExpires: never\r\nX:\r\n\r\n"

    @Test func `chunks become the body, extensions and trailers go`() {
        let decoded = Decoded(Self.good + "next")
        #expect(String(decoding: decoded.body, as: UTF8.self) == "hello, streams! .")
        #expect(decoded.ended && decoded.fault == nil && decoded.used == Self.good.utf8.count)
    }

    @Test func `the pieces do not matter: every split into two and into three`() {
        let bytes = Array(Self.good.utf8)
        let whole = Decoded([bytes])
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let decoded = Decoded([bytes[..<first], bytes[first..<second], bytes[second...]])
                #expect(decoded == whole, "split at \(first) and \(second)")
            }
        }
        #expect(Decoded(bytes.map { [$0] }) == whole, "one byte at a time")
    }

    @Test func `every beginning asks for more`() {
        for count in 0..<Self.good.utf8.count {
            let decoded = Decoded([Self.good.utf8.prefix(count)])
            #expect(!decoded.ended && decoded.fault == nil && decoded.used == count)
        }
    }

    @Test func `an ended decoder stays ended`() {
        var decoder = ChunkedDecoder()
        Array("0\r\n\r\nGET".utf8).withUnsafeBytes { raw in
            var offset = 0
            for _ in 0..<3 {
                guard case .end = decoder.next(raw, from: &offset) else { Issue.record("not at the end"); return }
                #expect(offset == 5)
            }
        }
    }

    static let malformed: [(String, HTTPFault)] = [
        ("\r\n", .malformedChunkSize), ("g\r\n", .malformedChunkSize), ("0x5\r\n", .malformedChunkSize),
        ("+5\r\n", .malformedChunkSize),
        ("-5\r\n", .malformedChunkSize), (" 5\r\n", .malformedChunkSize), ("5 \r\n", .malformedChunkSize),
        ("5\t;a\r\n", .malformedChunkSize),
        ("5_0\r\n", .malformedChunkSize), (";a\r\n", .malformedChunkSize), ("5,5\r\n", .malformedChunkSize),
        ("5\u{0}\r\n", .malformedChunkSize),
        ("5\n", .bareLineFeed), ("5\rx", .bareCarriageReturn), ("\n", .malformedChunkSize),
        ("0000000000000005\r\n", .malformedChunkSize),
        ("5;a\n", .bareLineFeed), ("5;a\rb\r\n", .bareCarriageReturn), ("5;a\u{0}\r\n", .malformedChunkExtension),
        ("5;\u{7F}\r\n", .malformedChunkExtension), ("5\r\nhello5", .malformedChunkEnd),
        ("5\r\nhello\n", .malformedChunkEnd),
        ("5\r\nhello\rx", .malformedChunkEnd), ("5\r\nhello!\r\n", .malformedChunkEnd), ("0\r\nA: b\n", .bareLineFeed),
        ("0\r\nA: b\rc", .bareCarriageReturn), ("0\r\n A: b\r\n", .malformedTrailer),
        ("0\r\nA: b\r\n c\r\n", .malformedTrailer),
        ("0\r\n: b\r\n", .malformedTrailer), ("0\r\nno colon\r\n", .malformedTrailer),
        ("0\r\nA\r\n", .malformedTrailer),
        ("0\r\nA : b\r\n", .malformedTrailer), ("0\r\nA: b\u{0}\r\n", .malformedTrailer), ("0\r\n\n", .bareLineFeed),
        ("0\r\n\rx", .bareCarriageReturn),
        ("0\r\nGET / HTTP/1.1\r\n", .malformedTrailer),
    ]

    @Test(arguments: malformed) func `a malformed chunk is refused, whole and byte by byte`(
        _ text: String, _ expected: HTTPFault
    ) {
        #expect(Decoded(text).fault == expected)
        #expect(Decoded(text.utf8.map { [$0] }).fault == expected)
    }

    @Test func `a size has at most 15 digits`() {
        let size = "fffffffffffffff"
        #expect(Decoded("\(size)\r\nabc").body.count == 3)
        #expect(Decoded("f\(size)\r\nabc").fault == .malformedChunkSize)
        #expect(Decoded("000000000000003\r\nabc\r\n0\r\n\r\n").ended)
    }

    @Test func `an extension has at most 1 KiB, per chunk`() {
        func chunk(_ bytes: Int) -> String { "1;" + String(repeating: "x", count: bytes - 1) + "\r\na\r\n" }
        let end = "0\r\n\r\n"
        #expect(Decoded(chunk(1_024) + chunk(1_024) + end).ended)
        #expect(Decoded(chunk(1_025) + end).fault == .malformedChunkExtension)
    }

    @Test func `trailers have at most 8 KiB together`() {
        func trailer(_ bytes: Int) -> String { "X:" + String(repeating: "t", count: bytes - 2) + "\r\n" }
        // CR counts, LF does not: the limit is on what the decoder had to look at.
        #expect(Decoded("0\r\n" + trailer(4_095) + trailer(4_094) + "\r\n").ended)
        #expect(Decoded("0\r\n" + trailer(4_095) + trailer(4_097) + "\r\n").fault == .trailersTooLarge)
        let many = String(repeating: "A:\r\n", count: 3_000)
        #expect(Decoded("0\r\n" + many + "\r\n").fault == .trailersTooLarge)
    }
}
