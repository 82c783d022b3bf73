// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

/// A body with what the scan says of it.
struct Scanned {
    let body: [UInt8]
    let fault: RequestFault?
    let facts: RequestFacts

    init(_ body: some Sequence<UInt8>, _ kind: RequestKind = .chatCompletions, hashesPrefix: Bool = true) {
        let body = Array(body)
        var facts = RequestFacts()
        fault = body.withUnsafeBytes { RequestScan.facts($0, kind: kind, hashesPrefix: hashesPrefix, into: &facts) }
        self.body = body
        self.facts = facts
    }

    init(_ text: String, _ kind: RequestKind = .chatCompletions) { self.init(text.utf8, kind) }

    func text(_ range: ByteRange) -> String { body.withUnsafeBytes { Parsing.string(range, $0) } }

    /// The hashes, as many as there are.
    var prefixes: [UInt64] { (0..<facts.prefixCount).map { facts.prefixHashes[$0] } }
}

/// A chat body that is complete but for `members`.
private func chat(_ members: String) -> String {
    #"{"model":"m","messages":[{"role":"user","content":"hi"}]"# + (members.isEmpty ? "" : ",") + members + "}"
}

@Suite struct RequestScanTests {
    static let typical = """
        {
          "model": "llama-3.1-8b",
          "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is \\u00e9 in \\"caf\u{E9}\\"?"}]}
          ],
          "temperature": 0.7, "seed": 9007199254740993, "stream": true, "max_completion_tokens": 256, "max_tokens": 16, "n": 2,
          "stream_options": {"include_usage": false, "x": [1]},
          "tools": [{"type": "function", "function": {"name": "f"}}], "metadata": {"model": "other", "stream": 7}
        }

        """

    @Test func `a typical chat request is read into facts`() {
        let scanned = Scanned(Self.typical)
        #expect(scanned.fault == nil)
        let facts = scanned.facts
        #expect(scanned.text(facts.model) == "llama-3.1-8b" && !facts.modelHasEscapes)
        #expect(facts.isStream && facts.hasTools && facts.outputTokensMax == 256 && facts.choices == 2)
        #expect(facts.messageCount == 2 && facts.prefixCount == 2)
        #expect(Self.typical.utf8.dropFirst(facts.objectBody - 1).first == UInt8(ascii: "{"))
    }

    @Test func `ranges point at what they say`() {
        let scanned = Scanned(Self.typical)
        guard case .object(let range, let isEmpty, let flag, let value) = scanned.facts.streamOptions else {
            Issue.record("no stream options")
            return
        }
        #expect(scanned.text(range) == #"{"include_usage": false, "x": [1]}"#)
        #expect(!isEmpty && flag == false && scanned.text(value) == "false")
        let messages = Self.typical.split(separator: "\"messages\": ")[1].split(separator: ",\n  \"temperature\"")[0]
        #expect(scanned.facts.promptBytes == messages.utf8.count)
    }

    @Test func `stream options say what is there to rewrite`() {
        func options(_ text: String) -> (StreamOptions, Scanned) {
            let scanned = Scanned(chat(text))
            #expect(scanned.fault == nil, "\(text)")
            return (scanned.facts.streamOptions, scanned)
        }
        #expect(options("").0 == .absent)
        let (null, body) = options(#""stream_options": null"#)
        if case .null(let range) = null { #expect(body.text(range) == "null") } else { Issue.record("not null") }
        if case .object(_, let isEmpty, let flag, let value) = options(#""stream_options":{ }"#).0 {
            #expect(isEmpty && flag == nil && value.isEmpty)
        } else {
            Issue.record("not an object")
        }
        if case .object(let range, let isEmpty, let flag, let value) = options(
            #""stream_options":{"include_usage": null }"#
        ).0 {
            #expect(!isEmpty && flag == nil && value.count == 4 && range.count == 24)
        } else {
            Issue.record("not an object")
        }
    }

    @Test func `absent members have their defaults`() {
        let facts = Scanned(chat("")).facts
        #expect(
            !facts.isStream && !facts.hasTools && facts.outputTokensMax == -1 && facts.choices == 1
                && facts.streamOptions == .absent)
        let nulls = Scanned(
            chat(
                #""stream":null,"max_tokens":null,"max_completion_tokens":null,"n":null,"tools":null,"stream_options":null"#
            ))
        #expect(nulls.fault == nil)
        #expect(
            !nulls.facts.isStream && !nulls.facts.hasTools && nulls.facts.outputTokensMax == -1
                && nulls.facts.choices == 1)
    }

    @Test func `the newer name of the output limit wins in either order`() {
        #expect(Scanned(chat(#""max_tokens":5,"max_completion_tokens":7"#)).facts.outputTokensMax == 7)
        #expect(Scanned(chat(#""max_completion_tokens":7,"max_tokens":5"#)).facts.outputTokensMax == 7)
        #expect(Scanned(chat(#""max_completion_tokens":null,"max_tokens":5"#)).facts.outputTokensMax == 5)
        #expect(Scanned(chat(#""max_tokens":999999999999999999"#)).facts.outputTokensMax == 999_999_999_999_999_999)
    }

    @Test func `other kinds need their own member and pass over the others`() {
        let prompt = Scanned(#"{"model":"m","prompt":["a","b"],"messages":7,"input":7}"#, .completions)
        #expect(prompt.fault == nil && prompt.facts.promptBytes == 9 && prompt.facts.prefixCount == 1)
        let input = Scanned(#"{"model":"m","input":"abc","prompt":7,"messages":7,"tools":7}"#, .embeddings)
        #expect(input.fault == nil && input.facts.promptBytes == 5)
        let messages = Scanned(chat(#""prompt":7,"input":{},"prompt":8"#))
        #expect(messages.fault == nil && messages.facts.promptBytes == 32 && messages.facts.messageCount == 1)
        #expect(Scanned(#"{"model":"m"}"#, .chatCompletions).fault == .missing(.messages))
        #expect(Scanned(#"{"model":"m"}"#, .completions).fault == .missing(.prompt))
        #expect(Scanned(#"{"model":"m"}"#, .embeddings).fault == .missing(.input))
        #expect(Scanned("{}", .embeddings).fault == .missing(.model))
    }

    // MARK: Wrong types

    static let wrong: [(String, RequestMember)] = [
        (#""stream":"true""#, .stream), (#""stream":1"#, .stream), (#""stream":[]"#, .stream),
        (#""stream_options":true"#, .streamOptions),
        (#""stream_options":[]"#, .streamOptions), (#""stream_options":{"include_usage":1}"#, .includeUsage),
        (#""max_tokens":-1"#, .maxTokens),
        (#""max_tokens":1.0"#, .maxTokens), (#""max_tokens":1e3"#, .maxTokens), (#""max_tokens":"5""#, .maxTokens),
        (#""max_tokens":1000000000000000000"#, .maxTokens), (#""max_completion_tokens":-1"#, .maxCompletionTokens),
        (#""max_completion_tokens":{}"#, .maxCompletionTokens), (#""n":0"#, .choices), (#""n":129"#, .choices),
        (#""n":1.5"#, .choices),
        (#""n":true"#, .choices), (#""tools":{}"#, .tools), (#""tools":"x""#, .tools),
    ]

    @Test(arguments: wrong) func `a member of the wrong type is refused by name`(
        _ member: String, _ expected: RequestMember
    ) {
        #expect(Scanned(chat(member)).fault == .wrongType(expected))
    }

    @Test(arguments: [
        #""n":1"#, #""n":128"#, #""max_tokens":0"#, #""max_tokens":-0"#, #""tools":[]"#, #""stream":false"#,
    ])
    func `a member at the edge of its range is accepted`(_ member: String) {
        #expect(Scanned(chat(member)).fault == nil)
    }

    @Test func `model, messages, prompt and input are checked as well`() {
        let rows: [(String, RequestKind, RequestFault)] = [
            (#"{"model":1,"messages":[{}]}"#, .chatCompletions, .wrongType(.model)),
            (#"{"model":"","messages":[{}]}"#, .chatCompletions, .wrongType(.model)),
            (#"{"model":null,"messages":[{}]}"#, .chatCompletions, .wrongType(.model)),
            (#"{"model":"m","messages":{}}"#, .chatCompletions, .wrongType(.messages)),
            (#"{"model":"m","messages":[]}"#, .chatCompletions, .wrongType(.messages)),
            (#"{"model":"m","messages":null}"#, .chatCompletions, .wrongType(.messages)),
            (#"{"model":"m","messages":[{},"x"]}"#, .chatCompletions, .wrongType(.messages)),
            (#"{"model":"m","messages":[[]]}"#, .chatCompletions, .wrongType(.messages)),
            (#"{"model":"m","prompt":1}"#, .completions, .wrongType(.prompt)),
            (#"{"model":"m","prompt":{}}"#, .completions, .wrongType(.prompt)),
            (#"{"model":"m","input":null}"#, .embeddings, .wrongType(.input)), ("[]", .chatCompletions, .notAnObject),
            ("7", .chatCompletions, .notAnObject), (#""x""#, .chatCompletions, .notAnObject),
            ("", .chatCompletions, .empty),
        ]
        for (body, kind, expected) in rows { #expect(Scanned(body, kind).fault == expected, "\(body)") }
    }

    // MARK: Duplicates

    @Test func `a member we act on may stand once`() {
        let members: [(String, RequestMember)] = [
            (#""stream":true"#, .stream), (#""max_tokens":1"#, .maxTokens),
            (#""max_completion_tokens":1"#, .maxCompletionTokens), (#""n":1"#, .choices),
            (#""tools":[]"#, .tools), (#""stream_options":{}"#, .streamOptions),
        ]
        for (member, expected) in members {
            #expect(Scanned(chat("\(member),\(member)")).fault == .duplicate(expected))
        }
        #expect(Scanned(chat(#""model":"other""#)).fault == .duplicate(.model))
        #expect(Scanned(chat(#""messages":[{}]"#)).fault == .duplicate(.messages))
        #expect(
            Scanned(chat(#""stream_options":{"include_usage":true,"include_usage":true}"#)).fault
                == .duplicate(.includeUsage))
        #expect(Scanned(chat(#""stop":"a","stop":"b""#)).fault == nil, "nobody acts on it")
    }

    @Test func `whom it is asked for is noted, wherever the wire says it`() {
        func subject(_ members: String, _ kind: RequestKind = .chatCompletions) -> String? {
            let scanned = Scanned(chat(members), kind)
            return scanned.fault == nil ? scanned.text(scanned.facts.subject) : nil
        }
        #expect(subject(#""user":"anna""#) == "anna")
        #expect(subject(#""user":"a","user":"b""#) == "b")
        #expect(subject(#""safety_identifier":"s","user":"anna""#) == "s")
        #expect(subject(#""user":"anna","safety_identifier":"s""#) == "s")
        #expect(subject(#""user":7"#) == "", "the endpoint's business")
        #expect(subject(#""metadata":{"a":{"user_id":"x"},"user_id":"anna"}"#, .messages) == "anna")
        #expect(subject(#""metadata":{},"user":"anna""#, .messages) == "")
        #expect(subject(#""metadata":{"user_id":"anna"}"#) == "", "another wire's")
        #expect(subject(#""metadata":[1]"#, .messages) == "")
        let escaped = Scanned(chat(#""us\u0065r":"an\u006ea""#))
        #expect(escaped.facts.subjectHasEscapes && escaped.text(escaped.facts.subject) == #"an\u006ea"#)
    }

    @Test func `an escaped name is the same name`() {
        #expect(Scanned(chat(#""m\u006fdel":"other""#)).fault == .duplicate(.model))
        let escaped = Scanned(#"{"\u006dodel":"m","messages":[{}],"stream\u005foptions":{"include\u005fusage":true}}"#)
        #expect(escaped.fault == nil && escaped.text(escaped.facts.model) == "m")
        guard case .object(_, _, true, _) = escaped.facts.streamOptions else {
            Issue.record("include_usage was not seen"); return
        }
        #expect(Scanned(chat(#""model\u0000":"x","mod\\u0065l":1"#)).fault == nil, "other names")
    }

    @Test func `a model with escapes says so`() {
        let scanned = Scanned(#"{"model":"a\/b","messages":[{}]}"#)
        #expect(scanned.facts.modelHasEscapes && scanned.text(scanned.facts.model) == #"a\/b"#)
    }

    @Test func `faults name the parameter in the words of the API`() {
        #expect(Scanned(chat(#""n":0"#)).fault?.parameter?.description == "n")
        #expect(
            Scanned(chat(#""stream_options":{"include_usage":1}"#)).fault?.parameter?.description
                == "stream_options.include_usage")
        #expect(Scanned("{").fault?.parameter == nil)
        for member in RequestMember.allCases {
            #expect(RequestFault.wrongType(member).explanation().contains("must be"))
        }
        #expect(Scanned("{\"a\":tru}").fault?.explanation().contains("near byte") == true)
    }
}
