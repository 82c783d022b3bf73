// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The header fields that decide where a message ends and whether the connection goes on, checked against each other.
struct FramingFields {
    private let isRequest: Bool
    private let isVersion11: Bool
    private(set) var contentLength: Int64 = -1
    private(set) var isChunked = false
    /// Whether the connection may go on. `close` wins, in whatever order the options come.
    var keepsAlive: Bool { !closes && (isVersion11 || asksToKeepAlive) }
    private var closes = false
    private var asksToKeepAlive = false
    private(set) var expectsContinue = false
    private var host = ByteRange.empty
    private var hosts = 0

    init(isRequest: Bool, isVersion11: Bool) {
        self.isRequest = isRequest
        self.isVersion11 = isVersion11
    }

    @inline(__always)
    mutating func note(_ field: HeaderField, _ index: Int, _ bytes: UnsafeRawBufferPointer) throws(HeadStop) {
        switch field.known {
        case .host:
            hosts += 1
            host = field.value
        case .contentLength: try noteLength(field.value.slice(bytes))
        case .transferEncoding: try noteTransferEncoding(field.value.slice(bytes))
        case .connection: try noteConnection(field.value.slice(bytes))
        case .expect where isRequest:
            guard field.value.slice(bytes).matches("100-continue") else { throw .fault(.unsupportedExpectation) }
            expectsContinue = isVersion11
        default: break
        }
    }

    private mutating func noteLength(_ value: UnsafeRawBufferPointer) throws(HeadStop) {
        guard contentLength < 0 else { throw .fault(.duplicateContentLength) }
        guard !value.isEmpty, value.count <= 18 else { throw .fault(.malformedContentLength) }
        var length: Int64 = 0
        for byte in value {
            guard byte >= 48, byte <= 57 else { throw .fault(.malformedContentLength) }
            length = length * 10 + Int64(byte - 48)
        }
        contentLength = length
    }

    private mutating func noteTransferEncoding(_ value: UnsafeRawBufferPointer) throws(HeadStop) {
        guard isVersion11 else { throw .fault(.transferEncodingOnHTTP10) }
        guard !isChunked, value.matches("chunked") else { throw .fault(.unsupportedTransferEncoding) }
        isChunked = true
    }

    /// A list of tokens. `close` and `keep-alive` mean something to us; naming a field that frames or authorises is an
    /// attack.
    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) throws(HeadStop) {
        var start = 0
        while start <= value.count {
            var end = start
            while end < value.count, value[end] != 44 { end += 1 }
            let option = UnsafeRawBufferPointer(rebasing: value[start..<end]).trimmed
            if option.matches("close") { closes = true }
            if option.matches("keep-alive") { asksToKeepAlive = true }
            switch KnownHeader.recognise(option) {
            case .contentLength, .transferEncoding, .host, .authorization, .apiKey, .xAPIKey, .cookie:
                throw .fault(.protectedConnectionOption)
            default: break
            }
            start = end + 1
        }
    }

    func finish() throws(HeadStop) {
        if isChunked, contentLength >= 0 { throw .fault(.lengthAndTransferEncoding) }
    }

    /// Exactly one valid Host on HTTP/1.1, equal to the authority of an absolute-form target.
    func checkHost(_ bytes: UnsafeRawBufferPointer, target: ByteRange) throws(HeadStop) {
        guard hosts <= 1 else { throw .fault(.duplicateHost) }
        let target = target.slice(bytes)
        let authority = HTTPParser.authority(of: target).map { UnsafeRawBufferPointer(rebasing: target[$0]) }
        if let authority, !HostSyntax.isHost(authority) { throw .fault(.malformedTarget) }
        guard hosts == 1 else {
            if isVersion11 { throw .fault(.missingHost) }
            return
        }
        let host = host.slice(bytes)
        guard HostSyntax.isHost(host) else { throw .fault(.malformedHost) }
        if let authority, !authority.elementsEqual(host) { throw .fault(.hostMismatch) }
    }
}

/// A host with an optional port (RFC 9110 §7.2, RFC 3986 §3.2.2), without user information.
///
/// Narrower than the grammar where wider names nobody: not empty, no percent escapes, no sub-delimiters, at most 261
/// bytes.
enum HostSyntax {
    static func isHost(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let first = text.first, text.count <= 261 else { return false }
        var end = 0
        if first == 91 {
            end = 1
            while end < text.count, isAddressByte(text[end]) { end += 1 }
            guard end > 1, end < text.count, text[end] == 93 else { return false }
            end += 1
        } else {
            while end < text.count, isNameByte(text[end]) { end += 1 }
            guard end > 0 else { return false }
        }
        return end == text.count || isPort(UnsafeRawBufferPointer(rebasing: text[end...]))
    }

    /// `:` and up to five digits.
    private static func isPort(_ text: UnsafeRawBufferPointer) -> Bool {
        (1...6).contains(text.count) && text[0] == 58 && text.dropFirst().allSatisfy { $0 >= 48 && $0 <= 57 }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...122, 65...90, 48...57, 45, 46, 95, 126: true
        default: false
        }
    }

    /// Of an IPv6 address between brackets.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 97...102, 65...70, 48...57, 58, 46: true
        default: false
        }
    }
}
