// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import LiteLLMConfiguration

@Suite("Numbers, prices, names and text")
struct ValueTests {
    @Test(
        "decimals are exact, whatever their notation",
        arguments: [
            ("0.00000015", 12, 150_000), ("1.5e-07", 12, 150_000), ("1.5E-7", 12, 150_000), ("15e-8", 12, 150_000),
            ("0", 12, 0), ("3", 0, 3), ("3.0", 0, 3), ("3.50", 0, nil), ("1e-13", 12, nil), ("1e3", 0, 1_000),
            ("1.2e+2", 0, 120), (".5", 1, 5), ("5.", 0, 5), ("-1", 0, nil), ("", 0, nil), (".", 0, nil),
            ("1_000", 0, nil), ("0x10", 0, nil), ("1e99", 0, nil), ("1e999999999999", 0, nil), ("abc", 0, nil),
            ("9223372036854775807", 0, 9_223_372_036_854_775_807), ("9223372036854775808", 0, nil),
            ("1.500000000000000000000000000000000000", 0, nil), ("0.1", 9, 100_000_000),
        ] as [(String, Int, Int64?)])
    func decimals(_ text: String, _ power: Int, _ value: Int64?) {
        #expect(DecimalNumber(text)?.integer(timesTenTo: power) == value)
    }

    @Test(
        "prices per token become prices per million tokens",
        arguments: [
            ("input_cost_per_token: 0.00000015\noutput_cost_per_token: 6e-07", "0.15", nil, "0.60"),
            (
                "input_cost_per_token: 3e-06\noutput_cost_per_token: 15e-6\ncache_read_input_token_cost: 3e-07", "3.00",
                "0.30", "15.00"
            ),
            ("input_cost_per_token: 0\noutput_cost_per_token: 0", "0.00", nil, "0.00"),
            ("input_cost_per_token: '0.000000000001'\noutput_cost_per_token: 1", "0.000001", nil, "1000000.00"),
        ] as [(String, String, String?, String)])
    func prices(_ params: String, _ input: String, _ cached: String?, _ output: String) throws {
        let result = try imported(deployment("model: openai/m\n" + params))
        #expect(result.text.contains("inputPerMillionTokens: \(input)"))
        #expect(result.text.contains("outputPerMillionTokens: \(output)"))
        if let cached { #expect(result.text.contains("cachedInputPerMillionTokens: \(cached)")) }
        #expect(result.text.contains("cachedInput") == (cached != nil))
        _ = try check(result)
    }

    @Test("prices may stand in model_info; an embedding needs no output price")
    func pricesInInfo() throws {
        let found = try endpoint("model: openai/m", info: "{mode: embedding, input_cost_per_token: 2e-08}")
        #expect(found.serves[0].prices == TokenPrices(input: UnitPrice(picoPerUnit: 20_000), output: .zero))
    }

    @Test(
        "a price that is not exact, or half, is left out and said",
        arguments: [
            "input_cost_per_token: 1.5000000000000002e-07\noutput_cost_per_token: 1e-6", "input_cost_per_token: 1e-06",
            "output_cost_per_token: 1e-06", "input_cost_per_token: cheap\noutput_cost_per_token: 1e-6",
            "input_cost_per_token: -1e-6\noutput_cost_per_token: 1e-6",
            "input_cost_per_token: 10000000\noutput_cost_per_token: 1e-6",
        ])
    func inexactPrices(_ params: String) throws {
        let result = try imported(deployment("model: openai/m\n" + params))
        #expect(result.endpoints[0].serves[0].prices == nil)
        #expect(result.messages(.toDo).contains("the price is left out: it takes input and output, both exact"))
    }

    @Test(
        "names are made of letters, digits, hyphens and points",
        arguments: [
            ("gpt-4o", "gpt-4o"), ("Meta/Llama 3.1 (8B)", "meta-llama-3.1-8b"), ("..a--b..", "a-b"), ("日本", "unnamed"),
            ("", "unnamed"), ("a_b:c", "a-b-c"), (String(repeating: "x", count: 70), String(repeating: "x", count: 63)),
            ("a.-b", "a.b"), (String(repeating: "y", count: 62) + "-z", String(repeating: "y", count: 62)),
        ])
    func names(_ text: String, _ name: String) { #expect(ResourceNames.name(from: text) == name) }

    @Test("names given twice are numbered and stay short enough")
    func uniqueNames() {
        var names = ResourceNames()
        let long = String(repeating: "x", count: 63)
        #expect(
            [names.unique(long), names.unique(long), names.unique("a"), names.unique("A")].map(\.count) == [
                63, 63, 1, 3,
            ])
    }

    @Test(
        "text is written so that it is read back as it was",
        arguments: [
            "plain", "gpt-4o", "no", "Yes", "null", "~", "1e3", "012", "2024-10-21", "a: b", "a #b", "- a", "{a}",
            "\"q\"",
            "back\\slash", "tab\tnew\nline", "é日本", "\u{85}", "env:NAME", "", " ", "30s", "1h", "0x1f", "*a", "&a",
            "!t", "%",
            "a,b", "[", "true", "on", "y", "@x", "`", "'", "a/b.c_d-e", "\u{7F}",
        ])
    func text(_ value: String) throws {
        let yaml = YAMLText.block([("a", .map([("b", .list([.text(value)]))])), ("c", .text(value))])
        let tree = try YAMLTree.read(.init(path: "x", bytes: Array(yaml.utf8)))
        #expect(tree["a"]?["b"]?.elements?.first?.text == value, "\(yaml)")
        #expect(tree["c"]?.text == value, "\(yaml)")
    }

    @Test("long values are written over several lines and mean the same")
    func longText() throws {
        let words = (0..<40).map { "value-number-\($0)" }
        let yaml = YAMLText.block([
            ("list", .list(words.map { .text($0) })),
            ("maps", .list([.map([("words", .list(words.map { .text($0) })), ("n", .number("1"))]), .map([])])),
        ])
        let tree = try YAMLTree.read(.init(path: "x", bytes: Array(yaml.utf8)))
        #expect(tree["list"]?.elements?.compactMap(\.text) == words)
        #expect(tree["maps"]?.elements?[0]["words"]?.elements?.compactMap(\.text) == words)
        #expect(tree["maps"]?.elements?[0]["n"]?.text == "1")
        #expect(tree["maps"]?.elements?.count == 2)
    }

    @Test(
        "an Azure address is taken apart",
        arguments: [
            ("https://r.openai.azure.com/", "https://r.openai.azure.com", nil, nil),
            ("https://r.openai.azure.com/openai", "https://r.openai.azure.com", nil, nil),
            ("https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com/openai/v1", nil, nil),
            (
                "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=v&x=y",
                "https://r.openai.azure.com", "d", "v"
            ),
            ("https://r.services.ai.azure.com/models?api-version=v", "https://r.services.ai.azure.com", nil, "v"),
            ("https://apim.example/path", "https://apim.example/path", nil, nil),
        ] as [(String, String, String?, String?)])
    func azureAddress(_ text: String, _ url: String, _ deployment: String?, _ version: String?) {
        let address = AzureAddress(text)
        #expect(address.url == url)
        #expect(address.deployment == deployment)
        #expect(address.apiVersion == version)
    }

    @Test(
        "a Bedrock name is taken apart",
        arguments: [
            ("anthropic.claude-v2:1", "anthropic.claude-v2:1", nil, false),
            ("converse/m", "m", nil, false), ("invoke/m", "m", nil, true),
            ("us-east-1/m", "m", "us-east-1", false), ("invoke/us-gov-west-1/m", "m", "us-gov-west-1", true),
            ("converse/arn:aws:bedrock:r:1:a/b", "arn:aws:bedrock:r:1:a/b", nil, false),
        ] as [(String, String, String?, Bool)])
    func bedrockName(_ text: String, _ model: String, _ region: String?, _ isInvoke: Bool) throws {
        let name = try #require(BedrockName(text))
        #expect(name.model == model)
        #expect(name.region == region)
        #expect(name.isInvoke == isInvoke)
    }

    @Test("special Bedrock routes are not models", arguments: ["agent/x", "llama/arn:aws:x", "converse_like/m", ""])
    func specialBedrock(_ text: String) { #expect(BedrockName(text) == nil) }
}
