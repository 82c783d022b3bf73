// SPDX-License-Identifier: Apache-2.0
// Isobar

import Doctor
import WireFormats

/// What the doctor found, for people and for programs.
enum DoctorReport {
    /// A table of all, then in words what is wrong.
    static func text(_ results: [CheckResult]) -> String {
        var table = Table([
            ("ENDPOINT", false), ("API", false), ("HEALTH", false), ("HTTP", true), ("FIRST BYTE", true),
            ("TOTAL", true), ("ANSWERED AS", false),
        ])
        for result in results {
            table.append([
                result.name, result.wire?.name ?? "-", result.diagnosis.verdict.rawValue,
                result.status.map { String($0) } ?? "-", milliseconds(result.firstByteSeconds),
                result.wire == nil ? "-" : milliseconds(result.totalSeconds), result.model ?? "-",
            ])
        }
        let words = results.filter { $0.diagnosis.verdict != .ok }.map(explanation)
        let healthy = results.count { $0.diagnosis.verdict == .ok }
        let sum = "\(healthy) of \(results.count) endpoints are healthy."
        return ([table.text] + words + [sum]).joined(separator: "\n\n")
    }

    private static func explanation(_ result: CheckResult) -> String {
        let text = "\(result.name): \(result.diagnosis.message)"
        return result.diagnosis.advice.map { "\(text)\n    hint: \($0)" } ?? text
    }

    private static func milliseconds(_ seconds: Double?) -> String {
        seconds.map { "\(Int($0 * 1_000 + 0.5)) ms" } ?? "-"
    }

    static func json(_ results: [CheckResult]) -> String {
        let isHealthy = results.allSatisfy { $0.diagnosis.verdict == .ok || $0.diagnosis.verdict == .skipped }
        return JSONValue.object([
            ("healthy", .bool(isHealthy)), ("endpoints", .array(results.map(object))),
        ]).text
    }

    private static func object(_ result: CheckResult) -> JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func span(_ seconds: Double?) -> JSONValue { seconds.map { .integer(Int($0 * 1_000 + 0.5)) } ?? .null }
        let diagnosis = result.diagnosis
        return .object([
            ("name", .string(result.name)), ("provider", .string(result.provider)), ("host", .string(result.host)),
            ("api", text(result.wire?.name)), ("health", .string(diagnosis.verdict.rawValue)),
            ("problem", .string(diagnosis.problem.rawValue)), ("message", .string(diagnosis.message)),
            ("hint", text(diagnosis.advice)), ("status", result.status.map { .integer($0) } ?? .null),
            ("first_byte_ms", span(result.firstByteSeconds)),
            ("total_ms", result.wire == nil ? .null : span(result.totalSeconds)), ("model", text(result.model)),
        ])
    }
}
