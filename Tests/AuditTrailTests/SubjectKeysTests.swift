// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing

@testable import AuditTrail

@Suite struct SubjectKeysTests {
    private let folder = try? TemporaryFolder()

    private func keys() throws -> SubjectKeys {
        try SubjectKeys(path: try #require(folder).path + "/" + SubjectKeys.fileName)
    }

    private func named(_ name: String, of tenant: String = "eu") -> SubjectKeys.Person {
        .named(tenant: tenant, Array(name.utf8)[...])
    }

    @Test func `a person keeps a key, which no other person, tenant or day has`() throws {
        let first = try keys()
        let anna = try first.subject(named("anna"))
        try first.commit()
        let others: [SubjectKeys.Person] = [
            named("anna", of: "in"), named("bert"), .anybody(tenant: "eu", day: 1), .anybody(tenant: "eu", day: 2),
            named("1"), named("anna\0"),
        ]
        let handles = try others.map { try first.subject($0).handle } + [anna.handle]
        #expect(Set(handles).count == handles.count)
        try first.commit()
        #expect(try keys().subject(named("anna")).key == anna.key)
    }

    @Test func `what was not committed never was`() throws {
        let first = try keys()
        let lost = try first.subject(named("anna"))
        first.abandon()
        #expect(try first.subject(named("anna")).key != lost.key)
    }

    @Test func `after an erasure no byte of the key is left, and the person is a stranger`() throws {
        let first = try keys()
        let anna = try first.subject(named("anna"))
        let bert = try first.subject(named("bert"))
        try first.commit()
        // Another process erases while this one runs.
        let second = try keys()
        #expect(try second.erase("anna", tenant: "in") == nil)
        #expect(try second.erase("anna", tenant: "eu") == String(decoding: anna.handle, as: UTF8.self))
        #expect(try second.erase("anna", tenant: "eu") == nil)
        #expect(try first.refresh())
        #expect(try first.subject(named("anna")).key != anna.key)
        #expect(try first.subject(named("bert")).key == bert.key)
        try first.commit()
        #expect(try first.erasures().map(\.handle) == [String(decoding: anna.handle, as: UTF8.self)])
        try first.noteWritten(try first.erasures())
        #expect(try second.erasures().isEmpty)
        let bytes = try #require(folder).everything()
        #expect(!contains(bytes, anna.key) && contains(bytes, bert.key))
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        (0...(bytes.count - part.count)).contains { bytes[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
