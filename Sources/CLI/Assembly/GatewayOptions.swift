// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import ArgumentParser
import Reactor

/// How a gateway process runs; shared by `gateway` and `up`.
struct GatewayOptions: ParsableArguments {
    @Option(
        help: "Address to listen on. Several processes may share one port: start the new one, then stop the old one.")
    var listen = Address.defaultListen
    @Option(
        help:
            "Address of the admin port: /livez /readyz /metrics /status /explain /reload. Who may use it say RoleBindings."
    )
    var admin = Address.defaultAdmin
    @Option(help: "Threads; each serves many connections. 0: one per core.") var loops = 0
    @Option(help: "Access log file, one JSON object a line; - is standard output.") var accessLog: String?
    @Option(help: "Folder of the audit log that this process writes; `isobar audit init` makes one.") var audit: String?
    @Option(help: "The audit log's signing key, where it is not in the log's folder.") var auditKey: String?
    @Option(
        help: "SQLite file that keeps what budgets have used, and each request's usage. Gateways of one host share it.")
    var budgets: String?
    @Option(help: "Days that the file keeps each request's usage.") var usageDays = 35
    @Option(help: "PEM certificate chain for the listener.") var tlsCertificate: String?
    @Option(help: "PEM key of the certificate.") var tlsKey: String?
    @Option(help: "PEM roots of callers' certificates (SPIFFE X.509-SVIDs); needs --trust-domain.") var clientAuthority: String?
    @Option(help: "The trust domain that these roots speak for, e.g. example.org.") var trustDomain: String?
    @Flag(help: "Listen beyond loopback without TLS.") var insecure = false
    @Option(help: "Seconds that requests under way may take after SIGTERM.") var drainSeconds = 30
    @Option(help: "Largest request body, in MiB.") var bodyMebibytesMax = 32
    @Option(help: "Least severe level to log: trace, debug, info, notice, warning, error, critical.") var logLevel =
        "info"

    /// `nil` without a certificate.
    /// - Parameter clientAuthority: whose certificates clients are asked for.
    func tls(clientAuthority: String? = nil) throws -> TLSContext? {
        guard let tlsCertificate, let tlsKey else { return nil }
        return try TLSContext(
            certificateFile: tlsCertificate, keyFile: tlsKey, clientAuthorityFile: clientAuthority)
    }

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard clientAuthority == nil || tlsCertificate != nil, (clientAuthority == nil) == (trustDomain == nil) else {
            throw ValidationError("--client-authority and --trust-domain go together, and with --tls-certificate.")
        }
        if let trustDomain, !SPIFFEID.isTrustDomain(trustDomain) {
            throw ValidationError("--trust-domain \(trustDomain) is none: letters (lower case), digits, dots, - and _.")
        }
        guard listen.isLoopback || tlsCertificate != nil || insecure else {
            throw ValidationError(
                "\(listen) is reachable from other machines: give --tls-certificate and --tls-key, "
                    + "or --insecure if something else protects it."
            )
        }
        guard admin.isLoopback || tlsCertificate != nil || insecure else {
            throw ValidationError(
                "--admin \(admin) is reachable from other machines, and tokens would pass in the clear: keep it on loopback, "
                    + "give --tls-certificate and --tls-key, or --insecure if something else protects it."
            )
        }
        guard auditKey == nil || audit != nil else { throw ValidationError("--audit-key goes with --audit.") }
        guard (1...3_650).contains(usageDays) else { throw ValidationError("--usage-days is 1 to 3650.") }
        guard (0...64).contains(loops) else { throw ValidationError("--loops is 0 to 64.") }
        guard (1...3600).contains(drainSeconds) else { throw ValidationError("--drain-seconds is 1 to 3600.") }
        guard (1...1024).contains(bodyMebibytesMax) else { throw ValidationError("--body-mebibytes-max is 1 to 1024.") }
    }
}

extension Address {
    static let defaultListen = Address(literal: "127.0.0.1", port: 8080)
    static let defaultAdmin = Address(literal: "127.0.0.1", port: 9090)
}
