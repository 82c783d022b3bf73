// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

// Properties: the request scan, the chunk reader and the tree reader agree on what is JSON; what the scan notes is what
// the tree holds; ranges point at it; a tree survives writing and reading.

@main enum FuzzJSON {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let tree = try? JSONValue(parsing: bytes)
    if let tree { checkRoundTrip(tree) }
    Fuzz.withCopy(of: bytes) { raw in
        for kind in [RequestKind.chatCompletions, .completions, .embeddings] { checkRequest(raw, kind, tree) }
        checkResponse(raw, tree)
    }
    return 0
}

private func checkRoundTrip(_ tree: JSONValue) {
    let written = tree.bytes
    guard let again = try? JSONValue(parsing: written) else { return Fuzz.check(false, "what is written can be read") }
    Fuzz.check(again == tree && again.bytes == written, "a tree survives writing and reading")
}

private func checkRequest(_ raw: UnsafeRawBufferPointer, _ kind: RequestKind, _ tree: JSONValue?) {
    var facts = RequestFacts()
    let fault = RequestScan.facts(raw, kind: kind, hashesPrefix: true, into: &facts)
    switch fault {
    case .syntax(let offset, _):
        Fuzz.check(tree == nil, "the scan refuses only what is no JSON")
        Fuzz.check(offset >= 0 && offset <= raw.count, "a fault is inside the bytes")
    case .empty: Fuzz.check(raw.isEmpty, "only nothing is empty")
    case .notAnObject: Fuzz.check(tree.map { $0.members == nil } ?? false, "JSON that is no object")
    case .missing: Fuzz.check(tree != nil, "members are missing from JSON only")
    case .wrongType, .duplicate: break
    case nil: checkFacts(facts, raw, kind, tree)
    }
}

private func checkFacts(_ facts: RequestFacts, _ raw: UnsafeRawBufferPointer, _ kind: RequestKind, _ tree: JSONValue?) {
    guard let tree else { return Fuzz.check(false, "the scan accepts JSON only") }
    Fuzz.check(facts.model, inside: raw.count, "model")
    if !facts.modelHasEscapes {
        Fuzz.check(
            tree["model"]?.stringValue == String(decoding: facts.model.slice(raw), as: UTF8.self),
            "the model is the tree's")
    }
    Fuzz.check(facts.isStream == (tree["stream"]?.boolValue ?? false), "stream is the tree's")
    Fuzz.check(Int(facts.choices) == tree["n"]?.integerValue ?? 1, "n is the tree's")
    let tokens = tree["max_completion_tokens"]?.integerValue ?? tree["max_tokens"]?.integerValue ?? -1
    Fuzz.check(Int(facts.outputTokensMax) == tokens, "the output limit is the tree's")
    Fuzz.check(facts.objectBody > 0 && raw[facts.objectBody - 1] == 123, "the object begins where it is said to")
    Fuzz.check(
        facts.mayNameLocalFile || LocalFileAddress.member(of: raw) == nil,
        "the scan notices every address of a local file")
    checkStreamOptions(facts.streamOptions, raw, tree["stream_options"])
    if case .chatCompletions = kind {
        Fuzz.check(facts.messageCount == tree["messages"]?.arrayValue?.count, "messages are counted")
        Fuzz.check(facts.prefixCount == min(facts.messageCount, RequestFacts.prefixesMax), "prefixes are hashed")
    }
}

private func checkStreamOptions(_ options: StreamOptions, _ raw: UnsafeRawBufferPointer, _ tree: JSONValue?) {
    switch options {
    case .absent: Fuzz.check(tree == nil, "no options are absent")
    case .null(let range): Fuzz.check(Array(range.slice(raw)) == Array("null".utf8) && tree == .null, "null is null")
    case .object(let range, let isEmpty, let includesUsage, let value):
        Fuzz.check(range, inside: raw.count, "options")
        Fuzz.check((try? JSONValue(parsing: Array(range.slice(raw)))) == tree, "the range holds the options")
        Fuzz.check(isEmpty == (tree?.members?.isEmpty ?? false), "empty is empty")
        Fuzz.check(includesUsage == tree?["include_usage"]?.boolValue, "include_usage is the tree's")
        guard !value.isEmpty else { return Fuzz.check(tree?["include_usage"] == nil, "no value is absent") }
        Fuzz.check(
            (try? JSONValue(parsing: Array(value.slice(raw)))) == tree?["include_usage"], "the range holds the value")
    }
}

private func checkResponse(_ raw: UnsafeRawBufferPointer, _ tree: JSONValue?) {
    let chunk = ResponseScan.chunkFacts(raw)
    switch chunk.kind {
    case .malformed: Fuzz.check(tree?.members == nil, "an object of JSON is not malformed")
    case .done: Fuzz.check(tree == nil, "the end mark is no JSON")
    // Google's compatible API puts an error into an array.
    case .error: Fuzz.check(tree != nil, "an error is JSON")
    default: Fuzz.check(raw.isEmpty || tree?.members != nil, "only objects of JSON are chunks")
    }
    if ResponseScan.isPlainChunk(raw), chunk.kind != .malformed {
        Fuzz.check(!chunk.hasFinishReason && chunk.usage == nil, "a plain chunk has no end and no usage")
        Fuzz.check(chunk.kind == .content || chunk.kind == .noContent, "a plain chunk is no error")
    }
    let errors = ResponseScan.errorFacts(raw)
    for range in [errors.type, errors.code, errors.message] { Fuzz.check(range, inside: raw.count, "error") }
    if errors.isOpenAIShaped { Fuzz.check(tree?["error"]?.members != nil, "an OpenAI error has an object") }
    if let usage = ResponseScan.usage(inTailOf: raw) {
        Fuzz.check(min(usage.promptTokens, usage.cachedTokens, usage.completionTokens) >= 0, "counts are not negative")
    }
}
