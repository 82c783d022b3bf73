// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing
import WireFormats

@testable import Doctor

@Suite("An endpoint is asked in its own words, with the smallest call there is")
struct ProbeCallTests {
    private func plans(_ entries: (Operation, OperationPlan)...) -> OperationPlans {
        var plans = OperationPlans()
        for (operation, plan) in entries { plans[operation] = plan }
        return plans
    }

    private func call(_ flavor: ProviderFlavor = .generic, _ entries: (Operation, OperationPlan)...) throws -> ProbeCall
    {
        var plans = OperationPlans()
        for (operation, plan) in entries { plans[operation] = plan }
        return try #require(ProbeCall(record(flavor, plans: plans)))
    }

    private func body(_ call: ProbeCall) throws -> JSONValue { try JSONValue(parsing: call.body) }

    @Test("an API of the endpoint's own comes before a translation to it")
    func nativeFirst() throws {
        let translated = OperationPlan(speech: .chat(.messages, .own), path: "/v1/messages")
        let own = OperationPlan(path: "/v1/messages", headerLines: "anthropic-version: 2023-06-01\r\n")
        let found = try call(.anthropic, (.chatCompletions, translated), (.messages, own))
        #expect(found.wire == .messages(.own))
        #expect(found.headerLines == "anthropic-version: 2023-06-01\r\n")
    }

    @Test("chat comes before embeddings, embeddings where there is nothing else")
    func preference() throws {
        let both = try call(
            .generic, (.embeddings, OperationPlan(path: "/e")), (.chatCompletions, OperationPlan(path: "/c")))
        #expect(both.path == "/c")
        #expect(try call(.generic, (.embeddings, OperationPlan(path: "/e"))).wire == .embeddings(nil))
    }

    @Test("an endpoint that only makes images is not asked")
    func images() {
        #expect(ProbeCall(record(plans: plans((.images, OperationPlan(path: "/i"))))) == nil)
        #expect(ProbeCall(record(plans: OperationPlans())) == nil)
    }

    @Test(
        "the bound of the answer has the name that the provider's models take",
        arguments: [
            (ProviderFlavor.openai, "max_completion_tokens"), (.azure, "max_completion_tokens"), (.vllm, "max_tokens"),
            (.ollama, "max_tokens"), (.generic, "max_tokens"),
        ])
    func bounds(_ flavor: ProviderFlavor, _ name: String) throws {
        let body = try body(try call(flavor, (.chatCompletions, OperationPlan(path: "/c"))))
        #expect(body[name]?.integerValue == 16)
        #expect(body.members?.map(\.0) == ["model", "messages", name])
    }

    @Test("a model in the path is not in the body")
    func modelInPath() throws {
        let converse = OperationPlan(
            speech: .chat(.converse, .bedrock), path: "/model/demo/converse", modelPlace: .path)
        let found = try call(.bedrock, (.chatCompletions, converse))
        #expect(found.wire == .converse)
        #expect(try body(found).members?.map(\.0) == ["messages", "inferenceConfig"])
    }

    @Test(
        "Claude on other clouds has a version in the body",
        arguments: [
            (OperationPlan.Home.bedrock, "bedrock-2023-05-31"), (.vertex, "vertex-2023-10-16"),
        ])
    func claudeElsewhere(_ home: OperationPlan.Home, _ version: String) throws {
        let plan = OperationPlan(speech: .chat(.messages, home), path: "/x", modelPlace: .path)
        let body = try body(try call(.bedrock, (.messages, plan)))
        #expect(body["anthropic_version"]?.stringValue == version)
        #expect(body["model"] == nil && body["max_tokens"]?.integerValue == 16)
    }

    @Test("the model's name is written as it is meant, whatever is in it")
    func escapedModel() throws {
        let escaped = #"a\"b\\cé"#
        let record = record(model: escaped, plans: plans((.chatCompletions, OperationPlan(path: "/c"))))
        let body = try body(try #require(ProbeCall(record)))
        #expect(body["model"]?.stringValue == #"a"b\cé"#)
    }

    @Test(
        "every family of embeddings is asked in its words",
        arguments: [
            (OperationPlan.EmbeddingsFamily.titan, ["inputText"]), (.nova, ["taskType", "singleEmbeddingParams"]),
            (.cohere, ["texts", "input_type"]), (.vertex, ["instances"]), (.gemini, ["requests"]),
        ])
    func families(_ family: OperationPlan.EmbeddingsFamily, _ members: [String]) throws {
        let plan = OperationPlan(speech: .embeddings(family), path: "/x", modelPlace: .path)
        #expect(try body(try call(.bedrock, (.embeddings, plan))).members?.map(\.0) == members)
    }

    @Test("a transcription gets a second of silence as a file")
    func transcription() throws {
        let found = try call(.openai, (.transcriptions, OperationPlan(path: "/t")))
        #expect(found.contentType == "multipart/form-data; boundary=isobar-doctor")
        let text = String(decoding: found.body, as: UTF8.self)
        #expect(text.contains("name=\"model\"\r\n\r\ndemo\r\n"))
        #expect(text.contains("filename=\"ping.wav\"") && text.hasSuffix("\r\n--isobar-doctor--\r\n"))
        let start = try #require(found.body.firstRange(of: Array("RIFF".utf8)))
        let size = found.body[(start.lowerBound + 4)..<(start.lowerBound + 8)].reversed().reduce(0) {
            $0 << 8 | Int($1)
        }
        #expect(size == 36 + 16_000)
    }

    @Test(
        "every wire has a body that is JSON, and expects something",
        arguments: [
            ProbeWire.chatCompletions, .completions, .responses, .generateContent, .converse, .messages(.own),
            .embeddings(nil), .rerank,
        ])
    func bodies(_ wire: ProbeWire) throws {
        let bytes = ProbeBody(model: "m", namesModel: true, bound: .classic).bytes(wire)
        #expect(try JSONValue(parsing: bytes)["model"]?.stringValue == "m")
        #expect(bytes.count < 300 && !wire.answerMembers.isEmpty)
    }
}
