// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What is the matter with an endpoint, in words for the one who can repair it.
public struct Diagnosis: Hashable, Sendable {
    public enum Problem: String, CaseIterable, Sendable {
        case none, slow
        case nameUnresolved = "name-unresolved"
        case connectionRefused = "connection-refused"
        case connectionTimedOut = "connection-timed-out"
        case unreachable
        case certificateUntrusted = "certificate-untrusted"
        case certificateName = "certificate-name"
        case certificateExpired = "certificate-expired"
        case tls
        case credential
        case permission
        case model
        case path
        case rateLimited = "rate-limited"
        case quotaExhausted = "quota-exhausted"
        case contentFilter = "content-filter"
        case overloaded
        case serverError = "server-error"
        case callRefused = "call-refused"
        case noAnswer = "no-answer"
        case notHTTP = "not-http"
        /// Nothing was asked.
        case notChecked = "not-checked"
    }

    public enum Verdict: String, Sendable { case ok, slow, failed, skipped }

    public var problem: Problem
    /// What was found; a sentence without a full stop.
    public var message: String
    /// What to do about it.
    public var advice: String?

    public init(_ problem: Problem, _ message: String, advice: String? = nil) {
        self.problem = problem
        self.message = message
        self.advice = advice
    }

    public var verdict: Verdict {
        switch problem {
        case .none: .ok
        case .slow: .slow
        case .notChecked: .skipped
        default: .failed
        }
    }
}

extension Diagnosis {
    /// Pure: what was seen becomes what is wrong.
    /// - Parameter slowSeconds: a first byte later than this is slow.
    public static func of(_ observation: Observation, slowSeconds: Double) -> Diagnosis {
        let subject = observation.subject
        switch observation.ending {
        case .noCredential(let reason):
            return Diagnosis(.credential, reason, advice: "see spec.credential of the endpoint")
        case .unresolved(let reason): return unresolved(subject, reason)
        case .unconnected(let number): return unconnected(subject, number)
        case .tls(let reason): return tls(subject, reason)
        case .timedOut(let phase): return timedOut(subject, phase, observation.totalSeconds)
        case .cut(let hadBegun):
            return Diagnosis(
                .noAnswer, hadBegun ? "the connection ended inside the answer" : "closed without an answer",
                advice: subject.isTLS ? nil : "does the server want TLS? Then spec.url begins with https")
        case .unreadable(let reason):
            return Diagnosis(
                .notHTTP, "what answers does not speak HTTP as it should: \(reason)",
                advice: "check the port in spec.url")
        case .answered(let facts):
            return answered(subject, facts, observation.firstByteSeconds ?? observation.totalSeconds, slowSeconds)
        }
    }

    static func text(seconds: Double) -> String {
        seconds < 10 ? "\(Double(Int(seconds * 10 + 0.5)) / 10) s" : "\(Int(seconds + 0.5)) s"
    }
}
