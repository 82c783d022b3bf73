// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import ControlPlane

@Suite("Resources compile to a snapshot")
struct SnapshotCompilerTests {
    @Test("an endpoint document becomes one record per model, all with its address and slot")
    func endpoints() throws {
        let snapshot = try compile(smallResources()).snapshot
        #expect(snapshot.endpoints.map(\.name) == ["e1", "e1/big", "e2"])
        #expect(snapshot.endpoints.map(\.gaugeSlot) == [0, 0, 1])
        #expect(snapshot.endpoints.map(\.provider) == ["azure", "azure", "aws"])
        #expect(snapshot.endpoints.map(\.flavor) == [.vllm, .vllm, .sglang])
        #expect(snapshot.endpoints.map(\.region) == [RegionID(0), RegionID(0), RegionID(1)])
        let first = snapshot.endpoints[0].address
        #expect(first.isTLS && first.host == "one.example" && first.port == 443 && first.basePath == "/openai/v1")
        #expect(first.credentials.map(\.text) == ["api-key: upstream-key"])
        let last = snapshot.endpoints[2].address
        #expect(
            !last.isTLS && last.host == "::1" && last.port == 8000 && last.basePath.isEmpty
                && last.credentials.isEmpty)
    }

    @Test("an upstream's model name is ready to stand inside a JSON string")
    func upstreamModel() throws {
        let snapshot = try compile(smallResources()).snapshot
        #expect(
            snapshot.endpoints.map { String(decoding: $0.upstreamModel, as: UTF8.self) } == [
                "small", #"a\"b\\c\u0001é"#, "small",
            ])
    }

    @Test(
        "each scheme has its header",
        arguments: [
            (KeyHeader.bearer, "Authorization: Bearer k"), (.apiKey, "api-key: k"), (.xAPIKey, "x-api-key: k"),
            (.xGoogAPIKey, "x-goog-api-key: k"),
        ])
    func headers(header: KeyHeader, line: String) {
        #expect(header.line(with: Secret([UInt8(ascii: "k")])).text == line)
    }

    @Test("round trips hold both ways, with 1 ms inside a region and 50 ms where nothing is said")
    func roundTrips() throws {
        let snapshot = try compile(smallResources()).snapshot
        let milliseconds = (0..<3).map { from in
            (0..<3).map { to in snapshot.roundTrip(from: RegionID(from), to: RegionID(to)).milliseconds }
        }
        #expect(milliseconds == [[1, 60, 50], [60, 1, 50], [50, 50, 1]])
    }

    @Test("routes and keys name endpoints, regions and routes by index")
    func routesAndKeys() throws {
        let snapshot = try compile(smallResources()).snapshot
        #expect(snapshot.routes.map(\.name) == ["chat", "large"])
        #expect(snapshot.routes.map(\.contextTokensMax) == [4096, nil])
        #expect(snapshot.routes[0].tiers.map(\.endpoints) == [[EndpointID(0)], [EndpointID(2)]])
        #expect(snapshot.routes[1].tiers.map(\.endpoints) == [[EndpointID(1)]])
        let key = try #require(snapshot.keys.first)
        #expect(key.name == "app" && key.tenant == "acme" && key.region == RegionID(2) && key.routes == [RouteID(1)])
        #expect(key.secret?.text == "0123456789abcdef" && key.expiresAtUnixSeconds == 9)
    }

    @Test("nothing declared is a snapshot too")
    func empty() throws {
        let snapshot = try compile(DeclaredResources()).snapshot
        #expect(snapshot.endpoints.isEmpty && snapshot.routes.isEmpty && snapshot.currency == .usd)
    }

    @Test("names that only a bug could leave undeclared are problems, not traps")
    func undeclared() {
        #expect(refusals { $0.endpoints[0].region = "x" }.first == "no Region is named \"x\"")
        #expect(refusals { $0.providers = [] }.first == "its region's provider \"azure\" is not declared")
        #expect(refusals { $0.routes[0].models = ["x"] }.first == "no Model is named \"x\"")
        #expect(refusals { $0.routes[0].tiers[0].endpoints = ["x"] } == ["no usable Endpoint \"x\" serves \"small\""])
        #expect(refusals { $0.keys[0].tenant = "x" } == ["no Tenant is named \"x\""])
        #expect(refusals { $0.keys[0].routes = ["x"] } == ["no usable Route is named \"x\""])
        #expect(refusals { $0.tenants[0].region = "x" } == ["no Region is named \"x\""])
        #expect(refusals { $0.endpoints[1].url = "http://u@h" }.first == "not an endpoint's address")
        #expect(
            refusals { $0.endpoints[0].credentials = [.key(.bearer, .environment("X"))] }.first
                == "the secret was not read")
        #expect(refusals { $0.keys[0].secret = .environment("X") } == ["the secret was not read"])
    }

    @Test("two keys with one secret are refused: nobody could say who asks")
    func sameSecret() {
        let found = refusals { $0.keys.append(Key(name: "other", tenant: "acme", secret: .environment("APP"))) }
        #expect(found == ["the same secret as Key app"])
    }

    @Test("a guessable key is accepted with a warning")
    func shortKey() throws {
        var secrets = smallSecrets()
        #expect(try compile(smallResources(), secrets: secrets).warnings == [])
        secrets[.environment("APP")] = Secret(Array("0123456789abcde".utf8))
        #expect(
            try compile(smallResources(), secrets: secrets).warnings.map(\.message) == ["the key has only 15 bytes"])
    }

    @Test("as many endpoints and routes as allowed compile, one more does not")
    func limits() {
        func endpoints(_ count: Int) -> [Endpoint] {
            (0..<count).map {
                Endpoint(name: "n\($0)", region: "east", url: "http://h", serves: [ServedModel(model: "small")])
            }
        }
        #expect(refusals { $0.endpoints += endpoints(4_093) } == [])
        #expect(
            refusals { $0.endpoints += endpoints(4_094) } == ["4097 pairs of endpoint and served model; allowed: 4096"])
        func routes(_ count: Int) -> [Route] {
            (0..<count).map { Route(name: "n\($0)", modelNames: ["n\($0)"], models: ["small"], tiers: []) }
        }
        #expect(refusals { $0.routes += routes(998) } == [])
        #expect(refusals { $0.routes += routes(999) } == ["1001 routes; allowed: 1000"])
        #expect(
            refusals { resources in
                resources.regions += (0..<998).map { Region(name: "n\($0)", provider: "aws", jurisdiction: "US") }
            } == ["1001 regions; allowed: 1000"])
        #expect(
            refusals { resources in
                resources.keys = (0..<65_001).map { Key(name: "n\($0)", tenant: "acme", secret: .environment("APP")) }
            } == ["65001 keys; allowed: 65000"])
    }
}

@Suite("Gauge slots are stable")
struct GaugeSlotsTests {
    private func assigned(_ rounds: [String]...) -> GaugeSlots {
        rounds.reduce(into: GaugeSlots()) { slots, names in
            if !slots.assign(names) { Issue.record("\(names.count) names do not fit") }
        }
    }

    private func names(_ range: Range<Int>, _ prefix: String = "n") -> [String] { range.map { "\(prefix)\($0)" } }

    @Test("a name keeps its slot while others come and go, and gets it back when it returns")
    func stable() {
        let slots = assigned(["a", "b", "c"], ["c", "d"], ["b"])
        #expect(["a", "b", "c", "d"].map { slots[$0] } == [0, 1, 2, 3])
    }

    @Test("a slot is given away only when all are used, the longest gone first")
    func reuse() {
        let slots = assigned(names(0..<4_096), names(1..<4_096), names(2..<4_096) + ["new"])
        #expect(slots["new"] == 0)
        #expect(slots["n0"] == nil)
        #expect(slots["n1"] == 1)
    }

    @Test("a name that left and returned is not given away")
    func returned() {
        let slots = assigned(
            names(0..<4_096), names(2..<4_096), names(2..<4_096) + ["n0"], names(2..<4_096) + ["n0", "new"])
        #expect(slots["n0"] == 0)
        #expect(slots["new"] == 1)
    }

    @Test("4,096 names fit, one more changes nothing")
    func full() {
        var slots = assigned(["a"])
        let fits = slots.assign(names(0..<4_097))
        #expect(!fits)
        #expect(slots["a"] == 0 && slots["n0"] == nil)
        let all = assigned(["a"], names(0..<4_096))
        #expect(Set(names(0..<4_096).compactMap { all[$0] }).count == 4_096)
    }
}
