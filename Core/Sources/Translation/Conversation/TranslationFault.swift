// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Why a request or an answer cannot be translated at all: not a loss, but something that makes no sense.
///
/// A fault of a request is the caller's and becomes a 400; a fault of an answer is the endpoint's and becomes a failed
/// attempt.
public struct TranslationFault: Error, Equatable, Sendable {
    public enum Problem: Equatable, Sendable {
        case json(JSONFault)
        /// The member is missing or of the wrong kind; the text says what it must be.
        case wrongType(String)
        /// The arguments of a tool call are not a JSON object.
        case malformedArguments
        /// A tool result whose call is not in the conversation, or a call that no result answers.
        case unmatchedToolCall
        /// Nothing is left to say once empty texts are dropped.
        case emptyConversation
        /// A media type or base64 text that is none.
        case malformedMedia
        /// The answer lacks what every answer has.
        case incompleteAnswer
        /// The answer ended for a reason that says it is broken.
        case brokenAnswer(String)
    }

    public var problem: Problem
    /// Where, in the caller's own words, e.g. `messages[2].tool_calls[0].function.arguments`; empty for the whole.
    public var path: String

    public init(_ problem: Problem, at path: String = "") {
        self.problem = problem
        self.path = path
    }

    public var explanation: String {
        let place = path.isEmpty ? "" : "`\(path)`: "
        switch problem {
        case .json(let fault): return "\(place)not valid JSON: \(fault.explanation)."
        case .wrongType(let expected): return "\(place)must be \(expected)."
        case .malformedArguments: return "\(place)the arguments of a tool call must be a JSON object."
        case .unmatchedToolCall: return "\(place)tool calls and tool results must belong together."
        case .emptyConversation: return "\(place)there is no text to answer."
        case .malformedMedia: return "\(place)not a data URL or base64 text of a known media type."
        case .incompleteAnswer: return "\(place)the endpoint's answer is incomplete."
        case .brokenAnswer(let reason): return "\(place)the endpoint's answer is broken: \(reason)."
        }
    }
}
