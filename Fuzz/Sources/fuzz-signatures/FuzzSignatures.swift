// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import Translation
internal import WireFormats

// Properties: whatever a caller sends back, no mark of origin is left in what an endpoint gets, on its own wire or on
// another; what is written is JSON; where the scan sees no mark, none is taken off.

@main enum FuzzSignatures {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private let wires: [(wire: ChatWire, kind: RequestKind)] = [
    (.chatCompletions, .chatCompletions), (.responses, .responses), (.messages, .messages),
    (.generateContent, .generateContent),
]
private let origins: [SignatureOrigin] = [.anthropic, .google, .vertex, SignatureOrigin(.openAI, scope: 0x1A)]
private let places: Set = [
    "signature", "encrypted_content", "thoughtSignature", "thought_signature", "redactedContent",
]

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data, count > 1 else { return 0 }
    let origin = origins[Int(data[0]) % origins.count]
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count - 1, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: UnsafeRawBufferPointer(start: data + 1, count: count - 1))
    let body = UnsafeRawBufferPointer(copy)
    for (wire, kind) in wires {
        var facts = RequestFacts()
        guard RequestScan.facts(body, kind: kind, hashesPrefix: false, into: &facts) == nil else { continue }
        checkFilter(body, wire, origin, mayBeMarked: facts.mayBeMarked)
        for target in ChatWire.allCases where target != wire { checkTranslation(body, wire, target, origin) }
    }
    return 0
}

private func endpoint(_ origin: SignatureOrigin) -> EndpointTarget { EndpointTarget(model: "m", origin: origin) }

private func checkFilter(
    _ body: UnsafeRawBufferPointer, _ wire: ChatWire, _ origin: SignatureOrigin, mayBeMarked: Bool
) {
    let translator = RequestTranslator()
    guard let isMarked = try? translator.removeMarks(from: body, on: wire, for: endpoint(origin)) else {
        return Fuzz.check(false, "a body that was scanned can be read")
    }
    guard isMarked else { return }
    // An escaped mark is one to whoever reads escapes, and not to the scan: no client writes it.
    if !body.contains(UInt8(ascii: "\\")) { Fuzz.check(mayBeMarked, "the scan sees every mark") }
    let filtered = Array(translator.body)
    Fuzz.check((try? JSONValue(parsing: filtered)) != nil, "a body without marks is JSON")
    filtered.withUnsafeBytes { filtered in
        Fuzz.check(
            (try? RequestTranslator().removeMarks(from: filtered, on: wire, for: endpoint(origin))) == false,
            "no mark is left on \(wire)")
    }
}

private func checkTranslation(
    _ body: UnsafeRawBufferPointer, _ source: ChatWire, _ wire: ChatWire, _ origin: SignatureOrigin
) {
    let translator = RequestTranslator()
    guard
        (try? translator.translate(body, from: source, isStream: false, to: wire, for: endpoint(origin))) != nil
    else { return }
    guard let tree = try? JSONValue(parsing: Array(translator.body)) else {
        return Fuzz.check(false, "a translation is JSON")
    }
    let conversation = tree["messages"] ?? tree["input"] ?? tree["contents"] ?? .null
    Fuzz.check(!isMarked(conversation), "no mark gets from \(source) to \(wire)")
}

/// Whether a member that holds a signature begins as a mark does.
private func isMarked(_ value: JSONValue) -> Bool {
    if let values = value.arrayValue { return values.contains(where: isMarked) }
    let isSealed = value["type"]?.stringValue == "redacted_thinking"
    return (value.members ?? []).contains { name, inner in
        // Arguments are the model's own.
        guard name != "input", name != "args" else { return false }
        let isPlace = name == "data" ? isSealed : places.contains(name)
        return isPlace && inner.stringValue.map(hasMark) ?? false || isMarked(inner)
    }
}

private func hasMark(_ text: String) -> Bool { text.hasPrefix("isobar-1.") || text.hasPrefix("aXNvYmFyLTEu") }
