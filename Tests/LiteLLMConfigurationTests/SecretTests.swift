// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import FoundationEssentials
import ResourceTypes
import Routing
import Testing

@testable import LiteLLMConfiguration

@Suite("No secret of the file leaves it")
struct SecretTests {
    private static let secret = "S3CRET-abcdef-0123456789"

    /// Wherever someone may have written one.
    static let places: [String] = [
        deployment("model: openai/m\napi_key: \(secret)"),
        deployment("model: azure/m\napi_base: https://r.example\napi_key: \(secret)"),
        deployment("model: azure/m\napi_base: https://r.example\nazure_ad_token: \(secret)"),
        deployment("model: azure/m\napi_base: https://r.example\ntenant_id: t\nclient_id: c\nclient_secret: \(secret)"),
        deployment("model: azure/m\napi_base: https://r.example\nclient_secret: \(secret)"),
        deployment("model: anthropic/m\napi_key: \(secret)"), deployment("model: gemini/m\napi_key: \(secret)"),
        deployment("model: bedrock/m\naws_access_key_id: \(secret)\naws_secret_access_key: \(secret)x"),
        deployment("model: bedrock/m\naws_session_token: \(secret)\naws_access_key_id: a\naws_secret_access_key: b"),
        deployment("model: bedrock/m\napi_key: \(secret)"),
        deployment("model: vertex_ai/gemini-x\nvertex_credentials: '{\"private_key\": \"\(secret)\"}'"),
        deployment("model: vertex_ai/gemini-x\nvertex_credentials: {private_key: \(secret)}"),
        deployment("model: vertex_ai/gemini-x\nvertex_credentials: '{\"a\": \"\(secret).json'"),
        deployment("model: openai/m\nextra_headers: {x-secret: \(secret)}"),
        deployment("model: openai/m\napi_base: https://user:\(secret)@host/v1"),
        deployment("model: openai/m\napi_base: https://host/v1?key=\(secret)"),
        deployment("model: azure/m\napi_base: https://host/v1?key=\(secret)"),
        deployment("model: azure_ai/m\napi_base: https://host/v1?key=\(secret)"),
        deployment("model: openai/m\napi_base: \(secret)"),
        deployment("model: openai/m") + "environment_variables: {OPENAI_API_KEY: \(secret)}\n",
        deployment("model: openai/m\napi_key: os.environ/K") + "environment_variables: {K: \(secret)}\n",
        deployment("model: openai/m")
            + "router_settings: {redis_password: \(secret), redis_url: 'redis://:\(secret)@h'}\n",
        deployment("model: openai/m") + "litellm_settings: {cache_params: {password: \(secret)}}\n",
        "model_list:\n  - {model_name: m, litellm_params: {model: openai/m}}\ngeneral_settings:\n"
            + "  master_key: \(secret)\n  database_url: postgresql://u:\(secret)@h/d\n",
        "model_list:\n  - {model_name: m, litellm_params: {model: openai/m, litellm_credential_name: c}}\n"
            + "credential_list: [{credential_name: c, credential_values: {api_key: \(secret)}}]\n",
    ]

    @Test("neither documents nor findings hold it", arguments: places)
    func neverCopied(_ text: String) throws {
        let result = try imported(text)
        #expect(!result.text.contains(Self.secret.prefix(8)), "\(result.text)")
        for finding in result.findings { #expect(!finding.description.contains(Self.secret.prefix(8)), "\(finding)") }
        let json = try JSONEncoder().encode(result.findings)
        #expect(!String(decoding: json, as: UTF8.self).contains(Self.secret.prefix(8)))
    }

    @Test("text that is not YAML is refused without being shown")
    func brokenText() {
        do throws(ConfigurationProblems) {
            _ = try imported("general_settings: {master_key: \(Self.secret)\nmodel_list: [")
            Issue.record("accepted")
        } catch {
            #expect(error.all.count == 1)
            #expect(!"\(error.all)".contains(Self.secret.prefix(8)))
        }
    }

    @Test("a key in the file gets a variable of its own, the same key the same one")
    func variables() throws {
        let result = try imported(
            """
            model_list:
              - {model_name: a, litellm_params: {model: openai/a, api_key: sk-one}}
              - {model_name: b, litellm_params: {model: openai/b, api_key: sk-two}}
              - {model_name: c, litellm_params: {model: openai/c, api_key: sk-one}}
              - {model_name: d, litellm_params: {model: openai/d, api_key: os.environ/OPENAI_API_KEY_3}}
              - {model_name: e, litellm_params: {model: openai/e, api_key: sk-five}}
            general_settings: {master_key: sk-master}
            """)
        #expect(
            result.endpoints.map(\.credential) == [
                .key(.bearer, .environment("OPENAI_API_KEY_1")), .key(.bearer, .environment("OPENAI_API_KEY_2")),
                .key(.bearer, .environment("OPENAI_API_KEY_1")), .key(.bearer, .environment("OPENAI_API_KEY_3")),
                .key(.bearer, .environment("OPENAI_API_KEY_4")),
            ])
        #expect(result.keys[0].secret == .environment("LITELLM_MASTER_KEY_1"))
        let toDo = result.findings.filter { $0.message.contains("OPENAI_API_KEY_1") }
        #expect(toDo.count == 1 && toDo[0].places == 2 && toDo[0].kind == .toDo)
        #expect(toDo[0].hint?.contains("revoke it") == true)
        _ = try check(result)
    }

    @Test("a proxy without a key lets everybody in; here a key is to be made")
    func noMasterKey() throws {
        let result = try imported("model_list: [{model_name: m, litellm_params: {model: openai/m}}]\n")
        #expect(result.keys[0].secret == .environment("ISOBAR_KEY"))
        #expect(result.messages(.toDo).contains { $0.contains("there is no master_key") })
    }

    @Test("words that stand for no key are no key", arguments: ["none", "EMPTY", "fake-key", "'null'", "dummy"])
    func noKey(_ word: String) throws {
        #expect(try endpoint("model: openai/m\napi_base: http://h/v1\napi_key: \(word)").credential == nil)
    }
}
