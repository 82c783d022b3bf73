// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback
internal import Testing

@Suite struct ArgumentsTests {
    @Test func `options are taken once and what is left over is an error`() throws {
        var arguments = try Arguments(["--port", "80", "--usage", "--typo", "1"], flags: ["usage"])
        let (ports, usage) = (try arguments.ports("port"), arguments.flag("usage"))
        #expect(ports == [80] && usage)
        #expect(throws: Arguments.Failure.self) { try arguments.rejectUnknown() }
    }

    @Test(arguments: [["port"], ["--port"]])
    func `a word that is no option and an option without its value are errors`(words: [String]) {
        #expect(throws: Arguments.Failure.self) { try Arguments(words, flags: []) }
    }

    @Test(arguments: ["0", "65536", "x", ""])
    func `a port is from 1 to 65535`(text: String) throws {
        var arguments = try Arguments(["--port", text], flags: [])
        let ports = try? arguments.ports("port")
        #expect(ports == nil || ports == [])
    }
}
