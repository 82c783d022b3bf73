// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// How fast one model runs on one set of accelerators, and how much key-value (KV) cache fits beside its weights.
///
/// The cost of one iteration of a continuously batching engine is composed from two measured curves:
///
///     prefill part P = prefill(N) + Σ over chunks of max(0, prefill(c + n) − prefill(c) − prefill(n))
///     iteration      = P                                        when nothing decodes
///                    = max(P, decode(1)) + decode(B) − decode(1)  when B sequences decode
///
/// N is the sum of prompt tokens of the iteration; n the tokens of one chunk, c those of the same prompt already
/// computed or cached. The sum charges attention over earlier tokens, which makes a prompt cut into large chunks cost
/// exactly what it costs whole. One pass over the weights serves prefill and decode alike, hence the maximum; each
/// further decoding sequence adds what the batch curve says.
///
/// Left out: decode time by context length. Splitwise's llama2-70b moves by 8 % between 128 and 8,192 prompt tokens,
/// SageServe's small models by 4 % up to 4,096 (at 8,192 they take twice to four times as long, which this model does
/// not show).
public struct AcceleratorProfile: Equatable, Sendable {
    /// Lower-case name used on the command line, e.g. `llama2-70b-a100-tp8`.
    public var name: String
    /// Time of one prompt alone on an idle server, by its tokens.
    public var prefill: DurationCurve
    /// Time between two tokens of each sequence, by the number of decoding sequences.
    public var decode: DurationCurve
    /// KV cache in blocks of `KVBlockCache.tokensPerBlock` tokens.
    public var kvBlocks: Int

    public init(name: String, prefill: DurationCurve, decode: DurationCurve, kvBlocks: Int) {
        self.name = name
        self.prefill = prefill
        self.decode = decode
        self.kvBlocks = kvBlocks
    }

    /// Time of one iteration; see the type's formula. Zero when the load is empty.
    public func iterationTime(_ load: IterationLoad) -> TimeSpan {
        let prefillPart = prefill.duration(of: load.prefillTokens) + load.attentionSurcharge
        guard load.decodingSequences > 0 else { return prefillPart }
        let single = decode.duration(of: 1)
        return max(prefillPart, single) + decode.duration(of: load.decodingSequences) - single
    }

    /// What `chunk` prompt tokens cost beyond `prefill(chunk)` because they attend to `context` earlier tokens.
    func attentionSurcharge(chunk: Int, context: Int) -> TimeSpan {
        guard context > 0 else { return .zero }
        let marginal = prefill.duration(of: context + chunk) - prefill.duration(of: context)
        return max(.zero, marginal - prefill.duration(of: chunk))
    }
}

/// Work of one engine iteration.
public struct IterationLoad: Equatable, Sendable {
    public private(set) var prefillTokens = 0
    public private(set) var decodingSequences = 0
    private(set) var attentionSurcharge = TimeSpan.zero

    public init() {}

    public var isEmpty: Bool { prefillTokens == 0 && decodingSequences == 0 }

    public mutating func addDecode() { decodingSequences += 1 }

    /// - Parameter context: tokens of the same prompt computed or cached before this chunk.
    public mutating func addPrefill(chunk: Int, context: Int, on profile: AcceleratorProfile) {
        prefillTokens += chunk
        attentionSurcharge = attentionSurcharge + profile.attentionSurcharge(chunk: chunk, context: context)
    }
}
