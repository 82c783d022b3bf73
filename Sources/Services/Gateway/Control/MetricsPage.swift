// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditTrail
internal import Budgets
internal import Identity
internal import ResourceTypes
internal import Routing
internal import Telemetry

/// `GET /metrics`: counters of all loops added up, in Prometheus text.
struct MetricsPage {
    private var page = PrometheusText()
    private var bytes: [UInt8] = []
    private let reports: [LoopReport]
    private let context: AdminContext
    private let totals: CounterTotals
    private let newest: RoutingSnapshot?
    private let endpoints: [Endpoint]

    /// What labels say about an endpoint.
    private struct Endpoint {
        var counters: EndpointCounters
        var labels: PrometheusText.Labels
        var views: [EndpointView]
    }

    static func render(_ reports: [LoopReport], _ context: AdminContext) -> [UInt8] {
        var page = MetricsPage(reports, context)
        page.requests()
        page.attempts()
        page.endpointState()
        page.media()
        page.generativeAI()
        page.process()
        if let budgets = context.budgets { page.budgets(budgets) }
        if let audit = context.audit { page.audit(audit) }
        page.issuers(context.issuers)
        return page.bytes
    }

    private init(_ reports: [LoopReport], _ context: AdminContext) {
        self.reports = reports
        self.context = context
        let totals = CounterTotals(reports)
        self.totals = totals
        let newest = reports.map(\.snapshot).max { $0.version < $1.version }
        self.newest = newest
        let current = reports.filter { $0.snapshot.version == newest?.version }
        endpoints = (newest?.endpoints ?? []).enumerated().map { index, record in
            Endpoint(
                counters: totals.endpoints[record.name] ?? EndpointCounters(name: record.name),
                labels: [
                    ("endpoint", record.name), ("gen_ai_provider_name", record.provider),
                    ("region", newest?.regions[Int(record.region.index)].name ?? ""),
                    ("gen_ai_response_model", String(decoding: record.upstreamModel, as: UTF8.self)),
                ],
                views: current.map { $0.endpoints[index] })
        }
    }

    // MARK: Traffic

    private mutating func requests() {
        page.begin(.requests, into: &bytes)
        for route in totals.routes.values.sorted(by: { $0.name < $1.name }) {
            outcomes(route.requests, [("route", route.name)])
        }
        outcomes(totals.unrouted, [("route", "")])
    }

    private mutating func outcomes(_ counts: OutcomeCounts, _ labels: PrometheusText.Labels) {
        for outcome in RequestOutcome.allCases where counts[Int(outcome.rawValue)] > 0 || outcome == .ok {
            page.sample(
                labels + [("outcome", "\(outcome.label)")], Int64(clamping: counts[Int(outcome.rawValue)]), into: &bytes
            )
        }
    }

    private mutating func attempts() {
        page.begin(.attempts, into: &bytes)
        for endpoint in endpoints {
            let failed = endpoint.counters.failuresTotal
            page.sample(
                endpoint.labels + [("outcome", "other")], Int64(clamping: endpoint.counters.attempts &- failed),
                into: &bytes)
            for kind in FailureKind.allCases where endpoint.counters.failures[Int(kind.rawValue)] > 0 {
                let count = Int64(clamping: endpoint.counters.failures[Int(kind.rawValue)])
                page.sample(endpoint.labels + [("outcome", "\(kind)")], count, into: &bytes)
            }
        }
        page.begin(.hedges, into: &bytes)
        for endpoint in endpoints {
            page.sample(endpoint.labels, Int64(clamping: endpoint.counters.hedges), into: &bytes)
        }
    }

    private mutating func endpointState() {
        page.begin(.inFlight, into: &bytes)
        for endpoint in endpoints {
            page.sample(endpoint.labels, Int64(endpoint.views.first?.inFlight ?? 0), into: &bytes)
        }
        page.begin(.endpointUp, into: &bytes)
        for endpoint in endpoints {
            let isUp = endpoint.views.allSatisfy { $0.state.severity < EndpointView.State.open.severity }
            page.sample(endpoint.labels, Int64(isUp ? 1 : 0), into: &bytes)
        }
        page.begin(.headroom, into: &bytes)
        for endpoint in endpoints {
            page.sample(endpoint.labels, Double(endpoint.views.first?.headroomPercent ?? 0) / 100, into: &bytes)
        }
        page.begin(.spend, into: &bytes)
        let currency = newest?.currency.code ?? ""
        for endpoint in endpoints {
            page.sample(
                endpoint.labels + [("currency", currency)], Double(endpoint.counters.cost.pico) / 1e12, into: &bytes)
        }
        page.begin(.unpricedRequests, into: &bytes)
        for endpoint in endpoints {
            page.sample(endpoint.labels, Int64(clamping: endpoint.counters.unpricedRequests), into: &bytes)
        }
        page.begin(.estimatedRequests, into: &bytes)
        for endpoint in endpoints {
            page.sample(endpoint.labels, Int64(clamping: endpoint.counters.estimatedRequests), into: &bytes)
        }
    }

    // MARK: Sound, images, ranks

    /// Only of endpoints that have any: most have none.
    private mutating func media() {
        counts(.audio) { Double($0.audioMilliseconds) / 1_000 }
        counts(.images) { Double($0.images) }
        counts(.searches) { Double($0.searches) }
        counts(.characters) { Double($0.characters) }
    }

    private mutating func counts(_ metric: Metric, _ count: (MediaUsage) -> Double) {
        page.begin(metric, into: &bytes)
        for endpoint in endpoints {
            let value = count(endpoint.counters.media)
            if value > 0 { page.sample(endpoint.labels, value, into: &bytes) }
        }
    }

    // MARK: OpenTelemetry GenAI

    private mutating func generativeAI() {
        page.begin(.tokenUsage, into: &bytes)
        for endpoint in endpoints {
            histogram(endpoint.counters.inputTokenUsage, endpoint.labels + [("gen_ai_token_type", "input")], unit: 1)
            histogram(endpoint.counters.outputTokenUsage, endpoint.labels + [("gen_ai_token_type", "output")], unit: 1)
        }
        durations(.operationDuration) { $0.duration }
        durations(.timeToFirstToken) { $0.timeToFirstToken }
        durations(.timePerOutputToken) { $0.timePerOutputToken }
    }

    private mutating func durations(_ metric: Metric, _ histogramOf: (EndpointCounters) -> Histogram) {
        page.begin(metric, into: &bytes)
        for endpoint in endpoints { histogram(histogramOf(endpoint.counters), endpoint.labels, unit: 1e-9) }
    }

    /// - Parameter unit: what one step of the histogram's integers is worth in the metric's unit.
    private mutating func histogram(_ histogram: Histogram, _ labels: PrometheusText.Labels, unit: Double) {
        let bounds = histogram.scale.bounds
        page.histogram(
            labels, bounds: bounds.map { Double($0) * unit }, counts: (0...bounds.count).map { histogram.counts[$0] },
            sum: Double(histogram.sum) * unit, into: &bytes)
    }

    // MARK: Process

    private mutating func process() {
        page.begin(.reloads, into: &bytes)
        page.sample([("outcome", "accepted")], Int64(clamping: context.configuration.acceptedTotal), into: &bytes)
        page.sample([("outcome", "rejected")], Int64(clamping: context.configuration.rejectedTotal), into: &bytes)
        page.begin(.configurationVersion, into: &bytes)
        page.sample([], Int64(clamping: newest?.version ?? 0), into: &bytes)
        page.begin(.connections, into: &bytes)
        page.sample([], Int64(reports.reduce(0) { $0 + $1.connections }), into: &bytes)
        page.begin(.connectionsRefused, into: &bytes)
        let refused = reports.reduce(0) { $0 + Int($1.counters.connectionsRefused) + $1.connectionsShed }
        page.sample([], Int64(refused), into: &bytes)
        page.begin(.bufferBytes, into: &bytes)
        page.sample([], Int64(reports.reduce(0) { $0 + $1.bufferBytes }), into: &bytes)
        page.begin(.logBlocksDropped, into: &bytes)
        page.sample([], Int64(context.logBlocksDropped), into: &bytes)
    }

    private mutating func budgets(_ status: BudgetsStatus) {
        func labels(_ limit: BudgetStatus) -> PrometheusText.Labels { [("budget", limit.account.name)] }
        page.begin(.budgetLimit, into: &bytes)
        for limit in status.limits { page.sample(labels(limit), limit.account.limit, into: &bytes) }
        page.begin(.budgetLeft, into: &bytes)
        for limit in status.limits { if let left = limit.left { page.sample(labels(limit), left, into: &bytes) } }
        page.begin(.budgetReserved, into: &bytes)
        for limit in status.limits { page.sample(labels(limit), limit.reservedHere, into: &bytes) }
        page.begin(.budgetOverrun, into: &bytes)
        for limit in status.limits { page.sample(labels(limit), limit.overrunHere, into: &bytes) }
        page.begin(.budgetStoreUp, into: &bytes)
        page.sample([], Int64(status.fault == nil ? 1 : 0), into: &bytes)
        page.begin(.usageLost, into: &bytes)
        page.sample([], Int64(clamping: status.lostRecords), into: &bytes)
    }

    private mutating func issuers(_ statuses: [IssuerStatus]) {
        guard !statuses.isEmpty else { return }
        page.begin(.issuerUp, into: &bytes)
        for status in statuses {
            page.sample([("issuer", status.name)], Int64(status.lastError == nil && status.keyCount > 0 ? 1 : 0), into: &bytes)
        }
    }

    private mutating func audit(_ status: AuditStatus) {
        for (metric, value) in [
            (Metric.auditEntries, status.size), (.auditCheckpoint, status.checkpointSize),
            (.auditWitnessed, status.witnessedSize), (.auditWaiting, UInt64(status.waiting)),
            (.auditLost, status.lostTotal), (.auditUp, status.fault == nil ? 1 : 0),
            (.auditAlarm, status.alarm == nil ? 0 : 1),
        ] {
            page.begin(metric, into: &bytes)
            page.sample([], Int64(clamping: value), into: &bytes)
        }
    }
}
