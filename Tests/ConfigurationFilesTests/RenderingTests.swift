// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import Testing

@Suite("Problems are readable and keep secrets")
struct RenderingTests {
    @Test("a problem reads as a compiler writes it")
    func text() {
        let found = problems(document("Provider", "p", "flavor: opneai"))
        #expect(
            found.map(\.description).joined() == """
                isobar.yaml:6:11: error: Provider p, spec.flavor: found "opneai"; \
                allowed: one of openai, azure, anthropic, bedrock, vertex, gemini, vllm, sglang, llama.cpp, ollama, tgi, generic
                    6 |   flavor: opneai
                      |           ^
                    hint: did you mean "openai"?
                """)
    }

    @Test("the JSON form has the same facts")
    func json() throws {
        let json = try problems(document("Provider", "p", "flavor: opneai")).json()
        #expect(
            json == """
                [
                  {
                    "column" : 11,
                    "file" : "isobar.yaml",
                    "hint" : "did you mean \\"openai\\"?",
                    "line" : 6,
                    "message" : "found \\"opneai\\"; allowed: one of openai, azure, anthropic, bedrock, vertex, gemini, vllm, sglang, llama.cpp, ollama, tgi, generic",
                    "path" : "spec.flavor",
                    "resource" : "Provider p",
                    "severity" : "error"
                  }
                ]
                """)
    }

    @Test(
        "a secret written in plain text is in no form of any problem",
        arguments: [
            "secret: hunter2hunter2", "secret: [hunter2hunter2]", "secret: {env: hunter2hunter2}",
            "secrett: hunter2hunter2",
            "{secret: hunter2hunter2, tenent: t}", "secret: env:hunter2 hunter2", "apiKey: hunter2hunter2",
            "password: hunter2",
            "url: http://user:hunter2@host/v1", "secret: >\n  hunter2", "secret:\n  hunter2",
        ])
    func secrets(spec: String) throws {
        for kind in ["Key", "Endpoint"] {
            let found = problems(document(kind, "k", spec))
            #expect(!found.isEmpty)
            #expect(!found.map(\.description).joined().contains("hunter2"))
            #expect(!(try found.json()).contains("hunter2"))
        }
    }

    @Test("a line with a reference to a secret is shown")
    func reference() {
        let found = problems(document("Key", "k", "{tenant: t, secret: env:A, rotes: [a]}"))
        #expect(found.contains { $0.excerpt?.contains("env:A") == true })
    }

    @Test("a long line is cut around the caret, control characters do not reach the terminal")
    func longLine() {
        let long = problems("a: [" + String(repeating: "x, ", count: 200) + "\u{1B}[31m]")
        #expect(!long.map(\.description).joined().contains("\u{1B}"))
        let wide = problem(
            column: 301, excerpt: String(repeating: "a", count: 300) + "b" + String(repeating: "c", count: 300))
        let lines = wide.description.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].utf8.count < 120)
        let caret = lines[2].utf8.count - 1
        #expect(Array(lines[1].utf8)[caret] == UInt8(ascii: "b"))
    }

    private func problem(column: Int, excerpt: String) -> ConfigurationProblem {
        ConfigurationProblem(file: "f", line: 1, column: column, message: "m", excerpt: excerpt)
    }

    @Test("doubtful configurations are accepted with a warning")
    func warnings() throws {
        let exposed = document(
            "Endpoint", "x", "region: r", "url: http://example.com", "serves: [{model: m}]",
            "credential: {secret: env:A}")
        let route = document(
            "Route", "chat", "model: m", "tiers: [{name: default, endpoints: [e], objective: {cost: 1}}]")
        let warnings = try decode(surroundings + endpoint + exposed + route).warnings
        #expect(
            warnings.map(\.message) == [
                "no route leads here", "the credential travels unencrypted",
                "the tier weighs cost, but Endpoint e has no price for m",
            ])
        #expect(warnings.allSatisfy { $0.severity == .warning && $0.line > 0 })
    }
}
