// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import Testing

@Suite("A file can only be so large")
struct LimitTests {
    @Test("4 MiB are read, a byte more is not")
    func bytes() throws {
        let comment = "#" + String(repeating: "x", count: ConfigurationReader.fileBytesMax - 1)
        #expect(try decode(comment).resources == DeclaredResources())
        #expect(problems(comment + "x").map(\.message) == ["cannot read: larger than 4194304 bytes"])
    }

    @Test("10,000 documents are read, one more is not")
    func documents() throws {
        let text = (0..<10_000).map { "---\n{apiVersion: isobar/v1, kind: Tenant, metadata: {name: t\($0)}}\n" }
            .joined()
        #expect(try decode(text).resources.tenants.count == 10_000)
        let found = problems(text + "---\n{a: b}\n")
        #expect(found.map(\.message) == ["the file has more than 10000 documents"])
    }

    @Test("aliases that stand for more than 200,000 values stop the reading")
    func aliasBomb() {
        // 256 names, listed once, then 256 × 8 tiers' lists of them in each of 120 routes: 245,760 values in 40 KB.
        let names = (0..<256).map { "e\($0)" }.joined(separator: ", ")
        let tiers = (0..<8).map { "{name: t\($0), endpoints: \($0 == 0 ? "&all [\(names)]" : "*all")}" }.joined(
            separator: ", ")
        let text = (0..<120).map { document("Route", "r\($0)", "model: m", "tiers: [\(tiers)]") }.joined()
        #expect(problems(text).contains { $0.message == "the file has more than 200000 values" })
    }

    @Test("a classic alias bomb is refused at its first unknown field, without unfolding it")
    func nestedAliases() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
        }
        #expect(problems(text).contains { $0.message == "unknown field \"a20\"" })
    }

    @Test(
        "an alias bomb in a key is refused before it is hashed",
        arguments: [
            "? *a20\n: 1\n", "*a20 : 1\n", "[*a20]: 1\n", "k: {[*a20]:1}\n", "- ? *a20\n", "?\n  - *a20\n: 1\n",
        ])
    func aliasKeys(key: String) {
        var text = "- &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            text += "- &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n"
        }
        let found = problems(text + key)
        #expect(found.map(\.message) == ["aliases together with keys that are lists, mappings or aliases"])
    }

    @Test("an alias beside an IPv6 address is no such bomb")
    func aliasBesideAddress() throws {
        let spec = "region: r\nurl: http://[::1]:8080/v1\nserves: [{model: m}]\ntimeouts: {connect: &a 3s, idle: *a}"
        #expect(try decode(surroundings + document("Endpoint", "e", spec)).resources.endpoints.count == 1)
    }

    @Test("a long file of duplicate keys is given up on soon")
    func duplicates() {
        #expect(problems(String(repeating: "a: 1\n", count: 20_000)).count < 40)
        #expect(problems(String(repeating: "a: 1\n", count: 100_000)).count < 12)
    }

    @Test("deep nesting is refused", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(opening: String) {
        #expect(problems(String(repeating: opening, count: 20_000)).count == 1)
    }

    @Test("a report ends somewhere")
    func reports() {
        let text = "{" + (0..<5_000).map { "field\($0): 1" }.joined(separator: ", ") + "}"
        #expect(problems(text).count == 1_000)
    }

    @Test("bytes that are not UTF-8 are refused")
    func encoding() {
        let error = #expect(throws: ConfigurationProblems.self) {
            try ConfigurationReader.decode([.init(path: "a.yaml", bytes: [0x61, 0x3A, 0x20, 0xFF])])
        }
        #expect(error?.all.map(\.message) == ["not text: the bytes are not UTF-8"])
    }
}
