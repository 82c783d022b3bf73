// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// The API a request speaks, told by its path.
enum Wire: Equatable {
    /// OpenAI's chat completions, and whatever no other has.
    case chat
    case messages
    case converse
    case generateContent

    /// - Parameter head: begins with the request line.
    /// - Returns: the wire, and whether the path asks for a stream; on the others the body does.
    static func asked(by head: UnsafeRawBufferPointer) -> (wire: Wire, streams: Bool) {
        if head.starts(with: "POST /v1/chat/") { return (.chat, false) }
        let line = UnsafeRawBufferPointer(rebasing: head[..<(head.offset(of: UInt8(ascii: "\r"), from: 0) ?? 0)])
        if line.offset(of: "/messages ") != nil { return (.messages, false) }
        if line.offset(of: "/converse ") != nil { return (.converse, false) }
        if line.offset(of: "/converse-stream ") != nil { return (.converse, true) }
        if line.offset(of: ":generateContent ") != nil { return (.generateContent, false) }
        // Without `alt=sse` Google streams one JSON array, which is not spoken here.
        if line.offset(of: ":streamGenerateContent?alt=sse ") != nil { return (.generateContent, true) }
        return (.chat, false)
    }
}
