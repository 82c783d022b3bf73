// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes

/// A refusal because of where bytes would go: status, words and header lines. Names no endpoint.
///
/// | case | status | code |
/// |---|---|---|
/// | a regime, or the profile's own limits, leave nothing | 451 (RFC 7725) | `no_admissible_endpoint` |
/// | only placement rights leave nothing | 403 | `placement_right` |
/// | the one endpoint that keeps what the request continues is not admissible | 451 or 403 | `endpoint_not_admissible` |
/// | the documents are past their date | 503 | `policy_stale` |
/// | the caller's demands cannot be read, or are more than it has | 403 | `invalid_residency_claim`, `unknown_data_class` |
struct ResidencyRefusal {
    let answer: Refusal.Answer

    private init(
        _ status: UInt16, _ code: String, _ message: String, lines: String = "", retryAfterSeconds: Int64 = -1
    ) {
        answer = Refusal.Answer(
            status: status, type: status == 503 ? "upstream_error" : "permission_error", code: code, parameter: nil,
            message: message, retryAfterSeconds: retryAfterSeconds, headerLines: Array(lines.utf8))
    }

    /// Someone has to publish new documents; a caller that asks every minute finds out soon enough.
    private static let staleRetrySeconds: Int64 = 60

    // MARK: Claims

    static func invalidClaim(_ reason: String) -> Self {
        Self(403, "invalid_residency_claim", "X-Isobar-Residency was refused: \(reason).")
    }

    static func invalidClaim(_ fault: ClaimFault) -> Self {
        switch fault {
        case .unknownPlace(let name): invalidClaim("\(safe(name)) is neither a country's code nor a union")
        case .widens(let place): invalidClaim("\(place.code) is outside of what this key may use; it can only narrow")
        case .noProfile: invalidClaim("this key has no residency profile now")
        }
    }

    static func unknownClass(_ name: String) -> Self {
        Self(
            403, "unknown_data_class",
            "X-Isobar-Residency names the data class `\(safe(name))`; known: "
                + DataClass.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }

    private static func safe(_ text: String) -> String { String(text.prefix(64)) }

    // MARK: Nothing left

    /// - Parameter refutations: of every endpoint that could have been asked, in the route's order.
    static func nothingAdmissible(
        _ refutations: [Refutation], documents: PolicyDocuments?, profile: ProfileID?, isPinned: Bool
    ) -> Self {
        guard let documents, let profile, let first = refutations.first else {
            return Self(451, "no_admissible_endpoint", "Residency: nothing is admissible for this key now.")
        }
        let shown = refutations.first { $0.kind != .right } ?? first
        let bundle = documents.bundle
        let lines = refutationLine(shown, bundle: bundle.name, profile: profile) + linkLine(bundle.policyURL)
        let basis = "\(shown). (policy \(bundle.name), profile \(profile.index))"
        switch shown.kind {
        case .stale:
            return Self(
                503, "policy_stale", "Residency: \(basis)", lines: lines, retryAfterSeconds: staleRetrySeconds)
        case .right:
            return Self(
                403, isPinned ? "endpoint_not_admissible" : "placement_right",
                "Placement rights keep this model from every endpoint: \(basis)", lines: lines)
        case .regime, .within, .retention, .attestation:
            return Self(
                451, isPinned ? "endpoint_not_admissible" : "no_admissible_endpoint",
                "Residency: no endpoint may have this request's data. \(basis)", lines: lines)
        }
    }

    /// A list of one string with parameters (RFC 9651). Names of rules hold letters, digits, `-` and `.` only.
    private static func refutationLine(_ refutation: Refutation, bundle: String, profile: ProfileID) -> String {
        var line = "x-isobar-refutation: \"\(refutation.rule)\";kind=\(refutation.kind.rawValue)"
        if let facet = refutation.facet { line += ";facet=\(facet.rawValue)" }
        if let place = refutation.jurisdiction { line += ";jurisdiction=\(place.code)" }
        if let mechanism = refutation.mechanism { line += ";mechanism=\"\(mechanism)\"" }
        if !refutation.cures.isEmpty {
            line += ";cures=\"\(refutation.cures.map(\.rawValue).joined(separator: " "))\""
        }
        return line + ";policy=\"\(bundle)\";profile=\(profile.index)\r\n"
    }

    private static func linkLine(_ url: String?) -> String {
        url.map { "link: <\($0)>; rel=\"blocked-by\"\r\n" } ?? ""
    }
}
