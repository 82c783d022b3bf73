// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What routing knows of one request; the gateway's one scan of the body fills it in.
///
/// - Cost: a plain value of fixed size (no reference inside), cheap to keep beside an attempt.
public struct RequestFeatures: BitwiseCopyable, Sendable {
    /// Most message prefixes looked at. A longer conversation is told apart by its first 16 messages.
    public static let prefixesMax = 16

    public var route: RouteID
    /// Estimate of the prompt's tokens, ≥ 0.
    public var promptTokens: Int32
    /// What it will be counted in beside tokens, as far as that can be told before the answer: only its price is made of it.
    public var media = MediaUsage()
    /// The caller's own bound on output tokens; 0 means unknown.
    public var outputTokensMax: Int32
    public var isStreaming: Bool
    /// What is asked for: endpoints that cannot do it do not count, those that speak the caller's wire are preferred.
    public var operation = Operation.chatCompletions
    /// The only endpoint that can serve it: it keeps what the request continues.
    public var pinned: EndpointID?
    /// It continues something that an endpoint keeps in the caller's own wire: translation would lose it.
    public var needsNative = false
    /// The language asked for: endpoints whose model declares languages without it do not count. `nil`: none was named.
    public var language: LanguageCode?
    /// Where the caller is; `nil` means unknown, and network distance does not count.
    public var callerRegion: RegionID?
    /// Hash `k` covers the messages `0...k`; only the first `prefixCount` are set.
    public var prefixHashes: InlineArray<16, UInt64>
    /// 0 to `prefixesMax`; 0 switches affinity off for this request.
    public var prefixCount: Int

    public init(
        route: RouteID, promptTokens: Int32 = 0, outputTokensMax: Int32 = 0, isStreaming: Bool = false,
        callerRegion: RegionID? = nil,
        prefixHashes: InlineArray<16, UInt64> = InlineArray(repeating: 0), prefixCount: Int = 0
    ) {
        self.route = route
        self.promptTokens = promptTokens
        self.outputTokensMax = outputTokensMax
        self.isStreaming = isStreaming
        self.callerRegion = callerRegion
        self.prefixHashes = prefixHashes
        self.prefixCount = max(0, min(prefixCount, Self.prefixesMax))
    }
}
