// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

// The answer's head: which mode its body will pass through, and what later steps need of its lines.
extension UpstreamConnection {
    /// Chooses the mode and keeps what later steps need of the head.
    /// - Returns: false when the answer was refused and the connection is gone.
    func headArrived(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let exchange else {
            close()
            return false
        }
        let fields = UnsafeBufferPointer(rebasing: worker.fields[..<head.fieldCount])
        let found = collectLines(bytes, fields)
        if found.hasRateLimits { exchange.observeHeadroom(slot, bytes, fields) }
        reader = BodyReader(head.bodyFraming(requestWasHead: false))
        held.count = 0
        if head.status >= 300 {
            mode = .error
            exchange.noteRetryHint(slot, bytes, fields)
        } else if found.isEventStream || found.isFrames {
            mode = exchange.hasKnownEvents ? .preview : .whole
            relaysEvents = mode == .whole
            relaysEarly = relaysEvents
        } else if found.isMarkup {
            // A proxy's or a login page's HTML with status 200 is not an answer.
            fail(.malformedResponse)
            return false
        } else if exchange.features.isStreaming, translator?.source == .generateContent {
            elements = JSONArrayFraming(elementBytesMax: worker.limits.eventBytesMax)
            mode = .preview
        } else {
            mode = .whole
            // Sound of unknown length is being made while it is sent: whoever listens should hear its beginning.
            relaysEarly = exchange.features.operation == .speech && reader.announced < 0
            if reader.announced > Int64(worker.limits.heldAnswerBytesMax), !isTranslating {
                exchange.attemptReady(slot)
            }
        }
        return !isClosed
    }

    private struct HeadFindings {
        var isEventStream = false
        /// AWS event-stream frames.
        var isFrames = false
        var isMarkup = false
        var hasRateLimits = false
    }

    private func collectLines(_ bytes: UnsafeRawBufferPointer, _ fields: UnsafeBufferPointer<HeaderField>)
        -> HeadFindings
    {
        var findings = HeadFindings()
        let pool = loop.buffers
        for field in fields {
            switch field.known {
            case .contentType:
                let value = field.value.slice(bytes)
                findings.isEventStream = value.hasPrefix("text/event-stream")
                findings.isFrames = value.hasPrefix("application/vnd.amazon.eventstream")
                findings.isMarkup = value.hasPrefix("text/html")
                if let exchange, exchange.features.isStreaming, translator?.source == .generateContent {
                    isReframed = findings.isEventStream == exchange.headers.wantsArray
                }
                guard !isTranslating, !isReframed else { break }
                pool.append(field.line.slice(bytes), to: &headLines)
            case .rateLimit, .utilization, .retryAfter, .retryAfterMilliseconds, .xMsRetryAfterMilliseconds:
                // An account's limits are ours to know, never a tenant's.
                findings.hasRateLimits = true
            case .amazonErrorType: pool.append(field.value.slice(bytes), to: &errorType)
            case .bedrockInputTokens: inputTokenCount = Self.count(field.value.slice(bytes))
            case .host, .contentLength, .transferEncoding, .connection, .hopByHop, .cookie, .alternativeService,
                .isobar, .isobarRegion, .isobarLanguage, .isobarExplain:
                break
            default:
                // What a provider says of its own wire would be wrong on the caller's.
                if !isTranslating { pool.append(field.line.slice(bytes), to: &headLines) }
            }
        }
        return findings
    }

    private static func count(_ digits: UnsafeRawBufferPointer) -> Int64? {
        (1...15).contains(digits.count) ? Int64(String(decoding: digits, as: UTF8.self)) : nil
    }
}

extension UnsafeRawBufferPointer {
    /// Case-insensitive for ASCII letters in `prefix`, which must be lower case.
    func hasPrefix(_ prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        for i in 0..<prefix.utf8CodeUnitCount {
            let expected = prefix.utf8Start[i]
            let isLetter = expected >= 97 && expected <= 122
            if (isLetter ? self[i] | 0x20 : self[i]) != expected { return false }
        }
        return true
    }
}
