// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// A piece of a message or of an answer.
///
/// One struct for all kinds, because a flat list of plain values is what reads and writes fastest; which fields mean
/// something is said per kind.
public struct Part: BitwiseCopyable {
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// `text`, and Google's `signature` of it.
        case text
        /// `media`, `detail`.
        case image
        /// `media`, `name` (file name or title).
        case document
        /// `media`.
        case audio, video
        /// An assistant's call: `id`, `name`, `arguments`, `signature`.
        case toolCall
        /// A user's result: `id` of the call, `isError`, and the next `childCount` parts (text, images, documents).
        case toolResult
        /// `text`, and the provider's `signature` of it.
        case thinking
        /// Thinking that only its provider can read: `text` is the opaque data.
        case redactedThinking
        /// The model's words for why it does not answer: `text`.
        case refusal
    }

    public var kind: Kind
    public var text = JSONString.empty
    public var name = JSONString.empty
    /// A tool call's id; empty when the wire has none.
    public var id = JSONString.empty
    /// A JSON object: the arguments of a call.
    public var arguments: JSONRaw = "{}"
    public var signature = JSONString.empty
    public var media = Media()
    public var detail = Detail.auto
    public var isError = false
    public var childCount = 0
    public var cache = CacheMark.none

    public init(_ kind: Kind) { self.kind = kind }

    public static func text(_ text: JSONString) -> Part {
        var part = Part(.text)
        part.text = text
        return part
    }

    /// OpenAI's wish for how closely an image is looked at.
    public enum Detail: UInt8, BitwiseCopyable, Sendable { case auto, low, high }
}

/// Where the bytes of an image, a document or a sound are.
public struct Media: BitwiseCopyable {
    public enum Source: UInt8, BitwiseCopyable, Sendable {
        /// `value` is base64.
        case base64
        /// `value` is an `https:`, `gs:` or `s3:` address.
        case url
        /// `value` is the text itself.
        case text
        /// `value` names a file that was uploaded to one provider.
        case fileID
    }

    public var source = Source.base64
    /// E.g. `image/png`; empty when the wire does not say.
    public var type = JSONString.empty
    public var value = JSONString.empty

    public init() {}

    public init(_ source: Source, type: JSONString, value: JSONString) {
        self.source = source
        self.type = type
        self.value = value
    }
}
