// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@Suite struct KnownHeaderTests {
    static let names: [(String, KnownHeader)] = [
        ("Host", .host), ("Content-Length", .contentLength), ("Transfer-Encoding", .transferEncoding),
        ("Connection", .connection),
        ("Expect", .expect), ("Keep-Alive", .hopByHop), ("TE", .hopByHop), ("Trailer", .hopByHop),
        ("Upgrade", .hopByHop),
        ("Proxy-Connection", .hopByHop), ("Proxy-Authenticate", .hopByHop), ("Proxy-Authorization", .hopByHop),
        ("Authorization", .authorization), ("api-key", .apiKey), ("x-api-key", .xAPIKey), ("Cookie", .cookie),
        ("Set-Cookie", .cookie), ("x-goog-api-key", .xGoogAPIKey), ("X-Amz-Date", .cloudIdentity),
        ("X-Amz-Security-Token", .cloudIdentity), ("x-amz-content-sha256", .cloudIdentity),
        ("x-goog-user-project", .cloudIdentity),
        ("Content-Type", .contentType), ("Content-Encoding", .contentEncoding), ("Accept", .accept),
        ("Accept-Encoding", .acceptEncoding),
        ("User-Agent", .userAgent), ("traceparent", .traceparent), ("tracestate", .tracestate),
        ("X-Request-Id", .requestID),
        ("X-Stainless-Retry-Count", .stainlessRetryCount), ("X-Isobar-Region", .isobarRegion),
        ("X-Isobar-Explain", .isobarExplain), ("X-Isobar-Language", .isobarLanguage),
        ("X-Isobar-Attempt", .isobar), ("x-isobar-", .isobar), ("Retry-After", .retryAfter),
        ("retry-after-ms", .retryAfterMilliseconds),
        ("x-ms-retry-after-ms", .xMsRetryAfterMilliseconds), ("x-ratelimit-remaining-tokens", .rateLimit),
        ("anthropic-ratelimit-tokens-reset", .rateLimit), ("azure-openai-deployment-utilization", .utilization),
        ("Date", .date),
        ("Server", .server), ("Alt-Svc", .alternativeService), ("x-amzn-ErrorType", .amazonErrorType),
        ("x-isobar", .other), ("Hosts", .other),
        ("X-Ratelimit", .other), ("Dato", .other),
    ]

    @Test(arguments: names) func `a name is recognised in any case`(_ name: String, _ expected: KnownHeader) {
        for spelling in [name, name.lowercased(), name.uppercased()]
        where expected != .expect && expected != .transferEncoding {
            let host = expected == .host ? "" : "Host: a\r\n"
            let value = expected == .contentLength ? "1" : "a"
            let fields = Parsing.fields("GET / HTTP/1.1\r\n\(host)\(spelling): \(value)\r\n\r\n")
            #expect(fields.last?.known == expected, "\(spelling)")
        }
    }

    @Test func `a family of names is recognised whatever its length`() {
        for (prefix, expected) in [
            ("x-isobar-", KnownHeader.isobar), ("x-ratelimit-", .rateLimit), ("anthropic-ratelimit-", .rateLimit),
        ] {
            for padding in 0..<48 {
                let name = prefix + String(repeating: "q", count: padding)
                #expect(
                    Parsing.fields("GET / HTTP/1.1\r\nHost: a\r\n\(name): 1\r\n\r\n").last?.known == expected, "\(name)"
                )
            }
        }
    }

    @Test func `folding case does not fold other bytes`() {
        // `@` and backquote, `[` and `{` differ by the bit that letters fold, and so do CR and `-`.
        #expect(Parsing.fields("GET / HTTP/1.1\r\nHost: a\r\nx`api`key: 1\r\n\r\n").last?.known == .other)
        #expect(Parsing.fields("GET / HTTP/1.1\r\nHost: a\r\ndat\u{25}: 1\r\n\r\n").last?.known == .other)
    }
}
