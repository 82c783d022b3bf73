// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback
internal import Testing

/// Decodes `pieces` one after the other.
/// - Returns: the content, the bytes left behind the end of the body, and the decoder.
private func decode(_ pieces: [[UInt8]], framing: BodyFraming, isRequest: Bool = false) -> (
    content: String, rest: Int, decoder: BodyDecoder
) {
    var decoder = BodyDecoder(framing, isRequest: isRequest)
    var content: [UInt8] = []
    var rest = 0
    for piece in pieces {
        var piece = piece
        let (consumed, count) = piece.withUnsafeMutableBytes { decoder.decode($0) }
        content += piece[..<count]
        rest += piece.count - consumed
    }
    return (String(decoding: content, as: UTF8.self), rest, decoder)
}

@Suite struct BodyDecoderTests {
    private let chunked = Array("5\r\nhello\r\n1;name=value\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n".utf8)

    @Test func `a chunked body decodes the same however it is cut in two`() {
        for cut in 0...chunked.count {
            let result = decode([Array(chunked[..<cut]), Array(chunked[cut...])], framing: .chunked)
            #expect(result.content == "hello 0123456789", "cut at \(cut)")
            #expect(result.decoder.isComplete && result.rest == 0, "cut at \(cut)")
        }
    }

    @Test func `a chunked body decodes byte by byte`() {
        #expect(decode(chunked.map { [$0] }, framing: .chunked).content == "hello 0123456789")
    }

    @Test func `bytes behind the end of a body stay unread`() {
        #expect(decode([chunked + Array("HTTP".utf8)], framing: .chunked).rest == 4)
        #expect(decode([Array("abcdef".utf8)], framing: .length(4)).rest == 2)
    }

    @Test func `an unframed answer lasts until the connection ends and an unframed request is empty`() {
        #expect(decode([Array("abc".utf8)], framing: .unstated).decoder.endsWithConnection)
        #expect(BodyDecoder(.unstated, isRequest: true).isComplete)
        #expect(BodyDecoder(.length(0), isRequest: false).isComplete)
    }

    @Test(arguments: ["x\r\n", "\r\n", "5\r\nhelloX", "123456789\r\n"])
    func `a bad chunk is malformed`(text: String) {
        #expect(decode([Array(text.utf8)], framing: .chunked).decoder.isMalformed)
    }
}
