// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import ResourceTypes

/// Address of a service that issues credentials.
///
/// What is sent there are secrets, and what comes back is one: TLS, unless no network lies between (`PlainHosts`).
typealias ServiceURL = HTTPURL

extension HTTPURL {
    /// - Parameter origin: where the text stands, for the message: `stsURL`, `token_uri in key.json`.
    init(_ text: String, from origin: String) throws(CredentialError) {
        do throws(Fault) {
            try self.init(text)
        } catch {
            throw CredentialError("\(origin) is not a usable address: \(error)", hint: "write https://host/path")
        }
        guard isTLS || PlainHosts.contains(host) else {
            throw CredentialError(
                "\(origin) would send secrets to \(host) unencrypted",
                hint: "use https://; http:// is for this machine and link-local metadata services only")
        }
    }
}
