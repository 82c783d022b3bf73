// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What happened to a request, as the shell reports it to its `AttemptMachine`.
public enum AttemptEvent: Equatable, BitwiseCopyable, Sendable {
    case begin
    /// Answers `.pick` or `.pickHedge`.
    case picked(EndpointID)
    /// Answers `.pick` or `.pickHedge`.
    case nothingToPick(NoEndpoint)
    case failed(slot: Int, AttemptFailure)
    /// The first content byte is ready for the client.
    case committed(slot: Int)
    /// The time of `.wait` is over.
    case waited
    /// The hedge delay of the running attempt is over.
    case hedgeDue
    case deadlineReached
    /// The answer is complete.
    case finished(slot: Int)
    case clientGone
}

/// What the shell is to do next. Terminal actions end the request: the shell also drops every attempt still alive.
public enum AttemptAction: Equatable, BitwiseCopyable, Sendable {
    case none
    /// Ask `Router.pick` with `tried`; answer `picked` or `nothingToPick`.
    case pick
    /// Ask `Router.pickHedge`; answer `picked` or `nothingToPick`.
    case pickHedge
    case dispatch(slot: Int, EndpointID, freshConnection: Bool)
    case wait(until: Instant)
    /// Stream this slot to the client; cancel the other one.
    case release(slot: Int, cancel: Int?)
    case cancel(slot: Int)
    /// Terminal, before commit: an HTTP error.
    case answerFailure(TerminalFailure)
    /// Terminal, after commit: an error event, then close.
    case endStream(AttemptFailure)
    /// Terminal: the client is gone.
    case cancelAll
    /// Terminal: all delivered.
    case complete

    public var isTerminal: Bool {
        switch self {
        case .answerFailure, .endStream, .cancelAll, .complete: true
        case .none, .pick, .pickHedge, .dispatch, .wait, .release, .cancel: false
        }
    }
}

public enum TerminalFailure: Equatable, BitwiseCopyable, Sendable {
    /// The last attempt's failure; the shell relays the endpoint's own error body if it has one.
    case upstream(AttemptFailure)
    case noEndpoint(NoEndpoint)
    case deadline
}
