// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing
import WireFormats

/// What a reader finds in a stream that arrives in pieces and keeps what is unfinished for the next one.
private struct Found: Equatable {
    var elements: [String] = []
    var rest: [UInt8] = []
    var isComplete = false
    var isMalformed = false

    init(_ pieces: [some Collection<UInt8>], elementBytesMax: Int = 1 << 20) {
        var framing = JSONArrayFraming(elementBytesMax: elementBytesMax)
        for piece in pieces where !isMalformed {
            rest += piece
            var offset = 0
            rest.withUnsafeBytes { bytes in
                while true {
                    switch framing.next(bytes, from: &offset) {
                    case .element(let range): elements.append(Parsing.string(range, bytes))
                    case .more: return
                    case .malformed:
                        isMalformed = true
                        return
                    }
                }
            }
            rest.removeFirst(offset)
        }
        isComplete = framing.isComplete
    }

    init(_ text: String, elementBytesMax: Int = 1 << 20) { self.init([text.utf8], elementBytesMax: elementBytesMax) }
}

@Suite struct JSONArrayFramingTests {
    private static let elements = [
        #"{"a":[1,{"b":"]},{\"}"}]}"#, #"{}"#, "{\n  \"text\": \"grüße 👋\\\\\"\n}", #"{"c":"\\\"","d":[[]]}"#,
    ]
    private static let array = "\r\n [" + elements.joined(separator: "\n,\r\n") + "\t] \n"

    @Test func `every element of an array is found whole`() {
        let found = Found(Self.array)
        #expect(found.elements == Self.elements)
        #expect(found.isComplete && !found.isMalformed && found.rest.isEmpty)
    }

    @Test func `the pieces do not matter: every split into two and into three, and every byte alone`() {
        let bytes = Array(Self.array.utf8)
        let whole = Found(Self.array)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let found = Found([bytes[..<first], bytes[first..<second], bytes[second...]])
                #expect(found == whole, "split at \(first) and \(second)")
            }
        }
        #expect(Found(bytes.map { [$0] }) == whole)
    }

    @Test func `an array that was cut off is never complete`() {
        let bytes = Array(Self.array.utf8)
        let end = bytes.lastIndex(of: 93) ?? 0
        for count in 0...end {
            let found = Found([bytes[..<count]])
            #expect(!found.isComplete && !found.isMalformed, "cut at \(count)")
        }
    }

    @Test func `an element is found as soon as its last bracket is there`() {
        #expect(Found(#"[{"a":1}"#).elements == [#"{"a":1}"#])
        #expect(Found(#"[{"a":1"#).rest == Array(#"{"a":1"#.utf8))
    }

    @Test func `an object without an array is an element, and so is one behind it`() {
        let error = "{\n  \"error\": {\"code\": 503}\n}"
        for text in [error, "\n\(error)\n"] {
            let found = Found(text)
            #expect(found.elements == [error] && found.isComplete, "\(text.debugDescription)")
        }
        #expect(Found("\(error)\n\(error)").elements == [error, error])
        let bytes = Array(error.utf8)
        for position in 0...bytes.count {
            let found = Found([bytes[..<position], bytes[position...]])
            #expect(found.elements == [error] && found.isComplete, "split at \(position)")
        }
        #expect(!Found(String(error.dropLast())).isComplete)
    }

    @Test func `an empty array is complete and has nothing in it`() {
        for text in ["[]", " [ \n ] "] {
            let found = Found(text)
            #expect(found.elements.isEmpty && found.isComplete && !found.isMalformed)
        }
        #expect(!Found("").isComplete)
    }

    @Test(
        arguments: [
            "<html>", "7", "\"a\"", "[7]", "[[{}]]", "[,{}]", "[{},]", "[{}{}]", "[{}]{}", "[{}] [", "{},{}", "{}]",
            "]",
            "data: {}", "[null]",
        ])
    func `what is neither an array of objects nor objects is malformed`(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Found(text).isMalformed)
        for position in 0...bytes.count {
            #expect(Found([bytes[..<position], bytes[position...]]).isMalformed, "split at \(position)")
        }
    }

    @Test func `what comes behind something malformed is not looked at`() {
        #expect(Found("[7,{}").elements.isEmpty)
        var framing = JSONArrayFraming(elementBytesMax: 100)
        for _ in 0..<2 {
            var offset = 0
            Array("x[{}]".utf8).withUnsafeBytes { #expect(framing.next($0, from: &offset) == .malformed) }
        }
        #expect(!framing.isComplete)
    }

    @Test func `an element may have as many bytes as the limit says, and not one more`() {
        let element = #"{"a":"0123456789"}"#
        let count = element.utf8.count
        #expect(Found("[\(element)]", elementBytesMax: count).elements == [element])
        #expect(Found("[\(element)]", elementBytesMax: count - 1).isMalformed)
        let bytes = Array("[\(element)]".utf8)
        #expect(Found(bytes.map { [$0] }, elementBytesMax: count).elements == [element])
        #expect(Found(bytes.map { [$0] }, elementBytesMax: count - 1).isMalformed)
        #expect(Found(#"[{"a":"01234567890123456789"#, elementBytesMax: 16).isMalformed, "not only at its end")
    }

    @Test func `nesting is bounded`() {
        func nested(_ depth: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(Found("[\(nested(128))]").elements.count == 1)
        #expect(Found("[\(nested(129))]").isMalformed)
    }

    @Test func `random streams frame the same however they arrive`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 1...24, using: &random)).map { _ in
                Array(#"[[{{}},"\ a"#.utf8).randomElement(using: &random) ?? 32
            }
            let whole = Found([bytes])
            let position = Int.random(in: 0...bytes.count, using: &random)
            let split = Found([bytes[..<position], bytes[position...]])
            #expect(
                split.elements == whole.elements && split.isMalformed == whole.isMalformed, "\(bytes) at \(position)")
            #expect(split.isComplete == whole.isComplete, "\(bytes) at \(position)")
        }
    }
}
