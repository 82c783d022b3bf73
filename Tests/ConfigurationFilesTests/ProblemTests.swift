// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import Testing

// Each wrong text gives exactly the problems listed: where, and in which words. Texts are small so that the place can
// be counted.

@Suite("What is wrong is said")
struct ProblemTests {
    /// A wrong value in an otherwise right document, and the words that must be in the one report.
    struct Case: CustomTestStringConvertible, Sendable {
        var text: String
        var words: [String]
        var testDescription: String { words.first ?? "" }
        init(_ text: String, _ words: String...) {
            self.text = text
            self.words = words
        }
    }

    static func model(_ spec: String) -> String { document("Model", "m", spec) }
    static func region(_ spec: String) -> String {
        document("Provider", "p") + document("Region", "r", "provider: p", spec)
    }
    static func endpoint(_ spec: String...) -> String {
        surroundings + document("Endpoint", "e", (["region: r"] + spec).joined(separator: "\n"))
    }
    static func route(_ spec: String...) -> String {
        surroundings + ConfigurationFilesTests.endpoint
            + document("Route", "chat", (["model: m"] + spec).joined(separator: "\n"))
    }
    static func key(_ spec: String) -> String { surroundings + document("Key", "k", "tenant: t", spec) }

    static let served = "serves: [{model: m}]"
    static let tiers = "tiers: [{name: default, endpoints: [e]}]"

    static let wrongTypes: [Case] = [
        Case(
            model("contextTokensMax: many"), "6:21", "spec.contextTokensMax", "found \"many\"",
            "a whole number from 1 to 100000000"),
        Case(model("contextTokensMax: 1e3"), "found the number 1e3", "write decimal digits only"),
        Case(model("contextTokensMax: 010"), "found the number 010", "remove the leading zero"),
        Case(model("contextTokensMax: 0x10"), "found the number 0x10"),
        Case(model("contextTokensMax: 1_000"), "found the number 1_000"),
        Case(model("contextTokensMax: \"5\""), "found the text \"5\"", "remove the quotes"),
        Case(model("contextTokensMax: 1.0"), "found the number 1.0"),
        Case(model("contextTokensMax: -1"), "found the number -1"),
        Case(model("contextTokensMax: 0"), "found the number 0"),
        Case(model("contextTokensMax: 100000001"), "found the number 100000001"),
        Case(model("contextTokensMax: 99999999999999999999"), "found the number 99999999999999999999"),
        Case(model("contextTokensMax: [1]"), "found a list"),
        Case(model("contextTokensMax: {a: 1}"), "found a mapping"),
        Case(region("jurisdiction: NO"), "found NO, which YAML may read as true or false", "write \"NO\" in quotes"),
        Case(region("jurisdiction: us"), "found \"us\"", "write US"),
        Case(region("jurisdiction: USA"), "two capital letters"),
        Case(region("jurisdiction: US\nroundTrips: {r: 1ms}"), "to itself"),
        Case(region("jurisdiction: US\nroundTrips: {elsewhere: 1ms}"), "no Region is named \"elsewhere\""),
        Case(document("Provider", "p", "flavor: opneai"), "one of openai, azure", "did you mean \"openai\"?"),
        Case(document("Provider", "p", "flavor: 12"), "found the number 12"),
        Case(document("Provider", "P"), "metadata.name", "write \"p\""),
        Case(document("Provider", "-p"), "first and last a letter or digit"),
        Case(document("Provider", "1e3"), "found the number 1e3", "in quotes"),
        Case(document("Provider", "on"), "found on, which YAML may read"),
        Case(document("Provider", String(repeating: "a", count: 64)), "1 to 63"),
        Case("apiVersion: isobar/v1\nkind: Provider\nmetadata: {}\n", "3:11", "metadata.name", "missing"),
        Case(
            "apiVersion: isobar/v2\nkind: Provider\nmetadata: {name: p}\n", "1:13", "found \"isobar/v2\"",
            "write isobar/v1"),
        Case("apiVersion: isobar/v1\nkind: Povider\nmetadata: {name: p}\n", "2:7", "did you mean \"Provider\"?"),
        Case("just text\n", "1:1", "found \"just text\"", "a mapping of fields"),
        Case("- a\n", "found a list", "a mapping of fields"),
    ]

    static let endpoints: [Case] = [
        Case(endpoint(served), "spec.url", "missing"),
        Case(endpoint("url: ftp://h", served), "found \"ftp://h\"", "begin with http:// or https://"),
        Case(endpoint("url: http://user:pass@h/v1", served), "found an address with userinfo"),
        Case(endpoint("url: http://h/v1?key=1", served), "found an address with userinfo, query or fragment"),
        Case(endpoint("url: 'http://h/v1#x'", served), "remove the #"),
        Case(endpoint("url: http://h:0/v1", served), "port must be"),
        Case(endpoint("url: http://h:65536", served), "port must be"),
        Case(endpoint("url: http://h//v1", served), "single slashes"),
        Case(endpoint("url: http://h/v1"), "spec.serves", "missing"),
        Case(endpoint("url: http://h", "serves: []"), "found 0 elements", "1 to 256"),
        Case(endpoint("url: http://h", "serves: m"), "found \"m\"", "a list"),
        Case(endpoint("url: http://h", "serves: [{model: m}, {model: m}]"), "state the same model \"m\""),
        Case(
            endpoint("url: http://h", "serves: [{model: mm}]"), "spec.serves[0].model", "no Model is named \"mm\"",
            "did you mean \"m\"?"),
        Case(
            endpoint("url: http://h", served, "timeouts: {connect: 3}"), "spec.timeouts.connect",
            "add a unit, e.g. 250ms"),
        Case(endpoint("url: http://h", served, "timeouts: {connect: 1.5s}"), "1500ms for 1.5s"),
        Case(endpoint("url: http://h", served, "timeouts: {connect: 3 s}"), "units are us, ms, s, m and h"),
        Case(endpoint("url: http://h", served, "timeouts: {connect: 301s}"), "from 1ms to 5m"),
        Case(endpoint("url: http://h", served, "timeouts: {connect: 0s}"), "from 1ms to 5m"),
        Case(endpoint("url: http://h", served, "limits: {inFlightMax: 0}"), "from 1 to 1000000"),
        Case(endpoint("url: http://h", served, "health: {path: health}"), "a path that begins with /"),
        Case(
            endpoint("url: http://h", served, "health: {path: /h, interval: 1s, timeout: 2s}"),
            "timeout 2s is longer than interval 1s"),
        Case(
            endpoint(
                "url: http://h",
                "serves: [{model: m, prices: {currency: usd, inputPerMillionTokens: 1, outputPerMillionTokens: 1}}]"),
            "write USD"),
        Case(
            endpoint(
                "url: http://h",
                "serves: [{model: m, prices: {currency: USD, inputPerMillionTokens: 1e-3, outputPerMillionTokens: 1}}]"),
            "inputPerMillionTokens", "without sign or exponent"),
        Case(
            endpoint(
                "url: http://h",
                "serves: [{model: m, prices: {currency: USD, inputPerMillionTokens: -1, outputPerMillionTokens: 1}}]"),
            "found the number -1"),
        Case(
            endpoint(
                "url: http://h",
                "serves: [{model: m, prices: {currency: USD, inputPerMillionTokens: 0.0000001, outputPerMillionTokens: 1}}]"
            ),
            "at most 6 decimals"),
        Case(
            endpoint("url: http://h", "serves: [{model: m, prices: {currency: USD, outputPerMillionTokens: 1}}]"),
            "prices.inputPerMillionTokens", "missing"),
        Case(
            endpoint(
                "url: http://h",
                "serves: [{model: m, prices: {currency: USD, perImage: 0.01, inputPerMillionTokens: 1}}]"),
            "prices.outputPerMillionTokens", "missing"),
        Case(
            endpoint("url: http://h", "serves: [{model: m, prices: {currency: USD, perAudioMinute: 0.0000000000001}}]"),
            "at most 12 decimals"),
        Case(
            endpoint("url: http://h", "serves: [{model: m, prices: {currency: USD, perImagge: 1, perImage: 1}}]"),
            "unknown field \"perImagge\""),
    ]

    static let requirements: [Case] = [
        Case(
            route(tiers, "require: {modalities: [speach]}"), "spec.require.modalities[0]", "one of text, image",
            "did you mean \"speech\"?"),
        Case(route(tiers, "require: {languages: [hindi]}"), "spec.require.languages[0]", "a language tag (BCP 47)"),
        Case(route(tiers, "require: {languages: [ta, ta]}"), "state the same language \"ta\""),
        Case(route(tiers, "require: {language: [ta]}"), "unknown field \"language\"", "did you mean \"languages\"?"),
        Case(route(tiers, "require: [ta]"), "found a list", "a mapping"),
        Case(model("languages: [english]"), "spec.languages[0]", "a language tag (BCP 47)"),
        Case(model("languages: [h1]"), "a language tag (BCP 47)"),
        Case(routeOf("[m, m]", "models: [x]"), "state the same model \"m\""),
        Case(routeOf("[m, mm]", "models: [x]"), "no Model is named \"mm\""),
        Case(document("Model", "n") + routeOf("[m, n]"), "spec.models", "missing; allowed: a list of 1 to 64"),
    ]

    /// A route of the models listed.
    static func routeOf(_ models: String, _ spec: String...) -> String {
        surroundings + ConfigurationFilesTests.endpoint
            + document("Route", "chat", (["model: \(models)", tiers] + spec).joined(separator: "\n"))
    }

    static let routes: [Case] = [
        Case(route(), "spec.tiers", "missing"),
        Case(
            route("tiers: [{name: default, endpoints: [ee]}]"), "spec.tiers[0].endpoints[0]",
            "no Endpoint is named \"ee\"", "did you mean \"e\"?"),
        Case(route("tiers: [{name: default, endpoints: [e, e]}]"), "state the same endpoint \"e\""),
        Case(route("tiers: [{name: a, endpoints: [e]}, {name: a, endpoints: [e]}]"), "state the same name \"a\""),
        Case(
            route("tiers: [{name: a, endpoints: [e]}, {name: b, endpoints: [e]}]"), "spec.tiers[1].endpoints[0]",
            "already in tier a"),
        Case(route("tiers: [{name: default, endpoints: [e], objective: {latency: 101}}]"), "from 0 to 100"),
        Case(
            route("tiers: [{name: default, endpont: [e], endpoints: [e]}]"), "unknown field \"endpont\"",
            "allowed: name, endpoints, objective"),
        Case(route(tiers, "retry: {attemptsMax: 0}"), "from 1 to 10"),
        Case(route(tiers, "retry: {attemptsMax: 11}"), "from 1 to 10"),
        Case(route(tiers, "overflow: {enterPercent: 70}"), "returnPercent 75 is not below enterPercent 70"),
        Case(route(tiers, "models: [a, a]"), "state the same name \"a\""),
        Case(route(tiers, "hegde: {}"), "unknown field \"hegde\"", "did you mean \"hedge\"?"),
        Case(
            surroundings + document("Model", "other") + ConfigurationFilesTests.endpoint
                + document("Route", "chat", "model: other", tiers),
            "Endpoint e does not serve the route's model \"other\"", "which has m"),
        Case(
            route(tiers) + document("Route", "chat2", "model: m", tiers),
            "the model name \"m\" already leads to Route chat"),
    ]

    static let callers: [Case] = [
        Case(key("secret: sk-abcdef"), "spec.secret", "a secret must be a reference"),
        Case(key("secret: 'env:'"), "a secret must be a reference"),
        Case(key("secret: env:1A"), "a secret must be a reference"),
        Case(key("secret: [env:A]"), "a secret must be a reference"),
        Case(key("secret: env:A\nroutes: []"), "found 0 elements"),
        Case(key("secret: env:A\nroutes: [nope]"), "there is no Route at all"),
        Case(key("secret: env:A\nexpiresAt: 2027-02-29T00:00:00Z"), "RFC 3339"),
        Case(key("secret: env:A\nexpiresAt: tomorrow"), "RFC 3339"),
        Case(document("Tenant", "t", "region: x"), "no Region is named \"x\"", "there is no Region at all"),
        Case(
            document("Tenant", "t") + document("Tenant", "t"), "8:11", "already a Tenant named \"t\"", "isobar.yaml:4"),
    ]

    static let yaml: [Case] = [
        Case(
            document("Tenant", "t") + "metadata: {name: u}\n", "4:1", "\"metadata\" is stated more than once",
            "keep one"),
        Case(document("Tenant", "t") + "'kind': Tenant\n", "3:1", "\"kind\" is stated more than once"),
        Case(document("Tenant", "t", "<<: {region: r}"), "merge keys (<<) are not supported"),
        Case(document("Tenant", "t") + "oops: [1\n", "not YAML"),
        Case(document("Tenant", "t") + "? [a]\n: b\n", "found a list as a field name"),
        Case("a: *b\n", "undefined alias"),
        Case("a: \u{1}\n", "not YAML"),
        Case(String(repeating: "[", count: 5_000), "not YAML"),
    ]

    @Test(
        "one mistake gives one report with place, finding, allowance and hint",
        arguments: wrongTypes + endpoints + routes + requirements + callers + yaml)
    func oneMistake(wrong: Case) throws {
        let found = problems(wrong.text)
        try #require(found.count == 1, "\(found.map(\.description))")
        for word in wrong.words { #expect(found[0].description.contains(word), "\(found[0])") }
    }

    @Test("all mistakes of all documents are reported, in the order of lines")
    func allAtOnce() {
        let text = """
            apiVersion: isobar/v1
            kind: Region
            metadata: {name: Mumbai}
            spec: {provider: nobody, jurisdiction: in, roundTrip: {}}
            ---
            kind: Model
            kind: Modell
            metadata: {name: m}
            spec: {contextTokensMax: no}
            ---
            a: [
            ---
            apiVersion: isobar/v1
            kind: Tenant
            metadata: {nam: t}
            """
        let places = problems(text).map { "\($0.line):\($0.column) \($0.path ?? "")" }
        #expect(
            places == [
                "3:18 metadata.name", "4:18 spec.provider", "4:40 spec.jurisdiction", "4:44 spec", "6:1 apiVersion",
                "6:1 ", "7:7 kind",
                "12:1 ", "15:11 metadata.name", "15:12 metadata",
            ])
    }

    @Test("two prices in two currencies do not go together")
    func currencies() {
        func priced(_ name: String, _ currency: String) -> String {
            let prices = "{currency: \(currency), inputPerMillionTokens: 1, outputPerMillionTokens: 1}"
            return document("Endpoint", name, "region: r", "url: http://h", "serves: [{model: m, prices: \(prices)}]")
        }
        #expect(problems(surroundings + priced("a", "USD") + priced("b", "USD")) == [])
        let found = problems(surroundings + priced("a", "USD") + priced("b", "EUR"))
        #expect(found.map(\.message) == ["prices in EUR, but in USD at isobar.yaml:27"])
    }

    @Test("a round trip may be stated twice but not in two ways")
    func roundTrips() {
        func pair(_ there: String, _ back: String) -> String {
            document("Provider", "p")
                + document("Region", "a", "provider: p", "jurisdiction: US", "roundTrips: {b: \(there)}")
                + document("Region", "b", "provider: p", "jurisdiction: US", "roundTrips: {a: \(back)}")
        }
        #expect(problems(pair("2ms", "2000us")) == [])
        #expect(problems(pair("2ms", "3ms")).map(\.message) == ["stated as 3ms, but 2ms in Region a"])
    }
}
