// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing

@testable import WireFormats

/// Long strings go many bytes a step; a reader of one byte a step must agree about every one of them.
@Suite struct JSONTextTests {
    /// What a string may hold, valid and not.
    private static let pieces: [[UInt8]] =
        [#"\""#, #"\\"#, #"\/"#, #"\b"#, #"\n"#, #"\u0a1F"#, "é", "नमस्ते", "😀", "a", "plain words ", "x/y\u{7F}"].map {
            Array($0.utf8)
        }
    private static let faults: [[UInt8]] = [
        [92, 120], [92, 117, 49, 50, 71, 48], [9], [0], [0xFF], [0xC3], [92, 10], [92],
    ]

    private enum Outcome: Equatable {
        case text(count: Int, hasEscapes: Bool)
        case fault
    }

    private func scanned(_ json: [UInt8]) -> Outcome {
        json.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            do throws(JSONFault) {
                let string = try scanner.string()
                return .text(count: Int(string.range.count), hasEscapes: string.hasEscapes)
            } catch {
                return .fault
            }
        }
    }

    /// One byte a step, with the standard library to judge characters of several bytes.
    private func read(_ json: [UInt8]) -> Outcome {
        var at = 1
        var hasEscapes = false
        while at < json.count, json[at] != 34 {
            guard json[at] >= 32 else { return .fault }
            if json[at] == 92 {
                hasEscapes = true
                guard at + 1 < json.count else { return .fault }
                let isLong = json[at + 1] == 117
                let digits = json.dropFirst(at + 2).prefix(4)
                let isHexadecimal = digits.count == 4 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
                guard isLong ? isHexadecimal : Array(#""\/bfnrt"#.utf8).contains(json[at + 1]) else { return .fault }
                at += isLong ? 6 : 2
            } else {
                at += 1
            }
        }
        guard at < json.count, String(validating: json[1..<at], as: UTF8.self) != nil else { return .fault }
        return .text(count: at - 1, hasEscapes: hasEscapes)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `every string is read as one byte a step would`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for step in 0..<400 {
            var text: [UInt8] = []
            // From escape after escape to one in a page.
            let plainMax = [0, 3, 40, 200][step % 4]
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                text += [UInt8](repeating: 120, count: Int.random(in: 0...plainMax, using: &random))
                text += Self.pieces.randomElement(using: &random) ?? []
            }
            if step % 3 == 0 {
                let place = Int.random(in: 0...text.count, using: &random)
                text.insert(contentsOf: Self.faults.randomElement(using: &random) ?? [], at: place)
            }
            let json = [34] + text + (step % 5 == 0 ? [] : [34]) + Array(#","more":"\"text\" behind it"}"#.utf8)
            #expect(scanned(json) == read(json), "seed \(seed), step \(step): \(String(decoding: json, as: UTF8.self))")
        }
    }

    /// A backslash may be the last byte of one step and escape the first byte of the next.
    @Test func `an escape may lie at any place and follow any number of backslashes`() {
        for place in 0...130 {
            for backslashes in 0...5 {
                for last in ["\"", "n", "u0041", "x", ""] {
                    let text = String(repeating: "a", count: place) + String(repeating: "\\", count: backslashes) + last
                    let json = Array(("\"" + text + String(repeating: "b", count: 140) + "\"").utf8)
                    #expect(scanned(json) == read(json), "\(text)")
                }
            }
        }
    }
}
