// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

extension EndpointCredential.Scheme {
    /// The complete header line without CRLF; the content of `secret` goes from one `Secret` into another.
    func headerLine(with secret: Secret) -> Secret {
        secret.withBytes { Secret(Array(prefix.utf8) + $0) }
    }

    private var prefix: String {
        switch self {
        case .bearer: "Authorization: Bearer "
        case .apiKey: "api-key: "
        case .xAPIKey: "x-api-key: "
        case .xGoogAPIKey: "x-goog-api-key: "
        }
    }
}
