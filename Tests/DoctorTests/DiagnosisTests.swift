// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import ResourceTypes
import Routing
import Testing

@testable import Doctor

// What was seen, and what must be said about it. Bodies are in the shapes of the providers' error references.

@Suite("What is wrong with an endpoint is said in words")
struct DiagnosisTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var ending: Observation.Ending
        var subject: Observation.Subject
        var problem: Diagnosis.Problem
        var words: [String]
        var testDescription: String { "\(problem) \(words.first ?? "")" }
        init(
            _ ending: Observation.Ending, _ subject: Observation.Subject = .sample(), _ problem: Diagnosis.Problem,
            _ words: String...
        ) {
            self.ending = ending
            self.subject = subject
            self.problem = problem
            self.words = words
        }
    }

    static let transport: [Case] = [
        Case(
            .unresolved("Name or service not known"), .sample(), .nameUnresolved, "llm.example does not resolve",
            "check spec.url for a mistyped host"),
        Case(.unresolved("x"), .sample(host: "azure.invalid"), .nameUnresolved, "when the configuration was imported"),
        Case(.unconnected(ECONNREFUSED), .sample(), .connectionRefused, "nothing listens at llm.example:443"),
        Case(.unconnected(ETIMEDOUT), .sample(), .connectionTimedOut, "no connection to llm.example:443", "firewall"),
        Case(.unconnected(EHOSTUNREACH), .sample(), .unreachable, "there is no way to"),
        Case(.unconnected(ENETUNREACH), .sample(), .unreachable, "IPv6"),
        Case(.unconnected(EACCES), .sample(), .unreachable, "cannot connect to"),
        Case(
            .tls("certificate refused: self-signed certificate in certificate chain"), .sample(), .certificateUntrusted,
            "authority that is not trusted", "certificateAuthorityFile"),
        Case(
            .tls("certificate refused: unable to get local issuer certificate"), .sample(), .certificateUntrusted,
            "certificateAuthorityFile"),
        Case(
            .tls("certificate refused: hostname mismatch"), .sample(), .certificateName,
            "the certificate is not for llm.example"),
        Case(
            .tls("certificate refused: IP address mismatch"), .sample(), .certificateName, "needs a certificate for it"),
        Case(.tls("certificate refused: certificate has expired"), .sample(), .certificateExpired, "has expired"),
        Case(
            .tls("certificate refused: certificate is not yet valid"), .sample(), .certificateExpired,
            "is not valid yet", "clock"),
        Case(.tls("wrong version number"), .sample(), .tls, "does not speak TLS", "https"),
        Case(.tls("tlsv13 alert certificate required"), .sample(), .tls, "client's certificate"),
        Case(.tls("something new"), .sample(), .tls, "something new"),
        Case(.timedOut(.connecting), .sample(), .connectionTimedOut, "within 0.2 s"),
        Case(.timedOut(.securing), .sample(), .tls, "no TLS handshake within"),
        Case(.timedOut(.waiting), .sample(), .noAnswer, "no answer began within", "--timeout"),
        Case(.timedOut(.receiving), .sample(), .noAnswer, "did not end within"),
        Case(.cut(hadBegun: false), .sample(), .noAnswer, "closed without an answer"),
        Case(.cut(hadBegun: true), .sample(), .noAnswer, "ended inside the answer"),
        Case(.unreadable("not HTTP"), .sample(), .notHTTP, "does not speak HTTP", "port in spec.url"),
        Case(.noCredential("the token file is gone"), .sample(), .credential, "the token file is gone"),
    ]

    static func answer(_ status: UInt16, _ body: String, _ wire: ProbeWire = .chatCompletions) -> Observation.Ending {
        .answered(facts(status, body, wire))
    }

    static func error(_ status: UInt16, code: String, _ message: String = "m") -> Observation.Ending {
        answer(status, "{\"error\":{\"message\":\"\(message)\",\"type\":\"t\",\"code\":\"\(code)\"}}")
    }

    static let credentials: [Case] = [
        Case(
            error(401, code: "invalid_api_key"), .sample(), .credential, "does not accept the credential",
            "organization or project", "invalid_api_key"),
        Case(
            answer(401, "{}"), .sample(credential: .none), .credential, "wants a credential, and there is none",
            "state spec.credential"),
        Case(
            answer(401, "{}"), .sample(.azure, credential: .bearer), .credential, "audience",
            "https://cognitiveservices.azure.com/.default"),
        Case(answer(401, "{}"), .sample(.azure, credential: .apiKey), .credential, "belongs to one resource"),
        Case(answer(401, "{}"), .sample(.vertex), .credential, "cloud-platform"),
        Case(
            answer(
                400,
                "{\"error\":{\"message\":\"API key not valid.\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}"
            ),
            .sample(.gemini, credential: .googleKey), .credential, "API_KEY_INVALID", "AI Studio"),
        Case(
            answer(403, "{\"error\":{\"status\":\"UNAUTHENTICATED\"}}"), .sample(.gemini), .credential, "x-goog-api-key"
        ),
        Case(answer(401, "{}"), .sample(.anthropic, credential: .bearer), .credential, "x-api-key"),
        Case(
            answer(
                401,
                "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key\"}}"),
            .sample(.anthropic, credential: .xAPIKey), .credential, "revoked", "authentication_error"),
        Case(answer(401, "{}"), .sample(credential: .apiKey), .credential, "scheme: bearer"),
        Case(
            .answered(
                facts(403, "{\"message\":\"m\"}", headers: ["x-amzn-errortype": "UnrecognizedClientException:http://x"])
            ),
            .sample(.bedrock, .converse, credential: .signature), .credential, "AWS does not know this access key"),
        Case(
            answer(
                403,
                "{\"message\":\"Credential should be scoped to a valid region.\",\"__type\":\"InvalidSignatureException\"}"
            ),
            .sample(.bedrock, .converse, credential: .signature), .credential, "another region or service"),
        Case(
            answer(403, "{\"message\":\"The security token is expired\",\"__type\":\"x#ExpiredTokenException\"}"),
            .sample(.bedrock, .converse, credential: .signature), .credential, "temporary key has ended"),
        Case(
            answer(403, "{\"message\":\"does not match\",\"__type\":\"SignatureDoesNotMatch\"}"),
            .sample(.bedrock, .converse, credential: .signature), .credential, "does not fit the key id"),
        Case(
            answer(403, "{\"Message\":\"Authentication failed: Please make sure your API Key is valid.\"}"),
            .sample(.bedrock, .converse), .permission, "bedrock:InvokeModel"),
        Case(
            answer(403, "{\"message\":\"You don't have access to the model\",\"__type\":\"AccessDeniedException\"}"),
            .sample(.bedrock, .converse, credential: .signature), .permission, "account access to the model"),
        Case(
            answer(403, "{\"error\":{\"code\":\"403\"}}"), .sample(.azure), .permission,
            "Cognitive Services OpenAI User"),
        Case(
            answer(403, "{\"error\":{\"code\":403,\"status\":\"PERMISSION_DENIED\",\"message\":\"x\"}}"),
            .sample(.vertex),
            .permission, "Vertex AI User", "PERMISSION_DENIED"),
    ]

    static let models: [Case] = [
        Case(
            error(404, code: "model_not_found", "The model `demo` does not exist"), .sample(), .model,
            "does not serve demo",
            "GET /models"),
        Case(error(404, code: "DeploymentNotFound"), .sample(.azure), .model, "the deployment's, not the model's"),
        Case(
            answer(
                404,
                "{\"object\":\"error\",\"message\":\"The model `demo` does not exist.\",\"type\":\"NotFoundError\",\"code\":404}"
            ),
            .sample(.vllm), .model, "NotFoundError"),
        Case(
            answer(404, "{\"error\":{\"message\":\"model \\\"demo\\\" not found, try pulling it first\"}}"),
            .sample(.ollama),
            .model, "ollama pull demo"),
        Case(
            answer(404, "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: demo\"}}"),
            .sample(.anthropic), .model, "not_found_error"),
        Case(
            answer(
                404,
                "[{\"error\":{\"code\":404,\"message\":\"models/demo is not found for API version v1beta\",\"status\":\"NOT_FOUND\"}}]"
            ),
            .sample(.gemini, .generateContent), .model, "NOT_FOUND"),
        Case(
            answer(404, "{\"error\":{\"message\":\"Publisher Model `x` was not found\",\"status\":\"NOT_FOUND\"}}"),
            .sample(.vertex, .generateContent), .model, "this location"),
        Case(
            answer(
                400, "{\"message\":\"The provided model identifier is invalid.\",\"__type\":\"ValidationException\"}"),
            .sample(.bedrock, .converse), .model, "vendor and version"),
        Case(
            answer(400, "{\"message\":\"Invocation of model ID x with on-demand throughput isn't supported.\"}"),
            .sample(.bedrock, .converse), .model, "inference profile"),
        Case(
            answer(404, "{\"message\":\"Could not find the model\",\"__type\":\"ResourceNotFoundException\"}"),
            .sample(.bedrock, .converse), .model, "offered in this region"),
    ]

    static let paths: [Case] = [
        Case(
            answer(404, "{\"detail\":\"Not Found\"}"), .sample(.vllm), .path,
            "has nothing at POST /v1/chat/completions", "usually in /v1"),
        Case(answer(404, "{\"error\":{\"message\":\"Invalid URL (POST /v1/x)\"}}"), .sample(), .path, "Invalid URL"),
        Case(
            answer(404, ""), .sample(.azure, path: "/x?api-version=2024-01-01"), .path, "may not know this apiVersion"),
        Case(answer(405, "{\"detail\":\"Method Not Allowed\"}"), .sample(), .path, "HTTP 405"),
        Case(answer(200, "<!DOCTYPE html><html>Sign in</html>"), .sample(), .path, "a web page", "HTTP 200"),
        Case(
            answer(404, "<html>nginx</html>"), .sample(.anthropic), .path, "a web page", "https://api.anthropic.com/v1"),
        Case(answer(403, "  \n<HTML>blocked</HTML>"), .sample(), .path, "a web page", "HTTP 403"),
        Case(answer(400, "<html>plain HTTP sent to HTTPS port</html>"), .sample(), .path, "a web page"),
        Case(answer(302, ""), .sample(), .path, "redirects elsewhere (HTTP 302)", "login pages"),
        Case(answer(200, "{\"status\":\"ok\"}"), .sample(), .path, "answers, but not as chat does", "flavor"),
        Case(answer(200, "pong"), .sample(), .path, "not as chat does"),
        Case(answer(204, ""), .sample(), .path, "not as chat does"),
        Case(
            answer(200, "{\"choices\":[]}", .messages(.own)), .sample(.anthropic, .messages(.own)), .path,
            "not as messages does"),
    ]

    static let states: [Case] = [
        Case(error(429, code: "rate_limit_exceeded"), .sample(), .rateLimited, "rate limit", "the endpoint works"),
        Case(
            .answered(facts(429, "{}", headers: ["retry-after": "20"])), .sample(), .rateLimited, "it asks to wait 20 s"
        ),
        Case(.answered(facts(429, "", headers: ["retry-after-ms": "1500"])), .sample(), .rateLimited, "wait 1.5 s"),
        Case(error(429, code: "insufficient_quota"), .sample(), .quotaExhausted, "used up", "billing"),
        Case(answer(402, ""), .sample(), .quotaExhausted, "used up"),
        Case(
            answer(
                400,
                "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Your credit balance is too low\"}}"
            ),
            .sample(.anthropic), .quotaExhausted, "credit balance"),
        Case(
            answer(
                429,
                "{\"error\":{\"message\":\"m\",\"type\":\"rate_limit_error\",\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}"
            ),
            .sample(.anthropic), .quotaExhausted, "enforced_spend_limit_reached"),
        Case(
            answer(429, "{\"error\":{\"message\":\"The system is currently experiencing high demand\"}}"),
            .sample(.azure),
            .overloaded, "no capacity"),
        Case(
            answer(
                400,
                "{\"error\":{\"message\":\"m\",\"code\":\"content_filter\",\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}"
            ),
            .sample(.azure), .contentFilter, "refuses the word ping", "ResponsibleAIPolicyViolation"),
        Case(
            answer(503, "{\"error\":{\"message\":\"Loading model\"}}"), .sample(.llamaCpp), .overloaded, "still loading"
        ),
        Case(
            answer(529, "{\"error\":{\"type\":\"overloaded_error\"}}"), .sample(.anthropic), .overloaded, "no capacity"),
        Case(answer(502, "<html>Bad Gateway</html>"), .sample(), .serverError, "fails (HTTP 502)", "a proxy before"),
        Case(answer(500, "{\"error\":\"boom\"}"), .sample(), .serverError, "boom"),
        Case(answer(424, "{}"), .sample(.bedrock, .converse), .serverError, "HTTP 424"),
        Case(
            answer(400, "{\"error\":{\"message\":\"bad\"}}"), .sample(), .callRefused, "refuses the call (HTTP 400)",
            "bad"),
        Case(answer(422, "{\"detail\":[{\"msg\":\"x\"}]}"), .sample(), .callRefused, "HTTP 422", "apis"),
        Case(answer(200, "{\"error\":{\"message\":\"inside\"}}"), .sample(), .callRefused, "inside"),
    ]

    @Test("each finding has its problem and its words", arguments: transport + credentials + models + paths + states)
    func table(_ expected: Case) {
        let found = diagnosis(expected.ending, expected.subject)
        #expect(found.problem == expected.problem)
        #expect(found.verdict == .failed)
        let text = found.message + "\n" + (found.advice ?? "")
        for word in expected.words { #expect(text.contains(word), "\(text)") }
    }

    @Test(
        "an answer in its wire's own form is healthy, with the model's name",
        arguments: [
            (.chatCompletions, "{\"model\":\"demo-1\",\"choices\":[{}]}", "demo-1"),
            (.completions, "{\"model\":\"org/m:1\",\"choices\":[]}", "org/m:1"),
            (.responses, "{\"model\":\"m\",\"output\":[],\"error\":null}", "m"),
            (.messages(.own), "{\"model\":\"claude\",\"content\":[]}", "claude"),
            (.generateContent, "{\"modelVersion\":\"gemini-x\",\"candidates\":[{}]}", "gemini-x"),
            (.generateContent, "{\"promptFeedback\":{}}", nil),
            (.converse, "{\"output\":{},\"stopReason\":\"max_tokens\"}", nil),
            (.embeddings(nil), "{\"data\":[]}", nil), (.embeddings(.titan), "{\"embedding\":[1]}", nil),
            (.embeddings(.cohere), "{\"embeddings\":[]}", nil), (.embeddings(.vertex), "{\"predictions\":[]}", nil),
            (.rerank, "{\"results\":[]}", nil), (.transcriptions, "{\"text\":\"\"}", nil),
        ] as [(ProbeWire, String, String?)])
    func healthy(_ wire: ProbeWire, _ body: String, _ model: String?) {
        let read = facts(200, body, wire)
        let found = diagnosis(.answered(read), .sample(.generic, wire))
        #expect(found.problem == .none && found.verdict == .ok)
        #expect(read.model == model)
    }

    @Test("sound is an answer where speech was asked for")
    func speech() {
        let sound = facts(200, "\u{1}\u{2}", .speech, headers: ["content-type": "audio/mpeg"])
        #expect(diagnosis(.answered(sound), .sample(.openai, .speech)).problem == .none)
        let page = facts(200, "<html>", .speech, headers: ["content-type": "text/html; charset=utf-8"])
        #expect(diagnosis(.answered(page), .sample(.openai, .speech)).problem == .path)
    }

    @Test("a model that used its few tokens up before the first word works")
    func cutShort() {
        let body =
            "{\"error\":{\"message\":\"Could not finish the message because max_tokens or model output limit was reached.\"}}"
        #expect(diagnosis(Self.answer(400, body)).problem == .none)
    }

    @Test("slow begins after the limit, not at it", arguments: [(10.0, Diagnosis.Problem.none), (10.1, .slow)])
    func slow(_ firstByte: Double, _ problem: Diagnosis.Problem) {
        let found = diagnosis(Self.answer(200, "{\"choices\":[]}"), firstByte: firstByte)
        #expect(found.problem == problem)
        if problem == .slow { #expect(found.message.contains("the first byte took 10 s") && found.verdict == .slow) }
    }

    @Test("every status an answer can have is diagnosed, and only 2xx can be healthy")
    func allStatuses() {
        for status in UInt16(200)...599 {
            for body in ["", "{}", "{\"choices\":[]}", "<html>", "{\"error\":{\"message\":\"m\"}}"] {
                let found = diagnosis(Self.answer(status, body))
                #expect((found.verdict == .ok) == (status < 300 && body == "{\"choices\":[]}"), "\(status) \(body)")
                #expect(!found.message.isEmpty)
            }
        }
    }
}
