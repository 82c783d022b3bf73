// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Name, meaning and kind of a metric family.
///
/// `gen_ai_*` are the OpenTelemetry GenAI semantic conventions in Prometheus form (dots become `_`, the unit is appended, as in the
/// OpenTelemetry to Prometheus compatibility specification). Labels come from closed sets only: provider, region, endpoint, model,
/// route, outcome; never a request's id, a key or a path.
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
        .histogram, "gen_ai_server_time_to_first_token_seconds", "From dispatch to the first content byte of an endpoint's answer.")
    public static let timePerOutputToken = Metric(
        .histogram, "gen_ai_server_time_per_output_token_seconds", "Time per output token after the first.")

    /// Bounds the conventions advise for durations, in seconds.
    public static let durationBounds: [Double] = [
        0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
    ]
    /// Bounds the conventions advise for time to first token, in seconds.
    public static let timeToFirstTokenBounds: [Double] = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    /// Bounds the conventions advise for time per output token, in seconds.
    public static let timePerOutputTokenBounds: [Double] = [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
    ]
    /// Powers of four: the bounds the conventions advise for tokens.
    public static let tokenBounds: [Double] = [
        1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
    ]
}

// MARK: Gateway

extension Metric {
    public static let requests = Metric(.counter, "isobar_requests_total", "Requests answered, by route and outcome.")
    public static let attempts = Metric(.counter, "isobar_attempts_total", "Attempts at endpoints, by endpoint and outcome.")
    public static let inFlight = Metric(.gauge, "isobar_endpoint_in_flight_requests", "Requests at an endpoint now.")
    public static let queued = Metric(.gauge, "isobar_endpoint_queued_requests", "Requests waiting inside an endpoint, as it reports.")
    public static let overflow = Metric(
        .counter, "isobar_overflow_requests_total", "Requests sent to a later tier because the earlier ones were full, by route and tier.")
    public static let tierState = Metric(.gauge, "isobar_tier_in_overflow", "1 while a route's traffic passes the tier by.")
    public static let hedges = Metric(.counter, "isobar_hedges_total", "Backup requests, by route and outcome (won, lost).")
    public static let breakerState = Metric(.gauge, "isobar_endpoint_breaker_state", "0 closed, 1 half-open, 2 open.")
    public static let spend = Metric(.counter, "isobar_spend_total", "Money spent, by tenant, endpoint and currency.")
    public static let proxyDuration = Metric(
        .histogram, "isobar_added_duration_seconds", "Time a request spent in the gateway itself, not waiting for an endpoint.")
}

// MARK: Process

extension Metric {
    public static let reloads = Metric(.counter, "isobar_configuration_reloads_total", "Configuration loads, by outcome.")
    public static let configurationVersion = Metric(.gauge, "isobar_configuration_version", "Version of the snapshot in force.")
    public static let connections = Metric(.gauge, "isobar_open_connections", "Open connections, by side (downstream, upstream).")
    public static let logLinesDropped = Metric(.counter, "isobar_log_lines_dropped_total", "Log lines that could not be written.")
}

extension Metric {
    /// Every family, for pages, tests and documentation.
    public static let all: [Metric] = [
        tokenUsage, operationDuration, timeToFirstToken, timePerOutputToken, requests, attempts, inFlight, queued, overflow, tierState,
        hedges, breakerState, spend, proxyDuration, reloads, configurationVersion, connections, logLinesDropped,
    ]
}
