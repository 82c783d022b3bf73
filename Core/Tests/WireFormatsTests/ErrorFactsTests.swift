// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

/// Facts with the text that the ranges point at.
private struct Read {
    let facts: ErrorFacts
    let type: String
    let code: String
    let message: String

    init(_ text: String) {
        let bytes = Array(text.utf8)
        facts = bytes.withUnsafeBytes { ResponseScan.errorFacts($0) }
        (type, code, message) = (
            Parsing.string(facts.type, text), Parsing.string(facts.code, text), Parsing.string(facts.message, text)
        )
    }
}

@Suite struct ErrorFactsTests {
    @Test func `each known shape gives type, code and message`() {
        let rows: [(String, String, String, String, Bool)] = [
            (#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#, "t", "c", "m", true),
            (#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#, "", "429", "m", true),
            (#"[{"error":{"code":400,"message":"m"}}]"#, "", "400", "m", false),
            (#" [ {"error":{"message":"m"}}]"#, "", "", "m", false),
            (#"{"object":"error","message":"m","type":"t","param":null,"code":400}"#, "t", "400", "m", false),
            (#"{"error":"m"}"#, "", "", "m", false), (#"{"detail":"m"}"#, "", "", "m", false),
            (#"{"type":"error","error":{"type":"t","message":"m"}}"#, "t", "", "m", true),
            (#"{"error":{"type":"t"}}"#, "t", "", "", false), (#"{"error":{"message":""}}"#, "", "", "", false),
            (#"{"error":null}"#, "", "", "", false),
            (#"{"detail":[{"loc":["body"],"msg":"x"}]}"#, "", "", "", false),
            (#"{"error":{"message":{"a":1},"code":[1]}}"#, "", "", "", false),
        ]
        for (text, type, code, message, isOpenAIShaped) in rows {
            let read = Read(text)
            #expect([read.type, read.code, read.message] == [type, code, message], "\(text)")
            #expect(read.facts.isOpenAIShaped == isOpenAIShaped, "\(text)")
        }
    }

    @Test func `what is no JSON has no facts, and what is cut keeps what was found`() {
        for text in ["", "<html>502</html>", "7", "\"x\"", "[", "[]", "{", "null", "[7]"] {
            #expect(Read(text).facts == ErrorFacts(), "\(text)")
        }
        let cut = Read(#"{"error":{"code":"insufficient_quota","message":"a","par"#)
        #expect(cut.code == "insufficient_quota" && cut.message == "a" && cut.facts.isQuotaExhausted)
        #expect(!cut.facts.isOpenAIShaped, "cut bytes cannot be relayed as they are")
        #expect(!Read(#"{"error":{"message":"a"}} and more"#).facts.isOpenAIShaped)
    }

    @Test(arguments: [
        #"{"error":{"type":"insufficient_quota","message":"m"}}"#,
        #"{"error":{"code":"billing_hard_limit_reached","message":"m"}}"#,
        #"{"error":{"code":"credit_balance_exhausted"}}"#, #"{"error":{"code":"organization_spend_limit_exceeded"}}"#,
        #"{"error":{"code":"project_spend_limit_exceeded"}}"#,
        #"{"error":{"code":"organization_usage_limit_exceeded"}}"#,
        #"{"type":"error","error":{"type":"billing_error"}}"#, #"{"error":{"code":"enforced_spend_limit_reached"}}"#,
    ]) func `money that is used up is told from a rate`(_ text: String) {
        #expect(Read(text).facts.isQuotaExhausted)
        #expect(
            !Read(#"{"error":{"code":"rate_limit_exceeded","type":"tokens","message":"insufficient_quota"}}"#).facts
                .isQuotaExhausted)
    }

    @Test(arguments: [
        #"{"error":{"code":"context_length_exceeded"}}"#,
        #"{"error":{"message":"This model's maximum context length is 4096 tokens."}}"#,
        #"{"error":{"type":"exceed_context_size_error","message":"m"}}"#,
        #"{"error":{"message":"Prompt is too long: 9 tokens"}}"#,
        #"{"object":"error","message":"INPUT IS TOO LONG for requested model"}"#,
        #"{"detail":"context window exceeded"}"#,
        #"{"error":{"message":"input (9 tokens) is too large to process. increase the physical batch size (now: 8)"}}"#,
    ]) func `a prompt that is too long is recognised`(_ text: String) {
        #expect(Read(text).facts.isContextTooLong)
        #expect(!Read(#"{"error":{"message":"context"}}"#).facts.isContextTooLong)
    }

    @Test func `a filter's refusal is recognised`() {
        #expect(Read(#"{"error":{"code":"content_filter","message":"m"}}"#).facts.isContentFilter)
        #expect(Read(#"{"error":{"type":"content_policy_violation"}}"#).facts.isContentFilter)
        #expect(!Read(#"{"error":{"message":"content_filter"}}"#).facts.isContentFilter)
    }

    @Test func `our own errors read back`() {
        let body = String(
            decoding: ErrorBody.openAI(message: "no \"x\"\n", type: "t", param: "n", code: nil), as: UTF8.self)
        #expect(body == #"{"error":{"message":"no \"x\"\n","type":"t","param":"n","code":null}}"#)
        #expect(Read(body).facts.isOpenAIShaped)
    }
}
