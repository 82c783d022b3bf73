// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// What every wire's folder implements. Static functions and value machines: the gateway switches over `ChatWire`, so
// that nothing here is reached through an existential.

/// Reads a caller's request body.
protocol RequestReading {
    /// - Parameter conversation: fresh or reset.
    static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault)
}

/// Writes a request body for an endpoint.
protocol RequestWriting {
    /// - Parameter losses: what the wire cannot say; the body is complete without it.
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault)
}

/// Reads an endpoint's complete answer.
protocol AnswerReading {
    /// - Parameter answer: fresh or reset.
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault)
}

/// Writes a complete answer for a caller.
protocol AnswerWriting {
    static func write(_ answer: Answer, for target: AnswerTarget, to writer: JSONWriter)
}

/// One event of a streamed answer as its framing gave it.
public struct WireEvent {
    /// SSE's `event` field, or the event-stream's `:event-type` or `:exception-type`; empty when there is none.
    public var name: UnsafeRawBufferPointer
    public var data: UnsafeRawBufferPointer
    /// An event-stream frame that is an exception or an error.
    public var isException: Bool

    public init(name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, isException: Bool = false) {
        self.name = name
        self.data = data
        self.isException = isException
    }
}

/// Turns an endpoint's events into `StreamEvent`s; remembers what a wire says in several places (usage, indices, names).
protocol StreamReading {
    init()
    /// - Parameters:
    ///   - tape: scratch; elements read from it end with the next call.
    ///   - events: what the event means is appended; nothing for one that means nothing.
    /// - Throws: when the event cannot be understood; the stream is broken then.
    mutating func read(_ event: WireEvent, tape: JSONTape, into events: inout [StreamEvent]) throws(TranslationFault)

    /// The body ended as its framing says it should: wires whose end is the end of the body say `ended` here, if they
    /// have seen how the answer finished. A stream without `ended` was cut off.
    mutating func bodyEnded(into events: inout [StreamEvent])
}

/// Writes a caller's stream, whole events with their framing.
protocol StreamWriting {
    init(_ target: AnswerTarget)
    /// Nothing may follow `ended`.
    mutating func write(_ event: StreamEvent, to writer: JSONWriter)
    /// The terminal event of a stream that broke: in this wire's own form, without any ending of a good one.
    mutating func fail(_ error: WireError, to writer: JSONWriter)
    /// Something that keeps intermediaries from giving up a silent stream.
    mutating func keepAlive(to writer: JSONWriter)
}

/// An error as every wire can say it.
public struct WireError {
    public var status: UInt16
    /// For people.
    public var message: String
    /// OpenAI's `type`.
    public var type: String
    /// OpenAI's `code`.
    public var code: String?
    /// The parameter to blame.
    public var parameter: String?

    public init(status: UInt16, message: String, type: String, code: String? = nil, parameter: String? = nil) {
        self.status = status
        self.message = message
        self.type = type
        self.code = code
        self.parameter = parameter
    }

    /// A stream whose end came without a word on how the answer ended.
    static var unfinished: WireError {
        WireError(
            status: 502, message: "The endpoint's answer stopped without saying how it ended.", type: "api_error")
    }
}
