// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import Testing
import WireFormats

@Suite struct EventTests {
    private let names = AuditNames(
        keys: [.init(name: "mine", tenant: "hospital")],
        endpoints: [.init(name: "azure-east", provider: "azure", region: "azure-eu", model: "gpt-\"4\"\u{1}")],
        routes: ["chat"])

    private func event(_ phase: RequestEvent.Phase, attempt: UInt8 = 1, isFinal: Bool = false, id: UInt64 = 0xABC)
        -> RequestEvent
    {
        var event = RequestEvent(phase, requestID: id, unixMilliseconds: 1_763_700_000_000)
        event.attempt = attempt
        event.isFinal = isFinal
        event.key = 0
        event.endpoint = phase == .denial ? -1 : 0
        event.route = 0
        event.operation = "chat"
        return event
    }

    private func entry(_ event: RequestEvent, marks: EventMarks = EventMarks()) -> [UInt8] {
        let writer = RequestEventWriter()
        return withExtendedLifetime(writer) { Array(writer.write(event, names: names, marks: marks)) }
    }

    private var variants: [[UInt8]] {
        var outcome = event(.outcome, isFinal: true)
        outcome.status = 200
        outcome.promptTokens = 12
        outcome.completionTokens = 30
        outcome.costPico = 1_234_567
        var failed = event(.outcome)
        failed.result = .failed
        failed.reason = "connect_failed"
        var denial = event(.denial, attempt: 0)
        denial.key = -1
        denial.route = -1
        denial.reason = "unauthenticated"
        denial.suppressed = 3
        denial.status = 401
        var marks = EventMarks()
        marks.subject = Array(String(repeating: "ab", count: 16).utf8)
        marks.client = Array("0011223344556677".utf8)
        marks.promptMAC = PlainSHA256.hash([1])
        return [
            entry(event(.intent), marks: marks), entry(event(.intent)), entry(outcome, marks: marks), entry(failed),
            entry(denial),
        ]
    }

    @Test func `every entry of a request is canonical JSON`() {
        for text in variants { #expect(CanonicalJSON.isCanonical(text), "\(String(decoding: text, as: UTF8.self))") }
    }

    @Test func `every administrative entry is canonical and of the class`() throws {
        let events: [AdministrativeEvent] = [
            .logOpened(epoch: 3, size: 9), .logClosed, .configurationAccepted(version: 2, digest: PlainSHA256.hash([])),
            .configurationAccepted(version: 2, digest: nil), .configurationRefused,
            .key(.added, name: "a", tenant: "t"), .roleBinding(.removed, name: "a"),
            .adminRequest(action: "reload", principal: "ops", isAllowed: true),
            .adminRequest(action: "status", principal: nil, isAllowed: false),
            .cosigned(witness: "w", size: 7), .subjectErased(handle: "00", tenant: "t"),
        ]
        for event in events {
            let entry = event.entry(unixMilliseconds: 1)
            #expect(CanonicalJSON.isCanonical(entry))
            try checkSchema(entry)
        }
        for entry in variants { try checkSchema(entry) }
    }

    /// OCSF 1.8.0, API Activity: what is required, what profiles allow, and how the ids hang together.
    private func checkSchema(_ entry: [UInt8]) throws {
        let value = try JSONValue(parsing: entry)
        let text = Comment(rawValue: value.text)
        #expect(value["category_uid"]?.integerValue == 6, text)
        #expect(value["class_uid"]?.integerValue == 6_003, text)
        let activity = try #require(value["activity_id"]?.integerValue)
        #expect([1, 2, 3, 4, 99].contains(activity), text)
        #expect(value["type_uid"]?.integerValue == 600_300 + activity, text)
        #expect(value["time"]?.integerValue != nil, text)
        #expect(value["severity_id"]?.integerValue != nil, text)
        #expect(value["metadata"]?["version"]?.stringValue == "1.8.0", text)
        #expect(value["metadata"]?["product"]?["name"]?.stringValue == "Isobar", text)
        #expect(value["actor"]?["app_uid"] != nil, text)
        #expect(value["api"]?["operation"]?.stringValue != nil, text)
        #expect(value["src_endpoint"]?["uid"] != nil || value["src_endpoint"]?["name"] != nil, text)
        let profiles = value["metadata"]?["profiles"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect((value["cloud"]?["provider"] != nil) == profiles.contains("cloud"), text)
        #expect((value["ai_model"] != nil) == profiles.contains("ai_operation"), text)
        if value["message_context"] != nil { #expect(profiles.contains("ai_operation"), text) }
    }

    @Test func `an intent says who, where and what, and no content`() {
        #expect(
            String(decoding: variants[1], as: UTF8.self) == #"""
                {"activity_id":1,"actor":{"app_uid":"mine"},"ai_model":{"ai_provider":"azure","name":"gpt-\"4\"\u0001"},"api":{"operation":"chat","request":{"uid":"0000000000000abc"}},"category_uid":6,"class_uid":6003,"cloud":{"provider":"azure"},"dst_endpoint":{"uid":"azure-east"},"metadata":{"correlation_uid":"0000000000000abc","product":{"name":"Isobar"},"profiles":["ai_operation","cloud"],"tenant_uid":"hospital","uid":"0000000000000abc-1i","version":"1.8.0"},"severity_id":1,"src_endpoint":{"uid":"unknown"},"time":1763700000000,"type_uid":600301,"unmapped":{"isobar":{"attempt":1,"phase":"intent","policy_version":0,"region":"azure-eu","route":"chat"}}}
                """#)
    }

    @Test(arguments: [
        (#"{ "b": 1, "a": [true, null] }"#, #"{"a":[true,null],"b":1}"#),
        (#""\u20ac\u000f\u0008\/""#, "\"€\\u000f\\b/\""),
        (
            #"{"\u20ac":1,"\r":2,"1":3,"\ud83d\ude00":4,"\ufb33":5}"#,
            "{\"\\r\":2,\"1\":3,\"€\":1,\"😀\":4,\"\u{FB33}\":5}"
        ),
    ])
    func `values have one canonical text (RFC 8785)`(written: String, canonical: String) throws {
        let value = try JSONValue(parsing: Array(written.utf8))
        let bytes = try #require(CanonicalJSON.bytes(value))
        #expect(String(decoding: bytes, as: UTF8.self) == canonical)
        #expect(!CanonicalJSON.isCanonical(Array(written.utf8)))
    }

    @Test(arguments: ["1.5", "1e3", "9007199254740993", #"{"a":1,"a":1}"#, "-0"])
    func `what has no canonical text here is refused`(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(CanonicalJSON.bytes(value) != Array(text.utf8))
    }

    @Test func `what the two-phase rule needs is read from the entry`() throws {
        for written in [event(.intent), event(.outcome, attempt: 3, isFinal: true), event(.denial, attempt: 0)] {
            #expect(PhaseFacts(try JSONValue(parsing: entry(written))) == PhaseFacts(written))
        }
        let opened = AdministrativeEvent.logOpened(epoch: 1, size: 0).entry(unixMilliseconds: 1)
        #expect(PhaseFacts(try JSONValue(parsing: opened)) == nil)
    }

    // MARK: The two-phase rule

    private func run(_ events: [(RequestEvent.Phase, UInt8, Bool)]) throws -> PhaseLedger {
        var ledger = PhaseLedger()
        for (index, (phase, attempt, isFinal)) in events.enumerated() {
            try ledger.note(PhaseFacts(event(phase, attempt: attempt, isFinal: isFinal)), at: UInt64(index))
        }
        return ledger
    }

    @Test func `a retry and a hedge are pairs of their own, and the last word closes the request`() throws {
        let retried = try run([(.intent, 1, false), (.intent, 2, false), (.outcome, 1, false), (.outcome, 2, true)])
        #expect(retried.isEmpty)
        let running = try run([(.intent, 1, false), (.intent, 2, false), (.outcome, 1, false)])
        #expect(running.unfinished.map(\.running) == [[2]])
    }

    @Test(
        arguments: [
            ([(.intent, 1, false), (.intent, 1, false)], .secondIntent), ([(.outcome, 1, true)], .outcomeWithoutIntent),
            ([(.intent, 1, false), (.outcome, 1, true), (.outcome, 1, true)], .outcomeWithoutIntent),
            ([(.intent, 1, false), (.outcome, 2, true)], .outcomeWithoutIntent),
            ([(.intent, 1, false), (.intent, 2, false), (.outcome, 1, true)], .lastWordWhileOpen),
            ([(.intent, 1, false), (.outcome, 1, false), (.intent, 1, false)], .secondIntent),
            ([(.intent, 64, false)], .attemptOutOfRange), ([(.intent, 0, false)], .attemptOutOfRange),
        ] as [([(RequestEvent.Phase, UInt8, Bool)], PhaseLedger.Violation)])
    func `what breaks the rule is named`(events: [(RequestEvent.Phase, UInt8, Bool)], violation: PhaseLedger.Violation)
    {
        #expect(throws: violation) { try run(events) }
    }

    @Test func `the oldest open request is known while others come and go`() throws {
        var ledger = PhaseLedger()
        for id in 0..<5_000 as Range<UInt64> {
            try ledger.note(PhaseFacts(event(.intent, id: id)), at: id * 2)
            if id != 17, id < 4_990 {
                try ledger.note(PhaseFacts(event(.outcome, isFinal: true, id: id)), at: id * 2 + 1)
            }
        }
        #expect(ledger.oldestOpen() == 34)
        try ledger.note(PhaseFacts(event(.outcome, isFinal: true, id: 17)), at: 20_000)
        #expect(ledger.oldestOpen() == 9_980)
        for id in 4_990..<5_000 as Range<UInt64> {
            try ledger.note(PhaseFacts(event(.outcome, isFinal: true, id: id)), at: 30_000 + id)
        }
        #expect(ledger.oldestOpen() == nil)
        #expect(ledger.isEmpty)
    }

    @Test func `after a crash every attempt under way is lost, once, and each request has a last word`() throws {
        let log = [
            entry(event(.intent, id: 1)), entry(event(.intent, id: 2)), entry(event(.outcome, isFinal: true, id: 1)),
            entry(event(.intent, id: 3)), entry(event(.intent, attempt: 2, id: 3)),
            AdministrativeEvent.logClosed.entry(unixMilliseconds: 1),
        ]
        var sweep = LostSweep()
        for (index, entry) in log.enumerated() { sweep.note(entry, at: UInt64(index)) }
        let lost = sweep.entries(unixMilliseconds: 5)
        #expect(lost.count == 3)
        var ledger = PhaseLedger()
        for (index, entry) in (log + lost).enumerated() {
            #expect(CanonicalJSON.isCanonical(entry))
            if let facts = PhaseFacts(try JSONValue(parsing: entry)) { try ledger.note(facts, at: UInt64(index)) }
        }
        #expect(ledger.isEmpty)
        for entry in lost {
            try checkSchema(entry)
            let value = try JSONValue(parsing: entry)
            #expect(value["unmapped"]?["isobar"]?["outcome"]?.stringValue == "lost")
            #expect(value["time"]?.integerValue == 5)
        }
        var again = LostSweep()
        for (index, entry) in (log + lost).enumerated() { again.note(entry, at: UInt64(index)) }
        #expect(again.entries(unixMilliseconds: 6).isEmpty, "a second sweep finds nothing")
    }
}
