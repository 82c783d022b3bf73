// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Gateway

/// Each framing, with the bytes arriving in two parts split at every place.
@Suite struct BodyReaderTests {
    private enum Outcome: Equatable { case open, ended, fault(HTTPFault) }

    /// Reads the parts one after the other.
    /// - Returns: the content, how it stands, and how many bytes were used.
    private static func read(_ framing: BodyFraming, _ parts: [ArraySlice<UInt8>]) -> (
        content: [UInt8], outcome: Outcome, used: Int
    ) {
        var reader = BodyReader(framing)
        var content: [UInt8] = []
        var used = 0
        for part in parts {
            let outcome: Outcome? = Array(part).withUnsafeBytes { part in
                var offset = 0
                defer { used += offset }
                while true {
                    switch reader.next(part, from: &offset) {
                    case .data(let range): content += bytes(of: range, in: part)
                    case .needMore: return nil
                    case .end: return .ended
                    case .fault(let fault): return .fault(fault)
                    }
                }
            }
            if let outcome { return (content, outcome, used) }
        }
        return (content, .open, used)
    }

    private static func forEverySplit(_ input: String, _ check: ([ArraySlice<UInt8>], Int) -> Void) {
        let input = Array(input.utf8)
        for split in 0...input.count { check([input[..<split], input[split...]], split) }
    }

    @Test func `a length takes its bytes and leaves the next message`() {
        Self.forEverySplit("0123456789NEXT") { parts, split in
            let result = Self.read(.length(10), parts)
            #expect(result.content == Array("0123456789".utf8), "split \(split)")
            #expect(result.outcome == .ended, "split \(split)")
            #expect(result.used == 10, "split \(split)")
        }
    }

    @Test func `a length is not complete one byte early`() {
        Self.forEverySplit("012345678") { parts, split in
            #expect(Self.read(.length(10), parts).outcome == .open, "split \(split)")
        }
    }

    @Test func `chunks lose their framing and leave the next message`() {
        let input = "4;name=value\r\nwiki\r\n5\r\npedia\r\n0\r\nX-Trailer: 1\r\n\r\n"
        Self.forEverySplit(input + "NEXT") { parts, split in
            let result = Self.read(.chunked, parts)
            #expect(result.content == Array("wikipedia".utf8), "split \(split)")
            #expect(result.outcome == .ended, "split \(split)")
            #expect(result.used == input.utf8.count, "split \(split)")
        }
    }

    @Test func `a broken chunk is a fault at every split`() {
        Self.forEverySplit("4\r\nwikiX\r\n0\r\n\r\n") { parts, split in
            #expect(Self.read(.chunked, parts).outcome == .fault(.malformedChunkEnd), "split \(split)")
        }
    }

    @Test func `until close takes everything and never ends by itself`() {
        Self.forEverySplit("whatever\r\n0\r\n\r\n") { parts, split in
            let result = Self.read(.untilClose, parts)
            #expect(result.content == Array("whatever\r\n0\r\n\r\n".utf8), "split \(split)")
            #expect(result.outcome == .open, "split \(split)")
        }
    }

    @Test func `no body ends before the first byte`() {
        let result = Self.read(.none, [Array("NEXT".utf8)[...]])
        #expect(result.content.isEmpty && result.outcome == .ended && result.used == 0)
        #expect(Self.read(.length(0), [[]]).outcome == .ended)
    }

    @Test func `what was announced is known only with a length`() {
        #expect(BodyReader(.length(7)).announced == 7)
        #expect(BodyReader(.none).announced == 0)
        #expect(BodyReader.empty.announced == 0)
        #expect(BodyReader(.chunked).announced == -1)
        #expect(BodyReader(.untilClose).announced == -1)
        #expect(BodyReader(.untilClose).endsWithConnection)
        #expect(!BodyReader(.chunked).endsWithConnection && !BodyReader(.length(1)).endsWithConnection)
    }
}
