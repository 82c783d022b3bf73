// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import COpenSSL
internal import CSystem
internal import Glibc

/// Shared TLS settings: trust for clients, certificate for servers. TLS 1.2 and 1.3 through the system's OpenSSL 3.
///
/// Immutable after creation; sessions of all loops may use it at the same time.
public final class TLSContext: @unchecked Sendable {
    // Proof of @unchecked: OpenSSL's SSL_CTX is reference-counted with atomic operations and is not changed after
    // `init`.
    let context: OpaquePointer
    let isServer: Bool

    /// For connections we make: the peer's chain must lead to a trusted root and its certificate must carry the host's
    /// name.
    /// - Parameter certificateAuthorityFile: PEM roots to trust instead of the system's; `nil` trusts the system's.
    public init(trusting certificateAuthorityFile: String?) throws(TLSError) {
        isServer = false
        context = try Self.make(TLS_client_method())
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let file = certificateAuthorityFile {
            guard SSL_CTX_load_verify_locations(context, file, nil) == 1 else { throw TLSError.last("load \(file)") }
        } else {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else { throw TLSError.last("load the system's roots") }
        }
    }

    /// For connections we accept.
    /// - Parameters:
    ///   - certificateFile: PEM file with the chain, leaf first.
    ///   - clientAuthorityFile: PEM roots by which clients' certificates are verified; a client without one is served
    ///     all the same, one with another is not. `nil` asks nobody for a certificate.
    public init(certificateFile: String, keyFile: String, clientAuthorityFile: String? = nil) throws(TLSError) {
        isServer = true
        context = try Self.make(TLS_server_method())
        guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
            throw TLSError.last("load \(certificateFile)")
        }
        guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError.last("load \(keyFile)")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw TLSError.last("\(keyFile) does not fit \(certificateFile)")
        }
        if let clientAuthorityFile { try askForCertificates(clientAuthorityFile) }
    }

    private func askForCertificates(_ file: String) throws(TLSError) {
        guard SSL_CTX_load_verify_locations(context, file, nil) == 1, let names = SSL_load_client_CA_file(file) else {
            throw TLSError.last("load \(file)")
        }
        SSL_CTX_set_client_CA_list(context, names)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // A resumed session would bring its certificate along unverified, also after its end.
        SSL_CTX_set_options(context, isobar_tls_no_ticket())
        isobar_tls_no_session_cache(context)
    }

    deinit { SSL_CTX_free(context) }

    private static func make(_ method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
        guard let context = SSL_CTX_new(method) else { throw TLSError.last("create a context") }
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        let mode = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
        SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(mode), nil)
        SSL_CTX_set_options(context, isobar_tls_options())
        isobar_tls_read_ahead(context)
        return context
    }
}

public struct TLSError: Error, CustomStringConvertible, Sendable {
    public let description: String

    /// Takes OpenSSL's queued reason and empties the queue.
    static func last(_ doing: String) -> TLSError {
        TLSError(description: "cannot \(doing): \(reason() ?? "unknown reason")")
    }

    static func reason() -> String? {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let text = ERR_reason_error_string(code) else { return nil }
        return String(cString: text)
    }
}

/// TLS state of one connection over its non-blocking descriptor.
final class TLSSession {
    private let session: OpaquePointer
    private var isBroken = false

    enum Handshake {
        case done, wouldBlock
        case failed(String)
    }

    init(context: TLSContext, descriptor: Int32, serverName: String?) throws(ReactorError) {
        guard let session = SSL_new(context.context) else { throw ReactorError(operation: "SSL_new", number: ENOMEM) }
        self.session = session
        SSL_set_fd(session, descriptor)
        if context.isServer {
            SSL_set_accept_state(session)
        } else {
            SSL_set_connect_state(session)
            if let serverName { Self.expect(serverName, in: session) }
        }
    }

    deinit { SSL_free(session) }

    /// A literal address is checked against the certificate's addresses and not sent as SNI (RFC 6066 §3).
    private static func expect(_ name: String, in session: OpaquePointer) {
        if SocketAddress(literal: name, port: 0) != nil {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name)
        } else {
            SSL_set1_host(session, name)
            isobar_tls_set_server_name(session, name)
        }
    }

    func handshake() -> Handshake {
        ERR_clear_error()
        let code = SSL_do_handshake(session)
        if code == 1 { return .done }
        switch SSL_get_error(session, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        default:
            isBroken = true
            let verdict = SSL_get_verify_result(session)
            if verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict) {
                return .failed("certificate refused: " + String(cString: text))
            }
            return .failed(TLSError.reason() ?? "the peer closed the connection during the handshake")
        }
    }

    /// Of the peer, verified; `nil` when it showed none.
    var peerCertificate: PeerCertificate? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        guard SSL_get_verify_result(session) == Int(X509_V_OK) else { return nil }
        return PeerCertificate(certificate)
    }

    func receive(into memory: UnsafeMutableRawPointer, capacity: Int) -> Received {
        ERR_clear_error()
        return outcome(SSL_read(session, memory, Int32(clamping: capacity)))
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Received {
        ERR_clear_error()
        return outcome(SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count)))
    }

    private func outcome(_ n: Int32) -> Received {
        if n > 0 { return .bytes(Int(n)) }
        switch SSL_get_error(session, n) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .endOfFile
        case SSL_ERROR_SYSCALL:
            isBroken = true
            return .failed(errno == 0 ? ECONNRESET : errno)
        default:
            // A peer that ends without close_notify may have been cut by an attacker: never a clean end.
            isBroken = true
            ERR_clear_error()
            return .failed(EPROTO)
        }
    }

    /// Tells the peer that we are done sending. Best effort.
    func shutdown() {
        guard !isBroken, SSL_is_init_finished(session) == 1 else { return }
        ERR_clear_error()
        SSL_shutdown(session)
        ERR_clear_error()
    }
}
