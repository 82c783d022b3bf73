// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Header fields that somebody acts on.
public enum KnownHeader: UInt8, Sendable {
    case other
    case host, contentLength, transferEncoding, connection, expect
    /// Keep-Alive, TE, Trailer, Upgrade and Proxy-*: they end at this hop.
    case hopByHop
    case authorization, apiKey, xAPIKey, xGoogAPIKey, cookie
    case anthropicVersion
    /// What goes with a cloud's credential: `x-amz-date`, `x-amz-security-token`, `x-amz-content-sha256`,
    /// `x-goog-user-project`. Ours to say, as the credential is.
    case cloudIdentity
    case contentType, contentEncoding, accept, acceptEncoding, userAgent
    case traceparent, tracestate, requestID, stainlessRetryCount
    case isobarRegion, isobarLanguage, isobarExplain
    /// Any other `x-isobar-` name: ours to say, not to believe.
    case isobar
    case retryAfter, retryAfterMilliseconds, xMsRetryAfterMilliseconds
    /// `x-ratelimit-` and `anthropic-ratelimit-`.
    case rateLimit
    case utilization
    /// `x-amzn-bedrock-input-token-count`
    case bedrockInputTokens
    case date, server, alternativeService
    /// `x-amzn-errortype`: what kind of error AWS's answer is.
    case amazonErrorType

    /// Recognises a name whatever its case.
    /// - Cost: a switch on the length, then one comparison per candidate of that length.
    static func recognise(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        switch name.count {
        case 2: return name.matches("te") ? .hopByHop : .other
        case 4: return name.matches("host") ? .host : name.matches("date") ? .date : .other
        case 6: return ofSix(name)
        case 7: return ofSeven(name)
        case 9: return name.matches("x-api-key") ? .xAPIKey : ofPrefix(name)
        case 10: return ofTen(name)
        case 11:
            return name.matches("retry-after")
                ? .retryAfter : name.matches("traceparent") ? .traceparent : ofPrefix(name)
        case 12: return ofTwelve(name)
        case 13: return name.matches("authorization") ? .authorization : ofPrefix(name)
        case 14: return ofFourteen(name)
        case 15: return ofFifteen(name)
        case 16: return ofSixteen(name)
        case 17: return ofSeventeen(name)
        case 18: return name.matches("proxy-authenticate") ? .hopByHop : ofPrefix(name)
        case 19: return ofNineteen(name)
        case 20:
            return name.matches("x-amz-security-token") || name.matches("x-amz-content-sha256")
                ? .cloudIdentity : ofPrefix(name)
        case 23: return name.matches("x-stainless-retry-count") ? .stainlessRetryCount : ofPrefix(name)
        case 32: return name.matches("x-amzn-bedrock-input-token-count") ? .bedrockInputTokens : ofPrefix(name)
        case 35: return name.matches("azure-openai-deployment-utilization") ? .utilization : ofPrefix(name)
        default: return ofPrefix(name)
        }
    }

    private static func ofSix(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("accept") { return .accept }
        if name.matches("expect") { return .expect }
        if name.matches("cookie") { return .cookie }
        return name.matches("server") ? .server : .other
    }

    private static func ofSeven(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("api-key") { return .apiKey }
        if name.matches("trailer") || name.matches("upgrade") { return .hopByHop }
        return name.matches("alt-svc") ? .alternativeService : .other
    }

    private static func ofTen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("connection") { return .connection }
        if name.matches("user-agent") { return .userAgent }
        if name.matches("keep-alive") { return .hopByHop }
        if name.matches("set-cookie") { return .cookie }
        if name.matches("x-amz-date") { return .cloudIdentity }
        return name.matches("tracestate") ? .tracestate : ofPrefix(name)
    }

    private static func ofTwelve(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("content-type") { return .contentType }
        return name.matches("x-request-id") ? .requestID : ofPrefix(name)
    }

    private static func ofFourteen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("content-length") { return .contentLength }
        if name.matches("x-goog-api-key") { return .xGoogAPIKey }
        return name.matches("retry-after-ms") ? .retryAfterMilliseconds : ofPrefix(name)
    }

    private static func ofFifteen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("accept-encoding") { return .acceptEncoding }
        return name.matches("x-isobar-region") ? .isobarRegion : ofPrefix(name)
    }

    private static func ofSixteen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("content-encoding") { return .contentEncoding }
        if name.matches("proxy-connection") { return .hopByHop }
        if name.matches("x-amzn-errortype") { return .amazonErrorType }
        return name.matches("x-isobar-explain") ? .isobarExplain : ofPrefix(name)
    }

    private static func ofSeventeen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("transfer-encoding") { return .transferEncoding }
        if name.matches("anthropic-version") { return .anthropicVersion }
        return name.matches("x-isobar-language") ? .isobarLanguage : ofPrefix(name)
    }

    private static func ofNineteen(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.matches("proxy-authorization") { return .hopByHop }
        if name.matches("x-goog-user-project") { return .cloudIdentity }
        return name.matches("x-ms-retry-after-ms") ? .xMsRetryAfterMilliseconds : ofPrefix(name)
    }

    private static func ofPrefix(_ name: UnsafeRawBufferPointer) -> KnownHeader {
        if name.begins("x-isobar-") { return .isobar }
        if name.begins("x-ratelimit-") || name.begins("anthropic-ratelimit-") { return .rateLimit }
        return .other
    }
}

/// One header field of a parsed head.
public struct HeaderField: Sendable {
    public var name = ByteRange.empty
    /// Without surrounding white space.
    public var value = ByteRange.empty
    /// The whole line with its CRLF.
    public var line = ByteRange.empty
    public var known = KnownHeader.other
    public init() {}
}
