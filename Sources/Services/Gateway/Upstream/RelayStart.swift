// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// How a stream of events that nobody here understands begins: all that is asked is whether it begins with an error.
enum RelayStart {
    /// No event with data is complete yet.
    case unfinished
    case begun
    /// The data of an event that reports an error, in one of the shapes that every wire has.
    case failed(UnsafeRawBufferPointer)

    /// - Parameter bytes: the answer's body so far.
    init(_ bytes: UnsafeRawBufferPointer) {
        var framing = SSEFraming()
        let complete = UnsafeRawBufferPointer(rebasing: bytes.prefix(framing.completeCount(bytes)))
        var offset = 0
        self = .unfinished
        while let event = SSEFraming.nextEvent(complete, from: &offset) {
            guard event.dataLines > 0 else { continue }
            let data = event.data.slice(complete)
            self = ResponseScan.chunkFacts(data).kind == .error ? .failed(data) : .begun
            return
        }
    }
}
