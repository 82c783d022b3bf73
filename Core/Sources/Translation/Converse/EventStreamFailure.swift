// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Failures inside an AWS event stream, as JSON that `ErrorFacts` understands.
///
/// The frame's headers say what failed and its payload says why, so neither alone is the whole error.
public enum EventStreamFailure {
    /// Writes `{"__type":"<name>",…}` with the members of an exception's payload, or with an error's message.
    /// - Parameter event: as `WireEvent.init(_:in:)` makes it of a failed frame.
    public static func write(_ event: WireEvent, tape: JSONTape, to writer: JSONWriter) {
        writer.beginObject()
        text("__type", event.name, writer)
        if let payload = try? tape.read(event.data), payload.isObject {
            for (name, value) in payload.members where !(name == "__type") { writer.member(name, raw: value.raw) }
        } else if !event.data.isEmpty {
            text("message", event.data, writer)
        }
        writer.endObject()
    }

    private static func text(_ name: JSONString, _ characters: UnsafeRawBufferPointer, _ writer: JSONWriter) {
        writer.name(name)
        // Headers were checked when the frame was read; a payload that is no JSON may be anything.
        if String(validating: characters, as: UTF8.self) == nil {
            writer.string(escaping: String(decoding: characters, as: UTF8.self))
        } else {
            writer.beginString()
            writer.escape(characters)
            writer.endString()
        }
    }
}

extension WireEvent {
    /// A frame of an AWS event stream: an event by its type, or without a name when it says that it is something else;
    /// a failure by its type or code, with the payload of an exception or the message of an error as data.
    /// - Parameter bytes: what the frame was read from.
    public init(_ frame: AWSEventStreamFrame, in bytes: UnsafeRawBufferPointer) {
        switch frame.kind {
        case .event: self.init(name: frame.eventType.slice(bytes), data: frame.payload.slice(bytes))
        case .unknown: self.init(name: UnsafeRawBufferPointer(start: nil, count: 0), data: frame.payload.slice(bytes))
        case .exception:
            self.init(name: frame.exceptionType.slice(bytes), data: frame.payload.slice(bytes), isException: true)
        case .error:
            self.init(name: frame.errorCode.slice(bytes), data: frame.errorMessage.slice(bytes), isException: true)
        }
    }
}
