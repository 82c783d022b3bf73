// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import COpenSSL
internal import Glibc

/// What a verified certificate says about whom we speak with.
public struct PeerCertificate: Sendable {
    /// Addresses of its subject, as they are written.
    public var uris: [String]
    /// It may sign other certificates or lists of revoked ones: then it is nobody's identity.
    public var isAuthority: Bool
    /// It says that it is for signing, as a handshake does.
    public var mayAuthenticate: Bool
    /// Unix seconds.
    public var expiresAtUnixSeconds: Int64

    init(_ certificate: OpaquePointer) {
        uris = Self.uris(of: certificate)
        let usage = X509_get_key_usage(certificate)
        // Without the extension every bit is set.
        let isRestricted = usage != UInt32.max
        let signing = UInt32(KU_KEY_CERT_SIGN | KU_CRL_SIGN)
        isAuthority = X509_check_ca(certificate) != 0 || isRestricted && usage & signing != 0
        mayAuthenticate = isRestricted && usage & UInt32(KU_DIGITAL_SIGNATURE) != 0
        var time = tm()
        let isReadable = ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1
        expiresAtUnixSeconds = isReadable ? Int64(timegm(&time)) : 0
    }

    private static func uris(of certificate: OpaquePointer) -> [String] {
        var uris: [String] = []
        withUnsafeMutablePointer(to: &uris) { uris in
            isobar_certificate_uris(certificate, uris) { context, bytes, count in
                let text = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
                context?.assumingMemoryBound(to: [String].self).pointee.append(text)
            }
        }
        return uris
    }
}

extension Channel {
    /// Of the peer of an open connection; `nil` when it showed none, or there is no TLS.
    public final var peerCertificate: PeerCertificate? { tls?.peerCertificate }
}
