// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

extension Operation {
    /// What its body must be; `nil` for a form with a file in it.
    var kind: RequestKind? {
        switch self {
        case .chatCompletions: .chatCompletions
        case .completions: .completions
        case .embeddings: .embeddings
        case .responses, .countInputTokens: .responses
        case .messages, .countTokens: .messages
        case .generateContent: .generateContent
        case .countContentTokens: .countContentTokens
        case .speech: .speech
        case .images: .images
        case .rerank: .other
        case .transcriptions, .translations: nil
        }
    }

    /// Sound, images, ranks: counted in more than tokens, and in tokens only where the answer says so.
    var isMedia: Bool {
        switch self {
        case .transcriptions, .translations, .speech, .images, .rerank: true
        case .chatCompletions, .completions, .embeddings, .responses, .countInputTokens, .messages, .countTokens,
            .generateContent, .countContentTokens:
            false
        }
    }

    /// What a request will be counted in beside tokens, before anybody has counted: enough to weigh prices by.
    /// - Parameter soundBytes: of a form with a sound file. How long that lasts is not known, so it counts as 128 kbit/s:
    ///   endpoints with a price per minute compare the same whatever it is.
    func expectedMedia(images: Int64, characters: Int64, soundBytes: Int) -> MediaUsage {
        let bytesPerMillisecond: Int64 = 16
        return switch self {
        case .transcriptions, .translations:
            MediaUsage(audioMilliseconds: max(1, Int64(soundBytes) / bytesPerMillisecond))
        case .images: MediaUsage(images: images)
        case .speech: MediaUsage(characters: characters)
        case .rerank: MediaUsage(searches: 1)
        default: MediaUsage()
        }
    }

    /// The form of its errors: the caller's wire where it is one of chat, OpenAI's for everything else.
    var wire: ChatWire {
        switch self {
        case .countTokens: .messages
        case .countContentTokens: .generateContent
        case .countInputTokens: .responses
        default: chatWire ?? .chatCompletions
        }
    }

    /// For people: what no endpoint of a model can do.
    var title: StaticString {
        switch self {
        case .chatCompletions, .responses, .messages, .generateContent: "chat on this API"
        case .completions: "complete texts"
        case .embeddings: "make embeddings"
        case .countTokens, .countContentTokens, .countInputTokens: "count tokens"
        case .transcriptions: "transcribe"
        case .translations: "translate sound"
        case .speech: "speak"
        case .images: "make images"
        case .rerank: "rerank"
        }
    }

    /// Whether its answer can be a stream whose events are understood: others are relayed as they come.
    var hasKnownEvents: Bool { chatWire != nil || self == .completions }

    /// Whether we may ask for usage in a stream, which only these know the option for.
    var takesStreamOptions: Bool { self == .chatCompletions || self == .completions }

    /// `gen_ai.operation.name` of OpenTelemetry's semantic conventions, where they have one.
    var telemetryName: StaticString {
        switch self {
        case .chatCompletions, .responses, .messages: "chat"
        case .completions: "text_completion"
        case .embeddings: "embeddings"
        case .generateContent: "generate_content"
        case .countTokens, .countContentTokens, .countInputTokens: "count_tokens"
        case .transcriptions: "transcription"
        case .translations: "translation"
        case .speech: "speech"
        case .images: "image_generation"
        case .rerank: "rerank"
        }
    }
}
