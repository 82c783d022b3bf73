// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import ResourceTypes
import Routing
import Testing

@testable import Identity

@Suite("Workloads stand for keys")
struct WorkloadTableTests {
    private func record(_ workloads: [String], until: Int64? = nil) -> KeyRecord {
        KeyRecord(
            name: "k", tenant: "t", secret: nil, workloads: workloads, region: nil, routes: nil,
            expiresAtUnixSeconds: until)
    }

    @Test("by their whole name, until the key or the certificate ends")
    func find() throws {
        let table = WorkloadTable([record([]), record(["spiffe://a/x", "spiffe://a/y"]), record(["spiffe://b/x"], until: 50)])
        func found(_ id: String, until end: Int64) throws -> KeyMatch? {
            table.find(try #require(SPIFFEID(id)), expiresAtUnixSeconds: end)
        }
        let y = try found("spiffe://A/y", until: 90)
        #expect(y?.key == KeyID(1) && y?.expiresAtUnixSeconds == 90)
        #expect(try found("spiffe://b/x", until: 90)?.expiresAtUnixSeconds == 50)
        #expect(try found("spiffe://b/x", until: 40)?.expiresAtUnixSeconds == 40)
        for stranger in ["spiffe://a/X", "spiffe://a/x/y", "spiffe://b/y"] {
            #expect(try found(stranger, until: 90) == nil, "\(stranger)")
        }
    }
}
