// SPDX-License-Identifier: Apache-2.0
// Isobar

/// An `http://` or `https://` address, taken apart strictly: what two readers could take apart differently is refused.
public struct HTTPURL: Equatable, Sendable, CustomStringConvertible {
    /// Why a text is no such address, to follow "it is not usable: ".
    public struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
        public var description: String
    }

    public var isTLS: Bool
    /// Lower case; IPv6 without brackets.
    public var host: String
    public var port: UInt16
    /// Begins with a slash, or is empty.
    public var path: String
    /// Without question mark; empty when there is none.
    public var query: String

    private static let bytesMax = 4_096

    public init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Fault(description: "it is too long or has characters that no address has")
        }
        let scheme = text.prefix(8).lowercased()
        isTLS = scheme == "https://"
        guard isTLS || scheme.hasPrefix("http://") else {
            throw Fault(description: "it does not begin with https:// or http://")
        }
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard !rest.contains("#"), !rest[..<end].contains("@") else {
            throw Fault(description: "it has a fragment or a password")
        }
        guard let (host, port) = Self.split(rest[..<end]) else {
            throw Fault(description: "its host or port is malformed")
        }
        self.host = host
        self.port = port ?? (isTLS ? 443 : 80)
        let question = rest[end...].firstIndex(of: "?") ?? rest.endIndex
        path = String(rest[end..<question])
        query = String(rest[question...].dropFirst())
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
    public func appending(path suffix: String, query: String = "") -> HTTPURL {
        var copy = self
        copy.path = (path.last == "/" ? String(path.dropLast()) : path) + suffix
        copy.query = query
        return copy
    }

    /// Value of the `Host` field.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// What stands in the request line.
    public var target: String { (path.isEmpty ? "/" : path) + (query.isEmpty ? "" : "?\(query)") }

    /// Without query: it may name things that do not belong in a log.
    public var description: String { "\(isTLS ? "https" : "http")://\(authority)\(path)" }
}
