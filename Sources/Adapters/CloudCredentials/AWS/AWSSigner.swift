// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// What of a request is signed. Views are read during `AWSSigner.sign` only.
public struct AWSRequest {
    public var method: String
    /// Value of the `Host` field: the host really connected to, with the port if it is sent.
    public var host: String
    /// As it goes over the wire, without query.
    public var path: UnsafeRawBufferPointer
    /// Without question mark.
    public var query: UnsafeRawBufferPointer
    /// Value of `Content-Type`; empty when none is sent.
    public var contentType: UnsafeRawBufferPointer
    public var bodyHash: SHA256.Digest
    /// Other fields to sign. Leave out what proxies change: `Connection`, `User-Agent`, `Expect`, `X-Amzn-Trace-Id`.
    public var headers: [(name: String, value: String)]
    public init(
        method: String, host: String, path: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer,
        contentType: UnsafeRawBufferPointer, bodyHash: SHA256.Digest, headers: [(name: String, value: String)] = []
    ) {
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.contentType = contentType
        self.bodyHash = bodyHash
        self.headers = headers
    }
}

/// Signs requests with one key for one region and service: AWS Signature Version 4, in headers.
///
/// The signing key is derived once a day and key, which leaves two hashes per request. The date comes from the caller,
/// who knows by how much the service's clock is ahead.
/// - Cost: 2.2 µs, 3.1 µs with a token of 800 bytes. Memory is kept; what is allocated is OpenSSL 3.0's state, once for
///   each of three hashed messages.
/// - Threading: confined to its owner; a loop has one per credential, region and service.
/// - Source: AWS IAM user guide, "Create a signed AWS API request"; public test vectors (awslabs/aws-c-auth).
public final class AWSSigner {
    public let region: String
    public let service: String
    /// A new one takes effect with the next request.
    public var credential: AWSCredential {
        didSet { signingDay = .min }
    }

    private let hasher = SHA256()
    private(set) var canonical = AWSCanonicalRequest()
    private(set) var stringToSign = ByteScratch()
    private var output = ByteScratch()
    private var time = AWSTime()
    private var signingKey = SHA256.Digest(repeating: 0)
    private var signingDay = Int64.min

    public init(credential: AWSCredential, region: String, service: String) {
        self.credential = credential
        self.region = region
        self.service = service
    }

    /// Appends the lines `X-Amz-Date`, `X-Amz-Security-Token` (with temporary keys) and `Authorization`, each with
    /// CRLF.
    /// - Parameter unixSeconds: the service's time; it refuses more than five minutes of difference.
    public func sign(_ request: borrowing AWSRequest, unixSeconds: Int64, into lines: inout [UInt8]) {
        // 1. When.
        time.set(unixSeconds)
        if time.day != signingDay { deriveKey() }
        // 2. What: the request in canonical form, then its hash in the string to sign.
        writeCanonicalRequest(request)
        hasher.update(canonical.bytes)
        writeStringToSign(canonicalHash: hasher.finish())
        // 3. The proof.
        write(signature: SHA256.authenticate(stringToSign.bytes, key: signingKey))
        lines.append(contentsOf: output.bytes)
    }

    private func writeCanonicalRequest(_ request: borrowing AWSRequest) {
        canonical.begin(method: request.method, path: request.path, query: request.query)
        if request.contentType.count > 0 { canonical.add(header: "content-type", value: request.contentType) }
        canonical.add(header: "host", value: request.host)
        canonical.add(header: "x-amz-date", value: time.text.bytes)
        if let token = credential.sessionToken {
            token.withBytes { canonical.add(header: "x-amz-security-token", value: $0) }
        }
        for (name, value) in request.headers { canonical.add(header: name, value: value) }
        canonical.finish(bodyHash: request.bodyHash)
    }

    private func writeStringToSign(canonicalHash: SHA256.Digest) {
        stringToSign.clear()
        stringToSign.append("AWS4-HMAC-SHA256\n")
        stringToSign.append(time.text.bytes)
        stringToSign.append(UInt8(ascii: "\n"))
        appendScope(to: &stringToSign)
        stringToSign.append(UInt8(ascii: "\n"))
        stringToSign.append(hexadecimal: canonicalHash)
    }

    /// `20150830/us-east-1/bedrock/aws4_request`
    private func appendScope(to scratch: inout ByteScratch) {
        scratch.append(time.date)
        scratch.append(UInt8(ascii: "/"))
        scratch.append(region)
        scratch.append(UInt8(ascii: "/"))
        scratch.append(service)
        scratch.append("/aws4_request")
    }

    private func deriveKey() {
        let secret = credential.secretAccessKey.withBytes { Array("AWS4".utf8) + $0 }
        let ofDay = secret.withUnsafeBytes { SHA256.authenticate(time.date, key: $0) }
        let ofRegion = authenticate(region, key: ofDay)
        let ofService = authenticate(service, key: ofRegion)
        signingKey = authenticate("aws4_request", key: ofService)
        signingDay = time.day
    }

    private func authenticate(_ text: String, key: SHA256.Digest) -> SHA256.Digest {
        Array(text.utf8).withUnsafeBytes { SHA256.authenticate($0, key: key) }
    }

    private func write(signature: SHA256.Digest) {
        output.clear()
        output.append("X-Amz-Date: ")
        output.append(time.text.bytes)
        if let token = credential.sessionToken {
            output.append("\r\nX-Amz-Security-Token: ")
            token.withBytes { output.append($0) }
        }
        output.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=")
        output.append(credential.accessKeyID)
        output.append(UInt8(ascii: "/"))
        appendScope(to: &output)
        output.append(", SignedHeaders=")
        output.append(canonical.signedHeaderNames)
        output.append(", Signature=")
        output.append(hexadecimal: signature)
        output.append("\r\n")
    }
}

/// A second as AWS writes it: `20150830T123600Z`.
struct AWSTime: ~Copyable {
    private(set) var text = ByteScratch(capacity: 16)
    /// Days since 1970.
    private(set) var day = Int64.min
    private var second = Int64.min

    /// `20150830`
    var date: UnsafeRawBufferPointer { text.slice(0..<8) }

    /// - Parameter unixSeconds: from 1970 to 9999.
    mutating func set(_ unixSeconds: Int64) {
        guard unixSeconds != second else { return }
        second = unixSeconds
        day = unixSeconds / 86_400
        let date = HTTPDate.civil(days: day)
        let time = unixSeconds % 86_400
        text.clear()
        put(date.year / 100)
        put(date.year % 100)
        put(date.month)
        put(date.day)
        text.append(UInt8(ascii: "T"))
        put(time / 3_600)
        put(time / 60 % 60)
        put(time % 60)
        text.append(UInt8(ascii: "Z"))
    }

    private mutating func put(_ twoDigits: Int64) {
        text.append(48 + UInt8(twoDigits / 10))
        text.append(48 + UInt8(twoDigits % 10))
    }
}
