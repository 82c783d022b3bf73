// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import Testing

@Suite("Names of workloads")
struct SPIFFEIDTests {
    @Test("scheme and trust domain in any case, the path as it is")
    func good() {
        let id = SPIFFEID("SPIFFE://Example.ORG/ns/Prod/sa/web-1_a.b")
        #expect(id?.trustDomain == "example.org" && id?.path == "/ns/Prod/sa/web-1_a.b")
        #expect(id?.description == "spiffe://example.org/ns/Prod/sa/web-1_a.b")
        #expect(SPIFFEID("spiffe://10.0.0.1/a") != nil, "looks like an address, and is a name")
        #expect(SPIFFEID("spiffe://a/" + String(repeating: "b", count: 2_036)) != nil)
    }

    @Test("nothing that two readers could take for two names", arguments: [
        "", "spiffe://", "spiffe:///a", "spiffe://a", "spiffe://a/", "spiffe://a//b", "spiffe://a/b/", "spiffe://a/./b",
        "spiffe://a/../b", "spiffe://a:80/b", "spiffe://u@a/b", "spiffe://a/b?c", "spiffe://a/b#c", "spiffe://a/%62",
        "spiffe://a%2e/b", "spiffe://[::1]/b", "spiffe://ä/b", "spiffe://a/ü", "spiffe://a b/c", "https://a/b", "spiffe:/a/b",
        "spiffe://a/b\n", " spiffe://a/b", "spiffe://a/*",
    ])
    func bad(_ text: String) { #expect(SPIFFEID(text) == nil) }

    @Test("limits") func limits() {
        #expect(SPIFFEID("spiffe://a/" + String(repeating: "b", count: 2_038)) == nil)
        #expect(SPIFFEID("spiffe://" + String(repeating: "a", count: 256) + "/b") == nil)
    }
}
