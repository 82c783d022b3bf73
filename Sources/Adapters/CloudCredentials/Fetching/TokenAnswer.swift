// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes
internal import WireFormats

/// What a service that issues credentials said.
struct TokenAnswer {
    var request: TokenRequest
    var status: Int
    var fields: HTTPFields
    var body: [UInt8]
    /// Our clock.
    var receivedAtUnixSeconds: Int64

    /// The service's clock, when it tells. Lives are counted from it, so that ours may be wrong.
    var serverUnixSeconds: Int64? {
        fields["date"].flatMap { text in Array(text.utf8).withUnsafeBytes { HTTPDate.parse($0) } }
    }

    private var nowUnixSeconds: Int64 { serverUnixSeconds ?? receivedAtUnixSeconds }

    // MARK: Reading

    /// - Parameter hints: how to mend what an error's code or text contains; the first that fits is used.
    /// - Throws: what the service says is wrong when the status is not 2xx.
    func accepted(hints: [(String, String)]) throws(CredentialError) -> TokenAnswer {
        if status / 100 == 2 { return self }
        throw refusal(hints: hints)
    }

    func json() throws(CredentialError) -> JSONValue {
        do throws(JSONFault) {
            return try JSONValue(parsing: body)
        } catch {
            throw malformed("it is not JSON: \(error.explanation)")
        }
    }

    func malformed(_ what: String) -> CredentialError {
        CredentialError(
            "\(request.method) \(request.url) gave an unusable answer: \(what)",
            hint: "is this the right address, and no proxy or login page in between?", isLasting: false)
    }

    /// From now to `text`, a time as RFC 3339 writes it.
    func life(until text: String?) throws(CredentialError) -> TimeSpan {
        guard let text, let end = Array(text.utf8).withUnsafeBytes({ InternetDate.parse($0) }) else {
            throw malformed("it has no time of expiry that can be read")
        }
        return try life(seconds: end - nowUnixSeconds)
    }

    /// - Parameter seconds: `nil` when the answer does not say, or says it in no number.
    func life(seconds: Int64?) throws(CredentialError) -> TimeSpan {
        guard let seconds else { throw malformed("it does not say how long it is valid") }
        guard seconds > 0 else {
            throw CredentialError(
                "\(request.method) \(request.url) gave a credential that has expired already",
                hint: "check the clocks on both sides", isLasting: false)
        }
        return .seconds(min(seconds, Self.lifeSecondsMax))
    }

    /// Ten years: longer is not believed, and must not overflow.
    private static let lifeSecondsMax: Int64 = 315_360_000
}

// MARK: Errors

extension TokenAnswer {
    /// Code and description of an error, as far as the body has them.
    var errorWords: (code: String, text: String) {
        if let json = try? JSONValue(parsing: body) { return Self.words(of: json) }
        if let xml = XMLTexts(parsing: body) {
            return (xml["ErrorResponse/Error/Code"] ?? "", xml["ErrorResponse/Error/Message"] ?? "")
        }
        return ("", "")
    }

    /// OAuth (`error`, `error_description`), Google (`error.status`, `error.message`), AWS agents (`Code`, `Message`).
    private static func words(of json: JSONValue) -> (code: String, text: String) {
        if let error = json["error"], error.members != nil {
            return (error["status"]?.stringValue ?? "", error["message"]?.stringValue ?? "")
        }
        let code = json["error"] ?? json["Code"] ?? json["code"]
        let text = json["error_description"] ?? json["Message"] ?? json["message"]
        return (code?.stringValue ?? "", text?.stringValue ?? "")
    }

    private func refusal(hints: [(String, String)]) -> CredentialError {
        let (code, text) = errorWords
        let said = presentable([code, text].filter { !$0.isEmpty }.joined(separator: ": "))
        let words = code + " " + text
        return CredentialError(
            "\(request.method) \(request.url) answered \(status)\(said.isEmpty ? "" : " \(said)")",
            hint: hints.first { words.contains($0.0) }?.1 ?? Self.hint(for: status),
            isLasting: isLasting(code), retryAfter: retryAfter)
    }

    private static func hint(for status: Int) -> String? {
        (300..<400).contains(status) ? "redirects are not followed: state the final address" : nil
    }

    /// `IDPCommunicationError`: STS could not reach the issuer, which it reports with 400.
    private func isLasting(_ code: String) -> Bool {
        let passing = [408, 425, 429].contains(status) || code == "IDPCommunicationError" || code.hasPrefix("Throttl")
        return (300..<500).contains(status) && !passing
    }

    private var retryAfter: TimeSpan? {
        fields["retry-after"].flatMap { Int64($0) }.flatMap { (0...86_400).contains($0) ? .seconds($0) : nil }
    }

    /// At most 300 printable characters without any of the secrets that were sent, or the better part of one.
    private func presentable(_ text: String) -> String {
        var text = text
        for secret in request.confidential where !secret.isEmpty {
            let plain = secret.withBytes { String(decoding: $0, as: UTF8.self) }
            text = text.replacing(plain, with: "<secret>").replacing(plain.percentEncoded, with: "<secret>")
            text = text.hidingParts(of: plain)
        }
        let visible = text.unicodeScalars.prefix(300).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return String(String.UnicodeScalarView(visible))
    }
}

extension String {
    /// So many bytes in a row of a secret tell too much of it. Services like to repeat a token's beginning.
    private static let partBytes = 12

    /// With `<secret>` for each word that has such a part of `secret`.
    fileprivate func hidingParts(of secret: String) -> String {
        let secret = Array(secret.utf8)
        guard secret.count > Self.partBytes else { return self }
        let parts = Set((0...(secret.count - Self.partBytes)).map { secret[$0..<($0 + Self.partBytes)] })
        return split(separator: " ", omittingEmptySubsequences: false).map { word in
            let bytes = Array(word.utf8)
            let starts = 0..<max(0, bytes.count - Self.partBytes + 1)
            return starts.contains { parts.contains(bytes[$0..<($0 + Self.partBytes)]) } ? "<secret>" : word
        }.joined(separator: " ")
    }
}

extension JSONValue {
    /// A count of seconds, which some services write as a string.
    var seconds: Int64? { stringValue.flatMap { Int64($0) } ?? integerValue.map(Int64.init) }
}
