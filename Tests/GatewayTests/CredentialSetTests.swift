// SPDX-License-Identifier: Apache-2.0
// Isobar

import CloudCredentials
import ResourceTypes
import Routing
import Testing

@testable import Gateway

/// Which credential of an endpoint a loop sends, and what it learns from answers.
@Suite struct CredentialSetTests {
    private let store = CredentialStore()
    private let start = Instant(nanoseconds: 0)
    private let token = CredentialID(7)

    private func key(_ text: String) -> CredentialRecord { .header(Secret(Array("api-key: \(text)".utf8))) }
    private var identity: CredentialRecord { .dynamic(id: token, use: .headerLines) }

    private func publish(_ text: String?, to sets: CredentialSet...) {
        store.publish(token, text.map { .headerLines(Secret(Array("Authorization: Bearer \($0)".utf8))) })
        if text != nil { for set in sets { set.renewed(token) } }
    }

    private func lines(_ set: CredentialSet, now: Instant) -> String? {
        set.pick(now: now).flatMap { index in set.withLines(index) { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func `a refused one is left alone for a minute and the next one tried at once`() {
        let set = CredentialSet([key("one"), key("two")], store: store)
        #expect(set.failed(set.edition(at: 0), .credential, pause: nil, now: start))
        #expect(lines(set, now: start) == "api-key: two\r\n")
        #expect(lines(set, now: start + .seconds(60)) == "api-key: one\r\n")
    }

    @Test func `when all are refused none is tried a second time`() {
        let set = CredentialSet([key("one"), key("two")], store: store)
        #expect(set.failed(set.edition(at: 0), .credential, pause: nil, now: start))
        #expect(!set.failed(set.edition(at: 1), .credential, pause: nil, now: start + .milliseconds(1)))
    }

    /// Also where the endpoint says for how long.
    @Test(arguments: [FailureKind.overloaded, .serverError, .connectFailed])
    func `a failure that says nothing about the credential leaves it as it was`(_ kind: FailureKind) {
        let set = CredentialSet([key("one"), key("two")], store: store)
        #expect(!set.failed(set.edition(at: 0), kind, pause: .seconds(30), now: start))
        #expect(set.pick(now: start) == 0)
    }

    @Test func `a pause is as long as the endpoint says`() {
        let set = CredentialSet([key("one"), key("two")], store: store)
        _ = set.failed(set.edition(at: 0), .rateLimited, pause: .seconds(5), now: start)
        #expect(set.pick(now: start + .milliseconds(4_999)) == 1)
        #expect(set.pick(now: start + .seconds(5)) == 0)
    }

    @Test func `there is nothing to send until a token comes, and after it has gone`() {
        let set = CredentialSet([identity], store: store)
        #expect(!set.isReady && set.pick(now: start) == nil)
        publish("A", to: set)
        #expect(set.isReady && lines(set, now: start) == "Authorization: Bearer A\r\n")
        publish(nil, to: set)
        #expect(!set.isReady)
        #expect(CredentialSet([], store: store).isReady, "where none is needed")
    }

    @Test func `a refusal of the old token is not held against the new one`() {
        let set = CredentialSet([identity], store: store)
        publish("old", to: set)
        let sent = set.edition(at: 0)
        publish("new", to: set)
        #expect(set.identity(of: sent) == nil, "nobody is asked for a newer one")
        #expect(set.failed(sent, .credential, pause: nil, now: start), "the new one can be tried at once")
        #expect(!set.failed(set.edition(at: 0), .credential, pause: nil, now: start))
        #expect(set.identity(of: set.edition(at: 0)) == token)
    }

    @Test func `what is known of a key goes over to a new configuration, wherever it stands there`() {
        let old = CredentialSet([key("one"), key("two")], store: store)
        _ = old.failed(old.edition(at: 1), .quotaExhausted, pause: nil, now: start)
        let new = CredentialSet([key("two"), key("three")], store: store, inheriting: old)
        #expect(new.hasNew)
        #expect(new.edition(at: 0) == old.edition(at: 1))
        #expect(lines(new, now: start) == "api-key: three\r\n")
        #expect(!CredentialSet([key("three")], store: store, inheriting: new).hasNew)
    }

    @Test func `a refusal of a key that the configuration has replaced is not held against the new one`() {
        let old = CredentialSet([key("old")], store: store)
        let new = CredentialSet([key("new")], store: store, inheriting: old)
        #expect(new.failed(old.edition(at: 0), .credential, pause: nil, now: start))
        #expect(new.failed(old.edition(at: 0), .credential, pause: nil, now: start), "it was not left alone")
    }

    @Test(arguments: [
        ("{\"message\":\"bad key sk-12345\"}", true), ("sk-12345", true), ("sk-1234", false), ("", false),
        ("api-key", false),
    ])
    func `who repeats a key is found out`(_ text: String, _ isRepeated: Bool) {
        let set = CredentialSet([key("sk-12345")], store: store)
        #expect(Array(text.utf8).withUnsafeBytes { set.isRepeated(0, in: $0) } == isRepeated)
    }

    @Test func `who repeats a token is found out, and a signature's key is not sent`() {
        let use = CredentialRecord.Use.awsSignature(region: "us-east-1", service: "bedrock")
        let set = CredentialSet([identity, .dynamic(id: CredentialID(8), use: use)], store: store)
        let text = Array("eyJ.t and session== and secret/".utf8)
        text.withUnsafeBytes { #expect(!set.isRepeated(0, in: $0), "there is none yet") }
        publish("eyJ.t", to: set)
        text.withUnsafeBytes { #expect(set.isRepeated(0, in: $0)) }
        let secret = Secret(Array("secret/".utf8))
        store.publish(
            CredentialID(8), .aws(AWSCredential(accessKeyID: "A", secretAccessKey: secret, sessionToken: nil)))
        text.withUnsafeBytes { #expect(!set.isRepeated(1, in: $0)) }
        let session = Secret(Array("session==".utf8))
        store.publish(
            CredentialID(8), .aws(AWSCredential(accessKeyID: "A", secretAccessKey: secret, sessionToken: session)))
        text.withUnsafeBytes { #expect(set.isRepeated(1, in: $0)) }
    }
}
