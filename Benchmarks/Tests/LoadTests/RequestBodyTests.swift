// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FoundationEssentials
internal import Testing

@testable internal import bench_load

private struct Request: Decodable {
    struct Turn: Decodable {
        let role: String
        let content: String
    }

    let model: String
    let max_tokens: Int
    let stream: Bool?
    let system: String?
    let user: String?
    let messages: [Turn]
}

private func body(_ words: String) throws -> String {
    RequestBody(plan: try Plan("--port 1 --seconds 1 \(words)".split(separator: " ").map(String.init)[...])).json
}

@Suite struct RequestBodyTests {
    @Test(arguments: ["chat", "messages"], ["closed", "stream"])
    func `a body has the size asked for on both wires, turns that alternate and its number in the last`(
        wire: String, mode: String
    ) throws {
        for count in [1024, 16_384] {
            let json = try body("--wire \(wire) --mode \(mode) --check content --body-bytes \(count) --chunks 9")
            #expect(json.utf8.count == count)
            let request = try JSONDecoder().decode(Request.self, from: Data(json.utf8))
            let turns = request.messages.filter { $0.role != "system" }
            #expect(turns.enumerated().allSatisfy { $1.role == ($0 % 2 == 0 ? "user" : "assistant") })
            #expect(turns.last?.role == "user", "a vendor may refuse a conversation that ends with its own words")
            #expect(turns.last?.content.hasSuffix(" caller-NNNNNNNNNNNNNNNN") == true)
            #expect(request.user == nil && (request.system == nil) == (wire == "chat"))
            #expect(request.stream == (mode == "stream" ? true : nil))
            #expect(request.max_tokens == (mode == "stream" ? 9 : 256))
        }
    }

    @Test func `a full check has the number in the field for it`() throws {
        let request = try JSONDecoder().decode(Request.self, from: Data(body("--mode closed").utf8))
        #expect(request.user == "caller-NNNNNNNNNNNNNNNN")
        #expect(request.messages.allSatisfy { !$0.content.contains("caller-") })
    }

    @Test(arguments: [
        "--mode closed --wire messages --check full", "--mode stream --wire messages --usage",
        "--mode closed --wire converse", "--mode closed --check most",
    ])
    func `a plan that cannot be checked is refused`(words: String) {
        #expect(throws: (any Error).self) { try body(words) }
    }
}
