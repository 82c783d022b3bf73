// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import ConfigurationFiles

@Suite("Single values")
struct LeafTests {
    @Test(
        "durations are a whole number and a unit",
        arguments: [
            ("0s", 0), ("1us", 1_000), ("250ms", 250_000_000), ("3s", 3_000_000_000), ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("9223372036s", 9_223_372_036_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, nanoseconds: Int64) throws {
        #expect(try DurationText.parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(
        "other durations are refused",
        arguments: [
            "", "5", "s", "-1s", "1.5s", "1 s", "1d", "1S", "9223372037s", "99999999999999999999s", "1ms2s", "٣s",
        ])
    func badDurations(text: String) {
        #expect(throws: DurationText.Defect.self) { try DurationText.parse(text) }
    }

    @Test(
        "times are RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600),
            ("2027-01-31T00:00:00+05:30", 1_801_333_800),
            ("1969-12-31T23:59:59Z", -1), ("2026-06-30T23:59:60Z", 1_782_864_000),
            ("2026-01-01t00:00:00.999z", 1_767_225_600),
            ("2100-03-01T00:00:00-00:00", 4_107_542_400),
        ] as [(String, Int64)])
    func times(text: String, seconds: Int64) {
        #expect(Timestamp.unixSeconds(text) == seconds)
    }

    @Test(
        "other times are refused",
        arguments: [
            "", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
            "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00.Z", "2026-1-01T00:00:00Z", "2026-01-01T00:00:00+24:00",
        ])
    func badTimes(text: String) {
        #expect(Timestamp.unixSeconds(text) == nil)
    }

    @Test(
        "plain scalars are read as any YAML reader may read them",
        arguments: [
            ("", .nothing), ("~", .nothing), ("Null", .nothing), ("no", .truth), ("Yes", .truth), ("off", .truth),
            ("y", .truth), ("TRUE", .truth),
            ("1", .number), ("-1", .number), ("1e3", .number), ("012", .number), ("0o17", .number), ("0xFF", .number),
            ("0b1", .number),
            ("1_000", .number), ("1:30", .number), ("1.5", .number), (".5", .number), ("1.", .number),
            (".inf", .number), ("-.INF", .number),
            (".nan", .number), ("a", .text), ("1.2.3", .text), ("10.0.0.1", .text), ("7b", .text), ("0x", .text),
            ("e3", .text), ("1e", .text),
            (".", .text), ("-", .text), ("250ms", .text), ("gpt-4", .text),
        ] as [(String, ScalarText.Reading)])
    func readings(text: String, reading: ScalarText.Reading) {
        #expect(ScalarText(text: text, isQuoted: false).reading == reading)
        #expect(ScalarText(text: text, isQuoted: true).reading == .text)
    }

    @Test(
        "addresses are taken apart",
        arguments: [
            ("http://h", false, "h", 80, ""), ("https://H.Example/", true, "h.example", 443, ""),
            ("https://h:8443/openai/v1/", true, "h", 8443, "/openai/v1"), ("http://[::1]:9/v1", false, "::1", 9, "/v1"),
            ("http://10.0.0.1:1", false, "10.0.0.1", 1, ""),
            ("HTTP://my_service/a%20b", false, "my_service", 80, "/a%20b"),
            ("http://[2001:db8:0:0:0:0:0:1]", false, "2001:db8:0:0:0:0:0:1", 80, ""),
        ] as [(String, Bool, String, UInt16, String)])
    func addresses(text: String, isTLS: Bool, host: String, port: UInt16, basePath: String) throws {
        let url = try EndpointURL(text)
        #expect(url.isTLS == isTLS)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.basePath == basePath)
    }

    @Test(
        "other addresses are refused",
        arguments: [
            ("h/v1", .scheme), ("unix:///a", .scheme), ("http://", .host), ("http:///v1", .host),
            ("http://a b/", .host), ("http://-a", .host),
            ("http://a..b", .host), ("http://1.2.3", .host), ("http://1.2.3.256", .host), ("http://[::1", .host),
            ("http://[::1]x", .host),
            ("http://[1:2]", .host), ("http://[g::1]", .host), ("http://::1/", .host), ("http://h:", .port),
            ("http://h:a", .port),
            ("http://h:+1", .port), ("http://h/a/../b", .path), ("http://h/a//b", .path), ("http://h/%2", .path),
            ("http://h/\r\nX: y", .path),
            ("http://h/é", .path), ("http://u@h", .userinfo), ("http://h?a", .query), ("http://h/a?b", .query),
            ("http://h/#", .fragment),
        ] as [(String, EndpointURL.Defect)])
    func badAddresses(text: String, defect: EndpointURL.Defect) {
        #expect(throws: defect) { try EndpointURL(text) }
    }

    @Test(
        "the nearest name is the one with the fewest edits",
        arguments: [
            ("azure-estus", "azure-eastus"), ("AZURE-eastus", "azure-eastus"), ("aws-us-esat-1", "aws-us-east-1"),
            ("gogle", "google"),
        ])
    func nearest(wrong: String, right: String) {
        #expect(NearestName.nearest(to: wrong, among: ["google", "aws-us-east-1", "azure-eastus"]) == right)
    }

    @Test("a name unlike all others has no nearest one")
    func noNearest() {
        #expect(NearestName.nearest(to: "mumbai", among: ["google", "aws"]) == nil)
        #expect(NearestName.hint(for: "mumbai", among: ["b", "a"]) == "allowed: a, b")
        #expect(NearestName.hint(for: "x", among: []) == nil)
    }
}
