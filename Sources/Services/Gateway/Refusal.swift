// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Why the gateway itself answers with an error: the one place where reasons become HTTP.
enum Refusal {
    case http(HTTPFault)
    case bodyTooLarge(Int)
    case headTimeout, bodyTimeout
    case unknownPath
    case methodNotAllowed
    case missingKey, severalKeys, unknownKey, damagedKey, expiredKey, unknownWorkload
    case token(TokenFault)
    case invalidBody(RequestFault)
    case invalidForm(MultipartFault)
    /// `X-Isobar-Language` is no language tag.
    case invalidLanguage
    /// A member with the address of a file on whichever machine reads it.
    case localFile(String)
    /// The request makes no sense to a translator.
    case untranslatable(TranslationFault)
    /// No endpoint's wire can say what the request asks for.
    case unsupported([String])
    /// No endpoint of the model does what is asked for.
    case unserved(Operation)
    /// No model of the route declares the language asked for.
    case unservedLanguage(LanguageCode)
    case unknownModel(String)
    case routeForbidden(String)
    case scope(ScopeRefusal)
    /// No endpoint may have the bytes, or the caller's demands make no sense.
    case residency(ResidencyRefusal)
    case overloaded
    case budget(BudgetRefusal)
    /// What is held of a budget does not reach and its store does not answer.
    case budgetUnknown
    /// The audit log must have the request and cannot be written.
    case unrecorded
    case noEndpoint(NoEndpoint)
    case deadline
    case upstream(AttemptFailure)

    struct Answer {
        var status: UInt16
        var type: String
        var code: String?
        var parameter: String?
        var message: String
        var retryAfterSeconds: Int64 = -1
        /// Further header lines with CRLFs.
        var headerLines: [UInt8] = []
    }

    /// Whether the request was read to its end, so that the connection can carry another one.
    var keepsConnection: Bool {
        switch self {
        case .http, .bodyTooLarge, .headTimeout, .bodyTimeout, .unknownPath, .methodNotAllowed, .missingKey,
            .severalKeys, .unknownKey, .damagedKey, .expiredKey, .unknownWorkload, .token:
            false
        case .invalidBody, .invalidForm, .invalidLanguage, .localFile, .untranslatable, .unsupported, .unserved,
            .unservedLanguage, .unknownModel, .routeForbidden, .scope, .residency, .overloaded, .budget,
            .budgetUnknown, .unrecorded, .noEndpoint, .deadline, .upstream:
            true
        }
    }

    var outcome: RequestOutcome {
        switch self {
        case .token(.unavailable): .unavailable
        case .missingKey, .severalKeys, .unknownKey, .damagedKey, .expiredKey, .unknownWorkload, .token: .unauthenticated
        case .routeForbidden, .scope, .residency: .forbidden
        case .unknownPath, .unknownModel: .notFound
        case .overloaded: .rateLimited
        case .noEndpoint(.atCapacity): .rateLimited
        case .budget: .overBudget
        case .noEndpoint, .unrecorded, .budgetUnknown: .unavailable
        case .deadline: .deadline
        case .upstream: .upstreamError
        case .http, .bodyTooLarge, .headTimeout, .bodyTimeout, .methodNotAllowed, .invalidBody, .invalidForm,
            .invalidLanguage, .localFile, .untranslatable, .unsupported, .unserved, .unservedLanguage:
            .callerError
        }
    }

    func advice(_ answer: Answer) -> RetryAdvice {
        var advice = RetryAdvice(status: answer.status, retryAfterSeconds: answer.retryAfterSeconds)
        switch self {
        case .http: advice.isCallersFault = true
        case .upstream(let failure): advice.cause = failure.kind
        default: break
        }
        return advice
    }

    func answer() -> Answer {
        switch self {
        case .http(let fault):
            return .invalid(fault.status, "invalid_http", "\(fault.explanation)")
        case .bodyTooLarge(let max):
            return .invalid(413, "request_too_large", "The request body is larger than the limit of \(max) bytes.")
        case .headTimeout:
            return .invalid(408, "request_timeout", "The request's headers took too long to arrive.")
        case .bodyTimeout:
            return .invalid(408, "request_timeout", "The request's body took too long to arrive.")
        case .unknownPath:
            let paths =
                "POST /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/responses, "
                + "/v1/responses/input_tokens, /v1/messages, /v1/messages/count_tokens, "
                + "/v1beta/models/{model}:generateContent, :streamGenerateContent, :countTokens, /v1/audio/transcriptions, "
                + "/v1/audio/translations, /v1/audio/speech, /v1/images/generations, /v1/rerank; "
                + "GET /v1/models, /v1/models/{model}, /v1beta/models, /v1beta/models/{model}"
            return .invalid(404, "unknown_url", "There is nothing at this path. Known: \(paths).")
        case .methodNotAllowed:
            return .invalid(
                405, "method_not_allowed", "This path needs another method: GET for models, POST for everything else.")
        case .missingKey, .severalKeys, .unknownKey, .damagedKey, .expiredKey, .unknownWorkload: return authenticationAnswer
        case .token(let fault): return fault.answer
        case .invalidBody(let fault):
            var answer = Answer.invalid(400, "invalid_request", fault.explanation())
            answer.parameter = fault.parameter.map { "\($0)" }
            return answer
        case .invalidForm(let fault):
            var answer = Answer.invalid(400, "invalid_request", fault.explanation)
            answer.parameter = fault.parameter.map { "\($0)" }
            return answer
        case .invalidLanguage, .unservedLanguage: return languageAnswer
        case .localFile(let member):
            let message =
                "`\(member)` names a local file, which no provider may open for a caller. Send its bytes, or an address "
                + "that the provider can reach."
            var answer = Answer.invalid(400, "invalid_request", message)
            answer.parameter = member
            return answer
        case .untranslatable(let fault):
            var answer = Answer.invalid(400, "invalid_request", "The request cannot be served: \(fault.explanation)")
            answer.parameter = fault.path.isEmpty ? nil : fault.path
            return answer
        case .unsupported(let names):
            return unsupportedAnswer(names)
        case .unserved(let operation):
            return .invalid(400, "unsupported_operation", "No endpoint of this model can \(operation.title).")
        case .unknownModel(let name):
            let message =
                "The model `\(name)` does not exist or no route leads to it. GET /v1/models lists what there is."
            var answer = Answer.invalid(404, "model_not_found", message)
            answer.parameter = "model"
            return answer
        case .routeForbidden(let name):
            return Answer(
                status: 403, type: "permission_error", code: "model_not_allowed", parameter: "model",
                message: "This key may not use the model `\(name)`.")
        case .scope(let refusal): return refusal.answer
        case .residency(let refusal): return refusal.answer
        case .budget(let refusal): return refusal.answer
        case .overloaded, .unrecorded, .budgetUnknown, .noEndpoint, .deadline, .upstream: return capacityAnswer
        }
    }

    private func unsupportedAnswer(_ names: [String]) -> Answer {
        let list = names.map { "`\($0)`" }.joined(separator: ", ")
        let message =
            "No endpoint of this model can express \(list). Leave it out, or let the route drop it (onUnsupported: drop)."
        var answer = Answer.invalid(400, "unsupported_parameter", message)
        answer.parameter = names.first
        return answer
    }

    private var languageAnswer: Answer {
        var answer = Answer.invalid(
            400, "invalid_language", "`X-Isobar-Language` must be a language tag (BCP 47) such as `ta` or `hi-IN`.")
        if case .unservedLanguage(let language) = self {
            answer = .invalid(
                400, "unsupported_language", "No model behind this name declares the language `\(language)`.")
        }
        answer.parameter = "language"
        return answer
    }

    private var authenticationAnswer: Answer {
        let message =
            switch self {
            case .missingKey: "No API key. Send it as `Authorization: Bearer KEY`, `x-api-key` or `x-goog-api-key`."
            case .severalKeys: "Two different API keys. Send one, in one place."
            case .damagedKey: "Incorrect API key: its checksum does not match. Is it whole, and typed right?"
            case .expiredKey: "This API key, or the certificate that stands for it, has expired."
            case .unknownWorkload: "No Key is for the workload that this certificate names."
            default: "Incorrect API key."
            }
        return Answer(
            status: 401, type: "authentication_error", code: "invalid_api_key", parameter: nil, message: message,
            headerLines: Array("www-authenticate: Bearer\r\n".utf8))
    }

    private var capacityAnswer: Answer {
        switch self {
        case .noEndpoint(.atCapacity(let after)):
            return .limited("Every endpoint of this model is at its limit.", after.nanoseconds)
        case .noEndpoint(.unavailable(let after)):
            return .unavailable(
                503, "no_endpoint_available", "No endpoint of this model is available at the moment.", after.nanoseconds
            )
        case .noEndpoint(.exhausted), .noEndpoint(.inadmissible):
            return .unavailable(
                503, "no_endpoint_available", "Every endpoint of this model was tried without success.", -1)
        case .budgetUnknown:
            return .unavailable(
                503, "budget_unavailable",
                "This gateway holds nothing more of a budget that applies, and the budget's store does not answer.",
                1_000_000_000)
        case .unrecorded:
            return .unavailable(
                503, "audit_unavailable",
                "This tenant's requests must be in the audit log before they are sent on, and it cannot be written.",
                1_000_000_000)
        case .deadline:
            return .unavailable(
                504, "deadline_exceeded", "The answer did not come within this route's total timeout.", -1)
        case .upstream(let failure):
            let message = "The endpoint failed: \(failure.kind.explanation)."
            if failure.gatewayStatus == 429 { return .limited(message, -1) }
            return .unavailable(failure.gatewayStatus, "upstream_error", message, -1)
        default:
            return .limited("This gateway is at its limit of concurrent requests.", 1_000_000_000)
        }
    }
}

extension Refusal.Answer {
    static func invalid(_ status: UInt16, _ code: String, _ message: String) -> Self {
        Self(status: status, type: "invalid_request_error", code: code, parameter: nil, message: message)
    }

    static func limited(_ message: String, _ afterNanoseconds: Int64) -> Self {
        Self(
            status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", parameter: nil, message: message,
            retryAfterSeconds: wholeSeconds(afterNanoseconds))
    }

    static func unavailable(_ status: UInt16, _ code: String, _ message: String, _ afterNanoseconds: Int64) -> Self {
        Self(
            status: status, type: "upstream_error", code: code, parameter: nil, message: message,
            retryAfterSeconds: wholeSeconds(afterNanoseconds))
    }

    /// Rounded up, so that a caller who obeys is never early; -1 for unknown.
    private static func wholeSeconds(_ nanoseconds: Int64) -> Int64 {
        nanoseconds < 0 ? -1 : max(1, (nanoseconds + 999_999_999) / 1_000_000_000)
    }
}

extension AttemptFailure {
    /// What a failure without an answer of the endpoint's own looks like from outside.
    var gatewayStatus: UInt16 {
        switch kind {
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout: 504
        case .rateLimited, .quotaExhausted: 429
        case .overloaded: 503
        default: 502
        }
    }
}

extension FailureKind {
    /// For people; names no endpoint.
    var explanation: String {
        switch self {
        case .connectFailed: "the connection could not be made"
        case .connectTimeout: "connecting took too long"
        case .resetBeforeFirstByte: "it closed the connection without an answer"
        case .firstByteTimeout: "the first content took too long"
        case .idleTimeout: "it fell silent inside its answer"
        case .totalTimeout: "the answer took too long"
        case .malformedResponse: "its answer was not valid HTTP or not of the expected type"
        case .truncated: "its answer was cut off"
        case .callerError: "it refused the request"
        case .notFound: "it does not know the model"
        case .credential: "it refused our credential"
        case .quotaExhausted: "its quota is used up"
        case .rateLimited: "it limited our rate"
        case .overloaded: "it is overloaded"
        case .serverError: "it reported an internal error"
        case .contentPolicy: "its content policy refused the request"
        case .contextTooLong: "the request is longer than its context"
        case .errorInStream: "it reported an error inside its stream"
        case .unsupported: "its API cannot express the request"
        case .inadmissible: "the request's bytes may no longer go there"
        }
    }
}
