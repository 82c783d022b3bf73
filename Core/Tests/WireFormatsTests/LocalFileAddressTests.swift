// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import WireFormats

/// A chat body whose second message has this part.
private func part(_ json: String) -> String {
    #"{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"hi"},\#(json)]}]}"#
}

@Suite("Addresses of local files are found where a request says where its media are")
struct LocalFileAddressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var body: String
        var kind = RequestKind.chatCompletions
        var member: String?
        var testDescription: String { body }
    }

    private func found(_ entry: Case) -> String? {
        let scanned = Scanned(entry.body, entry.kind)
        #expect(scanned.fault == nil)
        let member = scanned.body.withUnsafeBytes { LocalFileAddress.member(of: $0) }
        #expect(member == nil || scanned.facts.mayNameLocalFile, "the scan notices whatever the search finds")
        return member
    }

    private static let image = "messages[1].content[1].image_url.url"

    @Test(arguments: [
        Case(body: part(#"{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}"#), member: image),
        Case(body: part(#"{"type":"image_url","image_url":{"detail":"low","url":"FILE://a.png"}}"#), member: image),
        Case(
            body: part(#"{"type":"image_url","image_url":"file:a.png"}"#), member: "messages[1].content[1].image_url"),
        Case(
            body: part(#"{"type":"input_audio","input_audio":{"format":"wav","data":"file://a.wav"}}"#),
            member: "messages[1].content[1].input_audio.data"),
        Case(
            body: part(#"{"type":"input_audio","input_audio":{"url":"file://a.wav"}}"#),
            member: "messages[1].content[1].input_audio.url"),
        Case(
            body: part(#"{"type":"video_url","video_url":{"url":"file:/v.mp4"}}"#),
            member: "messages[1].content[1].video_url.url"),
        Case(
            body: part(#"{"type":"file","file":{"filename":"a.pdf","file_data":"file:///a.pdf"}}"#),
            member: "messages[1].content[1].file.file_data"),
        Case(
            body:
                #"{"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_url":"file:///a.pdf"}]}]}"#,
            kind: .responses, member: "input[0].content[0].file_url"),
        Case(
            body:
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"file:///i.png"}}]}]}"#,
            kind: .messages, member: "messages[0].content[0].source.url"),
        Case(
            body: #"{"contents":[{"parts":[{"fileData":{"mimeType":"image/png","fileUri":"file:///i.png"}}]}]}"#,
            kind: .generateContent, member: "contents[0].parts[0].fileData.fileUri"),
        Case(body: #"{"model":"m","images":["a","file://b"]}"#, kind: .other, member: "images[1]"),
    ])
    func `on every wire, by its path`(entry: Case) {
        #expect(found(entry) == entry.member)
    }

    @Test(arguments: [
        #"\u0066ile:///x"#, #"f\u0069le:///x"#, #"file\u003A///x"#, #"file:\/\/\/x"#, #" file:///x"#, #"\n\tfile:///x"#,
        #"fi\nle:///x"#, #"\u000cFiLe:\u002f/x"#, "file:", #"\u0020file:x"#,
    ])
    func `however it is written`(address: String) {
        let body = part(#"{"type":"image_url","image_url":{"url":"\#(address)"}}"#)
        #expect(found(Case(body: body)) == Self.image)
    }

    @Test func `under a name that is written with escapes, and under the second of two`() {
        let escaped = part(#"{"type":"image_url","image_url":{"\u0075rl":"file:///x"}}"#)
        #expect(found(Case(body: escaped)) == Self.image)
        let twice = part(#"{"type":"image_url","image_url":{"url":"https://x/i.png","url":"file:///x"}}"#)
        #expect(found(Case(body: twice)) == Self.image)
    }

    @Test(arguments: [
        Case(body: #"{"model":"m","messages":[{"role":"user","content":"file:///etc/passwd: what is it?"}]}"#),
        Case(body: part(#"{"type":"text","text":"file: a.swift"}"#)),
        Case(body: #"{"model":"m","prompt":"file://x","stop":["file:"]}"#, kind: .completions),
        Case(body: #"{"model":"m","input":["file://x","File: y"]}"#, kind: .embeddings),
        Case(body: part(#"{"type":"image_url","image_url":{"url":"https://x/file:///y"}}"#)),
        Case(body: part(#"{"type":"image_url","image_url":{"url":"files://x"}}"#)),
        Case(body: part(#"{"type":"image_url","image_url":{"url":"fil"}}"#)),
        Case(body: part(#"{"type":"image_url","image_url":{"url":"f\u0456le://x"}}"#)),
        Case(body: part(#"{"type":"file","file":{"file_id":"file-1"}}"#)),
        Case(
            body:
                #"{"model":"m","messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","data":"File: a\nb"}}]}]}"#,
            kind: .messages),
        Case(
            body:
                #"{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"open","input":{"url":"file:///a"}}]}]}"#,
            kind: .messages),
        Case(
            body:
                #"{"contents":[{"parts":[{"functionCall":{"name":"open","args":{"url":"file:///a"}}},{"functionResponse":{"name":"open","response":{"url":"file:///a"}}}]}]}"#,
            kind: .generateContent),
        Case(
            body:
                #"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"url":"file:///a"}}}],"metadata":{"url":"file:///a"}}"#
        ),
        Case(body: #"{"model":"m","messages":[{"a":[],"b":{},"c":[1,true,null,"file:"],"role":"user","content":""}]}"#),
    ])
    func `what only begins so is left alone`(entry: Case) {
        #expect(found(entry) == nil)
    }

    @Test func `the scan has nothing to say of a body without such a string`() {
        let typical = Scanned(part(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#))
        #expect(typical.fault == nil && !typical.facts.mayNameLocalFile)
        #expect(!Scanned(part(#"{"type":"function","f":"\n f","g":"","h":" "}"#)).facts.mayNameLocalFile)
    }

    @Test func `a long name does not make a long path, and deep nesting is walked`() {
        let name = String(repeating: "n", count: 5_000)
        let long = #"{"model":"m","\#(name)":{"url":"file:x"}}"#
        #expect(found(Case(body: long, kind: .other)) == String(repeating: "n", count: 64) + ".url")
        let open = String(repeating: #"{"a":["#, count: 60)
        let close = String(repeating: "]}", count: 60)
        let deep = #"{"model":"m","x":\#(open){"url":"file:x"}\#(close)}"#
        #expect(found(Case(body: deep, kind: .other))?.hasSuffix(".a[0].url") == true)
    }
}
