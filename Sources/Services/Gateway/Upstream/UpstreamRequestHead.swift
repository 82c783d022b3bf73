// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// Builds the head sent to an endpoint: what depends only on the address is made once, what the caller sent is copied
/// line by line.
enum UpstreamRequestHead {
    /// `POST path HTTP/1.1`, `Host`, and the wire's own headers, with CRLFs.
    static func prefix(address: UpstreamAddress, path: String, headerLines: String) -> [UInt8] {
        var head = Array("POST \(path) HTTP/1.1\r\n\(headerLines)Host: ".utf8)
        head += Array(address.bracketedHost.utf8)
        if address.port != (address.isTLS ? 443 : 80) { head += Array(":\(address.port)".utf8) }
        head += [13, 10]
        return head
    }

    /// Copies the caller's end-to-end header lines, neighbouring ones in one go.
    static func collect(
        _ fields: UnsafeBufferPointer<HeaderField>, of head: UnsafeRawBufferPointer, into lines: inout Buffer,
        pool: BufferPool
    ) {
        var runStart = 0
        var runEnd = 0
        for field in fields where isForwarded(field.known) {
            if Int(field.line.start) != runEnd {
                pool.append(UnsafeRawBufferPointer(rebasing: head[runStart..<runEnd]), to: &lines)
                runStart = Int(field.line.start)
            }
            runEnd = field.line.end
        }
        pool.append(UnsafeRawBufferPointer(rebasing: head[runStart..<runEnd]), to: &lines)
    }

    /// End-to-end headers that mean something to a model server. The caller's own credentials and anything that frames
    /// the message are ours to set; `accept-encoding` is dropped because a compressed answer could not be metered.
    @inline(__always)
    static func isForwarded(_ header: KnownHeader) -> Bool {
        switch header {
        case .host, .contentLength, .transferEncoding, .connection, .hopByHop, .expect, .authorization, .apiKey,
            .xAPIKey, .xGoogAPIKey, .cloudIdentity, .acceptEncoding,
            .isobarRegion, .isobarLanguage, .isobarExplain, .isobar, .cookie:
            false
        default: true
        }
    }
}
