// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Address of a service that issues credentials, taken apart.
///
/// What is sent there are secrets, and what comes back is one: TLS, unless no network lies between (`PlainHosts`).
struct ServiceURL: Equatable, Sendable, CustomStringConvertible {
    var isTLS: Bool
    /// Lower case; IPv6 without brackets.
    var host: String
    var port: UInt16
    /// Begins with a slash, or is empty.
    var path: String
    /// Without question mark; empty when there is none.
    var query: String

    private static let bytesMax = 4_096

    /// - Parameter origin: where the text stands, for the message: `stsURL`, `token_uri in key.json`.
    init(_ text: String, from origin: String) throws(CredentialError) {
        func refuse(_ what: String) -> CredentialError {
            CredentialError("\(origin) is not a usable address: \(what)", hint: "write https://host/path")
        }
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw refuse("it is too long or has characters that no address has")
        }
        let scheme = text.prefix(8).lowercased()
        isTLS = scheme == "https://"
        guard isTLS || scheme.hasPrefix("http://") else { throw refuse("it does not begin with https:// or http://") }
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard !rest.contains("#"), !rest[..<end].contains("@") else { throw refuse("it has a fragment or a password") }
        guard let (host, port) = Self.split(rest[..<end]) else { throw refuse("its host or port is malformed") }
        self.host = host
        self.port = port ?? (isTLS ? 443 : 80)
        let question = rest[end...].firstIndex(of: "?") ?? rest.endIndex
        path = String(rest[end..<question])
        query = String(rest[question...].dropFirst())
        guard isTLS || PlainHosts.contains(host) else {
            throw CredentialError(
                "\(origin) would send secrets to \(host) unencrypted",
                hint: "use https://; http:// is for this machine and link-local metadata services only")
        }
    }

    /// Host and port of `host`, `host:port`, `[v6]`, `[v6]:port`.
    private static func split(_ authority: Substring) -> (String, UInt16?)? {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || rest.first == ":" else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        let isName = host.utf8.allSatisfy { byte in
            byte | 0x20 >= 97 && byte | 0x20 <= 122 || (48...57).contains(byte) || "-._:".utf8.contains(byte)
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName else { return nil }
        guard let port else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(port), number > 0 else {
            return nil
        }
        return (host.lowercased(), number)
    }

    /// The same service, `path` below the base's own.
    func appending(path suffix: String, query: String = "") -> ServiceURL {
        var copy = self
        copy.path = (path.last == "/" ? String(path.dropLast()) : path) + suffix
        copy.query = query
        return copy
    }

    /// Value of the `Host` field.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// What stands in the request line.
    var target: String { (path.isEmpty ? "/" : path) + (query.isEmpty ? "" : "?\(query)") }

    /// Without query: it may name things that do not belong in a log.
    var description: String { "\(isTLS ? "https" : "http")://\(authority)\(path)" }
}
