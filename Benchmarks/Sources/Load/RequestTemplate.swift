// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// A request as its vendor's client sends it, rendered once; only its number changes.
struct RequestTemplate {
    /// Digits of a request number.
    static let numberCount = 16
    private let bytes: UnsafeMutableRawBufferPointer
    private let numberOffset: Int

    init(_ plan: Plan) {
        let body = RequestBody(plan: plan).json
        let head = Self.head(plan, bodyCount: body.utf8.count)
        bytes = .allocate(byteCount: head.utf8.count + body.utf8.count, alignment: 64)
        bytes.copyBytes(from: (head + body).utf8)
        guard let mark = UnsafeRawBufferPointer(bytes).offset(of: "NNNNNNNNNNNNNNNN") else {
            preconditionFailure("template has no number")
        }
        numberOffset = mark
    }

    func numbered(_ number: Int) -> UnsafeRawBufferPointer {
        var rest = number
        for index in stride(from: numberOffset + Self.numberCount - 1, through: numberOffset, by: -1) {
            bytes[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        return UnsafeRawBufferPointer(bytes)
    }

    private static func head(_ plan: Plan, bodyCount: Int) -> String {
        """
        POST \(plan.wire == .chat ? "/v1/chat/completions" : "/v1/messages") HTTP/1.1\r
        Host: 127.0.0.1:\(plan.port)\r
        Accept: application/json\r
        Accept-Encoding: gzip, deflate\r
        Connection: keep-alive\r
        Content-Type: application/json\r
        User-Agent: \(plan.wire == .chat ? "OpenAI/Python 2.8.0" : "Anthropic/Python 0.121.0")\r
        X-Stainless-Lang: python\r
        X-Stainless-OS: Linux\r
        X-Stainless-Async: false\r
        \(credential(plan))\r
        Content-Length: \(bodyCount)\r
        \r

        """
    }

    private static func credential(_ plan: Plan) -> String {
        switch plan.wire {
        case .chat: "Authorization: Bearer \(plan.key)"
        case .messages: "X-Api-Key: \(plan.key)\r\nanthropic-version: 2023-06-01"
        }
    }
}
