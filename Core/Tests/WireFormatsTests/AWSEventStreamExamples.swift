// SPDX-License-Identifier: Apache-2.0
// Isobar

import WireFormats

/// Frames whose bytes were computed independently of this code, and what they mean.
enum AWSEventStreamExamples {
    static let delta = Bytes.hexadecimal(
        """
        0000009400000057b4ab9aee0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d74797065
        0700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74426c6f636b496e64
        6578223a302c2264656c7461223a7b2274657874223a224869227d7d1f944657
        """)
    static let exception = Bytes.hexadecimal(
        """
        0000008300000061a9d144e50f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e
        742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d65737361
        6765223a22736c6f77227d9350311c
        """)
    static let empty = Bytes.hexadecimal("000000100000000005c248eb7d98c8ff")

    static let chunkEvent =
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#
    static let chunk = AWSEventStreamEncoder.chunk(chunkEvent.utf8)
    /// Another order of headers, text beyond ASCII, padding.
    static let reordered = AWSEventStreamEncoder.frame(
        headers: AWSEventStreamEncoder.header(":message-type", "event")
            + AWSEventStreamEncoder.header(":event-type", "contentBlockDelta")
            + AWSEventStreamEncoder.header(":content-type", "application/json"),
        payload: #"{"contentBlockIndex":0,"delta":{"text":"né"},"p":"abcdefghij"}"#.utf8)
    static let error = AWSEventStreamEncoder.error(
        code: "InternalError", message: "An internal server error occurred")

    static let all = [delta, exception, chunk, reordered, empty, error]

    static let meaning = [
        Frame(.event, "contentBlockDelta", payload: #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#),
        Frame(.exception, "throttlingException", payload: #"{"message":"slow"}"#),
        Frame(
            .event, "chunk",
            payload: #"{"bytes":"eyJ0eXBlIjoiY29udGVudF9ibG9ja19kZWx0YSIsImluZGV4IjowLCJkZWx0YSI6"#
                + #"eyJ0eXBlIjoidGV4dF9kZWx0YSIsInRleHQiOiJIaSJ9fQ=="}"#),
        Frame(
            .event, "contentBlockDelta", payload: #"{"contentBlockIndex":0,"delta":{"text":"né"},"p":"abcdefghij"}"#),
        Frame(.event, "", content: ""),
        Frame(.error, "InternalError", content: "", message: "An internal server error occurred"),
    ]
}

/// A frame with the text that its ranges point at.
struct Frame: Equatable {
    var kind: AWSEventStreamFrame.Kind
    /// Of the event, the exception or the error.
    var name: String
    var contentType: String
    var message: String
    var payload: String

    init(
        _ kind: AWSEventStreamFrame.Kind, _ name: String, payload: String = "", content: String = "application/json",
        message: String = ""
    ) {
        (self.kind, self.name, self.payload, contentType, self.message) = (kind, name, payload, content, message)
    }

    init(_ frame: AWSEventStreamFrame, _ bytes: UnsafeRawBufferPointer) {
        kind = frame.kind
        name = [frame.eventType, frame.exceptionType, frame.errorCode].map { Parsing.string($0, bytes) }.joined()
        contentType = Parsing.string(frame.contentType, bytes)
        message = Parsing.string(frame.errorMessage, bytes)
        payload = Parsing.string(frame.payload, bytes)
    }
}

/// Frames of a stream that arrives in pieces, as a reader would take them.
struct Framed: Equatable {
    var frames: [Frame] = []
    var fault: AWSEventStreamFault?
    /// Bytes that belong to no frame yet.
    var rest: [UInt8] = []
    /// What the end of the body would mean now.
    var faultAtEnd: AWSEventStreamFault?

    init(_ pieces: [some Collection<UInt8>], payloadBytesMax: Int = AWSEventStream.payloadBytesMax) {
        var stream = AWSEventStream(payloadBytesMax: payloadBytesMax)
        for piece in pieces {
            rest += piece
            let used = rest.withUnsafeBytes { take($0, &stream) }
            rest.removeFirst(used)
        }
        faultAtEnd = stream.faultAtEnd(rest: rest.count)
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ stream: inout AWSEventStream) -> Int {
        var offset = 0
        while true {
            switch stream.next(bytes, from: &offset) {
            case .frame(let frame): frames.append(Frame(frame, bytes))
            case .needMore: return offset
            case .fault(let found):
                fault = found
                return offset
            }
        }
    }
}

enum Bytes {
    static func hexadecimal(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
