// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
public import WireFormats

/// Translates embeddings requests and their answers, one after the other, and keeps its memory.
/// - Threading: confined to its loop.
public final class EmbeddingsTranslator {
    private let requestTape = JSONTape()
    private let answerTape = JSONTape()
    private let request = EmbeddingsRequest()
    private let answer = EmbeddingsAnswer()
    private let writer = JSONWriter(capacity: 16 << 10)
    private var losses = Losses()

    public init() {}

    /// What was written last; valid until the next call.
    public var output: UnsafeRawBufferPointer { writer.bytes }
    public var isComplete: Bool { losses.isEmpty }
    public var lossNames: [String] { losses.names(in: .chatCompletions) }

    /// - Parameters:
    ///   - body: OpenAI's embeddings request.
    ///   - model: the endpoint's name for the model.
    public func write(
        _ body: UnsafeRawBufferPointer, for family: EmbeddingFamily, model: JSONString
    ) throws(TranslationFault) {
        losses.reset()
        writer.reset()
        try read(body)
        try EmbeddingsRequestWriter.write(request, for: family, model: model, to: writer, losses: &losses)
    }

    /// - Parameters:
    ///   - body: the endpoint's answer.
    ///   - asked: the caller's request, which says how many vectors there must be and in what form they are wanted.
    ///   - model: the public name.
    ///   - tokenCount: what a header of the answer says.
    public func write(
        answer body: UnsafeRawBufferPointer, from family: EmbeddingFamily, asked: UnsafeRawBufferPointer,
        model: JSONString, tokenCount: Int64?
    ) throws(TranslationFault) -> UsageCounts? {
        writer.reset()
        answer.reset()
        try read(asked)
        try EmbeddingsAnswerReader.read(
            try answerTape.document(body), from: family, count: request.inputs.count, tokenCount: tokenCount,
            into: answer)
        EmbeddingsAnswerWriter.write(answer, model: model, asBase64: request.wantsBase64, to: writer)
        return answer.promptTokens.map { UsageCounts(promptTokens: $0) }
    }

    private func read(_ body: UnsafeRawBufferPointer) throws(TranslationFault) {
        request.reset()
        try EmbeddingsRequestReader.read(try requestTape.document(body), into: request)
    }
}
