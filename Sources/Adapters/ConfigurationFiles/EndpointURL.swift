// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The base address of an endpoint, taken apart.
///
/// Stricter than RFC 3986: what a gateway cannot use or must not carry (userinfo, query, fragment, dot segments) is
/// refused, not dropped.
public struct EndpointURL: Hashable, Sendable {
    public var isTLS: Bool
    /// Lower case; IPv6 without brackets.
    public var host: String
    public var port: UInt16
    /// Without trailing slash; may be empty.
    public var basePath: String

    public enum Defect: Error, Hashable, Sendable, CustomStringConvertible {
        case scheme, userinfo, query, fragment, host, port, path, tooLong

        public var description: String {
            switch self {
            case .scheme: "begin with http:// or https://"
            case .userinfo: "remove what stands before the @; a key belongs in spec.credential"
            case .query: "remove the ? and what follows"
            case .fragment: "remove the # and what follows"
            case .host: "the host must be a DNS name, an IPv4 address or an IPv6 address in [ ]"
            case .port: "the port must be a number from 1 to 65535"
            case .path:
                "the path may hold letters, digits, %XX and -._~!$&'()*+,;=:@ between single slashes, no . or .. segment"
            case .tooLong: "use at most 2048 bytes"
            }
        }
    }

    public init(_ text: String) throws(Defect) {
        guard text.utf8.count <= 2048 else { throw .tooLong }
        let (isTLS, rest) = try Self.cutScheme(text)
        if rest.contains("#") { throw .fragment }
        if rest.contains("?") { throw .query }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        if authority.contains("@") { throw .userinfo }
        let (host, port) = try Self.splitPort(authority)
        self.isTLS = isTLS
        self.host = try Self.checkedHost(host)
        self.port = try port.map(Self.checkedPort) ?? (isTLS ? 443 : 80)
        self.basePath = try Self.checkedPath(rest[slash...])
    }

    private static func cutScheme(_ text: String) throws(Defect) -> (isTLS: Bool, rest: Substring) {
        if text.lowercased().hasPrefix("https://") { return (true, text.dropFirst(8)) }
        if text.lowercased().hasPrefix("http://") { return (false, text.dropFirst(7)) }
        throw .scheme
    }

    /// Host and port of `host`, `host:port`, `[v6]`, `[v6]:port`; brackets stay on.
    private static func splitPort(_ authority: Substring) throws(Defect) -> (Substring, Substring?) {
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw .host }
            let after = authority[authority.index(after: end)...]
            if after.isEmpty { return (authority, nil) }
            guard after.first == ":" else { throw .host }
            return (authority[...end], after.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func checkedPort(_ digits: Substring) throws(Defect) -> UInt16 {
        guard digits.utf8.allSatisfy(ScalarText.isDigit), let port = UInt16(digits), port > 0 else { throw .port }
        return port
    }

    private static func checkedHost(_ host: Substring) throws(Defect) -> String {
        let lowercased = host.lowercased()
        if lowercased.hasPrefix("[") {
            let address = lowercased.dropFirst().dropLast()
            guard isIPv6(address) else { throw .host }
            return String(address)
        }
        let labels = lowercased.split(separator: ".", omittingEmptySubsequences: false)
        guard lowercased.utf8.count <= 253, labels.allSatisfy(isLabel) else { throw .host }
        // A last label of digits only can be nothing but an IPv4 address (RFC 3696, 2).
        if let last = labels.last, last.utf8.allSatisfy(ScalarText.isDigit) {
            guard labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) else { throw .host }
        }
        return lowercased
    }

    /// Letters, digits, hyphens inside; underscores because service names in containers have them.
    private static func isLabel(_ label: Substring) -> Bool {
        guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else { return false }
        return label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    /// Form only; whether the address exists is found out by connecting.
    private static func isIPv6(_ text: Substring) -> Bool {
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        let isCompressed = text.contains("::")
        guard groups.count >= 3, groups.count <= 9, isCompressed || groups.count == 8 else { return false }
        guard !text.contains(":::"), text.utf8.count <= 39 else { return false }
        return groups.allSatisfy { group in group.utf8.count <= 4 && group.allSatisfy(\.isHexDigit) }
    }

    private static func checkedPath(_ path: Substring) throws(Defect) -> String {
        var path = path
        if path.last == "/" { path = path.dropLast() }
        if path.isEmpty { return "" }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && isSegment(Array($0.utf8)) }) else {
            throw .path
        }
        return String(path)
    }

    private static func isSegment(_ bytes: [UInt8]) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, isHex(bytes[index + 1]), isHex(bytes[index + 2]) else { return false }
                index += 3
            } else {
                guard isAlphanumeric(bytes[index]) || "-._~!$&'()*+,;=:@".utf8.contains(bytes[index]) else {
                    return false
                }
                index += 1
            }
        }
        return true
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        ScalarText.isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    private static func isHex(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
}
