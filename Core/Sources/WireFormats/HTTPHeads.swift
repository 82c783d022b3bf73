// SPDX-License-Identifier: Apache-2.0
// Isobar

public enum HTTPMethod: UInt8, Sendable { case get, post, head, options, put, delete, patch, other }

/// A request's head: what its first line and the fields that frame it say.
public struct RequestHead: Sendable {
    public var method = HTTPMethod.other
    public var target = ByteRange.empty
    /// Without the query; for an absolute-form target without the authority.
    public var path = ByteRange.empty
    /// Without the question mark.
    public var query = ByteRange.empty
    public var isVersion11 = true
    /// -1 when absent.
    public var contentLength: Int64 = -1
    public var isChunked = false
    /// Whether the connection may carry another request afterwards.
    public var keepsAlive = true
    public var expectsContinue = false
    public var fieldCount = 0
    /// Bytes from the beginning of the buffer to the end of the empty line.
    public var headBytes = 0
    public init() {}
}

/// A response's head.
public struct ResponseHead: Sendable {
    public var status: UInt16 = 0
    public var isVersion11 = true
    /// -1 when absent.
    public var contentLength: Int64 = -1
    public var isChunked = false
    public var keepsAlive = true
    public var fieldCount = 0
    public var headBytes = 0
    public init() {}

    /// How the body ends (RFC 9112 §6.3).
    public func bodyFraming(requestWasHead: Bool) -> BodyFraming {
        if requestWasHead || status < 200 || status == 204 || status == 304 { return .none }
        if isChunked { return .chunked }
        return contentLength >= 0 ? .length(contentLength) : .untilClose
    }
}

/// How a message's body ends.
public enum BodyFraming: Equatable, Sendable {
    case none
    case length(Int64)
    case chunked
    /// With the connection: only responses, and only those that say nothing else.
    case untilClose
}

public enum HeadParse<Head: Sendable>: Sendable {
    case complete(Head)
    /// More bytes are needed; nothing is wrong so far.
    case incomplete
    case fault(HTTPFault)
}
