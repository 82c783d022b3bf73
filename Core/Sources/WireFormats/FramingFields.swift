// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The header fields that decide where a message ends and whether the connection goes on, checked against each other.
struct FramingFields {
    private let isRequest: Bool
    private let isVersion11: Bool
    private(set) var contentLength: Int64 = -1
    private(set) var isChunked = false
    private(set) var keepsAlive: Bool
    private(set) var expectsContinue = false
    private var host = ByteRange.empty
    private var hosts = 0

    init(isRequest: Bool, isVersion11: Bool) {
        self.isRequest = isRequest
        self.isVersion11 = isVersion11
        keepsAlive = isVersion11
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

    /// A list of tokens. `close` and `keep-alive` mean something to us; naming a field that frames or authorises is an attack.
    private mutating func noteConnection(_ value: UnsafeRawBufferPointer) throws(HeadStop) {
        var start = 0
        while start <= value.count {
            var end = start
            while end < value.count, value[end] != 44 { end += 1 }
            let option = UnsafeRawBufferPointer(rebasing: value[start..<end]).trimmed
            if option.matches("close") { keepsAlive = false }
            if option.matches("keep-alive"), !isVersion11 { keepsAlive = true }
            if option.matches("content-length") || option.matches("host") || option.matches("authorization")
                || option.matches("transfer-encoding")
            {
                throw .fault(.protectedConnectionOption)
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
        guard hosts == 1 else {
            if isVersion11 { throw .fault(.missingHost) }
            return
        }
        let host = host.slice(bytes)
        guard Self.isHost(host) else { throw .fault(.malformedHost) }
        let target = target.slice(bytes)
        guard let authority = HTTPParser.authority(of: target) else { return }
        guard UnsafeRawBufferPointer(rebasing: target[authority]).elementsEqual(host) else { throw .fault(.hostMismatch) }
    }

    /// Letters of a host and port; no user information, no path, no white space. Empty is allowed by RFC 9110 but names nobody: refused.
    private static func isHost(_ host: UnsafeRawBufferPointer) -> Bool {
        guard !host.isEmpty, host.count <= 261 else { return false }
        for byte in host {
            switch byte {
            case 97...122, 65...90, 48...57, 45, 46, 95, 126, 58, 91, 93, 37: continue
            default: return false
            }
        }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Without spaces and tabs at both ends.
    var trimmed: UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == 32 || self[start] == 9 { start += 1 }
        while end > start, self[end - 1] == 32 || self[end - 1] == 9 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }
}
