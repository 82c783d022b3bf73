// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Name, meaning and kind of a metric family.
///
/// `gen_ai_*` are the OpenTelemetry GenAI semantic conventions in Prometheus form (dots become `_`, the unit is
/// appended, as in the OpenTelemetry to Prometheus compatibility specification). Labels come from closed sets only:
/// provider, region, endpoint, model, route, outcome; never a request's id, a key or a path.
public struct Metric: Sendable {
    public let name: StaticString
    public let help: StaticString
    public let kind: PrometheusText.Kind

    private init(_ kind: PrometheusText.Kind, _ name: StaticString, _ help: StaticString) {
        self.name = name
        self.help = help
        self.kind = kind
    }
}

// MARK: OpenTelemetry GenAI

extension Metric {
    public static let tokenUsage = Metric(
        .histogram, "gen_ai_client_token_usage", "Tokens of a request, by gen_ai_token_type input or output.")
    public static let operationDuration = Metric(
        .histogram, "gen_ai_client_operation_duration_seconds", "From a request's last byte to its answer's last byte.")
    public static let timeToFirstToken = Metric(
        .histogram, "gen_ai_server_time_to_first_token_seconds",
        "From dispatch to the first content byte of an endpoint's answer.")
    public static let timePerOutputToken = Metric(
        .histogram, "gen_ai_server_time_per_output_token_seconds", "Time per output token after the first.")
}

// MARK: Gateway

extension Metric {
    public static let requests = Metric(
        .counter, "isobar_requests_total", "Requests answered, by route (empty: none was reached) and outcome.")
    public static let attempts = Metric(
        .counter, "isobar_attempts_total",
        "Attempts at endpoints, by endpoint and kind of failure; outcome other is not a failure.")
    public static let hedges = Metric(.counter, "isobar_hedges_total", "Backup attempts, by endpoint.")
    public static let inFlight = Metric(.gauge, "isobar_endpoint_in_flight_requests", "Requests at an endpoint now.")
    public static let endpointUp = Metric(
        .gauge, "isobar_endpoint_up",
        "1 when every loop would send requests there, 0 when a breaker is open or probes fail.")
    public static let headroom = Metric(
        .gauge, "isobar_endpoint_headroom_ratio", "Free share of the endpoint's tightest limit, 0 to 1.")
    public static let spend = Metric(.counter, "isobar_spend_total", "Money spent, by endpoint and currency.")
    public static let audio = Metric(
        .counter, "isobar_audio_seconds_total", "Sound listened to, as endpoints count it, by endpoint.")
    public static let images = Metric(.counter, "isobar_images_total", "Images asked for and made, by endpoint.")
    public static let searches = Metric(.counter, "isobar_searches_total", "Searches ranked, by endpoint.")
    public static let characters = Metric(.counter, "isobar_spoken_characters_total", "Characters spoken, by endpoint.")
    public static let unpricedRequests = Metric(
        .counter, "isobar_unpriced_requests_total", "Requests at endpoints whose price is not known.")
    public static let estimatedRequests = Metric(
        .counter, "isobar_estimated_usage_requests_total",
        "Requests whose tokens were estimated because the endpoint did not count.")
}

// MARK: Process

extension Metric {
    public static let reloads = Metric(
        .counter, "isobar_configuration_reloads_total", "Configuration loads, by outcome.")
    public static let configurationVersion = Metric(
        .gauge, "isobar_configuration_version", "Version of the snapshot in force.")
    public static let connections = Metric(.gauge, "isobar_open_connections", "Open client connections.")
    public static let connectionsRefused = Metric(
        .counter, "isobar_refused_connections_total", "Client connections closed at once because a limit was reached.")
    public static let bufferBytes = Metric(.gauge, "isobar_buffer_bytes", "Memory in message buffers.")
    public static let logBlocksDropped = Metric(
        .counter, "isobar_access_log_blocks_dropped_total", "Access log blocks that could not be written in time.")
    public static let budgetLimit = Metric(
        .gauge, "isobar_budget_limit", "A limit, in its meter's units (money: 10^-9 of the currency), by budget.")
    public static let budgetLeft = Metric(
        .gauge, "isobar_budget_left", "Units of the current window that no gateway has used or holds.")
    public static let budgetReserved = Metric(
        .gauge, "isobar_budget_reserved", "Units that requests of this gateway have reserved.")
    public static let budgetOverrun = Metric(
        .counter, "isobar_budget_overrun_total", "Units used beyond what had been reserved: a bound was wrong.")
    public static let budgetStoreUp = Metric(
        .gauge, "isobar_budget_store_up", "1 while the store of budgets answers.")
    public static let usageLost = Metric(
        .counter, "isobar_usage_records_lost_total", "Usage records that could not be kept.")
    public static let issuerUp = Metric(
        .gauge, "isobar_token_issuer_up", "1 while the newest fetch of a token issuer's keys brought them, by issuer.")
    public static let auditEntries = Metric(.gauge, "isobar_audit_entries", "Durable entries of the audit log.")
    public static let auditCheckpoint = Metric(
        .gauge, "isobar_audit_checkpoint_entries", "Entries under the audit log's last signed checkpoint.")
    public static let auditWitnessed = Metric(
        .gauge, "isobar_audit_witnessed_entries", "Entries under the last checkpoint with a quorum of witnesses.")
    public static let auditWaiting = Metric(
        .gauge, "isobar_audit_waiting_events", "Events that wait to be written to the audit log.")
    public static let auditLost = Metric(
        .counter, "isobar_audit_lost_events_total", "Events that were given up; the log does not have them.")
    public static let auditAlarm = Metric(
        .gauge, "isobar_audit_alarm", "1 since a witness has seen another past than the audit log's.")
    public static let auditUp = Metric(.gauge, "isobar_audit_up", "1 while the audit log takes entries.")
}

extension Metric {
    /// Every family, for pages, tests and documentation.
    public static let all: [Metric] = [
        tokenUsage, operationDuration, timeToFirstToken, timePerOutputToken, requests, attempts, hedges, inFlight,
        endpointUp, headroom,
        spend, audio, images, searches, characters, unpricedRequests, estimatedRequests, reloads, configurationVersion,
        connections, connectionsRefused,
        bufferBytes,
        logBlocksDropped, budgetLimit, budgetLeft, budgetReserved, budgetOverrun, budgetStoreUp, usageLost,
        auditEntries, auditCheckpoint, auditWitnessed, auditWaiting, auditLost, auditUp,
        auditAlarm,
    ]
}
