// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Strict HTTP/1.1 head parsing over bytes at hand: no state between calls, no allocation, offsets out.
///
/// Called again with more bytes when a head is incomplete; callers call only when a new line end has come, which bounds
/// the work. One empty line before a request is skipped, as RFC 9112 §2.2 advises for old clients; more are refused.
public enum HTTPParser {
    /// - Parameter fields: storage for the header fields, at least `limits.fieldsMax` of them.
    public static func requestHead(
        _ bytes: UnsafeRawBufferPointer, fields: UnsafeMutableBufferPointer<HeaderField>, limits: HTTPLimits
    ) -> HeadParse<RequestHead> {
        guard !bytes.isEmpty else { return .incomplete }
        var cursor = HeadCursor(bytes)
        var head = RequestHead()
        do throws(HeadStop) {
            try cursor.skipEmptyLine()
            try requestLine(&cursor, &head, limits)
            var framing = FramingFields(isRequest: true, isVersion11: head.isVersion11)
            head.fieldCount = try cursor.fields(into: fields, max: limits.fieldsMax, framing: &framing)
            try framing.finish()
            try framing.checkHost(bytes, target: head.target)
            head.contentLength = framing.contentLength
            head.isChunked = framing.isChunked
            head.keepsAlive = framing.keepsAlive
            head.expectsContinue = framing.expectsContinue
            head.headBytes = cursor.position
            return head.headBytes > limits.headBytesMax ? .fault(.headTooLarge) : .complete(head)
        } catch {
            return stopped(error, bytes.count, limits)
        }
    }

    public static func responseHead(
        _ bytes: UnsafeRawBufferPointer, fields: UnsafeMutableBufferPointer<HeaderField>, limits: HTTPLimits
    ) -> HeadParse<ResponseHead> {
        guard !bytes.isEmpty else { return .incomplete }
        var cursor = HeadCursor(bytes)
        var head = ResponseHead()
        do throws(HeadStop) {
            try statusLine(&cursor, &head)
            var framing = FramingFields(isRequest: false, isVersion11: head.isVersion11)
            head.fieldCount = try cursor.fields(into: fields, max: limits.fieldsMax, framing: &framing)
            try framing.finish()
            head.contentLength = framing.contentLength
            head.isChunked = framing.isChunked
            head.keepsAlive = framing.keepsAlive
            head.headBytes = cursor.position
            return head.headBytes > limits.headBytesMax ? .fault(.headTooLarge) : .complete(head)
        } catch {
            return stopped(error, bytes.count, limits)
        }
    }

    private static func stopped<Head>(_ stop: HeadStop, _ count: Int, _ limits: HTTPLimits) -> HeadParse<Head> {
        switch stop {
        case .fault(let fault): .fault(fault)
        case .incomplete: count > limits.headBytesMax ? .fault(.headTooLarge) : .incomplete
        }
    }

    // MARK: First lines

    private static let methodBytesMax = 32

    private static func requestLine(
        _ cursor: inout HeadCursor, _ head: inout RequestHead, _ limits: HTTPLimits
    ) throws(HeadStop) {
        let method = try cursor.token(max: methodBytesMax, fault: .malformedRequestLine, tooLong: .methodTooLong)
        head.method = self.method(method)
        try cursor.expect(32, .malformedRequestLine)
        head.target = try cursor.target(max: limits.targetBytesMax)
        try cursor.expect(32, .malformedRequestLine)
        head.isVersion11 = try cursor.version()
        try cursor.lineEnd(.malformedRequestLine)
        try splitTarget(cursor.bytes, &head)
    }

    private static func method(_ name: UnsafeRawBufferPointer) -> HTTPMethod {
        switch name.count {
        case 3: name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
        case 4: name.equals("POST") ? .post : name.equals("HEAD") ? .head : .other
        case 5: name.equals("PATCH") ? .patch : .other
        case 6: name.equals("DELETE") ? .delete : .other
        case 7: name.equals("OPTIONS") ? .options : .other
        default: .other
        }
    }

    /// Origin form `/path?query`, absolute form `http://host/path?query`, or the `*` of OPTIONS.
    private static func splitTarget(_ bytes: UnsafeRawBufferPointer, _ head: inout RequestHead) throws(HeadStop) {
        let target = head.target.slice(bytes)
        var start = Int(head.target.start)
        if target[0] != 47 {
            if target.equals("*") {
                guard head.method == .options else { throw .fault(.malformedTarget) }
                head.path = head.target
                return
            }
            guard let authority = Self.authority(of: target) else { throw .fault(.malformedTarget) }
            start += authority.upperBound
        }
        let end = head.target.end
        var question = start
        while question < end, bytes[question] != 63 { question += 1 }
        head.path = ByteRange(start, question)
        if question < end { head.query = ByteRange(question + 1, end) }
    }

    /// Where the authority of an absolute-form target lies; `nil` when it is not of that form.
    static func authority(of target: UnsafeRawBufferPointer) -> Range<Int>? {
        let scheme = target.begins("http://") ? 7 : target.begins("https://") ? 8 : 0
        guard scheme > 0 else { return nil }
        var end = scheme
        while end < target.count, target[end] != 47, target[end] != 63 { end += 1 }
        return end > scheme ? scheme..<end : nil
    }

    private static func statusLine(_ cursor: inout HeadCursor, _ head: inout ResponseHead) throws(HeadStop) {
        head.isVersion11 = try cursor.version()
        try cursor.expect(32, .malformedStatusLine)
        var status: UInt16 = 0
        for _ in 0..<3 {
            let digit = try cursor.next()
            guard digit >= 48, digit <= 57 else { throw .fault(.malformedStatusLine) }
            status = status * 10 + UInt16(digit - 48)
        }
        guard status >= 100 else { throw .fault(.malformedStatusLine) }
        head.status = status
        // The reason and the space before it are missing from some servers.
        if try cursor.peek() == 32 { try cursor.skipReason() }
        try cursor.lineEnd(.malformedStatusLine)
    }
}

/// Why a head was not parsed to its end.
enum HeadStop: Error {
    case incomplete
    case fault(HTTPFault)
}
