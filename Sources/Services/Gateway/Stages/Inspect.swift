// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Routing
internal import WireFormats

/// Stage 3: one strict scan of the body gives everything that routing and metering need; no tree is built.
enum Inspect {
    /// Bytes of a prompt per token, for estimates before a model server has counted.
    private static let bytesPerToken = 4

    static func examine(_ exchange: Exchange) -> Refusal? {
        guard case .inference(let operation) = exchange.target else { return .unknownPath }
        let body = exchange.client.bodyBytes
        if let fault = RequestScan.facts(body, kind: operation.kind, hashesPrefix: true, into: &exchange.facts) {
            return .invalidBody(fault)
        }
        let facts = exchange.facts
        let name = facts.model.slice(body)
        guard !facts.modelHasEscapes, let route = exchange.worker.router.route(forModel: name) else {
            return .unknownModel(String(decoding: name.prefix(256), as: UTF8.self))
        }
        exchange.dropsUsageChunk = facts.isStream && operation != .embeddings && !facts.streamOptions.includesUsage
        exchange.features = RequestFeatures(
            route: route,
            promptTokens: Int32(clamping: facts.promptBytes / bytesPerToken),
            outputTokensMax: Int32(clamping: max(facts.outputTokensMax, 0)),
            isStreaming: facts.isStream,
            callerRegion: callerRegion(exchange),
            prefixHashes: facts.prefixHashes,
            prefixCount: facts.prefixCount)
        return nil
    }

    /// The caller's hint, else its tenant's home. An unknown name is no hint.
    private static func callerRegion(_ exchange: Exchange) -> RegionID? {
        let generation = exchange.worker.generation
        if !exchange.headers.region.isEmpty,
            let region = generation.region(named: exchange.headers.region.slice(exchange.client.headBytes))
        {
            return region
        }
        return exchange.principal.flatMap { generation.keyRegions[Int($0.key.index)] }
    }
}

extension StreamOptions {
    var includesUsage: Bool {
        if case .object(_, _, let includeUsage, _) = self { return includeUsage == true }
        return false
    }
}
