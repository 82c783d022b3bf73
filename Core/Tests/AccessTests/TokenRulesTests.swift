// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Access

@Suite("What a token has to say")
struct TokenRulesTests {
    private static let now: Int64 = 1_790_000_000

    private static let rules = TokenRules(
        name: "corp", issuer: "https://corp", audiences: ["isobar", "other"], algorithms: [.rs256],
        lifetimeSecondsMax: 3_600,
        matches: [
            .init(claims: [ClaimTest(name: "sub", values: ["a", "b"])], key: 3, expiresAtUnixSeconds: nil),
            .init(
                claims: [
                    ClaimTest(name: "groups", values: ["ops"]), ClaimTest(name: "realm.level", values: ["2", "true"]),
                ], key: 5, expiresAtUnixSeconds: now + 10),
        ])

    private func claims(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [String: JSONValue] = [
            "iss": .string("https://corp"), "aud": .string("isobar"), "sub": .string("a"),
            "exp": .integer(Self.now + 600), "iat": .integer(Self.now - 10),
        ]
        for (name, value) in changes { members[name] = value }
        return .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private func fault(_ changes: [String: JSONValue?], at now: Int64 = now) -> TokenFault? {
        do throws(TokenFault) {
            _ = try Self.rules.verdict(on: claims(changes), at: now)
            return nil
        } catch { return error }
    }

    @Test("a good one stands for its key until a minute after its end")
    func good() throws {
        let verdict = try Self.rules.verdict(on: claims(), at: Self.now)
        #expect(verdict.key == 3 && verdict.expiresAtUnixSeconds == Self.now + 660)
        #expect(fault(["aud": .array([.string("x"), .string("other")])]) == nil)
        #expect(fault(["iat": nil, "nbf": .number("1790000060.9")]) == nil)
    }

    @Test("audience, subject and times")
    func claims() {
        for audience in [nil, .string("Isobar"), .array([]), .array([.string("x"), .integer(1)]), .null] as [JSONValue?] {
            #expect(fault(["aud": audience]) == .audience)
        }
        for subject in [nil, .string(""), .integer(7), .string(String(repeating: "s", count: 256))] as [JSONValue?] {
            guard case .malformed = fault(["sub": subject]) else { Issue.record("\(String(describing: subject))"); continue }
        }
        for time in [nil, .string("1790000600"), .number("1e300"), .integer(-1), .null] as [JSONValue?] {
            guard case .malformed = fault(["exp": time]) else { Issue.record("\(String(describing: time))"); continue }
        }
    }

    @Test("each time to the second, with a minute for clocks that differ")
    func times() {
        #expect(fault([:], at: Self.now + 659) == nil && fault([:], at: Self.now + 660) == .expired)
        #expect(fault(["nbf": .integer(Self.now + 60)]) == nil && fault(["nbf": .integer(Self.now + 61)]) == .notYetValid)
        #expect(fault(["iat": .integer(Self.now + 61)]) == .notYetValid)
        #expect(fault(["exp": .integer(Self.now + 3_590)]) == nil && fault(["exp": .integer(Self.now + 3_591)]) == .lifetime)
        #expect(fault(["iat": nil, "exp": .integer(Self.now + 3_601)]) == .lifetime)
    }

    @Test("the first key all of whose claims hold; its own end counts too; without one, nobody")
    func keys() throws {
        #expect(fault(["sub": .string("c")]) == .noKey)
        let other: [String: JSONValue?] = [
            "sub": .string("c"), "groups": .array([.string("x"), .string("ops")]), "realm": .object([("level", .integer(2))]),
        ]
        let verdict = try Self.rules.verdict(on: claims(other), at: Self.now)
        #expect(verdict.key == 5 && verdict.expiresAtUnixSeconds == Self.now + 10)
        #expect(fault(other.merging(["realm": .object([("level", .bool(true))])]) { $1 }) == nil)
        for level in [.object([]), .array([.array([.integer(2)])]), .null, .integer(22)] as [JSONValue] {
            #expect(fault(other.merging(["realm": .object([("level", level)])]) { $1 }) == .noKey)
        }
        // A claim with dots in its name is that claim.
        let dotted = other.merging(["realm": nil, "realm.level": .string("2")]) { $1 }
        #expect(fault(dotted) == nil)
    }
}

@Suite("When an issuer's keys are fetched")
struct KeyRefreshTests {
    @Test("fresh as long as the issuer says, between a minute and a day")
    func fresh() {
        for (said, expected) in [(nil, 300), (0, 60), (600, 600), (.max, 43_200), (-5, 60)] as [(Int64?, Int64)] {
            var refresh = KeyRefresh(now: 100, ageMax: 86_400)
            #expect(refresh.nextFetch == 100)
            refresh.began(at: 100)
            #expect(refresh.nextFetch == .max)
            refresh.succeeded(at: 101, freshFor: said)
            #expect(refresh.nextFetch == 101 + expected, "\(String(describing: said))")
        }
    }

    @Test("failures are tried again, ever more slowly")
    func failures() {
        var refresh = KeyRefresh(now: 0, ageMax: 86_400)
        var pauses: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<8 {
            refresh.began(at: now)
            refresh.failed(at: now)
            pauses.append(refresh.nextFetch - now)
            now = refresh.nextFetch
        }
        #expect(pauses == [2, 4, 8, 16, 32, 60, 60, 60])
        refresh.began(at: now)
        refresh.succeeded(at: now, freshFor: nil)
        refresh.failed(at: now)
        #expect(refresh.nextFetch == now + 2)
    }

    @Test("unknown keys, however many, make one fetch in thirty seconds, and none beside one under way")
    func missed() {
        var refresh = KeyRefresh(now: 0, ageMax: 86_400)
        var fetches: [Int64] = []
        refresh.began(at: 0)
        refresh.missedKey(at: 1)
        #expect(refresh.nextFetch == .max)
        refresh.succeeded(at: 2, freshFor: 86_400)
        for now in Int64(3)..<100 {
            refresh.missedKey(at: now)
            if refresh.nextFetch <= now {
                fetches.append(now)
                refresh.began(at: now)
                refresh.succeeded(at: now, freshFor: 86_400)
            }
        }
        #expect(fetches == [3, 33, 63, 93])
    }
}
