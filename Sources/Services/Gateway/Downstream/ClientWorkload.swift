// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Reactor

/// The workload that a caller's certificate is an X.509-SVID of (SPIFFE, X509-SVID §2 to §4). Its chain was verified in the
/// handshake.
struct ClientWorkload {
    var id: SPIFFEID
    var expiresAtUnixSeconds: Int64

    /// - Parameter trustDomain: the only one that the authorities of our listener speak for.
    /// - Returns: `nil` for a certificate that is none, or another domain's.
    init?(_ certificate: PeerCertificate?, of trustDomain: String?) {
        // Several addresses, or an authority's certificate, could be anybody's.
        guard let certificate, let trustDomain, certificate.uris.count == 1, !certificate.isAuthority,
            certificate.mayAuthenticate, let id = SPIFFEID(certificate.uris[0]), id.trustDomain == trustDomain
        else { return nil }
        self.id = id
        expiresAtUnixSeconds = certificate.expiresAtUnixSeconds
    }
}
