// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
public import ResourceTypes

/// How one cloud credential stands, for operators.
public struct CredentialStatus: Sendable {
    public var id: CredentialID
    /// Whose, from what source.
    public var summary: String
    /// There is one that has not expired.
    public var isHeld: Bool
    /// `nil`: it does not expire, or there is none.
    public var expiresIn: TimeSpan?
    /// Attempts that failed since the last that did not.
    public var failures: Int
    /// Why the last attempt failed, without secrets; `nil` after a success.
    public var lastError: String?
}

/// One credential on its way through `CredentialMachine`, with the means to act.
final class KeptCredential {
    let id: CredentialID
    var source: CredentialSource
    var machine = CredentialMachine()
    var timer: LoopTimer?
    /// The question under way.
    var exchange: TokenExchange?
    /// Asked since the fetch began.
    var questions = 0
    var lastError: CredentialError?
    /// Read by the last fetch.
    var files = SourceFiles()

    init(id: CredentialID, source: CredentialSource) {
        self.id = id
        self.source = source
    }

    func status(now: Instant) -> CredentialStatus {
        CredentialStatus(
            id: id, summary: source.identity.summary, isHeld: machine.isHolding,
            expiresIn: machine.isHolding ? machine.expiresAt.map { $0 - now } : nil, failures: machine.failures,
            lastError: lastError?.description)
    }

    func stop() {
        timer?.cancel()
        timer = nil
        exchange?.cancel()
        exchange = nil
    }
}
