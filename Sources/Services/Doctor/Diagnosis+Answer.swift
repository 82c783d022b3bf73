// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

// What an answer says. Facts: the providers' error references and the servers' own messages (read 2026-11).

extension Diagnosis {
    static func answered(_ subject: Subject, _ facts: AnswerFacts, _ firstByte: Double, _ slow: Double) -> Diagnosis {
        let found = problem(subject, facts)
        guard found == .none else { return explained(found, subject, facts) }
        guard firstByte > slow else {
            return Diagnosis(.none, "answers" + (facts.model.map { " as \($0)" } ?? ""))
        }
        return Diagnosis(
            .slow, "answers, but the first byte took \(text(seconds: firstByte))",
            advice: "the first call after a pause may load the model; call again, or look at the endpoint's load")
    }

    /// The class of an answer. What the body says comes before the number, because providers use 400, 403 and 429 for
    /// the same thing.
    static func problem(_ subject: Subject, _ facts: AnswerFacts) -> Problem {
        if facts.status < 300, !facts.hasError { return facts.hasAnswer ? .none : .path }
        if isCutShort(facts) { return .none }
        if isExhausted(facts) { return .quotaExhausted }
        if facts.says("content_filter", "ResponsibleAIPolicyViolation", "content_policy") { return .contentFilter }
        if isCredential(facts) { return .credential }
        if isModel(facts) { return .model }
        switch facts.status {
        case 401: return .credential
        case 402: return .quotaExhausted
        case 403: return facts.isHTML ? .path : .permission
        case 429: return facts.says("high demand", "ModelNotReady", "overloaded") ? .overloaded : .rateLimited
        case 503, 529: return .overloaded
        case 500...: return .serverError
        case 408, 409, 424, 425: return .serverError
        case 300..<400, 404, 405, 410: return .path
        default: return facts.isHTML ? .path : .callRefused
        }
    }

    /// A reasoning model that used up the few tokens before its first word: it works.
    private static func isCutShort(_ facts: AnswerFacts) -> Bool {
        facts.status == 400 && facts.says("model output limit was reached")
    }

    private static func isExhausted(_ facts: AnswerFacts) -> Bool {
        (400..<500).contains(facts.status)
            && facts.says(
                "insufficient_quota", "billing_error", "credit balance", "spend_limit", "spend limit",
                "credit_balance_exhausted", "billing_hard_limit_reached", "usage_limit_exceeded",
                "ServiceQuotaExceededException", "PerDay")
    }

    private static func isCredential(_ facts: AnswerFacts) -> Bool {
        (400..<500).contains(facts.status)
            && facts.says(
                "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
                "SignatureDoesNotMatch", "ExpiredToken", "IncompleteSignature", "MissingAuthenticationToken",
                "RequestExpired", "API_KEY_INVALID", "API key not valid", "invalid_api_key", "UNAUTHENTICATED",
                "authentication_error", "CREDENTIALS_MISSING", "ACCESS_TOKEN")
    }

    private static func isModel(_ facts: AnswerFacts) -> Bool {
        if facts.says("DeploymentNotFound", "model_not_found", "ModelNotFound", "on-demand throughput") { return true }
        if facts.says("model identifier is invalid", "isn't supported on this route") { return true }
        guard facts.status == 404 || facts.status == 400, facts.says("model", "publisher model") else { return false }
        return facts.says(
            "does not exist", "not found", "not_found_error", "not supported for", "ResourceNotFoundException",
            "unknown model", "no such model")
    }

    // MARK: Words

    private static func explained(_ problem: Problem, _ subject: Subject, _ facts: AnswerFacts) -> Diagnosis {
        let said = saying(facts)
        switch problem {
        case .credential:
            let what =
                subject.credential == .none ? "wants a credential, and there is none" : "does not accept the credential"
            return Diagnosis(.credential, "\(what)\(said)", advice: CredentialAdvice.refused(subject, facts))
        case .permission:
            return Diagnosis(
                .permission, "knows who asks, but does not allow it\(said)",
                advice: CredentialAdvice.forbidden(subject, facts))
        case .model:
            return Diagnosis(.model, "does not serve \(subject.model)\(said)", advice: modelAdvice(subject, facts))
        case .path: return wrongPath(subject, facts, said)
        case .rateLimited:
            let wait = facts.retryAfterSeconds.map { "; it asks to wait \(text(seconds: $0))" } ?? ""
            return Diagnosis(
                .rateLimited, "refuses for its rate limit\(wait)\(said)",
                advice: "the endpoint works; others use its limit up: state limits, or ask for a higher one")
        case .quotaExhausted:
            return Diagnosis(
                .quotaExhausted, "money or quota of the account is used up\(said)",
                advice: "waiting does not help: look at the account's billing and limits")
        case .contentFilter:
            return Diagnosis(
                .contentFilter, "its content filter refuses the word ping\(said)",
                advice: "the filter of the deployment is set too strict")
        case .overloaded:
            let isLoading = facts.says("loading model", "ModelNotReady")
            return Diagnosis(
                .overloaded, isLoading ? "is still loading its model\(said)" : "has no capacity at the moment\(said)",
                advice: "it passes by itself; other endpoints take over meanwhile")
        default: return other(problem, facts, said)
        }
    }

    private static func other(_ problem: Problem, _ facts: AnswerFacts, _ said: String) -> Diagnosis {
        guard problem == .serverError else {
            return Diagnosis(
                .callRefused, "refuses the call (HTTP \(facts.status))\(said)",
                advice: "the wire or a parameter is not as the model wants it: see the served model's apis")
        }
        let isProxy = facts.isHTML && (502...504).contains(facts.status)
        return Diagnosis(
            .serverError, "fails (HTTP \(facts.status))\(said)",
            advice: isProxy ? "a proxy before the model server answers: the server behind it is gone" : nil)
    }

    private static func wrongPath(_ subject: Subject, _ facts: AnswerFacts, _ said: String) -> Diagnosis {
        let who = facts.server.map { " (\($0))" } ?? ""
        let ending = "the base URL in spec.url ends \(baseEnd(subject.flavor))"
        if (300..<400).contains(facts.status) {
            return Diagnosis(
                .path, "redirects elsewhere (HTTP \(facts.status)), which is never followed",
                advice: "write the address itself into spec.url; http instead of https and login pages redirect")
        }
        if facts.isHTML {
            return Diagnosis(
                .path, "a web page\(who) answers instead of an API (HTTP \(facts.status))", advice: ending)
        }
        if facts.status < 300 {
            return Diagnosis(
                .path, "answers, but not as \(subject.wire.name) does",
                advice: "is the provider's flavor right, and the served model's apis? Then \(ending)")
        }
        let version = subject.hasAPIVersion ? "; the resource may not know this apiVersion" : ""
        return Diagnosis(
            .path, "has nothing at POST \(shown(subject.path)) (HTTP \(facts.status))\(said)",
            advice: "\(ending)\(version)")
    }

    private static func baseEnd(_ flavor: ProviderFlavor) -> String {
        switch flavor {
        case .azure: "with the resource's host and an apiVersion beside it, or in /openai/v1 without one"
        case .anthropic: "in /v1, e.g. https://api.anthropic.com/v1"
        case .bedrock: "with the host, e.g. https://bedrock-runtime.REGION.amazonaws.com"
        case .vertex: "in /v1/projects/PROJECT/locations/LOCATION"
        case .gemini: "in /v1beta"
        default: "where the API's version ends, usually in /v1"
        }
    }

    private static func modelAdvice(_ subject: Subject, _ facts: AnswerFacts) -> String {
        switch subject.flavor {
        case .azure: "the name after `as:` is the deployment's, not the model's; a new one takes minutes to appear"
        case .bedrock:
            facts.says("on-demand throughput")
                ? "the model wants an inference profile: write its id (us., eu., apac. or global.) after `as:`"
                : "is the model offered in this region, access to it granted, and the id whole (vendor and version)?"
        case .vertex: "is the model offered in this location, and the id whole (with @ and date for Claude)?"
        case .ollama: "ollama pull \(subject.model)"
        default: "the name after `as:` must be the endpoint's own; GET /models lists them where there is such a list"
        }
    }

    /// The error's names, and its words.
    private static func saying(_ facts: AnswerFacts) -> String {
        let names = facts.codes.prefix(3).joined(separator: ", ")
        let words = facts.message.map { "\"\($0)\"" } ?? ""
        let all = [names, words].filter { !$0.isEmpty }.joined(separator: ": ")
        return all.isEmpty ? "" : "; it says \(all)"
    }

    private static func shown(_ path: String) -> String { path.utf8.count <= 160 ? path : path.prefix(160) + "…" }
}
