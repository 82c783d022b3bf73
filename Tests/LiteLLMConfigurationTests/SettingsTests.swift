// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ResourceTypes
import Routing
import Testing

@testable import LiteLLMConfiguration

@Suite("Settings of the proxy become fields, or are said to have none")
struct SettingsTests {
    private func route(_ settings: String) throws -> Route {
        try imported(deployment("model: openai/m") + settings).routes[0]
    }

    @Test(
        "the routing strategy becomes weights",
        arguments: [
            ("simple-shuffle", Objective(latency: 0), nil), ("least-busy", Objective(latency: 0), nil),
            ("usage-based-routing", Objective(latency: 0), .differs),
            ("usage-based-routing-v2", Objective(latency: 0), .differs),
            ("latency-based-routing", Objective(latency: 1), nil),
            ("cost-based-routing", Objective(latency: 0, cost: 1), nil),
            ("one-of-tomorrow", Objective(latency: 0), .noCounterpart),
        ] as [(String, Objective, ImportFinding.Kind?)])
    func strategies(_ strategy: String, _ objective: Objective, _ kind: ImportFinding.Kind?) throws {
        let result = try imported(deployment("model: openai/m") + "router_settings: {routing_strategy: \(strategy)}\n")
        #expect(result.routes[0].tiers[0].objective == objective)
        #expect(try check(result).routes[0].tiers[0].objective == objective)
        #expect(result.findings.first { $0.path == "router_settings.routing_strategy" }?.kind == kind)
    }

    @Test(
        "retries count the first try too, and ours end at ten",
        arguments: [(0, 1), (2, 3), (9, 10), (50, 10)])
    func retries(_ retries: Int, _ attempts: Int) throws {
        #expect(try route("router_settings: {num_retries: \(retries)}\n").retry.attemptsMax == attempts)
        #expect(try route("litellm_settings: {num_retries: \(retries)}\n").retry.attemptsMax == attempts)
    }

    @Test("the router's settings come before the library's")
    func precedence() throws {
        let both =
            "router_settings: {num_retries: 1, timeout: 20}\nlitellm_settings: {num_retries: 5, request_timeout: 90}\n"
        let result = try imported(deployment("model: openai/m") + both)
        #expect(result.routes[0].retry.attemptsMax == 2)
        #expect(result.endpoints[0].firstByte == .seconds(20))
    }

    @Test("a deployment's own timeouts come before the settings'; fractions of seconds are exact")
    func timeouts() throws {
        let result = try imported(
            deployment("model: openai/m\ntimeout: 0.25\nstream_timeout: 1e1")
                + "router_settings: {timeout: 20, stream_timeout: 5}\n")
        #expect(result.endpoints[0].firstByte == .milliseconds(250))
        #expect(result.endpoints[0].idle == .seconds(10))
        _ = try check(result)
    }

    @Test("a timeout beyond what is allowed becomes the longest, and the route waits as long")
    func longTimeout() throws {
        let result = try imported(deployment("model: openai/m\ntimeout: 6000"))
        #expect(result.endpoints[0].firstByte == .seconds(3_600))
        #expect(result.routes[0].retry.totalTimeout == .seconds(3_600))
        #expect(result.messages(.differs).contains("became 3600000 ms, the nearest that is allowed"))
        _ = try check(result)
    }

    @Test("limits stand in litellm_params or beside it")
    func limits() throws {
        let inside = try imported(deployment("model: openai/m\nrpm: 60\ntpm: '90000'\nmax_parallel_requests: 4"))
        #expect(
            inside.endpoints[0].limits
                == EndpointLimits(inFlightMax: 4, tokensPerMinute: 90_000, requestsPerMinute: 60))
        let beside = try imported(
            deployment("model: openai/m", beside: "    rpm: 5\n")
                + "router_settings: {default_max_parallel_requests: 3}\n")
        #expect(beside.endpoints[0].limits == EndpointLimits(inFlightMax: 3, requestsPerMinute: 5))
    }

    @Test("what is no number is left out and said")
    func wrongNumbers() throws {
        let result = try imported(deployment("model: openai/m\nrpm: many\ntimeout: -1"))
        #expect(result.endpoints[0].limits == EndpointLimits())
        #expect(result.endpoints[0].firstByte == nil)
        #expect(
            result.findings.filter { $0.kind == .noCounterpart }.map(\.path) == [
                "model_list[0].litellm_params.rpm", "model_list[0].litellm_params.timeout",
            ])
    }

    @Test("parameters that a wire cannot say are dropped where the proxy dropped them")
    func dropParams() throws {
        #expect(try route("").onUnsupported == .refuse)
        #expect(try route("litellm_settings: {drop_params: True}\n").onUnsupported == .drop)
        let own = try imported(deployment("model: openai/m\ndrop_params: true"))
        #expect(own.routes[0].onUnsupported == .drop)
        let against = try imported(
            deployment("model: openai/m\ndrop_params: false") + "litellm_settings: {drop_params: true}\n")
        #expect(against.routes[0].onUnsupported == .refuse)
    }

    @Test(
        "what has no counterpart is listed with its place and advice",
        arguments: [
            ("router_settings: {allowed_fails: 3}\n", "router_settings.allowed_fails", "breakers and cool-downs"),
            ("router_settings: {cooldown_time: 30}\n", "router_settings.cooldown_time", "breakers and cool-downs"),
            ("router_settings: {redis_host: h}\n", "router_settings.redis_host", "each process counts for itself"),
            ("litellm_settings: {cache: true}\n", "litellm_settings.cache", "answers are not cached"),
            ("litellm_settings: {callbacks: [otel]}\n", "litellm_settings.callbacks", "/metrics"),
            ("litellm_settings: {ssl_verify: false}\n", "litellm_settings.ssl_verify", "certificateAuthorityFile"),
            (
                "litellm_settings: {context_window_fallbacks: [{m: [l]}]}\n",
                "litellm_settings.context_window_fallbacks", "a larger model is another model"
            ),
            ("litellm_settings: {something_new: 1}\n", "litellm_settings.something_new", ""),
            ("guardrails: [{guardrail_name: g}]\n", "guardrails", ""),
        ])
    func noCounterpart(_ settings: String, _ path: String, _ hint: String) throws {
        let result = try imported(deployment("model: openai/m") + settings)
        let found = try #require(result.findings.first { $0.path == path }, "\(result.findings)")
        #expect(found.kind == .noCounterpart)
        #expect(found.message == "left out")
        #expect(hint.isEmpty ? found.hint == nil : found.hint?.contains(hint) == true)
        #expect(found.location.line == 7)
    }

    @Test("fields of deployments that have no counterpart are told once for all of them")
    func aggregated() throws {
        let entries = (0..<3).map { _ in
            "  - {model_name: m, litellm_params: {model: openai/m, weight: 2, temperature: 0.1}}\n"
        }
        let result = try imported("model_list:\n" + entries.joined())
        let weight = try #require(result.findings.first { $0.path == "model_list[0].litellm_params.weight" })
        #expect(weight.places == 3)
        #expect(weight.description.contains("config.yaml:2:63: no counterpart: model_list[0].litellm_params.weight"))
        #expect(weight.description.contains("(and in 2 more places)"))
        #expect(result.findings.contains { $0.path.hasSuffix("temperature") && $0.places == 3 })
    }

    @Test("what is off, empty or only describes is not worth a line")
    func silence() throws {
        let result = try imported(
            deployment("model: openai/m", info: "{id: x, supports_function_calling: true, version: 2}")
                + "litellm_settings: {cache: false, callbacks: [], set_verbose: true, telemetry: false}\n"
                + "router_settings: {timeout: 30}\n")
        #expect(result.findings.map(\.kind) == [.toDo], "\(result.findings)")
    }

    @Test("aliases are further names of the route")
    func aliases() throws {
        let result = try imported(
            deployment("model: openai/m")
                + "router_settings: {model_group_alias: {one: m, two: {model: m, hidden: true}, m: m, none: nowhere}}\n"
        )
        #expect(result.routes[0].modelNames == ["m", "one", "two"])
        #expect(
            result.messages(.toDo).filter { $0.contains("alias") } == [
                "an alias with the name of a group is left out: callers reach the group",
                "an alias of a group that is not there is left out",
            ])
        #expect(result.messages(.differs).contains("hidden aliases are listed in /v1/models like all names"))
        _ = try check(result)
    }

    @Test(
        "entries that cannot be translated are left out and said",
        arguments: [
            ("model_name: '*'\n    litellm_params: {model: 'openai/*'}", "wildcards are left out"),
            ("model_name: 'anthropic/*'\n    litellm_params: {model: 'anthropic/*'}", "wildcards are left out"),
            ("model_name: m\n    litellm_params: {model: sagemaker/x}", "deployments of \"sagemaker\" are left out"),
            ("model_name: m\n    litellm_params: {model: vertex_ai/meta/llama}", "Vertex AI models other than"),
            ("model_name: m\n    litellm_params: {model: bedrock/agent/x}", "agents, imported models"),
            ("model_name: m\n    litellm_params: {model: my-finetune}", "does not say who serves it"),
            ("model_name: m\n    litellm_params: {}", "an entry without litellm_params.model"),
            ("model_name: m", "an entry without model_name or litellm_params"),
            (
                "model_name: m\n    litellm_params: {model: openai/m}\n    model_info: {mode: realtime}",
                "models of mode realtime are left out"
            ),
        ])
    func leftOut(_ entry: String, _ words: String) throws {
        let result = try imported("model_list:\n  - \(entry)\n")
        #expect(result.endpoints.isEmpty && result.routes.isEmpty)
        #expect(result.findings.contains { $0.message.contains(words) }, "\(result.findings)")
    }

    @Test("token limits: the tightest of a group; max_tokens alone is the answer's")
    func tokenLimits() throws {
        let result = try imported(
            """
            model_list:
              - {model_name: m, litellm_params: {model: openai/m}, model_info: {max_input_tokens: 200000, max_output_tokens: 8192}}
              - {model_name: m, litellm_params: {model: openai/m}, model_info: {max_input_tokens: 128000}}
              - {model_name: n, litellm_params: {model: openai/n}, model_info: {max_tokens: 4096}}
            """)
        #expect(result.models[0].contextTokensMax == 128_000)
        #expect(result.models[0].outputTokensMax == 8_192)
        #expect(result.models[1].contextTokensMax == nil)
        #expect(result.models[1].outputTokensMax == 4_096)
        #expect(result.messages(.differs).contains("max_tokens is taken for the longest answer"))
    }
}
