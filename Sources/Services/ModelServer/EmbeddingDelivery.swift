// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import Simulation
internal import WireFormats

/// A unit vector that depends only on the text, so that equal inputs are equal everywhere and different ones nearly
/// orthogonal.
enum EmbeddingVector {
    static func make(contentHash: UInt64, dimensions: Int) -> [Float] {
        var generator = SeededGenerator(seed: contentHash, label: "embedding")
        let raw = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
        let norm = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return norm > 0 ? raw.map { $0 / norm } : raw
    }

    /// Little-endian 32-bit floats in base 64, which official clients ask for by default.
    static func base64(_ vector: [Float]) -> String {
        var bytes: [UInt8] = []
        for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }
        return String(decoding: Base64.encode(bytes), as: UTF8.self)
    }
}

/// One embeddings request: its inputs pass through the model as prompts whose single output token ends them.
final class EmbeddingDelivery: SequenceOwner {
    private let engine: GenerationEngine
    private let responder: HTTPResponder
    private let inputs: [TokenizedPrompt]
    private let modelName: String
    private let dimensions: Int
    private let isBase64: Bool
    private var sequences: [UInt64] = []
    private var unfinished: Int

    static let dimensionsDefault = 384
    private static let dimensionsMax = 4_096

    init(
        _ body: JSONValue, inputs: [TokenizedPrompt], modelName: String, engine: GenerationEngine,
        responder: HTTPResponder
    ) throws(APIError) {
        self.engine = engine
        self.responder = responder
        self.inputs = inputs
        self.modelName = modelName
        dimensions = try body.optionalInteger("dimensions", in: 1...Self.dimensionsMax) ?? Self.dimensionsDefault
        switch try body.optionalString("encoding_format") {
        case nil, "float": isBase64 = false
        case "base64": isBase64 = true
        default: throw .badRequest("`encoding_format` must be float or base64", parameter: "encoding_format")
        }
        unfinished = inputs.count
    }

    func begin() throws(APIError) {
        responder.clientGone = { self.stop() }
        do {
            for position in inputs.indices {
                sequences.append(try engine.submit(inputs[position], outputTokens: 1, owner: self, position: position))
            }
        } catch {
            stop()
            throw error
        }
    }

    func sequence(_ position: Int, did event: ModelServerEvent.Kind) {
        guard event == .finished else { return }
        unfinished -= 1
        if unfinished == 0 { responder.respond(200, contentType: "application/json", body: body.bytes) }
    }

    private func stop() {
        for sequence in sequences { engine.cancel(sequence) }
    }

    private var body: JSONValue {
        let tokens = inputs.reduce(0) { $0 + $1.tokens }
        let data = inputs.enumerated().map { index, input in
            let vector = EmbeddingVector.make(contentHash: input.contentHash, dimensions: dimensions)
            let embedding: JSONValue =
                isBase64 ? .string(EmbeddingVector.base64(vector)) : .array(vector.map { .decimal($0) })
            return JSONValue.object([
                ("object", .string("embedding")), ("index", .integer(index)), ("embedding", embedding),
            ])
        }
        return .object([
            ("object", .string("list")), ("data", .array(data)), ("model", .string(modelName)),
            ("usage", .object([("prompt_tokens", .integer(tokens)), ("total_tokens", .integer(tokens))])),
        ])
    }
}
