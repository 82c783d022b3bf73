// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Routing

/// Writes the head of an answer to the caller: status, the endpoint's own end-to-end headers, ours, framing.
enum AnswerHead {
    enum Framing {
        case length(Int)
        case chunked
        /// For callers of HTTP/1.0: the end of the connection is the end of the body.
        case untilClose
    }

    static func begin(_ writer: inout ByteWriter, status: UInt16) {
        writer.append("HTTP/1.1 ")
        writer.append(decimal: status)
        writer.append(byte: 32)
        writer.append(reason(status))
        writer.append("\r\n")
    }

    /// Who answered, after how many tries; and why, when the caller asked.
    static func appendDecision(_ writer: inout ByteWriter, _ exchange: Exchange) {
        writer.append("x-isobar-request-id: ")
        writer.append(hex: exchange.identifier, padded: true)
        writer.append("\r\n")
        if !exchange.refusalLines.isEmpty { writer.append(exchange.refusalLines) }
        guard exchange.machine.attempts > 0 else { return }
        writer.append("x-isobar-endpoint: ")
        writer.append(exchange.worker.metrics.endpointName(exchange.attempts[exchange.answeringSlot].counters))
        writer.append("\r\nx-isobar-attempts: ")
        writer.append(decimal: exchange.machine.attempts)
        writer.append("\r\n")
        if exchange.worker.isRestricted, exchange.machine.isCommitted { writer.append(exchange.jurisdictionLine) }
        if !exchange.unsupported.isEmpty, exchange.machine.isCommitted {
            writer.append(DroppedHeader.line(exchange.unsupported))
        }
        if !exchange.explanation.isEmpty { writer.append(exchange.explanation) }
    }

    static func end(_ writer: inout ByteWriter, framing: Framing, keepsAlive: Bool) {
        switch framing {
        case .length(let bytes):
            writer.append("content-length: ")
            writer.append(decimal: bytes)
            writer.append("\r\n")
        case .chunked: writer.append("transfer-encoding: chunked\r\n")
        case .untilClose: break
        }
        if !keepsAlive { writer.append("connection: close\r\n") }
        writer.append("\r\n")
    }

    static func reason(_ status: UInt16) -> StaticString {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
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
        case 451: "Unavailable For Legal Reasons"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

/// `x-isobar-dropped`: what the answer was given without. Names come from the caller's body, so only what may stand in a
/// header is repeated.
private enum DroppedHeader {
    static func line(_ names: [String]) -> [UInt8] {
        let safe = names.map { name in
            String(name.unicodeScalars.filter { $0.value > 32 && $0.value < 127 }.prefix(64).map(Character.init))
        }
        return Array("x-isobar-dropped: \(safe.joined(separator: ", "))\r\n".utf8)
    }
}
