// SPDX-License-Identifier: Apache-2.0
// Isobar

import Reactor
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: ["127.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::7"])
    func `a literal address and its port come back as they were given`(host: String) throws {
        let address = try #require(SocketAddress(literal: host, port: 65_535))
        #expect(address.host == host)
        #expect(address.port == 65_535)
        #expect(address.with(port: 0).port == 0)
        #expect(address.with(port: 8_080).host == host)
    }

    @Test(arguments: ["", "localhost", "256.0.0.1", "1.2.3", "1.2.3.4.5", "::g", "[::1]", "127.0.0.1:80", " 127.0.0.1"])
    func `what is not a literal address is refused`(host: String) {
        #expect(SocketAddress(literal: host, port: 80) == nil)
    }

    @Test func `a literal resolves to itself`() throws {
        let addresses = try Resolver.addresses(of: "::1", port: 443).get()
        #expect(addresses.map(\.host) == ["::1"])
        #expect(addresses.map(\.port) == [443])
    }

    @Test func `localhost resolves to loopback addresses with the port`() throws {
        let addresses = try Resolver.addresses(of: "localhost", port: 8_080).get()
        #expect(!addresses.isEmpty)
        #expect(addresses.count <= Resolver.addressesMax)
        for address in addresses {
            #expect(["127.0.0.1", "::1"].contains(address.host))
            #expect(address.port == 8_080)
        }
    }

    /// A label of more than 63 bytes is refused by the resolver itself: the test needs no network.
    @Test func `a name that cannot be resolved is an error that names it`() {
        let name = String(repeating: "a", count: 64) + ".invalid"
        guard case .failure(let error) = Resolver.addresses(of: name, port: 80) else {
            Issue.record("resolved")
            return
        }
        #expect(error.host == name)
        #expect(error.description.hasPrefix("cannot resolve \(name): "))
    }
}
