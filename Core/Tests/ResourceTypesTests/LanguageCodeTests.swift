// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@Suite struct `A language code` {
    @Test(arguments: [
        ("hi", "hi"), ("HI", "hi"), ("hi-IN", "hi"), ("hi_IN", "hi"), ("ta-Taml-IN", "ta"), ("brx", "brx"),
        ("brx-Deva", "brx"), ("zh-Hant-TW", "zh"), ("de-CH-1996", "de"), ("en-a-bbb-x-a-ccc", "en"), ("und", "und"),
        ("sl-rozaj-biske-1994", "sl"),
    ])
    func `is the language of a tag and nothing of what narrows it`(tag: String, language: String) {
        #expect(LanguageCode(tag)?.description == language)
    }

    @Test(arguments: [
        "", "h", "hind", "hindi", "english", "auto", "h1", "1a", "-hi", "hi-", "hi--IN", "hi-IN-", "hi IN", " hi",
        "hi ",
        "x-private", "i-klingon", "hi-abcdefghi", "hí", "hi-í", "हिन्दी", "hi;q=1", "hi\r\n", "hi\0", "en-US,en",
        "hi-IN-aaaaaaaa-bbbbbbbb-cccccccc-ddd",
    ])
    func `is not made of anything else`(text: String) { #expect(LanguageCode(text) == nil, "\(text)") }

    @Test func `takes a tag as long as everybody must, and none longer`() {
        let longest =
            "hi-IN-" + String(repeating: "a", count: 8) + "-" + String(repeating: "b", count: 8) + "-cccccccc-dd"
        #expect(longest.utf8.count == 35)
        #expect(LanguageCode(longest)?.description == "hi")
        #expect(LanguageCode(longest + "d") == nil)
    }

    @Test func `tells every pair and triple of letters apart, and orders them all`() {
        let letters = (97...122 as ClosedRange<UInt8>).map { $0 }
        let pairs = letters.flatMap { a in letters.map { [a, $0] } }
        let all = pairs + pairs.flatMap { pair in letters.map { pair + [$0] } }
        let codes = all.compactMap { LanguageCode(tag: $0) }
        #expect(codes.count == 26 * 26 * 27)
        #expect(Set(codes).count == codes.count)
        #expect(codes.map(\.description) == all.map { String(decoding: $0, as: UTF8.self) })
        #expect(zip(codes.sorted(), codes.sorted().dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `of nobody knows which is known by name`() {
        #expect(LanguageCode("und") == .undetermined && LanguageCode("UND-Latn") == .undetermined)
        #expect(LanguageCode("hi") != .undetermined)
    }
}

@Suite struct `A model` {
    @Test func `declares languages once each, whatever narrows them`() {
        let model = Model(name: "m", languages: ["ta", "hi-IN", "hi", "HI-Deva"])
        #expect(model.languageCodes.map(\.description) == ["hi", "ta"])
        #expect(Model(name: "m").languageCodes.isEmpty)
    }

    @Test func `that declares no modality is one of text`() {
        #expect(Model(name: "m").modalitiesServed == [.text])
        #expect(Model(name: "m", modalities: [.audio]).modalitiesServed == [.audio])
    }
}

@Suite struct `An operation` {
    @Test func `has a name of its own`() {
        #expect(Set(Operation.allCases.map(\.name)).count == Operation.allCases.count)
    }

    @Test func `carries some modality, and every modality has one that carries it`() {
        let carried = Modality.allCases.map(\.operations)
        #expect(carried.allSatisfy { $0.rawValue != 0 })
        let all = carried.reduce(OperationSet(rawValue: 0)) { OperationSet(rawValue: $0.rawValue | $1.rawValue) }
        let silent = Operation.allCases.filter { !all.contains($0) }
        #expect(silent == [.countTokens], "counting gives no content")
    }
}
