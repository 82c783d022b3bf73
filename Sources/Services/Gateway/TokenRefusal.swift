// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access

/// A token that does not admit its bearer, as HTTP (RFC 6750 §3).
extension TokenFault {
    var answer: Refusal.Answer {
        guard self != .unavailable else {
            return .unavailable(503, "token_issuer_unavailable", description, 1_000_000_000)
        }
        var answer = Refusal.Answer(
            status: 401, type: "authentication_error", code: "invalid_token", parameter: nil, message: description)
        answer.headerLines = Array(
            "www-authenticate: Bearer error=\"invalid_token\", error_description=\"\(description)\"\r\n".utf8)
        return answer
    }
}
