// SPDX-License-Identifier: Apache-2.0
// Isobar

import Pricing
import ResourceTypes
import WireFormats

/// The status document as a table for people.
enum StatusTable {
    /// What one look at the gateway showed.
    struct Sample {
        var document: JSONValue
        var requestsByEndpoint: [String: Int] = [:]

        init(_ document: JSONValue) {
            self.document = document
            for endpoint in document["endpoints"]?.arrayValue ?? [] {
                requestsByEndpoint[endpoint["name"]?.stringValue ?? ""] = endpoint["requests"]?.integerValue ?? 0
            }
        }
    }

    static func text(_ sample: Sample, since previous: Sample?) -> String {
        let document = sample.document
        var lines = [heading(document), ""]
        lines.append(endpoints(sample, since: previous))
        let keys = document["keys"]?.arrayValue ?? []
        if !keys.isEmpty { lines += ["", self.keys(keys)] }
        let troubles = (document["credentials"]?.arrayValue ?? []).compactMap(trouble)
        if !troubles.isEmpty { lines += [""] + troubles }
        for issuer in document["token_issuers"]?.arrayValue ?? [] {
            guard let reason = issuer["last_error"]?.stringValue else { continue }
            let state = issuer["relied_on_until"]?.stringValue.map { "keys not renewed, relied on until \($0)" } ?? "no keys"
            lines += ["", "token issuer \(issuer["name"]?.stringValue ?? ""): \(state): \(reason)"]
        }
        if let budgets = document["budgets"]?["limits"]?.arrayValue, !budgets.isEmpty {
            lines += ["", self.budgets(budgets)]
        }
        if let fault = document["budgets"]?["fault"]?.stringValue { lines += ["", "BUDGET STORE DOES NOT ANSWER: \(fault)"] }
        if let audit = document["audit"], audit.members != nil { lines += ["", self.audit(audit)] }
        if let problem = document["configuration"]?["last_error"]?.stringValue {
            lines += ["", "Configuration refused: \(problem)"]
        }
        return lines.joined(separator: "\n")
    }

    private static func budgets(_ limits: [JSONValue]) -> String {
        var table = Table([("BUDGET", false), ("LIMIT", true), ("LEFT", true), ("HELD HERE", true)])
        for limit in limits {
            func amount(_ member: String) -> String {
                guard let value = limit[member]?.integerValue else { return "-" }
                guard limit["meter"]?.stringValue == "money" else { return "\(value)" }
                return Money(pico: Int128(value) * 1_000).text(fractionDigits: 6)
            }
            table.append([limit["name"]?.stringValue ?? "", amount("limit"), amount("left"), amount("reserved_here")])
        }
        return table.text
    }

    private static func audit(_ audit: JSONValue) -> String {
        func count(_ name: String) -> Int { audit[name]?.integerValue ?? 0 }
        var text = "audit log \(audit["origin"]?.stringValue ?? ""): \(count("entries")) entries"
        if count("witnessed_entries") > 0 { text += ", \(count("witnessed_entries")) witnessed" }
        if count("waiting_events") > 0 { text += ", \(count("waiting_events")) events wait" }
        if count("lost_events_total") > 0 { text += ", \(count("lost_events_total")) EVENTS LOST" }
        if let alarm = audit["alarm"]?.stringValue { text += "\nAUDIT LOG HAS TWO PASTS: \(alarm)" }
        if let fault = audit["fault"]?.stringValue { text += "\nAUDIT LOG CANNOT BE WRITTEN: \(fault)" }
        return text
    }

    /// A credential that is not there, or could not be renewed.
    private static func trouble(_ credential: JSONValue) -> String? {
        guard let reason = credential["last_error"]?.stringValue else { return nil }
        let source = credential["source"]?.stringValue ?? ""
        let endpoints = (credential["endpoints"]?.arrayValue ?? []).compactMap(\.stringValue)
        let expiry = credential["expires_in_seconds"]?.integerValue.map { ", the old one ends in \($0) s" } ?? ""
        let state = credential["is_held"]?.boolValue == true ? "not renewed\(expiry)" : "no credential"
        return "\(endpoints.joined(separator: ", ")): \(state) (\(source)): \(reason)"
    }

    private static func heading(_ document: JSONValue) -> String {
        let version = document["configuration"]?["version"]?.integerValue ?? 0
        let inFlight = document["requests_in_flight"]?.integerValue ?? 0
        let connections = document["connections"]?.integerValue ?? 0
        let state = document["state"]?.stringValue ?? "?"
        return
            "isobar \(state) · configuration \(version) · \(inFlight) requests in flight · \(connections) connections"
    }

    private static func endpoints(_ sample: Sample, since previous: Sample?) -> String {
        var table = Table([
            ("ENDPOINT", false), ("REGION", false), ("STATE", false), ("IN FLIGHT", true), ("TTFT", true),
            ("TPOT", true), ("ERRORS", true),
            ("REQUESTS", true), ("SHARE", true), ("NOW", true), ("$/1M TOKENS", true), ("SPEND", true),
        ])
        let endpoints = sample.document["endpoints"]?.arrayValue ?? []
        let recent = endpoints.map { endpoint in
            let name = endpoint["name"]?.stringValue ?? ""
            return previous.map { (sample.requestsByEndpoint[name] ?? 0) - ($0.requestsByEndpoint[name] ?? 0) } ?? 0
        }
        let recentTotal = recent.reduce(0, +)
        for (endpoint, now) in zip(endpoints, recent) {
            table.append([
                endpoint["name"]?.stringValue ?? "", endpoint["region"]?.stringValue ?? "",
                endpoint["state"]?.stringValue ?? "",
                text(endpoint["in_flight"]), milliseconds(endpoint["ttft_ms"]), milliseconds(endpoint["tpot_ms"]),
                percent(endpoint["error_rate"]), text(endpoint["requests"]), percent(endpoint["share"]),
                recentTotal > 0 ? "\(now * 100 / recentTotal) %" : "-",
                endpoint["price_per_million"]?.stringValue ?? "-",
                endpoint["spend"]?.stringValue ?? "-",
            ])
        }
        return table.text
    }

    private static func keys(_ keys: [JSONValue]) -> String {
        var table = Table([
            ("KEY", false), ("TENANT", false), ("REQUESTS", true), ("TOKENS IN", true), ("TOKENS OUT", true),
            ("SPEND", true),
        ])
        for key in keys {
            table.append([
                key["name"]?.stringValue ?? "", key["tenant"]?.stringValue ?? "", text(key["requests"]),
                text(key["input_tokens"]),
                text(key["output_tokens"]), key["spend"]?.stringValue ?? "-",
            ])
        }
        return table.text
    }

    private static func text(_ value: JSONValue?) -> String { value?.integerValue.map { String($0) } ?? "-" }

    private static func milliseconds(_ value: JSONValue?) -> String {
        value?.doubleValue.map { $0 >= 100 ? "\(Int($0)) ms" : "\(Double(Int($0 * 10)) / 10) ms" } ?? "-"
    }

    private static func percent(_ value: JSONValue?) -> String {
        value?.doubleValue.map { "\(Int($0 * 100 + 0.5)) %" } ?? "-"
    }
}
