// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles

/// What to do about settings that have no counterpart.
enum SettingAdvice {
    /// Reports every field that nobody asked for.
    static func report(_ fields: ForeignFields, of section: String, _ context: TranslationContext) {
        for entry in fields.leftovers where !isSilent(entry) {
            context.leftOut(
                entry.value, "left out", hint: hint(for: entry.name), subject: "\(section).\(entry.name)")
        }
    }

    /// What is off, empty or only describes says nothing worth a line.
    private static func isSilent(_ entry: YAMLTree.Entry) -> Bool {
        if descriptions.contains(entry.name) || entry.name.hasPrefix("supports_") { return true }
        let isEmpty = entry.value.elements?.isEmpty ?? (entry.value.isMapping && entry.value.entries.isEmpty)
        return isEmpty || (entry.value.truth == false && entry.name != "ssl_verify")
    }

    private static let descriptions: Set<String> = [
        "id", "base_model", "version", "description", "litellm_provider", "created_at", "updated_at", "created_by",
        "updated_by", "telemetry", "set_verbose", "json_logs", "db_model", "key",
    ]

    private static func hint(for name: String) -> String? {
        hints.first { $0.names.contains(name) || $0.prefixes.contains(where: name.hasPrefix) }?.text
    }

    private struct Hint {
        var text: String
        var names: Set<String> = []
        var prefixes: [String] = []
    }

    private static let hints: [Hint] = [
        Hint(
            text: "Isobar keeps no database: keys, tenants and prices are documents; issue a Key for every virtual key",
            names: ["store_model_in_db", "allow_requests_on_db_unavailable"], prefixes: ["database_"]),
        Hint(
            text: "alert on the metrics of the admin port (/metrics, Prometheus)",
            names: ["alert_types", "alert_type_config"], prefixes: ["alerting"]),
        Hint(
            text: "callers are known by Key documents",
            names: ["custom_auth", "enable_jwt_auth", "enable_oauth2_auth", "key_management_system"],
            prefixes: ["custom_"]),
        Hint(text: "isobar gateway --body-mebibytes-max N", names: ["max_request_size_mb"]),
        Hint(
            text: "give servers of your own a health check (spec.health); isobar doctor calls each endpoint once",
            names: ["background_health_checks"], prefixes: ["health_check_"]),
        Hint(
            text:
                "metrics are at the admin port's /metrics; isobar gateway --access-log writes one JSON line a request",
            names: ["callbacks", "success_callback", "failure_callback", "service_callback", "service_callbacks"]),
        Hint(
            text: "answers are not cached; weigh affinity in the tiers' objective to use the endpoints' prompt caches",
            names: ["cache", "cache_params", "cache_responses"]),
        Hint(
            text: "endpoints are always verified; name an authority of your own in certificateAuthorityFile",
            names: ["ssl_verify"]),
        Hint(
            text: "breakers and cool-downs adapt to what an endpoint does; Retry-After is obeyed",
            names: [
                "allowed_fails", "allowed_fails_policy", "cooldown_time", "disable_cooldowns", "retry_policy",
                "retry_after", "model_group_retry_policy",
            ]),
        Hint(
            text: "state a Model's contextTokensMax: longer prompts are refused before they are sent",
            names: ["enable_pre_call_checks", "enable_pre_call_check", "optional_pre_call_checks"]),
        Hint(
            text: "limits are shared by all threads of a process; each process counts for itself", prefixes: ["redis_"]),
        Hint(
            text:
                "a larger model is another model: callers ask for it by name, so that nobody gets another one unasked",
            names: ["context_window_fallbacks"]),
        Hint(
            text: "a refusal goes to the caller as it is and is not dodged elsewhere",
            names: ["content_policy_fallbacks"]),
        Hint(
            text: "load goes where there is headroom: state limits, or put endpoints into tiers", names: ["weight"]),
        Hint(
            text: "the gateway sets no request parameters: callers do",
            names: [
                "temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "seed", "stop", "n",
                "presence_penalty", "frequency_penalty", "reasoning_effort", "thinking", "extra_body", "tools",
                "tool_choice", "response_format", "default_litellm_params", "logit_bias", "user",
            ]),
        Hint(
            text: "endpoints get the caller's headers, the wire's own and the credential",
            names: ["extra_headers", "headers", "organization", "default_headers"]),
        Hint(text: "retries are the route's: spec.retry.attemptsMax", names: ["max_retries", "num_retries"]),
        Hint(text: "state it in the endpoint's credential: {scheme: aws, …}", prefixes: ["aws_"]),
        Hint(
            text: "prices are per token; other units are metered in tokens without cost",
            prefixes: ["input_cost_", "output_cost_"]),
        Hint(text: "isobar model-server gives made-up answers with real timing", names: ["mock_response"]),
        Hint(
            text: "Isobar has no budgets: spend is metered per endpoint and key",
            names: ["max_budget", "budget_duration", "provider_budget_config"]),
        Hint(text: "put everything into one file, or import each file and give the gateway all", names: ["include"]),
        Hint(
            text: "set variables where the gateway starts; keys are read from there",
            names: ["environment_variables"]),
    ]
}
