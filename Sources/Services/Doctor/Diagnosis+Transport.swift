// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

// What is wrong before there is an answer: names, connections, certificates, silence.

extension Diagnosis {
    typealias Subject = Observation.Subject

    static func unresolved(_ subject: Subject, _ reason: String) -> Diagnosis {
        // RFC 2606: what an import writes where it could not know.
        let isPlaceholder = subject.host.hasSuffix(".invalid")
        return Diagnosis(
            .nameUnresolved, "the name \(subject.host) does not resolve: \(reason)",
            advice: isPlaceholder
                ? "the host stands for one that was not known when the configuration was imported: write spec.url"
                : "check spec.url for a mistyped host; a private name resolves only inside its own network")
    }

    static func unconnected(_ subject: Subject, _ number: Int32) -> Diagnosis {
        let place = "\(subject.host):\(subject.port)"
        switch number {
        case ECONNREFUSED:
            return Diagnosis(
                .connectionRefused, "nothing listens at \(place)",
                advice: "is the server running, and is the port in spec.url right?")
        case ETIMEDOUT: return connectTimedOut(subject, nil)
        case ENETUNREACH, EHOSTUNREACH:
            return Diagnosis(
                .unreachable, "there is no way to \(place): \(String(cString: strerror(number)))",
                advice: "check routes, VPN and peering; an IPv6 address needs IPv6 here")
        default:
            return Diagnosis(.unreachable, "cannot connect to \(place): \(String(cString: strerror(number)))")
        }
    }

    private static func connectTimedOut(_ subject: Subject, _ seconds: Double?) -> Diagnosis {
        let span = seconds.map { " within \(text(seconds: $0))" } ?? " in time"
        return Diagnosis(
            .connectionTimedOut, "no connection to \(subject.host):\(subject.port)\(span)",
            advice: "a firewall or security group that drops packets looks like this; so does a wrong address")
    }

    /// OpenSSL's words for what the peer showed (its manual of X509_STORE_CTX_get_error, version 3).
    static func tls(_ subject: Subject, _ reason: String) -> Diagnosis {
        let words = reason.lowercased()
        func has(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
        if has("expired") {
            return Diagnosis(
                .certificateExpired, "the certificate of \(subject.host) has expired",
                advice: "renew it; if it is new, check this machine's clock")
        }
        if has("not yet valid") {
            return Diagnosis(
                .certificateExpired, "the certificate of \(subject.host) is not valid yet",
                advice: "check this machine's clock")
        }
        if has("hostname mismatch", "ip address mismatch") {
            return Diagnosis(
                .certificateName, "the certificate is not for \(subject.host)",
                advice: "write the name that the certificate has into spec.url; an address needs a certificate for it")
        }
        if has("self-signed", "self signed", "issuer", "unable to verify", "untrusted") {
            return Diagnosis(
                .certificateUntrusted, "the certificate of \(subject.host) comes from an authority that is not trusted",
                advice: "name the authority's PEM file in certificateAuthorityFile; a proxy that opens TLS has its own")
        }
        if has("wrong version number", "packet length too long", "http request", "unknown protocol") {
            return Diagnosis(
                .tls, "what listens at \(subject.host):\(subject.port) does not speak TLS",
                advice: "does spec.url begin with http instead of https, or has it the wrong port?")
        }
        if has("certificate required", "handshake failure", "bad certificate") {
            return Diagnosis(
                .tls, "the TLS handshake was refused: \(reason)",
                advice: "a server that wants a client's certificate is not supported; old TLS versions are not spoken")
        }
        return Diagnosis(.tls, "no TLS connection to \(subject.host): \(reason)")
    }

    static func timedOut(_ subject: Subject, _ phase: Observation.Phase, _ seconds: Double) -> Diagnosis {
        switch phase {
        case .connecting: return connectTimedOut(subject, seconds)
        case .securing:
            return Diagnosis(
                .tls, "connected, but no TLS handshake within \(text(seconds: seconds))",
                advice: "does what listens there speak TLS? An overloaded proxy looks like this too")
        case .waiting:
            return Diagnosis(
                .noAnswer, "the call was taken, but no answer began within \(text(seconds: seconds))",
                advice: "a model that is being loaded or a full queue looks like this; --timeout waits longer")
        case .receiving:
            return Diagnosis(.noAnswer, "the answer began but did not end within \(text(seconds: seconds))")
        }
    }
}
