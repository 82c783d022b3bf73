// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Reads OpenAI's embeddings request.
public enum EmbeddingsRequestReader {
    /// OpenAI's own bound on texts in one request.
    public static let inputsMax = 2048

    /// - Parameter request: fresh or reset.
    /// - Throws: `wrongType` naming the member. Token ids are refused: only the tokenizer that made them could read them.
    public static func read(_ body: JSONElement, into request: EmbeddingsRequest) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        guard let input = body.present("input") else {
            throw TranslationFault(.wrongType("a text or a list of texts"), at: "input")
        }
        try readInput(input, into: request)
        for (name, value) in body.members where !value.isNull {
            try read(name, value, into: request)
        }
    }

    private static func read(
        _ name: JSONString, _ value: JSONElement, into request: EmbeddingsRequest
    ) throws(TranslationFault) {
        if name == "input" { return }
        if name == "model" {
            request.model = value.string ?? .empty
        } else if name == "encoding_format" {
            request.wantsBase64 = try isBase64(value)
        } else if name == "dimensions" {
            request.dimensions = try dimensions(value)
        } else if name == "user" {
            request.user = value.string
        } else if name == "input_type", let purpose = value.string.flatMap(EmbeddingsRequest.Purpose.init) {
            request.purpose = purpose
        } else if !value.isEmpty {
            request.foreign.append(name)
        }
    }

    private static func readInput(_ input: JSONElement, into request: EmbeddingsRequest) throws(TranslationFault) {
        if let text = input.string {
            request.inputs.append(text)
        } else {
            for element in input.elements {
                guard let text = element.string else {
                    throw TranslationFault(.wrongType("text; this model takes no token ids"), at: "input")
                }
                guard request.inputs.count < inputsMax else {
                    throw TranslationFault(.wrongType("a list of at most \(inputsMax) texts"), at: "input")
                }
                request.inputs.append(text)
            }
        }
        guard !request.inputs.isEmpty, !request.inputs.contains(where: { $0.isEmpty }) else {
            throw TranslationFault(.wrongType("a text or a list of texts, none of them empty"), at: "input")
        }
    }

    private static func isBase64(_ value: JSONElement) throws(TranslationFault) -> Bool {
        let format = value.string ?? "?"
        guard format == "float" || format == "base64" else {
            throw TranslationFault(.wrongType("float or base64"), at: "encoding_format")
        }
        return format == "base64"
    }

    private static func dimensions(_ value: JSONElement) throws(TranslationFault) -> Int64 {
        guard let dimensions = value.integer, dimensions >= 1 else {
            throw TranslationFault(.wrongType("a positive integer"), at: "dimensions")
        }
        return dimensions
    }
}

extension EmbeddingsRequest.Purpose {
    init?(_ text: JSONString) {
        guard let purpose = Self.allCases.first(where: { text == $0.cohereName }) else { return nil }
        self = purpose
    }

    var cohereName: StaticString {
        switch self {
        case .document: "search_document"
        case .query: "search_query"
        case .classification: "classification"
        case .clustering: "clustering"
        }
    }

    /// Google's `task_type`.
    var googleName: StaticString {
        switch self {
        case .document: "RETRIEVAL_DOCUMENT"
        case .query: "RETRIEVAL_QUERY"
        case .classification: "CLASSIFICATION"
        case .clustering: "CLUSTERING"
        }
    }
}
