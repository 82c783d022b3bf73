// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What stands around the chunks of a streamed answer on Google's wire: an event around each (`alt=sse`), or one JSON
/// array around all of them, written element by element as they come.
///
/// An error is one more element, and the array is closed behind it as behind a good end. Google's own reader of such
/// arrays (google-api-core's `rest_streaming`, read 2026-11) wants the bracket as the first byte, and passes over white
/// space between elements, which therefore keeps a silent array alive.
/// - Invariant: what was written so far, with a closing bracket behind it, is a JSON array.
struct GenerateContentFrames {
    private let framing: AnswerFraming
    /// The array's bracket was written.
    private var isOpen = false

    init(_ framing: AnswerFraming) { self.framing = framing }

    /// Begins a chunk; one JSON object must follow, and then `end`.
    mutating func begin(_ writer: JSONWriter) {
        switch framing {
        case .events: writer.text("data: ")
        case .array: writer.text(isOpen ? ",\r\n" : "[")
        }
        isOpen = true
    }

    func end(_ writer: JSONWriter) {
        if framing == .events { writer.text("\n\n") }
    }

    /// Nothing may follow.
    func close(_ writer: JSONWriter) {
        if framing == .array { writer.text(isOpen ? "]" : "[]") }
    }

    /// - Returns: false where only a chunk would do.
    func keepAlive(_ writer: JSONWriter) -> Bool {
        guard framing == .array else { return false }
        // The bracket comes with the first element: clients expect it to be the first byte.
        if isOpen { writer.text("\n") }
        return true
    }
}
