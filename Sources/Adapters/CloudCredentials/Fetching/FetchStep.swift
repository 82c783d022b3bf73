// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes

/// The next thing to do to get a credential: what a source is made of.
///
/// Pure: a source says what to ask and what each answer leads to; who asks is `CredentialKeeper`. Steps can be chained,
/// so that a role is taken on with whatever key another source gives.
enum FetchStep {
    case done(IssuedCredential)
    case ask(TokenRequest, (TokenAnswer) throws(CredentialError) -> FetchStep)

    /// Goes on with `next` once this has come to its end.
    func then(
        _ next: @escaping (IssuedCredential) throws(CredentialError) -> FetchStep
    ) throws(CredentialError) -> FetchStep {
        switch self {
        case .done(let issued):
            return try next(issued)
        case .ask(let request, let receive):
            return .ask(request) { answer throws(CredentialError) in try receive(answer).then(next) }
        }
    }

    /// Questions one credential may take; more is a source that goes in circles.
    static let questionsMax = 8
}

/// One question to a service that issues credentials.
struct TokenRequest: Sendable {
    var method: String
    var url: ServiceURL
    var fields: HTTPFields = [:]
    var body: [UInt8] = []
    /// Secrets that are sent: should the service repeat one in an error, it goes no further.
    var confidential: [Secret] = []

    /// A form, as OAuth and STS want it.
    static func form(_ url: ServiceURL, _ pairs: [(String, FormValue)], accept: String = "application/json")
        -> TokenRequest
    {
        var request = TokenRequest(method: "POST", url: url)
        request.fields = ["content-type": "application/x-www-form-urlencoded", "accept": accept]
        var scratch = ByteScratch()
        for (index, (name, value)) in pairs.enumerated() {
            if index > 0 { scratch.append(UInt8(ascii: "&")) }
            scratch.append(name)
            scratch.append(UInt8(ascii: "="))
            switch value {
            case .text(let text): Array(text.utf8).withUnsafeBytes { scratch.append(percentEncoded: $0) }
            case .secret(let secret):
                secret.withBytes { scratch.append(percentEncoded: $0) }
                request.confidential.append(secret)
            }
        }
        request.body = Array(scratch.bytes)
        return request
    }
}

/// A value of a form.
enum FormValue: ExpressibleByStringLiteral {
    case text(String)
    case secret(Secret)
    init(stringLiteral value: String) { self = .text(value) }
}

extension String {
    /// With everything but the unreserved characters of RFC 3986 as `%XX`: one segment of a path, one value of a query.
    var percentEncoded: String {
        var scratch = ByteScratch()
        Array(utf8).withUnsafeBytes { scratch.append(percentEncoded: $0) }
        return scratch.text
    }
}
