// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What a check saw: the subject of a diagnosis, without anything that only a connection has.
public struct Observation: Sendable {
    /// Where the endpoint is and how it was asked.
    public struct Subject: Sendable {
        public var flavor: ProviderFlavor
        public var wire: ProbeWire
        public var host: String
        public var port: UInt16
        public var isTLS: Bool
        /// Request target.
        public var path: String
        /// What the endpoint calls the model.
        public var model: String
        public var credential: CredentialKind
        /// Of Azure's older API.
        public var hasAPIVersion = false

        public init(
            flavor: ProviderFlavor, wire: ProbeWire, host: String, port: UInt16, isTLS: Bool, path: String,
            model: String, credential: CredentialKind
        ) {
            self.flavor = flavor
            self.wire = wire
            self.host = host
            self.port = port
            self.isTLS = isTLS
            self.path = path
            self.model = model
            self.credential = credential
            hasAPIVersion = path.contains("api-version=")
        }
    }

    /// How far it came.
    public enum Ending: Sendable {
        /// Why there is nothing to prove ourselves with.
        case noCredential(String)
        case unresolved(String)
        /// `errno` of the connection attempt.
        case unconnected(Int32)
        case tls(String)
        case timedOut(Phase)
        /// The connection ended before the answer did.
        case cut(hadBegun: Bool)
        /// Not HTTP, or more than was asked for.
        case unreadable(String)
        case answered(AnswerFacts)
    }

    public enum Phase: Sendable { case connecting, securing, waiting, receiving }

    /// The header that a credential goes into; never the credential.
    public enum CredentialKind: Sendable { case none, bearer, apiKey, xAPIKey, googleKey, signature, other }

    public var subject: Subject
    public var ending: Ending
    /// From the request's last byte to the answer's first; `nil` without an answer. Seconds.
    public var firstByteSeconds: Double?
    /// Of the whole exchange.
    public var totalSeconds: Double

    public init(subject: Subject, ending: Ending, firstByteSeconds: Double? = nil, totalSeconds: Double = 0) {
        self.subject = subject
        self.ending = ending
        self.firstByteSeconds = firstByteSeconds
        self.totalSeconds = totalSeconds
    }
}

extension Observation.CredentialKind {
    /// By the header line that carries it.
    init(line: Secret?) {
        guard let line else {
            self = .none
            return
        }
        self = line.withBytes { bytes in
            let start = String(decoding: bytes.prefix(32), as: UTF8.self).lowercased()
            if start.hasPrefix("authorization: bearer ") { return .bearer }
            if start.hasPrefix("authorization: aws4-") { return .signature }
            if start.hasPrefix("api-key:") { return .apiKey }
            if start.hasPrefix("x-api-key:") { return .xAPIKey }
            if start.hasPrefix("x-goog-api-key:") { return .googleKey }
            return .other
        }
    }
}
