// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes
internal import Routing

/// A request that nobody sent, for `GET /explain`.
public struct ExplainQuestion: Sendable {
    /// Public model name.
    public var model: String
    /// Of the caller; a name that is not known is no hint.
    public var region: String?
    public var promptTokens: Int32
    public var language: LanguageCode?
    /// `nil`: the first that the route's endpoints can do.
    public var operation: Operation?
    /// Name of the key that it would come with; needed where a policy restricts where bytes go.
    public var key: String?

    public init(
        model: String, region: String? = nil, promptTokens: Int32 = 200, language: LanguageCode? = nil,
        operation: Operation? = nil, key: String? = nil
    ) {
        self.model = model
        self.region = region
        self.promptTokens = promptTokens
        self.language = language
        self.operation = operation
        self.key = key
    }

    /// - Returns: `nil` when no route has the model's name.
    func features(_ worker: Worker) -> RequestFeatures? {
        var name = model
        guard let route = name.withUTF8({ worker.router.route(forModel: UnsafeRawBufferPointer($0)) }) else {
            return nil
        }
        var region = region ?? ""
        let from = region.withUTF8 { worker.generation.region(named: UnsafeRawBufferPointer($0)) }
        var features = RequestFeatures(route: route, promptTokens: promptTokens, isStreaming: true, callerRegion: from)
        let served = worker.router.operations(of: route)
        features.operation = operation ?? Operation.allCases.first { served.contains($0) } ?? .chatCompletions
        features.language = language
        // Of a request as any other: an image, a minute of sound, a thousand characters.
        features.media = features.operation.expectedMedia(images: 1, characters: 1_000, soundBytes: 960_000)
        return features
    }
}
