// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Why a credential is not accepted, as far as the answer and the kind of credential tell.
enum CredentialAdvice {
    static func refused(_ subject: Observation.Subject, _ facts: AnswerFacts) -> String {
        guard subject.credential != .none else { return "state spec.credential, by reference (env: or file:)" }
        switch subject.flavor {
        case .azure: return azure(subject.credential)
        case .bedrock: return aws(subject, facts)
        case .vertex:
            return
                "a token for Vertex AI has the scope cloud-platform and lives an hour; AI Studio's keys do not work here"
        case .gemini:
            return subject.credential == .googleKey
                ? "make a key in AI Studio; a key restricted to other APIs or addresses is refused too"
                : "AI Studio takes its key as x-goog-api-key: credential: {scheme: x-goog-api-key, …}"
        case .anthropic:
            return subject.credential == .xAPIKey
                ? "is the key revoked, or of another workspace?"
                : "Anthropic's API takes its key as x-api-key: credential: {scheme: x-api-key, …}"
        default:
            return subject.credential == .bearer
                ? "is the key revoked, or of another organization or project?"
                : "servers with OpenAI's API take the key as a bearer token: credential: {scheme: bearer, …}"
        }
    }

    private static func azure(_ kind: Observation.CredentialKind) -> String {
        kind == .bearer
            ? "an Entra token is refused, though valid, when its audience is another one: the scope is "
                + "https://cognitiveservices.azure.com/.default (https://ai.azure.com/.default for Claude on Foundry)"
            : "a key belongs to one resource; a resource may also take Entra tokens only (local authentication off)"
    }

    private static func aws(_ subject: Observation.Subject, _ facts: AnswerFacts) -> String {
        if facts.says("scoped to") {
            return "the signature is for another region or service: bedrock, and the region in spec.url's host"
        }
        if facts.says("ExpiredToken") { return "the temporary key has ended: refresh it, or use a source that does" }
        if facts.says("RequestExpired", "not yet current", "Signature expired") {
            return "this machine's clock is wrong by more than five minutes"
        }
        if facts.says("SignatureDoesNotMatch", "InvalidSignature") {
            return "the secret access key does not fit the key id, or a proxy changes the request"
        }
        if facts.says("UnrecognizedClient", "InvalidClientTokenId") {
            return "AWS does not know this access key: wrong partition, deleted, or a session token is missing"
        }
        return subject.credential == .bearer
            ? "a Bedrock API key belongs to the region it was made in, and short-term ones end after hours"
            : "check key, session token, region and clock"
    }

    static func forbidden(_ subject: Observation.Subject, _ facts: AnswerFacts) -> String {
        switch subject.flavor {
        case .bedrock:
            return "the identity needs bedrock:InvokeModel on this model and its inference profile, and the account "
                + "access to the model in this region"
        case .azure:
            return "the identity needs the role Cognitive Services OpenAI User; a network rule of the resource answers "
                + "403 too"
        case .vertex:
            return "the identity needs the role Vertex AI User in the project, and the API must be enabled there"
        case .gemini: return "the API must be enabled for the key's project, and the country be served"
        default: return "has the key the right for this model? Some providers answer so for countries they do not serve"
        }
    }
}
