// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What an upstream's error says, whichever of the known shapes it has. Ranges are of the body.
///
/// Shapes: OpenAI `{"error":{message,type,code}}`; `{"error":"text"}`; the array that Google's compatible endpoint
/// wraps around the first; SGLang's flat `{"object":"error","message",…}`; `{"detail":"text"}` of Python frameworks;
/// Anthropic's `{"type":"error","error":{…}}`; Google's `{"error":{code,message,status,details}}`; AWS's flat
/// `{"__type","message"}`, also with capitals.
public struct ErrorFacts: Equatable, Sendable {
    public var type = ByteRange.empty
    public var code = ByteRange.empty
    /// Google's name for the status, e.g. `RESOURCE_EXHAUSTED`.
    public var status = ByteRange.empty
    public var message = ByteRange.empty
    /// What the error's own words say it is; `nil` when they say nothing that is known. See `kind(status:)`.
    public var kind: Kind?
    /// How long to stay away, from the body (Google's `RetryInfo`): 0 to 24 hours. Headers say it better where they do.
    public var retryAfterNanoseconds: Int64?
    /// `{"error":{"message":"…"}}`: can be relayed as it is.
    public var isOpenAIShaped = false
    /// Money or a long-term quota is used up: trying the same credential again is useless.
    public var isQuotaExhausted = false
    public var isContextTooLong = false
    public var isContentFilter = false
    public init() {}

    /// Classes that errors fall into, whoever's they are.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// The request itself is at fault. Every vendor says this of nearly everything: the weakest word.
        case caller
        /// The model, or the path to it, does not exist there.
        case notFound
        /// Whoever asked may not, or is not known.
        case credential
        /// Too fast for now.
        case rateLimited
        /// Money or a long quota is used up.
        case quotaExhausted
        /// Busy, whoever asks.
        case overloaded
        /// Failed in a way that passes.
        case transient
    }
}

extension ErrorFacts {
    /// The class of an error that came with `status`, where its own words know better than the number: providers answer
    /// 400 to throttling and to used-up money. `nil`: the number decides.
    /// - Parameter status: of the response; 200 for an error inside a stream, which has no better number.
    public func kind(status: UInt16) -> Kind? {
        switch status {
        case 400..<500:
            if isQuotaExhausted { return .quotaExhausted }
            // OpenAI calls a missing key, an unknown model and a rate limit invalid requests too.
            if kind == .caller { return [400, 413, 415, 422].contains(status) ? .caller : nil }
            return kind
        case 500...: return kind == .overloaded || kind == .rateLimited ? kind : nil
        default: return kind
        }
    }
}

extension ResponseScan {
    /// - Parameter headerType: value of `x-amzn-errortype`, where AWS says what a body often does not.
    /// - Cost: one pass. A body that is not JSON has no facts but the header's.
    public static func errorFacts(
        _ body: UnsafeRawBufferPointer,
        headerType: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) -> ErrorFacts {
        var reader = ErrorReader()
        if !body.isEmpty { reader.read(body) }
        reader.classify(body, headerType)
        return reader.facts
    }
}

/// Our own errors in OpenAI's shape.
public enum ErrorBody {
    public static func openAI(message: String, type: String, param: String?, code: String?) -> [UInt8] {
        JSONValue.object([
            (
                "error",
                .object([
                    ("message", .string(message)), ("type", .string(type)),
                    ("param", param.map { .string($0) } ?? .null),
                    ("code", code.map { .string($0) } ?? .null),
                ])
            )
        ]).bytes
    }
}
