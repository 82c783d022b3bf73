// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Why bytes are not an HTTP/1.1 message that we accept. Strict on purpose: what two parsers could read differently is
/// refused.
///
/// Rules: RFC 9110 and RFC 9112; limits are ours.
public enum HTTPFault: Error, Equatable, Sendable {
    case malformedRequestLine, malformedStatusLine, methodTooLong, targetTooLong, malformedTarget, unsupportedVersion
    case bareLineFeed, bareCarriageReturn, headTooLarge, tooManyFields
    case malformedFieldName, spaceBeforeColon, foldedLine, malformedFieldValue
    case missingHost, duplicateHost, malformedHost, hostMismatch
    case malformedContentLength, duplicateContentLength, lengthAndTransferEncoding
    case unsupportedTransferEncoding, transferEncodingOnHTTP10
    case unsupportedExpectation, protectedConnectionOption
    case malformedChunkSize, malformedChunkExtension, malformedChunkEnd, trailersTooLarge, malformedTrailer

    /// Status code to answer a request with.
    public var status: UInt16 {
        switch self {
        case .targetTooLong: 414
        case .unsupportedExpectation: 417
        case .headTooLarge, .tooManyFields: 431
        case .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// What is wrong and what is allowed.
    public var explanation: StaticString {
        switch self {
        case .malformedRequestLine: "The request line must be METHOD SP TARGET SP HTTP/1.1 CRLF, with single spaces."
        case .malformedStatusLine: "The status line must be HTTP/1.1 SP three digits SP reason CRLF."
        case .methodTooLong: "The method must be a token of at most 32 characters."
        case .targetTooLong: "The request target is too long."
        case .malformedTarget:
            "The request target must be a path or an absolute URI of visible ASCII characters without a fragment."
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        case .bareLineFeed: "Lines must end with CRLF, not with LF alone."
        case .bareCarriageReturn: "A CR must be followed by LF."
        case .headTooLarge: "The header section is too large."
        case .tooManyFields: "There are too many header fields."
        case .malformedFieldName: "A header field's name must be a token."
        case .spaceBeforeColon: "There must be no space between a header field's name and the colon."
        case .foldedLine: "Header fields must not continue on the next line."
        case .malformedFieldValue: "A header field's value must not contain control characters."
        case .missingHost: "HTTP/1.1 requests need a Host header field."
        case .duplicateHost: "There must be exactly one Host header field."
        case .malformedHost: "The Host header field must be a host with an optional port."
        case .hostMismatch: "The Host header field must equal the authority of the request target."
        case .malformedContentLength: "Content-Length must be decimal digits only, below 2^63."
        case .duplicateContentLength: "There must be at most one Content-Length header field."
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding must not come together."
        case .unsupportedTransferEncoding: "Transfer-Encoding must be chunked, once."
        case .transferEncodingOnHTTP10: "HTTP/1.0 has no Transfer-Encoding."
        case .unsupportedExpectation: "The only expectation that can be met is 100-continue."
        case .protectedConnectionOption:
            "Connection must not name a field that frames, addresses or authorises the message."
        case .malformedChunkSize: "A chunk's size must be 1 to 15 hexadecimal digits."
        case .malformedChunkExtension: "A chunk's extensions must be short and free of control characters."
        case .malformedChunkEnd: "A chunk's data must be followed by CRLF."
        case .trailersTooLarge: "The trailer section is too large."
        case .malformedTrailer: "A trailer line is not a header field."
        }
    }
}

/// Bounds on a message's head.
public struct HTTPLimits: Sendable {
    public var targetBytesMax: Int
    public var headBytesMax: Int
    /// At most the capacity of the field storage given to the parser.
    public var fieldsMax: Int
    public init(targetBytesMax: Int = 8 << 10, headBytesMax: Int = 64 << 10, fieldsMax: Int = 128) {
        self.targetBytesMax = targetBytesMax
        self.headBytesMax = headBytesMax
        self.fieldsMax = fieldsMax
    }
}
