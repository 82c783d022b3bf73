// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditTrail
internal import Budgets
internal import Identity
internal import Pricing
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// `GET /status`: endpoints, keys, cloud credentials and the configuration's state as one JSON document.
enum StatusDocument {
    static func make(_ reports: [LoopReport], _ context: AdminContext) -> JSONValue {
        let totals = CounterTotals(reports)
        return .object([
            ("state", .string(context.state.rawValue)),
            ("configuration", configuration(reports, context.configuration)),
            ("requests_in_flight", .integer(reports.reduce(0) { $0 + $1.requestsInFlight })),
            ("connections", .integer(reports.reduce(0) { $0 + $1.connections })),
            ("endpoints", .array(endpoints(reports, totals))),
            ("keys", .array(keys(reports, totals))),
            ("credentials", .array(CredentialDocument.make(reports, context.credentials))),
            ("token_issuers", .array(context.issuers.map { issuer($0) })),
            ("budgets", context.budgets.map { budgets($0) } ?? .null),
            ("audit", context.audit.map { audit($0) } ?? .null),
        ])
    }

    private static func budgets(_ status: BudgetsStatus) -> JSONValue {
        let limits = status.limits.map { limit in
            JSONValue.object([
                ("name", .string(limit.account.name)), ("meter", .string(limit.account.meter.rawValue)),
                ("window", .string(limit.account.window.rawValue)),
                ("enforced", .bool(limit.account.isEnforced)),
                ("limit", .integer(Int(limit.account.limit))),
                ("left", limit.left.map { .integer(Int($0)) } ?? .null),
                ("reserved_here", .integer(Int(limit.reservedHere))), ("used_here", .integer(Int(limit.usedHere))),
                ("overrun_here", .integer(Int(limit.overrunHere))),
            ])
        }
        return .object([
            ("limits", .array(limits)), ("fault", status.fault.map { .string($0) } ?? .null),
            ("lost_records_total", .integer(Int(clamping: status.lostRecords))),
        ])
    }

    private static func issuer(_ status: IssuerStatus) -> JSONValue {
        .object([
            ("name", .string(status.name)), ("issuer", .string(status.issuer)), ("keys", .integer(status.keyCount)),
            ("relied_on_until", status.keyCount == 0 || status.reliedOnUntil == .max
                ? .null : .string(InternetDate.text(unixSeconds: status.reliedOnUntil))),
            ("last_error", status.lastError.map { .string($0) } ?? .null),
        ])
    }

    private static func audit(_ status: AuditStatus) -> JSONValue {
        .object([
            ("origin", .string(status.origin)),
            ("entries", .integer(Int(clamping: status.size))),
            ("checkpoint_entries", .integer(Int(clamping: status.checkpointSize))),
            ("witnessed_entries", .integer(Int(clamping: status.witnessedSize))),
            ("waiting_events", .integer(status.waiting)),
            ("lost_events_total", .integer(Int(clamping: status.lostTotal))),
            ("fault", status.fault.map { .string($0) } ?? .null),
            ("alarm", status.alarm.map { .string($0) } ?? .null),
        ])
    }

    private static func configuration(_ reports: [LoopReport], _ state: ConfigurationState) -> JSONValue {
        .object([
            ("version", .integer(Int(reports.map(\.snapshot.version).max() ?? 0))),
            ("accepted_total", .integer(Int(state.acceptedTotal))),
            ("rejected_total", .integer(Int(state.rejectedTotal))),
            ("last_error", state.lastError.map { .string($0) } ?? .null),
        ])
    }

    // MARK: Endpoints

    private static func endpoints(_ reports: [LoopReport], _ totals: CounterTotals) -> [JSONValue] {
        guard let newest = reports.max(by: { $0.snapshot.version < $1.snapshot.version }) else { return [] }
        let current = reports.filter { $0.snapshot.version == newest.snapshot.version }
        let all = totals.endpoints.values.reduce(0) { $0 + $1.requestsTotal }
        return newest.snapshot.endpoints.enumerated().map { index, record in
            endpoint(
                record, newest.snapshot, current.map { $0.endpoints[index] }, totals.endpoints[record.name],
                requestsTotal: all)
        }
    }

    private static func endpoint(
        _ record: EndpointRecord, _ snapshot: RoutingSnapshot, _ views: [EndpointView], _ counters: EndpointCounters?,
        requestsTotal: UInt64
    ) -> JSONValue {
        let busiest = views.max { $0.attempts < $1.attempts } ?? views[0]
        let requests = counters?.requestsTotal ?? 0
        return .object([
            ("name", .string(record.name)),
            ("provider", .string(record.provider)),
            ("region", .string(snapshot.regions[Int(record.region.index)].name)),
            // The worst any loop knows, because bad news is what a reader looks for.
            ("state", .string((views.map(\.state).max { $0.severity < $1.severity } ?? busiest.state).rawValue)),
            ("in_flight", .integer(busiest.inFlight)),
            ("ttft_ms", .decimal(busiest.timeToFirstToken.milliseconds)),
            ("ttft_p95_ms", .decimal(busiest.timeToFirstTokenP95.milliseconds)),
            ("tpot_ms", .decimal(busiest.timePerOutputToken.milliseconds)),
            ("error_rate", .decimal(busiest.errorRate)),
            ("headroom_percent", .integer(busiest.headroomPercent)),
            ("requests", .integer(Int(requests))),
            ("attempts", .integer(Int(counters?.attempts ?? 0))),
            ("share", .decimal(requestsTotal == 0 ? 0 : Double(requests) / Double(requestsTotal))),
            ("input_tokens", .integer(Int(counters?.inputTokens ?? 0))),
            ("output_tokens", .integer(Int(counters?.outputTokens ?? 0))),
            ("media", media(counters?.media ?? MediaUsage())),
            ("price_per_million", price(record.prices)),
            ("spend", .string((counters?.cost ?? .zero).text(fractionDigits: 6))),
        ])
    }

    private static func price(_ prices: TokenPrices?) -> JSONValue {
        prices.map { .string("\($0.input.perMillionTokensText)/\($0.output.perMillionTokensText)") } ?? .null
    }

    private static func media(_ usage: MediaUsage) -> JSONValue {
        .object([
            ("audio_seconds", .decimal(Double(usage.audioMilliseconds) / 1_000)),
            ("images", .integer(Int(usage.images))), ("searches", .integer(Int(usage.searches))),
            ("characters", .integer(Int(usage.characters))),
        ])
    }

    // MARK: Keys

    private static func keys(_ reports: [LoopReport], _ totals: CounterTotals) -> [JSONValue] {
        guard let newest = reports.max(by: { $0.snapshot.version < $1.snapshot.version }) else { return [] }
        return newest.snapshot.keys.map { record in
            let used = totals.keys[record.name]
            return .object([
                ("name", .string(record.name)),
                ("tenant", .string(record.tenant)),
                ("requests", .integer(Int(used?.requests ?? 0))),
                ("input_tokens", .integer(Int(used?.inputTokens ?? 0))),
                ("output_tokens", .integer(Int(used?.outputTokens ?? 0))),
                ("media", media(used?.media ?? MediaUsage())),
                ("spend", .string((used?.spend ?? .zero).text(fractionDigits: 6))),
            ])
        }
    }
}

extension EndpointView.State {
    /// How much a reader wants to know about it.
    var severity: Int {
        switch self {
        case .up: 0
        case .full: 1
        case .coolDown: 2
        case .halfOpen: 3
        case .open: 4
        case .noCredential: 5
        case .down: 6
        }
    }
}

/// `GET /explain`.
enum ExplanationDocument {
    static func make(_ explanation: Explanation) -> JSONValue {
        .object([
            ("route", .string(explanation.route)),
            ("caller_region", explanation.callerRegion.map { .string($0) } ?? .null),
            ("picked", explanation.picked.map { .string($0) } ?? .null),
            ("reason", .string(explanation.reason)),
            ("tiers", .array(explanation.tiers.map(tier))),
            ("lines", .array(explanation.lines.map { .string($0) })),
        ])
    }

    private static func tier(_ tier: Explanation.Tier) -> JSONValue {
        .object([
            ("name", .string(tier.name)), ("gate", .string(tier.gate)),
            ("used_percent", tier.usedPercent.map { .integer($0) } ?? .null),
            ("candidates", .array(tier.candidates.map(candidate))),
        ])
    }

    private static func candidate(_ candidate: Explanation.Candidate) -> JSONValue {
        .object([
            ("endpoint", .string(candidate.endpoint)), ("provider", .string(candidate.provider)),
            ("region", .string(candidate.region)),
            ("verdict", .string(candidate.verdict)), ("residency", candidate.residency.map { .string($0) } ?? .null),
            ("score", candidate.score.map { .decimal($0) } ?? .null),
            (
                "parts",
                .array(
                    candidate.parts.map { part in
                        .object([
                            ("name", .string(part.name)), ("value", .decimal(part.value)), ("unit", .string(part.unit)),
                        ])
                    })
            ),
        ])
    }
}
