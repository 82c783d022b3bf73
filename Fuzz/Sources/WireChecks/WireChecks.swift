// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CoreTestSupport
internal import FuzzSupport
public import ResourceTypes

/// What every translator promises, whatever bytes it is given. An input is tried as each of the three things that stand
/// on a wire: a request, a complete answer and a stream.
///
/// - A request is refused or becomes a conversation. Written to any wire that conversation is JSON of bounded size, and
///   read back it is the same but for what was reported as lost, by name.
/// - An answer is refused or becomes one on every caller's wire, with the same words, calls, ending and counts.
/// - A stream gives the same output however it arrives, of whole and valid events. It ends well only if its source did.
///
/// What is a matter of choice (the model's abilities, where bytes are split) follows from the input itself, so that an
/// input that fails fails again.
public enum WireChecks {
    /// - Parameter wire: whose words the bytes are to be.
    public static func check(_ data: UnsafePointer<UInt8>?, _ count: Int, _ wire: ChatWire) -> CInt {
        let bytes = Array(UnsafeBufferPointer(start: data, count: count))
        var choices = SeededGenerator(seed: Fuzz.hash(bytes))
        if wire != .converse { RequestChecks.check(bytes, wire, &choices) }
        AnswerChecks.check(bytes, wire)
        StreamChecks.check(bytes, wire, &choices)
        return 0
    }
}

extension ChatWire {
    /// The wires that callers speak.
    static let callers: [ChatWire] = [.chatCompletions, .responses, .messages, .generateContent]
}
