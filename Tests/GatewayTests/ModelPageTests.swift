// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Gateway

@Suite("Pages of a list of models")
struct ModelPageTests {
    private static let models = ["a", "b", "c", "d"].map {
        ListedModel(name: $0, operations: [Operation.generateContent.set])
    }

    /// Names of the page, and what it says of others.
    private func page(_ query: String, _ wire: ChatWire) -> (names: [String], more: JSONValue?) {
        let document = ModelPage(Self.models, QueryString(query), wire).document
        let entries = (document["data"] ?? document["models"])?.arrayValue ?? []
        return (
            entries.map { ($0["id"] ?? $0["name"])?.stringValue ?? "" },
            document["has_more"] ?? document["nextPageToken"]
        )
    }

    @Test(
        "Anthropic's cursors are names, in both directions",
        arguments: [
            ("", ["a", "b", "c", "d"], false), ("limit=2", ["a", "b"], true), ("limit=0", ["a"], true),
            ("limit=x", ["a", "b", "c", "d"], false), ("after_id=b", ["c", "d"], false),
            ("after_id=a&limit=2", ["b", "c"], true), ("after_id=d", [], false), ("after_id=z", [], false),
            ("before_id=c", ["a", "b"], false), ("before_id=d&limit=1", ["c"], true), ("before_id=z", [], false),
        ])
    func anthropic(_ query: String, _ names: [String], _ hasMore: Bool) {
        let page = page(query, .messages)
        #expect(page.names == names && page.more?.boolValue == hasMore)
    }

    @Test(
        "Google's token is where the next page begins; the last page has none",
        arguments: [
            ("", ["a", "b", "c", "d"], String?.none), ("pageSize=3", ["a", "b", "c"], "3"),
            ("pageSize=3&pageToken=3", ["d"], nil), ("pageToken=-7", ["a", "b", "c", "d"], nil),
            ("pageToken=99", [], nil), ("pageToken=x", [], nil),
        ])
    func google(_ query: String, _ names: [String], _ token: String?) {
        let page = page(query, .generateContent)
        #expect(page.names == names.map { "models/\($0)" } && page.more?.stringValue == token)
    }

    @Test("OpenAI's list has no pages")
    func openAI() {
        #expect(page("limit=1&after=a", .chatCompletions).names == ["a", "b", "c", "d"])
    }

    @Test("Google's clients are told what they may ask")
    func methods() {
        let counted = ListedModel(name: "m", contextTokensMax: 8, operations: [.all])
        let document = counted.document(in: .generateContent)
        #expect(
            document["supportedGenerationMethods"]?.text
                == #"["generateContent","streamGenerateContent","countTokens"]"#)
        #expect(document["inputTokenLimit"]?.integerValue == 8)
        let silent = ListedModel(name: "m", operations: [Operation.embeddings.set]).document(in: .generateContent)
        #expect(silent["supportedGenerationMethods"]?.text == "[]" && silent["inputTokenLimit"] == nil)
    }
}
