// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import Testing

@testable import LiteLLMConfiguration

@Suite("Each provider's deployments go where the proxy sent them")
struct UpstreamTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var params: String
        var url: String
        var model: String
        var credential: ImportedCredential?
        var info = "{}"
        var testDescription: String { params }
        init(
            _ params: String, _ url: String, _ model: String, _ credential: ImportedCredential?, info: String = "{}"
        ) {
            self.params = params
            self.url = url
            self.model = model
            self.credential = credential
            self.info = info
        }
    }

    static func key(_ scheme: KeyScheme, _ name: String) -> ImportedCredential {
        .key(scheme, .environment(name))
    }

    static let openAI: [Case] = [
        Case("model: openai/gpt-4o", "https://api.openai.com/v1", "gpt-4o", key(.bearer, "OPENAI_API_KEY")),
        Case("model: gpt-4o\napi_key: os.environ/K", "https://api.openai.com/v1", "gpt-4o", key(.bearer, "K")),
        Case("model: openai/responses/gpt-4o", "https://api.openai.com/v1", "gpt-4o", key(.bearer, "OPENAI_API_KEY")),
        Case(
            "model: openai/m\napi_base: https://eu.api.openai.com/v1", "https://eu.api.openai.com/v1", "m",
            key(.bearer, "OPENAI_API_KEY")),
        Case("model: openai/org/m\napi_base: http://10.0.0.5:8000/v1/", "http://10.0.0.5:8000/v1", "org/m", nil),
        Case("model: openai/m\nbase_url: http://llm:8000/v1\napi_key: none", "http://llm:8000/v1", "m", nil),
        Case("model: m\ncustom_llm_provider: openai\napi_base: http://llm/v1", "http://llm/v1", "m", nil),
        Case("model: hosted_vllm/org/m\napi_base: http://vllm:8000", "http://vllm:8000/v1", "org/m", nil),
        Case(
            "model: hosted_vllm/m\napi_base: http://vllm:8000/v1\napi_key: os.environ/V", "http://vllm:8000/v1", "m",
            key(.bearer, "V")),
        Case("model: ollama/llama3:8b", "http://localhost:11434/v1", "llama3:8b", nil),
        Case("model: ollama_chat/llama3\napi_base: http://o:11434", "http://o:11434/v1", "llama3", nil),
        Case("model: groq/llama-3.3", "https://api.groq.com/openai/v1", "llama-3.3", key(.bearer, "GROQ_API_KEY")),
        Case(
            "model: fireworks_ai/llama-v3", "https://api.fireworks.ai/inference/v1",
            "accounts/fireworks/models/llama-v3",
            key(.bearer, "FIREWORKS_API_KEY")),
        Case("model: lm_studio/m\napi_base: http://localhost:1234/v1", "http://localhost:1234/v1", "m", nil),
    ]

    static let azure: [Case] = [
        Case(
            "model: azure/d\napi_base: https://r.openai.azure.com/\napi_version: '2024-10-21'",
            "https://r.openai.azure.com", "d", key(.apiKey, "AZURE_API_KEY")),
        Case(
            "model: azure/d\napi_base: https://r.openai.azure.com\napi_key: os.environ/A",
            "https://r.openai.azure.com/openai/v1", "d", key(.apiKey, "A")),
        Case(
            "model: azure/d\napi_base: https://r.openai.azure.com/openai/v1\napi_version: preview",
            "https://r.openai.azure.com/openai/v1", "d", key(.apiKey, "AZURE_API_KEY")),
        Case(
            "model: azure/x\napi_base: https://r.openai.azure.com/openai/deployments/d?api-version=2024-06-01",
            "https://r.openai.azure.com", "d", key(.apiKey, "AZURE_API_KEY")),
        Case(
            "model: azure/o_series/d\napi_base: https://apim.example/ai\napi_version: '2024-10-21'",
            "https://apim.example/ai", "d", key(.apiKey, "AZURE_API_KEY")),
        Case(
            "model: azure/claude-sonnet-4-5\napi_base: https://r.services.ai.azure.com/anthropic\napi_key: os.environ/A",
            "https://r.services.ai.azure.com/anthropic/v1", "claude-sonnet-4-5", key(.xAPIKey, "A")),
        Case(
            "model: azure_ai/claude-opus-4-1\napi_base: https://r.services.ai.azure.com",
            "https://r.services.ai.azure.com/anthropic/v1", "claude-opus-4-1", key(.xAPIKey, "AZURE_AI_API_KEY")),
        Case(
            "model: azure_ai/DeepSeek-R1\napi_base: https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
            "https://r.services.ai.azure.com/openai/v1", "DeepSeek-R1", key(.apiKey, "AZURE_API_KEY")),
        Case(
            "model: azure_ai/command-r\napi_base: https://c.eastus2.models.ai.azure.com/v1",
            "https://c.eastus2.models.ai.azure.com/v1", "command-r", key(.bearer, "AZURE_AI_API_KEY")),
        Case(
            "model: azure/d\napi_base: https://r.openai.azure.com\ntenant_id: t\nclient_id: c\nclient_secret: os.environ/S",
            "https://r.openai.azure.com/openai/v1", "d",
            .entraClientSecret(tenant: "t", client: "c", secret: .environment("S"))),
        Case(
            "model: azure/d\napi_base: https://r.openai.azure.com\nazure_ad_token: os.environ/T",
            "https://r.openai.azure.com/openai/v1", "d", key(.bearer, "T")),
    ]

    static let amazon: [Case] = [
        Case(
            "model: bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0\naws_region_name: eu-central-1",
            "https://bedrock-runtime.eu-central-1.amazonaws.com", "anthropic.claude-3-5-sonnet-20240620-v1:0",
            .aws(AWSCredential(region: "eu-central-1"))),
        Case(
            "model: bedrock/converse/us.amazon.nova-lite-v1:0\naws_region_name: us-east-1\n"
                + "aws_access_key_id: os.environ/I\naws_secret_access_key: os.environ/S\naws_session_token: os.environ/T",
            "https://bedrock-runtime.us-east-1.amazonaws.com", "us.amazon.nova-lite-v1:0",
            .aws(
                AWSCredential(
                    region: "us-east-1",
                    source: .fixed(id: .environment("I"), secret: .environment("S"), token: .environment("T"))))),
        Case(
            "model: bedrock/m\naws_region_name: us-east-1\naws_profile_name: prod\naws_role_name: arn:aws:iam::1:role/r\n"
                + "aws_external_id: e",
            "https://bedrock-runtime.us-east-1.amazonaws.com", "m",
            .aws(
                AWSCredential(
                    region: "us-east-1", source: .profile("prod"), roleARN: "arn:aws:iam::1:role/r", externalID: "e"))),
        Case(
            "model: bedrock/m\naws_region_name: us-east-1\naws_web_identity_token: oidc/x\naws_role_name: arn:aws:iam::1:role/r",
            "https://bedrock-runtime.us-east-1.amazonaws.com", "m",
            .aws(
                AWSCredential(
                    region: "us-east-1", source: .webIdentity(tokenFile: nil), roleARN: "arn:aws:iam::1:role/r"))),
        Case(
            "model: bedrock/us-west-2/1-month-commitment/anthropic.claude-v2",
            "https://bedrock-runtime.us-west-2.amazonaws.com", "anthropic.claude-v2",
            .aws(AWSCredential(region: "us-west-2"))),
        Case(
            "model: bedrock/invoke/us.anthropic.claude-x\naws_region_name: us-east-1\napi_key: os.environ/B",
            "https://bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-x", key(.bearer, "B")),
        Case(
            "model: bedrock/converse/arn:aws:bedrock:us-east-1:1:application-inference-profile/x\naws_region_name: us-east-1",
            "https://bedrock-runtime.us-east-1.amazonaws.com",
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/x", .aws(AWSCredential(region: "us-east-1"))),
        Case(
            "model: bedrock/m\naws_region_name: cn-north-1\naws_bedrock_runtime_endpoint: https://vpce.example",
            "https://vpce.example", "m", .aws(AWSCredential(region: "cn-north-1"))),
        Case(
            "model: bedrock/m\naws_region_name: cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "m",
            .aws(AWSCredential(region: "cn-north-1"))),
    ]

    static let others: [Case] = [
        Case(
            "model: anthropic/claude-sonnet-4-5", "https://api.anthropic.com/v1", "claude-sonnet-4-5",
            key(.xAPIKey, "ANTHROPIC_API_KEY")),
        Case(
            "model: claude-sonnet-4-5\napi_base: https://proxy.example/v1/messages\napi_key: os.environ/P",
            "https://proxy.example/v1", "claude-sonnet-4-5", key(.xAPIKey, "P")),
        Case(
            "model: gemini/gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta", "gemini-2.5-flash",
            key(.xGoogAPIKey, "GEMINI_API_KEY")),
        Case(
            "model: vertex_ai/gemini-2.5-pro\nvertex_project: p\nvertex_location: europe-west4\nvertex_credentials: /k/s.json",
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4", "gemini-2.5-pro",
            .googleServiceAccount(file: "/k/s.json")),
        Case(
            "model: vertex_ai/claude-sonnet-4-5@20250929\nvertex_ai_project: p\nvertex_ai_location: global",
            "https://aiplatform.googleapis.com/v1/projects/p/locations/global", "claude-sonnet-4-5@20250929",
            .googleServiceAccount(file: nil)),
    ]

    @Test("address, name and credential", arguments: openAI + azure + amazon + others)
    func translated(_ expected: Case) throws {
        let found = try endpoint(expected.params, info: expected.info)
        #expect(found.url == expected.url)
        #expect(found.serves[0].upstreamName ?? found.serves[0].model == expected.model)
        #expect(found.credential == expected.credential)
    }

    @Test("documents with keys pass isobar check", arguments: (openAI + azure + amazon + others).filter(isKeyed))
    func passesCheck(_ expected: Case) throws {
        let snapshot = try check(try imported(deployment(expected.params)))
        #expect(snapshot.endpoints.count == 1)
    }

    static func isKeyed(_ sample: Case) -> Bool {
        if case .key = sample.credential { return true }
        return sample.credential == nil
    }

    /// Until the reader knows these forms, only their text can be tested.
    @Test("cloud credentials are written as the reader will take them")
    func cloudCredentials() throws {
        func credential(_ params: String) throws -> String? {
            let lines = try imported(deployment(params)).text.split(separator: "\n")
            return lines.first { $0.contains("credential:") }.map(String.init)
        }
        #expect(
            try credential("model: bedrock/m\naws_region_name: us-east-1")
                == "  credential: {scheme: aws, region: us-east-1, source: environment}")
        #expect(
            try credential("model: vertex_ai/gemini-x\nvertex_project: p\nvertex_credentials: s.json")
                == "  credential: {scheme: google, source: service-account, file: s.json}")
        #expect(
            try credential(
                "model: azure/d\napi_base: https://r.example\ntenant_id: t\nclient_id: c\nclient_secret: os.environ/S")
                == "  credential: {scheme: entra, source: client-secret, tenant: t, client: c, secret: \"env:S\"}")
        let fixed = try imported(
            deployment(
                "model: bedrock/m\naws_region_name: us-east-1\naws_access_key_id: os.environ/AWS_ACCESS_KEY_ID\n"
                    + "aws_secret_access_key: os.environ/AWS_SECRET_ACCESS_KEY\naws_role_name: arn:aws:iam::1:role/r"))
        let block = """
              credential:
                scheme: aws
                region: us-east-1
                source: static
                accessKeyID: "env:AWS_ACCESS_KEY_ID"
                secretAccessKey: "env:AWS_SECRET_ACCESS_KEY"
                roleARN: "arn:aws:iam::1:role/r"
            """
        #expect(fixed.text.contains(block), "\(fixed.text)")
    }

    @Test(
        "what a model is for decides its APIs and modalities",
        arguments: [
            ("model: openai/m", "{mode: embedding}", [], [Modality.embedding]),
            ("model: openai/m", "{mode: audio_transcription}", [], [.audio]),
            ("model: openai/m", "{mode: audio_speech}", [], [.speech]),
            ("model: openai/m", "{mode: image_generation}", [], [.imageGeneration]),
            ("model: openai/m", "{mode: rerank}", [], [.rerank]),
            ("model: openai/m", "{mode: completion}", [ServedAPI.completions], []),
            ("model: openai/m", "{mode: responses}", [.responses], []),
            ("model: text-completion-openai/m", "{}", [.completions], []),
            ("model: openai/m", "{mode: chat, supports_vision: true}", [], [.text, .image]),
            ("model: bedrock/amazon.titan-embed-text-v2:0\naws_region_name: us-east-1", "{}", [.titanEmbeddings], []),
            ("model: bedrock/cohere.embed-v4:0\naws_region_name: us-east-1", "{}", [.cohereEmbeddings], []),
            ("model: bedrock/invoke/anthropic.claude-x\naws_region_name: us-east-1", "{}", [.messages], []),
            ("model: vertex_ai/claude-x\nvertex_project: p", "{}", [.messages], []),
            ("model: vertex_ai/text-embedding-005\nvertex_project: p", "{}", [.vertexEmbeddings], []),
        ])
    func apis(_ params: String, _ info: String, _ apis: [ServedAPI], _ modalities: [Modality]) throws {
        let result = try imported(deployment(params, info: info))
        #expect(result.endpoints[0].serves[0].apis == apis)
        #expect(result.models[0].modalities == Set(modalities))
    }

    @Test(
        "regions of clouds are places with a country",
        arguments: [
            ("model: bedrock/m\naws_region_name: ap-south-1", "aws-ap-south-1", "IN"),
            ("model: bedrock/m\naws_region_name: us-gov-west-1", "aws-us-gov-west-1", "US"),
            ("model: bedrock/m\naws_region_name: xx-new-1", "aws-xx-new-1", "ZZ"),
            (
                "model: vertex_ai/gemini-x\nvertex_project: p\nvertex_location: europe-west4", "google-europe-west4",
                "NL"
            ),
            ("model: vertex_ai/gemini-x\nvertex_project: p\nvertex_location: global", "google-global", "ZZ"),
            (
                "model: azure/d\napi_base: https://r.openai.azure.com\nregion_name: swedencentral",
                "azure-swedencentral", "ZZ"
            ),
        ])
    func regions(_ params: String, _ name: String, _ jurisdiction: String) throws {
        let result = try imported(deployment(params))
        #expect(result.regions.map(\.name) == [name])
        #expect(result.regions.map(\.jurisdiction) == [jurisdiction])
    }

    @Test("addresses and regions may stand in the environment, keys stay references")
    func environment() throws {
        let found = try endpoint(
            "model: azure/d\napi_base: os.environ/BASE\napi_version: os.environ/VERSION\napi_key: os.environ/KEY",
            environment: ["BASE": "https://r.openai.azure.com/", "VERSION": "2024-10-21", "KEY": "very-secret-value"])
        #expect(found.url == "https://r.openai.azure.com")
        #expect(found.apiVersion == "2024-10-21")
        #expect(found.credential == .key(.apiKey, .environment("KEY")))
    }

    @Test("an address that is not set is a host that never resolves, and something to do")
    func unsetAddress() throws {
        let result = try imported(deployment("model: azure/d\napi_base: os.environ/BASE\napi_key: os.environ/K"))
        #expect(result.endpoints[0].url == "https://base.invalid/openai/v1")
        #expect(
            result.messages(.toDo).contains("the environment variable BASE is not set, so its value is missing"))
        _ = try check(result)
    }
}
