// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing
import WireFormats

@testable import Translation

@Suite("Tool names")
struct ToolNamesTests {
    private let arena = ByteArena()

    private func written(_ name: JSONString, _ wire: ChatWire) -> String {
        ToolNames.written(name, for: wire, arena: arena).text
    }

    @Test("a name that the wire takes stays as it is", arguments: ChatWire.allCases)
    func legalNames(_ wire: ChatWire) {
        #expect(written("get_weather-2", wire) == "get_weather-2")
    }

    @Test("a name that the wire refuses gets the same suffix in every process")
    func renamed() {
        #expect(written("get.weather", .messages) == "get_weather_2dc26e")
        #expect(written("get.weather", .converse) == "get_weather_2dc26e")
        #expect(written("get.weather", .chatCompletions) == "get_weather_2dc26e")
    }

    @Test("names that differ only in refused characters stay apart")
    func apart() {
        #expect(written("a b", .messages) != written("a.b", .messages))
        #expect(written("a b", .messages) != written("a_b", .messages))
    }

    @Test("Google takes dots and colons, but no digit in front")
    func google() {
        #expect(written("get.weather:now", .generateContent) == "get.weather:now")
        #expect(written("2fast", .generateContent).hasPrefix("_fast_"))
        #expect(written("2fast", .messages) == "2fast")
    }

    @Test("a name is its characters, however they are escaped")
    func escapes() {
        let escaped = #"get\u005fweather"#
        let spelled = #"caf\u00e9"#
        #expect(written(string(escaped), .messages) == "get_weather")
        #expect(written(string(spelled), .messages) == written(string("café"), .messages))
    }

    @Test(
        "a long name fits and keeps its difference at the end", arguments: [(ChatWire.converse, 64), (.messages, 128)])
    func long(_ wire: ChatWire, _ bytesMax: Int) {
        let stem = String(repeating: "n", count: bytesMax)
        #expect(written(string(stem), wire) == stem)
        let first = written(string(stem + "1"), wire)
        let second = written(string(stem + "2"), wire)
        #expect(first.utf8.count == bytesMax && second.utf8.count == bytesMax)
        #expect(first != second)
    }

    @Test("an id from elsewhere becomes one that every wire takes")
    func ids() {
        #expect(ToolNames.writtenID("toolu_01A-b", arena: arena).text == "toolu_01A-b")
        let long = ToolNames.writtenID(string("call." + String(repeating: "x", count: 90)), arena: arena)
        #expect(long.bytes.count == 64)
        #expect(long.begins("call_xxx"))
    }

    private func string(_ text: String) -> JSONString {
        JSONString(arena.copy(text), hasEscapes: text.contains("\\"))
    }
}
