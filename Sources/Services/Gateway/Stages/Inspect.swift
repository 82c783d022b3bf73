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
        if let refusal = scan(body, operation, exchange) { return refusal }
        let facts = exchange.facts
        exchange.pathModel = decodedPathModel(exchange)
        let found = exchange.withModelName { exchange.worker.router.route(forModel: $0) }
        guard !facts.modelHasEscapes, let route = found else {
            return .unknownModel(exchange.withModelName { String(decoding: $0.prefix(256), as: UTF8.self) })
        }
        let isStream = facts.isStream || exchange.headers.streamsByPath
        exchange.dropsUsageChunk =
            isStream && operation.takesStreamOptions && !facts.streamOptions.includesUsage
        exchange.features = RequestFeatures(
            route: route,
            // A count reads no prompt: it takes nothing of an endpoint's tokens, and no context is too short for it.
            promptTokens: operation.countsTokens ? 0 : Int32(clamping: facts.promptBytes / bytesPerToken),
            outputTokensMax: Int32(clamping: max(facts.outputTokensMax, 0)),
            isStreaming: isStream,
            callerRegion: callerRegion(exchange),
            prefixHashes: facts.prefixHashes,
            prefixCount: facts.prefixCount)
        exchange.features.operation = operation
        if operation.isMedia {
            exchange.features.media = operation.expectedMedia(
                images: facts.choices, characters: facts.characters, soundBytes: body.count)
        }
        pin(exchange, facts.previousResponse.slice(body))
        return nameLanguage(exchange)
    }

    /// The header is for us, so it must be right, and it wins. A form's field is for the endpoint: what is no tag there
    /// (some take `auto`, or a name) passes on and names nothing here.
    private static func nameLanguage(_ exchange: Exchange) -> Refusal? {
        var language: LanguageCode?
        if !exchange.headers.language.isEmpty {
            language = LanguageCode(tag: exchange.headers.language.slice(exchange.client.headBytes))
            guard language != nil else { return .invalidLanguage }
        } else if !exchange.facts.language.isEmpty {
            language = LanguageCode(tag: exchange.facts.language.slice(exchange.client.bodyBytes))
        }
        exchange.features.language = language == .undetermined ? nil : language
        return nil
    }

    /// A request that continues a stored answer goes where that is kept.
    private static func pin(_ exchange: Exchange, _ previousResponse: UnsafeRawBufferPointer) {
        guard !previousResponse.isEmpty else { return }
        exchange.features.needsNative = true
        let owner = exchange.worker.responseOwners.endpoint(of: ResponseOwners.hash(previousResponse))
        exchange.features.pinned = owner.flatMap { exchange.worker.generation.endpoint(hash: $0) }
    }

    private static func scan(_ body: UnsafeRawBufferPointer, _ operation: Operation, _ exchange: Exchange) -> Refusal? {
        guard let kind = operation.kind else { return scanForm(body, exchange) }
        // Counting warms nobody's cache.
        let hashesPrefix = !operation.countsTokens
        if let fault = RequestScan.facts(body, kind: kind, hashesPrefix: hashesPrefix, into: &exchange.facts) {
            return .invalidBody(fault)
        }
        // Here and not where requests are translated: most pass as they are.
        return exchange.facts.mayNameLocalFile ? LocalFileAddress.member(of: body).map { .localFile($0) } : nil
    }

    /// A form with a sound file in it: only the model's name, the language and a flag are read.
    private static func scanForm(_ body: UnsafeRawBufferPointer, _ exchange: Exchange) -> Refusal? {
        exchange.facts = RequestFacts()
        let contentType = exchange.headers.contentType.slice(exchange.client.headBytes)
        guard !exchange.headers.hasTwoContentTypes, let boundary = MultipartForm.boundary(of: contentType) else {
            return .invalidForm(.contentType)
        }
        do throws(MultipartFault) {
            let form = try MultipartForm(body, boundary: boundary)
            exchange.facts.model = form.model
            exchange.facts.language = form.language
            exchange.facts.isStream = form.isStream
            return nil
        } catch {
            return .invalidForm(error)
        }
    }

    /// Empty when the model's name is in the body.
    private static func decodedPathModel(_ exchange: Exchange) -> [UInt8] {
        guard !exchange.headers.pathModel.isEmpty else { return [] }
        let written = String(decoding: exchange.headers.pathModel.slice(exchange.client.headBytes), as: UTF8.self)
        return Array((PercentEncoding.decoded(written) ?? written).utf8)
    }

    /// The caller's hint, else its tenant's home. An unknown name is no hint.
    private static func callerRegion(_ exchange: Exchange) -> RegionID? {
        let generation = exchange.worker.generation
        if !exchange.headers.region.isEmpty,
            let region = generation.region(named: exchange.headers.region.slice(exchange.client.headBytes))
        {
            return region
        }
        return exchange.principal.flatMap { generation.key(at: $0.slot) }.flatMap { generation.keyRegions[Int($0.index)] }
    }
}

extension Exchange {
    /// The public model name as the caller gave it: of the path where the wire has it there, else of the body.
    func withModelName<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        pathModel.isEmpty ? body(facts.model.slice(client.bodyBytes)) : pathModel.withUnsafeBytes(body)
    }
}

extension StreamOptions {
    var includesUsage: Bool {
        if case .object(_, _, let includeUsage, _) = self { return includeUsage == true }
        return false
    }
}
