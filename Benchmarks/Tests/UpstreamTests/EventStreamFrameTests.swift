// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Testing

@testable internal import bench_upstream

@Suite struct EventStreamFrameTests {
    /// Made apart from this code; botocore 1.44.5 reads it (2026-11).
    private let hi: [UInt8] =
        [0, 0, 0, 0x94, 0, 0, 0, 0x57, 0xB4, 0xAB, 0x9A, 0xEE, 0x0B] + Array(":event-type".utf8) + [7, 0, 17]
        + Array("contentBlockDelta".utf8) + [13] + Array(":content-type".utf8) + [7, 0, 16]
        + Array("application/json".utf8) + [13] + Array(":message-type".utf8) + [7, 0, 5] + Array("event".utf8)
        + Array(#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#.utf8) + [0x1F, 0x94, 0x46, 0x57]

    @Test func `a frame has the bytes that Bedrock sends`() {
        let frame = EventStreamFrame(
            event: "contentBlockDelta", payload: #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#)
        #expect(frame.bytes == hi)
    }

    @Test func `a changed payload is sealed as if the frame had been made with it`() {
        var frame = EventStreamFrame(
            event: "contentBlockDelta", payload: #"{"contentBlockIndex":0,"delta":{"text":"Ho"}}"#
        ).bytes
        frame[140] = UInt8(ascii: "i")
        #expect(frame != hi)
        frame.withUnsafeMutableBytes { EventStreamFrame.seal($0) }
        #expect(frame == hi)
    }

    @Test func `the checksum of nine digits is the published one`() {
        #expect(Array("123456789".utf8).withUnsafeBytes { CRC32.of($0) } == 0xCBF4_3926)
        #expect([UInt8]().withUnsafeBytes { CRC32.of($0) } == 0)
    }
}
