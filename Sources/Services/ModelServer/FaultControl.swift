// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import Simulation
internal import WireFormats

/// The fault plan in force and how often it struck. Set over HTTP: `PUT /faults`, read with `GET`, removed with
/// `DELETE`.
struct FaultControl {
    private(set) var plan = FaultPlan.none
    private(set) var requests: UInt64 = 0
    private(set) var injected: UInt64 = 0
    private let seed: UInt64

    init(seed: UInt64) { self.seed = seed }

    mutating func set(_ plan: FaultPlan) {
        self = FaultControl(seed: seed)
        self.plan = plan
    }

    /// Decides for the next inference request.
    mutating func next() -> FaultAction? {
        defer { requests += 1 }
        let action = plan.decide(requestIndex: requests, seed: seed)
        if action != nil { injected += 1 }
        return action
    }

    var json: JSONValue {
        .object([
            ("rules", .array(plan.rules.map(FaultJSON.encode))), ("requests", .integer(requests)),
            ("injected", .integer(injected)),
        ])
    }
}

/// `FaultPlan` as JSON:
///
///     {"rules": [{"kind": "status", "status": 429, "retry_after": {"form": "seconds", "value": 2}, "count": 5, "skip": 0},
///                {"kind": "cut", "after_chunks": 3, "percent": 10}]}
///
/// Kinds: status, slow_first_token (delay_ms), cut, black_hole, error_event, wrong_content_type, malformed_chunk, stall
/// (delay_ms); those that happen inside a stream take after_chunks (0 when absent). A rule holds for all requests, for
/// `count` requests after `skip`, or for `percent` of them.
enum FaultJSON {
    private static let delayMillisecondsMax = 3_600_000

    static func decode(_ body: JSONValue) throws(APIError) -> FaultPlan {
        guard let rules = body["rules"]?.arrayValue else {
            throw .badRequest("`rules` must be an array", parameter: "rules")
        }
        guard rules.count <= FaultPlan.rulesMax else {
            throw .badRequest("\(rules.count) rules; at most \(FaultPlan.rulesMax) are allowed", parameter: "rules")
        }
        var plan = FaultPlan()
        for rule in rules { plan.rules.append(FaultRule(try action(rule), for: try selection(rule))) }
        return plan
    }

    private static func selection(_ rule: JSONValue) throws(APIError) -> FaultSelection {
        if let percent = try rule.optionalInteger("percent", in: 0...100) { return .percent(percent) }
        let skip = try rule.optionalInteger("skip", in: 0...Int(Int32.max)) ?? 0
        guard let count = try rule.optionalInteger("count", in: 1...Int(Int32.max)) else {
            return skip == 0 ? .all : .next(count: .max, skipping: UInt64(skip))
        }
        return .next(count: UInt64(count), skipping: UInt64(skip))
    }

    private static func action(_ rule: JSONValue) throws(APIError) -> FaultAction {
        let chunks = try rule.optionalInteger("after_chunks", in: 0...Int(Int32.max)) ?? 0
        switch try rule.optionalString("kind") {
        case "status":
            guard let status = try rule.optionalInteger("status", in: 400...599) else {
                throw .badRequest("a status fault needs `status`, 400 to 599", parameter: "status")
            }
            return .status(status, retryAfter: try retryAfter(rule.present("retry_after")))
        case "slow_first_token": return .slowFirstToken(.milliseconds(try delay(rule)))
        case "cut": return .cut(afterChunks: chunks)
        case "black_hole": return .blackHole
        case "error_event": return .errorEvent(afterChunks: chunks)
        case "wrong_content_type": return .wrongContentType
        case "malformed_chunk": return .malformedChunk(afterChunks: chunks)
        case "stall": return .stall(afterChunks: chunks, .milliseconds(try delay(rule)))
        default:
            throw .badRequest(
                "`kind` must be status, slow_first_token, cut, black_hole, error_event, wrong_content_type, malformed_chunk or stall",
                parameter: "kind")
        }
    }

    private static func delay(_ rule: JSONValue) throws(APIError) -> Int64 {
        guard let delay = try rule.optionalInteger("delay_ms", in: 0...delayMillisecondsMax) else {
            throw .badRequest("this fault needs `delay_ms`", parameter: "delay_ms")
        }
        return Int64(delay)
    }

    private static func retryAfter(_ value: JSONValue?) throws(APIError) -> RetryAfterForm? {
        guard let value else { return nil }
        guard let amount = try value.optionalInteger("value", in: 0...Int(Int32.max)) else {
            throw .badRequest("`retry_after` needs `value`", parameter: "retry_after")
        }
        switch try value.optionalString("form") {
        case "seconds": return .seconds(amount)
        case "float": return .fractionalSeconds(milliseconds: amount)
        case "http_date": return .httpDate(secondsFromNow: amount)
        case "retry_after_ms": return .retryAfterMilliseconds(amount)
        case "x_ms_retry_after_ms": return .xMsRetryAfterMilliseconds(amount)
        default:
            throw .badRequest(
                "`retry_after.form` must be seconds, float (value in ms), http_date (seconds from now), retry_after_ms or "
                    + "x_ms_retry_after_ms",
                parameter: "retry_after")
        }
    }

    // MARK: Encoding

    static func encode(_ rule: FaultRule) -> JSONValue {
        var members = encode(rule.action)
        switch rule.selection {
        case .all: break
        case .next(let count, let skipping):
            if count != .max { members.append(("count", .integer(Int(clamping: count)))) }
            members.append(("skip", .integer(Int(clamping: skipping))))
        case .percent(let percent): members.append(("percent", .integer(percent)))
        }
        return .object(members)
    }

    private static func encode(_ action: FaultAction) -> [(String, JSONValue)] {
        func kind(_ name: String, afterChunks: Int? = nil, delay: Int64? = nil) -> [(String, JSONValue)] {
            var members: [(String, JSONValue)] = [("kind", .string(name))]
            if let afterChunks { members.append(("after_chunks", .integer(afterChunks))) }
            if let delay { members.append(("delay_ms", .integer(Int(delay / 1_000_000)))) }
            return members
        }
        switch action {
        case .status(let status, let retryAfter):
            let hint = retryAfter.map { [("retry_after", encode($0))] } ?? []
            return kind("status") + [("status", .integer(status))] + hint
        case .slowFirstToken(let delay): return kind("slow_first_token", delay: delay.nanoseconds)
        case .cut(let chunks): return kind("cut", afterChunks: chunks)
        case .blackHole: return kind("black_hole")
        case .errorEvent(let chunks): return kind("error_event", afterChunks: chunks)
        case .wrongContentType: return kind("wrong_content_type")
        case .malformedChunk(let chunks): return kind("malformed_chunk", afterChunks: chunks)
        case .stall(let chunks, let silence): return kind("stall", afterChunks: chunks, delay: silence.nanoseconds)
        }
    }

    private static func encode(_ form: RetryAfterForm) -> JSONValue {
        let (name, value): (String, Int) =
            switch form {
            case .seconds(let seconds): ("seconds", seconds)
            case .fractionalSeconds(let milliseconds): ("float", milliseconds)
            case .httpDate(let seconds): ("http_date", seconds)
            case .retryAfterMilliseconds(let milliseconds): ("retry_after_ms", milliseconds)
            case .xMsRetryAfterMilliseconds(let milliseconds): ("x_ms_retry_after_ms", milliseconds)
            }
        return .object([("form", .string(name)), ("value", .integer(value))])
    }
}
