// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import WireFormats

/// What of the status document somebody sees.
///
/// By lists of what may be seen: a member that is on none is for who sees everything, so that a new one is hidden until
/// somebody decides.
struct StatusView {
    private let principal: AdminPrincipal
    private var seesEverybody: Bool { principal.tenants == nil }

    init(_ principal: AdminPrincipal) { self.principal = principal }

    private struct Members {
        var always: Set<String> = []
        var state: Set<String> = []
        var usage: Set<String> = []
        var money: Set<String> = []
    }

    private static let document = Members(
        always: ["endpoints", "keys"],
        state: ["state", "configuration", "requests_in_flight", "connections", "credentials", "token_issuers", "audit"],
        money: ["budgets"])
    /// Bound to single tenants: what the whole gateway does is not theirs to see.
    private static let documentOfTenants = Members(always: ["endpoints", "keys"], state: ["state"])
    private static let endpoint = Members(
        always: ["name", "provider", "region"],
        state: [
            "state", "in_flight", "ttft_ms", "ttft_p95_ms", "tpot_ms", "error_rate", "headroom_percent", "attempts",
        ],
        usage: ["requests", "share", "input_tokens", "output_tokens", "media"], money: ["price_per_million", "spend"])
    private static let endpointOfTenants = Members(
        always: ["name", "provider", "region"], state: ["state", "ttft_ms", "ttft_p95_ms", "tpot_ms"],
        money: ["price_per_million"])
    private static let key = Members(
        always: ["name", "tenant"], usage: ["requests", "input_tokens", "output_tokens", "media"], money: ["spend"])

    func of(_ document: JSONValue) -> JSONValue {
        if seesEverybody, principal.permissions == .all { return document }
        guard let members = document.members else { return .null }
        let shown = kept(members, seesEverybody ? Self.document : Self.documentOfTenants)
        return .object(
            shown.map { name, value in
                switch name {
                case "endpoints":
                    (name, each(value, seesEverybody ? Self.endpoint : Self.endpointOfTenants) { _ in true })
                case "keys": (name, each(value, Self.key) { isOfOwnTenant($0) })
                default: (name, value)
                }
            })
    }

    private func isOfOwnTenant(_ key: JSONValue) -> Bool {
        principal.tenants?.contains(key["tenant"]?.stringValue ?? "") ?? true
    }

    private func each(_ list: JSONValue, _ members: Members, where isShown: (JSONValue) -> Bool) -> JSONValue {
        .array((list.arrayValue ?? []).filter(isShown).map { .object(kept($0.members ?? [], members)) })
    }

    private func kept(_ members: [(String, JSONValue)], _ allowed: Members) -> [(String, JSONValue)] {
        var names = allowed.always
        if principal.permissions.contains(.state) { names.formUnion(allowed.state) }
        if principal.permissions.contains(.usage) { names.formUnion(allowed.usage) }
        if principal.permissions.contains(.money) { names.formUnion(allowed.money) }
        return members.filter { names.contains($0.0) }
    }
}
