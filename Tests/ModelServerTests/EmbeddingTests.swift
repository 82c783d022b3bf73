// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import ModelServer

struct EmbeddingTests {
    private func embed(_ server: RunningServer, _ members: String) throws -> [[Double]] {
        let json = try server.ask("POST", "/v1/embeddings", "{\"model\":\"test-model\",\(members)}").json
        let data = try #require(json["data"]?.arrayValue)
        return data.map { $0["embedding"]?.arrayValue?.compactMap(\.doubleValue) ?? [] }
    }

    @Test func `vectors have length one, equal texts equal vectors, different texts nearly orthogonal ones`() throws {
        let vectors = try embed(RunningServer(), "\"input\":[\"one\",\"two\",\"one\"]")
        #expect(vectors.map(\.count) == [384, 384, 384])
        for vector in vectors { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4) }
        #expect(vectors[0] == vectors[2])
        #expect(abs(zip(vectors[0], vectors[1]).reduce(0) { $0 + $1.0 * $1.1 }) < 0.3)
    }

    @Test func `dimensions and usage follow the request`() throws {
        let server = try RunningServer()
        #expect(try embed(server, "\"input\":\"x\",\"dimensions\":8").map(\.count) == [8])
        let json = try server.ask("POST", "/v1/embeddings", "{\"model\":\"test-model\",\"input\":[1,2,3]}").json
        #expect(json.at("usage", "prompt_tokens")?.integerValue == 3)
    }

    @Test func `base 64 carries the same numbers`() throws {
        let body = "{\"model\":\"test-model\",\"input\":\"x\",\"dimensions\":3,\"encoding_format\":\"base64\"}"
        let text = try RunningServer().ask("POST", "/v1/embeddings", body).json.at("data", 0, "embedding")?.stringValue
        #expect(text?.count == 16)
    }
}
