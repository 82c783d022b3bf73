// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import Testing

@Suite("Other programs' YAML is read to a tree with places")
struct YAMLTreeTests {
    private func read(_ text: String) throws(ConfigurationProblems) -> YAMLTree {
        try YAMLTree.read(.init(path: "other.yaml", bytes: Array(text.utf8)))
    }

    private func problems(_ text: String) -> [String] {
        do throws(ConfigurationProblems) {
            _ = try read(text)
            return []
        } catch { return error.all.map(\.description) }
    }

    @Test("every value knows its path and place")
    func places() throws {
        let tree = try read("a:\n  - b: 1\n  - c: [x]\n")
        let value = try #require(tree["a"]?.elements?[1]["c"]?.elements?[0])
        #expect(value.path == "a[1].c[0]")
        #expect((value.location.line, value.location.column) == (3, 9))
        #expect(value.location.file == "other.yaml")
    }

    @Test("scalars are text, truth or nothing by how they are asked for")
    func scalars() throws {
        let tree = try read("{a: True, b: 'yes', c: ~, d: null, e: '', f: 012, g: 'null', h: [1]}")
        #expect(tree["a"]?.truth == true && tree["b"]?.truth == true && tree["f"]?.truth == nil)
        #expect(tree["c"] == nil && tree["d"] == nil)
        #expect(tree["e"]?.text == "" && tree["f"]?.text == "012" && tree["g"]?.text == "null")
        #expect(tree["h"]?.text == nil && tree["h"]?.isMapping == false)
    }

    @Test("merge keys: what is written comes first, then the earlier of those merged")
    func mergeKeys() throws {
        let tree = try read(
            "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nthree: {<<: [*one, *two], a: 3}\nfour: {<<: *two}\n")
        #expect(tree["three"]?.entries.map { "\($0.name)\($0.value.text ?? "")" } == ["a3", "b1", "c2"])
        #expect(tree["four"]?["c"]?.text == "2")
    }

    @Test("an empty file is an empty mapping", arguments: ["", "# only words\n", "---\n"])
    func empty(_ text: String) throws {
        let tree = try read(text)
        #expect(tree.isMapping && tree.entries.isEmpty)
    }

    @Test("what is wrong is said with its place and without the line")
    func refusals() {
        #expect(problems("a: 1\na: 2\n")[0].hasPrefix("other.yaml:1:1: error: the key \"a\" is stated more than once"))
        #expect(problems("a: [1\n")[0].contains("not YAML"))
        #expect(problems("a: 1\n---\nb: 2\n") == ["other.yaml:2: error: 2 documents; allowed: one"])
        #expect(problems("secret: abc\nsecret: [\n").allSatisfy { !$0.contains("abc") })
    }

    @Test("bytes that are no text, and too many of them, are refused")
    func bytes() {
        func problem(_ bytes: [UInt8]) -> String? {
            do throws(ConfigurationProblems) {
                _ = try YAMLTree.read(.init(path: "x", bytes: bytes))
                return nil
            } catch { return error.all.first?.message }
        }
        #expect(problem([0x61, 0xFF]) == "not text: the bytes are not UTF-8")
        #expect(problem(Array(repeating: 0x23, count: ConfigurationReader.fileBytesMax + 1)) != nil)
        #expect(problem(Array(repeating: 0x23, count: ConfigurationReader.fileBytesMax)) == nil)
    }

    @Test("aliases of aliases of aliases end at the limit")
    func aliasBomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(names)]\n"
        }
        #expect(problems(text).contains { $0.contains("more than 200000 values") })
    }

    @Test("merges of merges end at the limit")
    func mergeBomb() {
        var text = "a0: &a0 {x: 1}\n"
        for level in 1...9 {
            let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) {<<: [\(names)]}\n"
        }
        #expect(problems(text).contains { $0.contains("more than 200000 values") })
    }
}
