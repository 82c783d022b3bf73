// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport

/// One message of the llhttp suite: Markdown with a `meta` comment, an `http` block and the `log` of what that parser
/// reported.
struct MessageBlock {
    /// `request/invalid.md#3`: file and number of the block in it, from 1.
    let name: String
    /// `request`, `response`, or one of them with what is lenient or special about the test.
    let type: String
    let skipsBody: Bool
    let bytes: [UInt8]
    /// Code of the error the log ends in; `nil` when there is none.
    let errorCode: Int?

    static func all() -> [MessageBlock] {
        ["request", "response"].flatMap { folder in
            Vectors.names(in: "llhttp/\(folder)").filter { $0.hasSuffix(".md") }.flatMap { file in
                read(Vectors.bytes("llhttp/\(folder)/\(file)"), "\(folder)/\(file)")
            }
        }
    }

    private static func read(_ text: [UInt8], _ file: String) -> [MessageBlock] {
        var blocks: [MessageBlock] = []
        var meta = ""
        var message: [UInt8] = []
        var fence: String?
        var content: [[UInt8]] = []
        for line in text.split(separator: 10, omittingEmptySubsequences: false) {
            let lineText = String(decoding: line, as: UTF8.self)
            if let open = fence {
                guard lineText == "```" else {
                    content.append(Array(line))
                    continue
                }
                fence = nil
                if open == "```http" { message = Array(content.joined(separator: [10])) }
                if open == "```log" {
                    blocks.append(MessageBlock("\(file)#\(blocks.count + 1)", meta, message, content))
                }
                content = []
            } else if lineText.hasPrefix("```") {
                fence = lineText
            } else if lineText.contains("meta=") {
                meta = lineText
            }
        }
        return blocks
    }

    private init(_ name: String, _ meta: String, _ message: [UInt8], _ log: [[UInt8]]) {
        self.name = name
        // The type is the string after `"type":`.
        type = meta.split(separator: "\"").drop { $0 != "type" }.dropFirst(2).first.map(String.init) ?? ""
        skipsBody = meta.contains("\"skipBody\": true")
        bytes = Self.decode(message)
        let error = log.map { String(decoding: $0, as: UTF8.self) }.last { $0.contains(" error code=") }
        errorCode = error.flatMap { Int($0.split(separator: "=")[2].prefix { $0.isNumber }) }
    }

    /// Joins lines that end with a backslash, makes every newline a CRLF, then takes escapes for what they stand for.
    /// The newline before the closing fence is already gone.
    private static func decode(_ raw: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var at = 0
        while at < raw.count {
            if raw[at] == 10 {
                output += [13, 10]
                at += 1
            } else if raw[at] == 92, at + 1 < raw.count {
                escape(raw, &at, &output)
            } else {
                output.append(raw[at])
                at += 1
            }
        }
        return output
    }

    private static func escape(_ raw: [UInt8], _ at: inout Int, _ output: inout [UInt8]) {
        let letter = raw[at + 1]
        at += 2
        switch letter {
        case 10: break
        case UInt8(ascii: "r"): output.append(13)
        case UInt8(ascii: "n"): output.append(10)
        case UInt8(ascii: "t"): output.append(9)
        case UInt8(ascii: "f"): output.append(12)
        case UInt8(ascii: "x"):
            output.append(UInt8(String(decoding: raw[at..<(at + 2)], as: UTF8.self), radix: 16) ?? 0)
            at += 2
        case 48...55:
            let digits = raw[(at - 1)...].prefix(3).prefix { (48...55).contains($0) }
            output.append(UInt8(truncatingIfNeeded: Int(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0))
            at += digits.count - 1
        default: output += [92, letter]
        }
    }
}
