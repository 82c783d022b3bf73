// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Vectors, in the order of the texts they stand for. Reused: `reset` keeps the memory.
/// - Lifetime: vectors point into the tape that was read.
public final class EmbeddingsAnswer {
    /// Arrays of numbers, and of nothing else.
    public internal(set) var vectors: [JSONElement] = []
    /// `nil` when the endpoint does not say.
    public internal(set) var promptTokens: Int64?

    public init() {}

    public func reset() {
        vectors.removeAll(keepingCapacity: true)
        promptTokens = nil
    }
}

/// Reads an endpoint's answer to an embeddings request.
public enum EmbeddingsAnswerReader {
    /// - Parameters:
    ///   - count: texts that were sent.
    ///   - tokenCount: what a header says (`x-amzn-bedrock-input-token-count`), for families whose body says nothing.
    ///   - answer: fresh or reset.
    /// - Throws: `incompleteAnswer` unless there is a vector of numbers for every text.
    public static func read(
        _ body: JSONElement, from family: EmbeddingFamily, count: Int, tokenCount: Int64? = nil,
        into answer: EmbeddingsAnswer
    ) throws(TranslationFault) {
        switch family {
        case .titan:
            add(body.present("embedding") ?? body["embeddingsByType"]?["float"], to: answer)
            answer.promptTokens = tokens(body["inputTextTokenCount"])
        case .nova: for item in elements(body["embeddings"]) { add(item["embedding"], to: answer) }
        case .cohere:
            // With embedding types asked for, the vectors stand by type.
            let list = body["embeddings"]?["float"] ?? body["embeddings"]
            for vector in elements(list) { add(vector, to: answer) }
        case .vertexPredict: readPredictions(elements(body["predictions"]), into: answer)
        case .batchEmbedContents:
            for item in elements(body["embeddings"]) { add(item["values"], to: answer) }
            answer.promptTokens = tokens(body["usageMetadata"]?["promptTokenCount"])
        }
        guard answer.vectors.count == count else { throw TranslationFault(.incompleteAnswer, at: "embeddings") }
        for vector in answer.vectors {
            guard vector.isArray, !vector.isEmpty, vector.elements.allSatisfy({ $0.kind == .number }) else {
                throw TranslationFault(.incompleteAnswer, at: "embeddings")
            }
        }
        answer.promptTokens = answer.promptTokens ?? tokenCount
    }

    private static func elements(_ list: JSONElement?) -> [JSONElement] { list.map { Array($0.elements) } ?? [] }

    private static func add(_ vector: JSONElement?, to answer: EmbeddingsAnswer) {
        if let vector { answer.vectors.append(vector) }
    }

    /// Every text is counted for itself; a count is known only if all are.
    private static func readPredictions(_ predictions: [JSONElement], into answer: EmbeddingsAnswer) {
        var tokens: Int64? = 0
        for prediction in predictions {
            let embeddings = prediction["embeddings"]
            add(embeddings?["values"], to: answer)
            let count = Self.tokens(embeddings?["statistics"]?["token_count"])
            tokens = tokens.flatMap { sum in count.map { sum + $0 } }
        }
        answer.promptTokens = tokens
    }

    /// A count of tokens; `nil` for what is none. Vertex AI counts in floating point: `4` comes as `4.0`.
    private static func tokens(_ value: JSONElement?) -> Int64? {
        guard let digits = value?.number?.bytes else { return nil }
        let point = digits.firstIndex(of: 46) ?? digits.count
        guard point <= tokenDigitsMax, digits[point...].dropFirst().allSatisfy({ $0 == 48 }) else { return nil }
        var count: Int64 = 0
        for byte in digits[..<point] {
            guard byte >= 48, byte <= 57 else { return nil }
            count = count * 10 + Int64(byte - 48)
        }
        return count
    }

    /// More than any request has, and few enough that thousands of counts can be added.
    private static let tokenDigitsMax = 12
}
