// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

private func usage(_ text: String) -> UsageCounts? {
    Array(text.utf8).withUnsafeBytes { ResponseScan.usage(inTailOf: $0) }
}

private func searches(_ text: String) -> Int64? {
    Array(text.utf8).withUnsafeBytes { ResponseScan.searchUnits(inTailOf: $0) }
}

@Suite struct `Usage of sound, images and ranks` {
    /// Facts: OpenAI's reference of transcriptions and images, Jina's, vLLM's and Voyage's of rerank (read 2026-11).
    @Test(arguments: [
        (
            #"{"text":"a","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":10,"audio_tokens":4},"output_tokens":45,"total_tokens":59}}"#,
            UsageCounts(promptTokens: 14, completionTokens: 45)
        ),
        (
            #"{"data":[],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40,"cached_tokens":8}}}"#,
            UsageCounts(promptTokens: 50, cachedTokens: 8, completionTokens: 50)
        ),
        (#"{"results":[],"usage":{"total_tokens":56}}"#, UsageCounts(promptTokens: 56)),
        (#"{"results":[],"usage":{"prompt_tokens":56,"total_tokens":56}}"#, UsageCounts(promptTokens: 56)),
        (
            #"{"usage":{"prompt_tokens":7,"input_tokens":9,"completion_tokens":1,"output_tokens":3}}"#,
            UsageCounts(promptTokens: 7, completionTokens: 1)
        ),
        (#"{"usage":{"completion_tokens":4,"total_tokens":4}}"#, UsageCounts(completionTokens: 4)),
    ])
    func `is read under each name it has`(text: String, expected: UsageCounts) { #expect(usage(text) == expected) }

    @Test(
        arguments: [
            ("9", 9_000), ("9.2", 9_200), ("0.0015", 1), ("12.3456789", 12_345), ("0", 0), ("3600.000", 3_600_000),
            ("-1", 0), ("1e3", 0), ("\"9\"", 0), ("null", 0), ("[1]", 0), ("99999999999999999999", 0),
            ("999999999999.999", 999_999_999_999_999),
        ] as [(String, Int64)])
    func `in seconds is held in thousandths`(seconds: String, milliseconds: Int64) {
        var expected = UsageCounts()
        expected.audioMilliseconds = milliseconds
        #expect(usage(#"{"usage":{"type":"duration","seconds":\#(seconds)}}"#) == expected)
    }

    /// Facts: Cohere's reference of rerank, v1 and v2 (read 2026-11).
    @Test func `in searches is what Cohere bills`() {
        #expect(
            searches(
                #"{"results":[{"index":0}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":3}}}"#)
                == 3)
        #expect(searches(#"{"meta":{"billed_units" : {"input_tokens":5,"search_units" : 2},"x":1}}"#) == 2)
        #expect(searches(#"{"meta":{"billed_units":{"input_tokens":5}}}"#) == nil)
        #expect(usage(#"{"usage":{"search_units":4,"total_tokens":9}}"#)?.searchUnits == 4)
        for text in [
            "", "\"billed_units\"", "\"billed_units\":", "\"billed_units\":{", "\"billed_units\":7", "billed_units",
            #"{"text":"\"billed_units\":{}"}"#,
        ] {
            #expect(searches(text) == nil, "\(text)")
        }
    }
}

@Suite struct `What a media request is counted by` {
    @Test(
        arguments: [
            (#""abc""#, 3), (#""""#, 0), (#""a\nb\"c""#, 5), (#""é मழை 😀""#, 7), (#""\u00e9\u0BAE\ud83d\ude00""#, 3),
            (#""\uD83D\uDE00\\u0041""#, 7), ("[1,2]", 0), ("null", 0),
        ] as [(String, Int64)])
    func `characters spoken are Unicode scalars, however they are written`(input: String, count: Int64) {
        let scanned = Scanned(#"{"model":"m","voice":"v","input":\#(input)}"#, .speech)
        #expect(scanned.fault == nil && scanned.facts.characters == count)
    }

    @Test func `images are as many as asked for, else one`() {
        #expect(Scanned(#"{"model":"m","prompt":"p"}"#, .images).facts.choices == 1)
        #expect(Scanned(#"{"model":"m","prompt":"p","n":null}"#, .images).facts.choices == 1)
        #expect(Scanned(#"{"model":"m","prompt":"p","n":4}"#, .images).facts.choices == 4)
        #expect(Scanned(#"{"model":"m","prompt":"p","n":"4"}"#, .images).fault == .wrongType(.choices))
        #expect(Scanned(#"{"model":"m","prompt":"p","n":0}"#, .images).fault == .wrongType(.choices))
    }

    @Test func `a ranking's members pass unread`() {
        let scanned = Scanned(#"{"model":"m","query":"q","documents":[],"n":"x","input":7,"tools":1}"#, .other)
        #expect(scanned.fault == nil)
    }

    @Test(arguments: [RequestKind.speech, .images, .other])
    func `the model must be there once`(kind: RequestKind) {
        #expect(Scanned("{}", kind).fault == .missing(.model))
        #expect(Scanned(#"{"model":"m","model":"n"}"#, kind).fault == .duplicate(.model))
    }
}
