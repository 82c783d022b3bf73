// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

// Goal: a body is forwarded only if it is JSON that every reader reads alike. The scan and the tree reader must agree
// on that.

/// A chat body with `bytes` as one string's content.
private func quoted(_ bytes: [UInt8]) -> [UInt8] {
    Array(#"{"model":"m","messages":[{"content":""#.utf8) + bytes + Array(#""}]}"#.utf8)
}

/// A chat body with `text` as a member's value.
private func body(_ text: String) -> [UInt8] {
    Array(#"{"model":"m","messages":[{}],"x":"#.utf8) + Array(text.utf8) + [125]
}

private func fault(_ bytes: [UInt8]) -> JSONFault? {
    let scanned = Scanned(bytes).fault
    let parsed: JSONFault?
    do {
        _ = try JSONValue(parsing: bytes)
        parsed = nil
    } catch {
        parsed = error
    }
    if let scanned, case .syntax(let offset, let fault) = scanned {
        #expect((0...bytes.count).contains(offset))
        #expect(parsed == fault, "the tree reader says otherwise")
        return fault
    }
    #expect(scanned == nil && parsed == nil)
    return nil
}

@Suite struct RequestSyntaxTests {
    @Test func `UTF-8 is accepted in its shortest form and no other`() {
        // Edges of RFC 3629 section 4.
        let good: [[UInt8]] = [
            [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE0, 0xBF, 0xBF], [0xE1, 0x80, 0x80],
            [0xEC, 0xBF, 0xBF], [0xED, 0x80, 0x80],
            [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80],
            [0xF0, 0xBF, 0xBF, 0xBF], [0xF1, 0x80, 0x80, 0x80],
            [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x80, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        let bad: [[UInt8]] = [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x7F], [0xC2, 0xC0], [0xDF, 0x20],
            [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE0, 0xA0], [0xE1, 0x7F, 0x80], [0xE1, 0x80], [0xE1, 0x80, 0x7F], [0xE1, 0x80, 0xC0], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF1, 0x80, 0x80, 0x7F],
            [0xF1, 0x80, 0x7F, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ]
        let paddings = [0, 1, 14, 15, 16, 17, 63, 64, 65, 130]
        for padding in paddings.map({ [UInt8](repeating: 97, count: $0) }) {
            for bytes in good { #expect(fault(quoted(padding + bytes + padding)) == nil, "\(bytes)") }
            for bytes in bad { #expect(fault(quoted(padding + bytes + padding)) == .malformedUTF8, "\(bytes)") }
        }
    }

    @Test func `control characters are refused wherever they stand`() {
        for length in [1, 15, 16, 17, 64, 80, 81, 200] {
            for control in UInt8(0)..<0x20 {
                for position in Set([0, length / 2, length - 1]) {
                    var text = [UInt8](repeating: 120, count: length)
                    text[position] = control
                    #expect(fault(quoted(text)) == .controlCharacter, "\(control) at \(position) of \(length)")
                }
            }
        }
    }

    @Test func `escapes are those of RFC 8259`() {
        for good in [
            #"\""#, #"\\"#, #"\/"#, #"\b\f\n\r\t"#, #"\u0000"#, #"\uFFFF"#, #"\uabCD"#, #"\ud83d\udc4b"#, #"\ud800"#,
            #"\udc00\ud800"#,
        ] {
            #expect(fault(quoted(Array(good.utf8))) == nil, "\(good)")
        }
        for bad in [
            #"\a"#, #"\'"#, #"\x41"#, #"\u12"#, #"\u123g"#, #"\u 123"#, #"\u+123"#, #"\U0041"#, #"\0"#, "\\\n",
            #"\uD83D\u12"#,
        ] {
            #expect(fault(quoted(Array(bad.utf8))) == .malformedEscape, "\(bad)")
        }
    }

    @Test func `every length of a string ends where it ends`() {
        for length in 0...200 {
            for tail in ["", #"\n"#, "é", "\u{1F44B}", #"\""#] {
                let text = String(repeating: "s", count: length) + tail
                #expect(fault(quoted(Array(text.utf8))) == nil, "\(length) and \(tail)")
            }
        }
    }

    @Test func `nesting is accepted to 128 levels`() {
        // The body's own object is the first.
        func nested(_ count: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: count) + String(repeating: close, count: count)
        }
        #expect(fault(body(nested(127, "[", "]"))) == nil)
        #expect(fault(body(nested(128, "[", "]"))) == .tooDeep)
        #expect(fault(body(String(repeating: "{\"a\":", count: 127) + "1" + String(repeating: "}", count: 127))) == nil)
        #expect(
            fault(body(String(repeating: "{\"a\":", count: 128) + "1" + String(repeating: "}", count: 128))) == .tooDeep
        )
        #expect(
            fault(body(String(repeating: "[{\"a\":", count: 63) + "[1]" + String(repeating: "}]", count: 63))) == nil)
        let deepMessage = #"{"model":"m","messages":[{"a":"# + nested(125, "[", "]") + "}]}"
        #expect(fault(Array(deepMessage.utf8)) == nil)
        let deeper = #"{"model":"m","messages":[{"a":"# + nested(126, "[", "]") + "}]}"
        #expect(fault(Array(deeper.utf8)) == .tooDeep)
        #expect(fault([UInt8](repeating: 91, count: 100_000)) == .tooDeep)
    }

    @Test func `brackets close what was opened, at every depth`() {
        for depth in [1, 2, 63, 64, 65, 66, 126] {
            let opening = (0..<depth).map { $0 % 3 == 0 ? "{\"k\":" : "[" }
            let closing = (0..<depth).reversed().map { $0 % 3 == 0 ? "}" : "]" }
            #expect(fault(body(opening.joined() + "null" + closing.joined())) == nil)
            for wrong in 0..<depth {
                var mixed = closing
                mixed[wrong] = mixed[wrong] == "}" ? "]" : "}"
                #expect(
                    fault(body(opening.joined() + "null" + mixed.joined())) == .unexpectedByte,
                    "bracket \(wrong) of \(depth)")
            }
        }
    }

    @Test func `numbers are those of RFC 8259, however large`() {
        for good in [
            "0", "-0", "10", "1.5", "0.0", "1e5", "1E+5", "1e-05", "9007199254740993", "123456789012345678901234567890",
            "-1.5e308", "1e999",
        ] {
            #expect(fault(body(good)) == nil, "\(good)")
        }
        for bad in ["1.", "-", "-a", "1e", "1e+", ".5", "+1", "1.e1", "--1"] {
            #expect(fault(body(bad)) != nil, "\(bad)")
        }
        for bad in ["01", "1a", "1.5.2", "0x10", "1_000", "00", "-01"] {
            #expect(fault(body(bad)) == .unexpectedByte, "\(bad)")
        }
    }

    @Test func `anything but one value and white space is refused`() {
        let rows: [(String, JSONFault)] = [
            ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
            ("{\"a\":1", .unexpectedEnd), ("{\"a\":1,", .unexpectedEnd),
            ("{\"a\":1,}", .unexpectedByte), ("{,}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
            ("{a:1}", .unexpectedByte),
            ("{'a':1}", .unexpectedByte), ("{\"a\":}", .unexpectedByte), ("{\"a\":1 \"b\":2}", .unexpectedByte),
            ("{\"a\":tru}", .unexpectedByte),
            ("{\"a\":nul", .unexpectedEnd), ("{\"a\":True}", .unexpectedByte), ("{\"a\":NaN}", .unexpectedByte),
            ("{\"a\":Infinity}", .unexpectedByte),
            ("{\"a\":\"b", .malformedString), ("{\"a\":\"b\\", .malformedString), ("{\"a\":\"\\u12", .malformedString),
            ("{} x", .trailingBytes),
            ("{}{}", .trailingBytes), ("{}\u{0}", .trailingBytes), ("// c\n{}", .unexpectedByte),
            ("{/**/}", .unexpectedByte),
            ("\u{FEFF}{}", .byteOrderMark), ("{\"a\":[1,]}", .unexpectedByte), ("{\"a\":[1 2]}", .unexpectedByte),
            ("{\"a\":[}", .unexpectedByte),
            ("\u{B}{}", .unexpectedByte), ("{\"a\":1\u{C}}", .unexpectedByte), (" ", .unexpectedEnd),
        ]
        for (text, expected) in rows { #expect(fault(Array(text.utf8)) == expected, "\(text)") }
    }

    @Test func `every beginning of a good body is refused, and never as something else than its end`() {
        let bytes = Array(RequestScanTests.typical.utf8)
        let whole = bytes.count - 2
        for count in 1..<whole {
            let found = Scanned(bytes.prefix(count)).fault
            guard case .syntax(_, let fault)? = found else {
                Issue.record("first \(count) bytes: \(String(describing: found))")
                continue
            }
            #expect(
                [.unexpectedEnd, .malformedString, .malformedNumber, .malformedUTF8].contains(fault),
                "first \(count) bytes: \(fault)")
        }
    }
}
