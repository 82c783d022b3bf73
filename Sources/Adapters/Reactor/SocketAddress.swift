// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// An IPv4 or IPv6 address with port, as the kernel takes it.
public struct SocketAddress: Sendable {
    var storage: sockaddr_storage
    var length: socklen_t

    init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// From a literal address, e.g. `127.0.0.1` or `::1`. `nil` when it is a name.
    public init?(literal host: String, port: UInt16) {
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            self = withUnsafeBytes(of: &v4) { Self(copying: $0) }
            return
        }
        var v6 = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { return nil }
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_port = port.bigEndian
        self = withUnsafeBytes(of: &v6) { Self(copying: $0) }
    }

    init(copying bytes: UnsafeRawBufferPointer) {
        storage = sockaddr_storage()
        length = socklen_t(bytes.count)
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: bytes) }
    }

    func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Numeric text without port, for logs.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        _ = withPointer { getnameinfo($0, $1, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The same address with another port.
    public func with(port: UInt16) -> SocketAddress {
        var copy = self
        // Port and family lie at the same place in both kinds of address.
        withUnsafeMutableBytes(of: &copy.storage) {
            $0.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
        return copy
    }

    public var port: UInt16 {
        withUnsafeBytes(of: storage) { bytes in
            UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
        }
    }
}

/// Name resolution. Blocks for as long as the system's resolver does: never call it on a loop's thread.
public enum Resolver {
    /// Addresses in the order of preference of the system (RFC 6724), IPv4 and IPv6.
    public static func addresses(of host: String, port: UInt16) -> Result<[SocketAddress], ResolveError> {
        if let literal = SocketAddress(literal: host, port: port) { return .success([literal]) }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var head: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &head)
        guard code == 0 else { return .failure(ResolveError(host: host, reason: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(head) }
        var found: [SocketAddress] = []
        var next = head
        while let entry = next?.pointee, found.count < addressesMax {
            if let address = entry.ai_addr, entry.ai_addrlen <= socklen_t(MemoryLayout<sockaddr_storage>.size) {
                found.append(
                    SocketAddress(copying: UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))))
            }
            next = entry.ai_next
        }
        return found.isEmpty ? .failure(ResolveError(host: host, reason: "no address")) : .success(found)
    }

    public static let addressesMax = 16
}

public struct ResolveError: Error, CustomStringConvertible, Sendable {
    public let host: String
    public let reason: String
    public var description: String { "cannot resolve \(host): \(reason)" }
}
