// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Routing

private func codes(_ tags: String...) -> [LanguageCode] { tags.compactMap { LanguageCode($0) } }

private func request(_ tag: String?) -> RequestFeatures {
    var features = RequestFeatures(route: RouteID(0))
    features.language = tag.flatMap { LanguageCode($0) }
    return features
}

@Suite struct `A request's language` {
    /// 0 speaks Hindi and Tamil, 1 English, 2 says nothing.
    private func world(tiers: [[Int]]? = nil, objective: Objective = Objective()) -> World {
        var endpoints: [EndpointRecord] = [.test("indic", slot: 0), .test("english", slot: 1), .test("any", slot: 2)]
        endpoints[0].languages = codes("ta", "hi")
        endpoints[1].languages = codes("en")
        return World(.test(endpoints, tiers: tiers, objective: objective))
    }

    @Test func `keeps out those that declare others, and not those that declare none`() {
        let world = world()
        #expect(world.shares(300, of: 3, request("ta"))[1] == 0)
        #expect(world.shares(300, of: 3, request("ta")).filter { $0 > 0 }.count == 2)
        #expect(world.shares(300, of: 3, request("en-IN"))[0] == 0)
        #expect(world.shares(300, of: 3, request("bn")) == [0, 0, 300])
        #expect(world.shares(300, of: 3, request(nil)).allSatisfy { $0 > 0 })
    }

    @Test func `goes to a later tier when the first has nobody for it`() {
        let world = world(tiers: [[1], [0]])
        #expect(world.pick(request("hi")) == .endpoint(EndpointID(0), tier: 1))
        #expect(world.pick(request("en")) == .endpoint(EndpointID(1), tier: 0))
    }

    @Test func `holds when everything is out of order or full, too`() {
        let world = world(tiers: [[0, 1]])
        for _ in 0..<5 { world.fail(0, .serverError) }
        #expect(world.picked(request("ta")) != 1)
        #expect(world.picked(request("ta"), excluding: [0]) == nil)
    }

    @Test func `that nobody serves exhausts the route, and the router says that it was the language`() {
        let world = world(tiers: [[0, 1]])
        #expect(world.pick(request("bn")) == .none(.exhausted))
        #expect(world.lacksOnlyLanguage(request("bn")))
        #expect(!world.lacksOnlyLanguage(request("ta")))
        #expect(!world.lacksOnlyLanguage(request(nil)))
        var elsewhere = request("bn")
        elsewhere.operation = .speech
        #expect(!world.lacksOnlyLanguage(elsewhere))
        elsewhere.route = RouteID(7)
        #expect(!world.lacksOnlyLanguage(elsewhere))
    }

    @Test func `is explained where it keeps an endpoint out`() {
        let explanation = world(tiers: [[0, 1]]).explain(request("ta"))
        #expect(explanation.picked == "indic")
        #expect(explanation.tiers[0].candidates.map(\.verdict) == ["eligible", "does not declare language ta"])
        let none = world(tiers: [[0, 1]]).explain(request("bn"))
        #expect(none.lines.last == "no pick: no endpoint of the route can serve this request")
    }

    @Test func `is found among hundreds, at both ends and in the middle`() {
        let letters = (97...122 as ClosedRange<UInt8>).map { $0 }
        let all = letters.flatMap { a in letters.compactMap { LanguageCode(tag: [a, $0]) } }
        let declared = all.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
        var endpoints: [EndpointRecord] = [.test("a", slot: 0), .test("many", slot: 1), .test("c", slot: 2)]
        endpoints[0].languages = codes("zz")
        endpoints[1].languages = declared.shuffled()
        endpoints[2].languages = codes("aa")
        let world = World(.test(endpoints))
        for (index, code) in all.enumerated() {
            var features = RequestFeatures(route: RouteID(0))
            features.language = code
            #expect((world.shares(20, of: 3, features)[1] > 0) == (index % 3 == 0), "\(code)")
        }
    }

    @Test func `follows a new configuration, while what was learned stays`() {
        let before = world(tiers: [[0, 1]])
        before.succeed(1)
        var endpoints: [EndpointRecord] = [.test("english", slot: 1), .test("indic", slot: 0)]
        endpoints[0].languages = codes("en", "ta")
        endpoints[1].languages = codes("hi")
        before.router.adopt(.test(version: 2, endpoints))
        #expect(before.shares(50, of: 2, request("ta")) == [50, 0])
        #expect(before.shares(50, of: 2, request("hi")) == [0, 50])
        #expect(before.view(0).successes == 1)
    }

    @Test func `joins no sample of a large tier through a prompt it holds`() {
        var endpoints = (0..<100).map { EndpointRecord.test("e\($0)", slot: $0) }
        for index in endpoints.indices { endpoints[index].languages = codes(index < 50 ? "hi" : "en") }
        let world = World(.test(endpoints, objective: Objective(latency: 0, affinity: 1)))
        var features = RequestFeatures.conversation([1, 2])
        world.succeed(80, features)
        features.language = LanguageCode("hi")
        for _ in 0..<100 { #expect((world.picked(features) ?? 99) < 50) }
    }
}

@Suite struct `A requirement` {
    private let indic = Model(name: "indic", modalities: [.audio], languages: ["hi-IN", "ta"])
    private let silent = Model(name: "silent")

    private func plans(_ operations: Operation...) -> OperationPlans {
        var plans = OperationPlans()
        for operation in operations { plans[operation] = OperationPlan(path: "/") }
        return plans
    }

    @Test func `is met by a model that declares all of it`() {
        let require = RouteRequirement(modalities: [.audio], languages: ["ta-IN", "hi"])
        #expect(require.lacks(of: indic, plans: plans(.transcriptions)) == [])
        #expect(RouteRequirement().lacks(of: silent, plans: plans()) == [])
    }

    @Test func `names everything that is missing, in its own order`() {
        let require = RouteRequirement(modalities: [.speech, .audio], languages: ["te", "ta", "bn"])
        let lacks = require.lacks(of: indic, plans: plans(.transcriptions))
        #expect(
            lacks.map(\.description) == [
                "does not declare modality speech", "does not declare language te", "does not declare language bn",
            ])
    }

    @Test func `of a language is not met by silence, of text it is`() {
        #expect(
            RouteRequirement(languages: ["ta"]).lacks(of: silent, plans: plans(.chatCompletions)).map(\.description)
                == ["does not declare language ta"])
        #expect(RouteRequirement(modalities: [.text]).lacks(of: silent, plans: plans(.chatCompletions)) == [])
        #expect(
            RouteRequirement(modalities: [.image]).lacks(of: silent, plans: plans(.chatCompletions))
                == [.modality(.image)])
    }

    @Test func `is not met by an endpoint that has no API for it`() {
        let require = RouteRequirement(modalities: [.audio])
        #expect(
            require.lacks(of: indic, plans: plans(.embeddings, .rerank)).map(\.description)
                == ["has no API for modality audio"])
        #expect(require.lacks(of: indic, plans: plans(.messages)) == [])
    }

    @Test func `keeps an endpoint out of its tier, and explanations say why`() {
        let endpoints: [EndpointRecord] = [.test("in", slot: 0), .test("out", slot: 1)]
        let lacks: [Lack] = [.language(.undetermined), .modality(.speech)]
        let tier = TierRecord(
            name: "t", endpoints: [EndpointID(0)], excluded: [.init(endpoint: EndpointID(1), lacks: lacks)],
            objective: Objective(latency: 1, affinity: 1))
        let route = RouteRecord(
            name: "r", modelNames: ["r"], contextTokensMax: nil, tiers: [tier], retry: RetryPolicy(),
            overflow: OverflowPolicy(), hedge: nil)
        let region = RegionRecord(name: "region-0", provider: "azure", jurisdiction: "US")
        let world = World(
            RoutingSnapshot(
                version: 1, currency: .usd, regions: [region], endpoints: endpoints, routes: [route], keys: [],
                roundTripNanoseconds: [1]))
        #expect(world.shares(100, of: 2, .conversation([1, 2])) == [100, 0])
        #expect(world.picked(excluding: [0]) == nil)
        let candidates = world.explain().tiers[0].candidates
        #expect(candidates.map(\.endpoint) == ["in", "out"])
        #expect(candidates[1].verdict == "does not declare language und, does not declare modality speech")
        #expect(!candidates[1].isEligible && candidates[1].score == nil)
    }

    @Test func `that leaves a tier empty passes it over`() {
        let tiers = [[], [0]].map {
            TierRecord(name: "t", endpoints: $0.map { EndpointID($0) }, objective: Objective(affinity: 1))
        }
        var snapshot = RoutingSnapshot.plain(1)
        var route = snapshot.routes[0]
        route.tiers = tiers
        snapshot = RoutingSnapshot(
            version: 1, currency: .usd, regions: snapshot.regions, endpoints: snapshot.endpoints, routes: [route],
            keys: [], roundTripNanoseconds: snapshot.roundTripNanoseconds)
        let world = World(snapshot)
        #expect(world.pick(.conversation([1, 2])) == .endpoint(EndpointID(0), tier: 1))
        #expect(world.explain().pickedTier == 1)
    }
}

@Suite struct `What a route can do` {
    @Test func `is what its endpoints can do between them`() {
        var endpoints: [EndpointRecord] = [.test("a", slot: 0), .test("b", slot: 1)]
        endpoints[0].plans = OperationPlans()
        endpoints[0].plans[.speech] = OperationPlan(path: "/")
        endpoints[1].plans = OperationPlans()
        endpoints[1].plans[.rerank] = OperationPlan(path: "/")
        let world = World(.test(endpoints, tiers: [[0], [1]]))
        #expect(world.operations(0) == OperationSet([.speech, .rerank]))
        #expect(world.operations(4) == OperationSet(rawValue: 0))
    }
}
