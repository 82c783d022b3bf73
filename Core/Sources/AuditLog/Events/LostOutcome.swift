// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The sweep after a crash: for every attempt that was meant and never reported, an outcome that says so.
public struct LostSweep {
    private var ledger = PhaseLedger()
    /// The latest intent of each attempt, for what its outcome repeats.
    private var intents: [Attempt: JSONValue] = [:]

    private struct Attempt: Hashable {
        var requestID: UInt64
        var attempt: UInt8
    }

    public init() {}

    /// Takes the entries from `TreeState.sweepFrom` on, in order. Entries of other kinds are passed over.
    public mutating func note(_ entry: [UInt8], at index: UInt64) {
        guard let value = try? JSONValue(parsing: entry), let facts = PhaseFacts(value) else { return }
        // An outcome whose intent lies before the sweep belongs to a request that was still running then; its intent
        // would be the first to sweep, so this cannot be, and is a matter for the verifier.
        guard (try? ledger.note(facts, at: index)) != nil else { return }
        let attempt = Attempt(requestID: facts.requestID, attempt: facts.attempt)
        intents[attempt] = facts.phase == .intent ? value : nil
    }

    /// One entry per attempt without an outcome; the last of each request is its last word.
    ///
    /// An attempt's outcome that is not the last word is only written together with another attempt's intent, behind
    /// it, so a request without a last word has an attempt that runs.
    public func entries(unixMilliseconds: Int64) -> [[UInt8]] {
        ledger.unfinished.flatMap { requestID, running in
            running.enumerated().compactMap { position, attempt in
                intents[Attempt(requestID: requestID, attempt: attempt)].flatMap {
                    Self.outcome(of: $0, isFinal: position == running.count - 1, unixMilliseconds)
                }
            }
        }
    }

    private static func outcome(of intent: JSONValue, isFinal: Bool, _ unixMilliseconds: Int64) -> [UInt8]? {
        guard var members = intent.members else { return nil }
        replace("time", .integer(unixMilliseconds), in: &members)
        replace("status_id", .integer(2), in: &members)
        replace("status_code", .string("lost"), in: &members)
        var metadata = intent["metadata"]?.members ?? []
        if let uid = intent["metadata"]?["uid"]?.stringValue {
            replace("uid", .string(uid.dropLast() + "o"), in: &metadata)
        }
        replace("metadata", .object(metadata), in: &members)
        var ours = (intent["unmapped"]?["isobar"]?.members ?? []).filter { $0.0 != "prompt_mac" }
        replace("phase", .string("outcome"), in: &ours)
        replace("outcome", .string("lost"), in: &ours)
        if isFinal { replace("final", .bool(true), in: &ours) }
        replace("unmapped", .object([("isobar", .object(ours))]), in: &members)
        return CanonicalJSON.bytes(.object(members))
    }

    private static func replace(_ name: String, _ value: JSONValue, in members: inout [(String, JSONValue)]) {
        members.removeAll { $0.0 == name }
        members.append((name, value))
    }
}
