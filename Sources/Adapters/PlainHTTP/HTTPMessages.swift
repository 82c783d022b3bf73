// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Header fields in order; names compare without case. Small and plain: cold paths only.
public struct HTTPFields: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var entries: [Entry] = []

    public struct Entry: Equatable, Sendable {
        public var name: String
        public var value: String
    }

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// Line ends and NUL become spaces: a value from outside must not be able to add a header (RFC 9110 §5.5).
    public mutating func append(_ name: String, _ value: String) {
        let isUnsafe = value.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }
        let safe =
            isUnsafe
            ? String(decoding: value.utf8.map { $0 == 13 || $0 == 10 || $0 == 0 ? 32 : $0 }, as: UTF8.self) : value
        entries.append(Entry(name: name, value: safe))
    }

    /// First value of a field; `nil` when absent.
    public subscript(name: String) -> String? {
        entries.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    init(_ parsed: UnsafeMutableBufferPointer<HeaderField>, count: Int, in bytes: UnsafeRawBufferPointer) {
        for field in parsed.prefix(count) {
            let name = String(decoding: field.name.slice(bytes), as: UTF8.self)
            append(name, String(decoding: field.value.slice(bytes), as: UTF8.self))
        }
    }

    func write(to output: inout [UInt8]) {
        for entry in entries {
            output += entry.name.utf8
            output += ": ".utf8
            output += entry.value.utf8
            output += "\r\n".utf8
        }
    }
}

/// A request the server received whole.
public struct HTTPServerRequest: Sendable {
    public var method: HTTPMethod
    /// Path without the query, as sent (not percent-decoded).
    public var path: String
    /// Without the question mark; empty when absent.
    public var query: String
    public var fields: HTTPFields
    public var body: [UInt8]
}

/// A response the client received whole.
public struct HTTPClientResponse: Sendable {
    public var status: UInt16
    public var fields: HTTPFields
    public var body: [UInt8]
}

/// A request for `HTTPClient`.
public struct HTTPClientRequest: Sendable {
    public var method: String
    /// Path and query.
    public var target: String
    /// Value of the `Host` field.
    public var host: String
    public var fields: HTTPFields
    /// Further header lines, complete with their CRLFs, sent as they are: for what is a secret, or made elsewhere.
    public var lines: [UInt8]
    public var body: [UInt8]

    public init(
        _ method: String, _ target: String, host: String, fields: HTTPFields = [:], lines: [UInt8] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.host = host
        self.fields = fields
        self.lines = lines
        self.body = body
    }

    /// The message as it goes over the wire; asks the server to close afterwards.
    public var bytes: [UInt8] {
        var framing = fields
        framing.append("host", host)
        framing.append("connection", "close")
        if !body.isEmpty || method == "POST" || method == "PUT" { framing.append("content-length", String(body.count)) }
        var output = Array("\(method) \(target) HTTP/1.1\r\n".utf8)
        framing.write(to: &output)
        output += lines
        output += "\r\n".utf8
        output += body
        return output
    }
}

/// Reason phrases of the status codes we send.
enum HTTPReason {
    static func phrase(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }
}
