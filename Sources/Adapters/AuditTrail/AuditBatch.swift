// SPDX-License-Identifier: Apache-2.0
// Isobar

public import AuditLog

/// Events of one loop, in their order, on their way to the log.
public struct AuditBatch: Sendable {
    /// What the events' positions mean.
    public var names: AuditNames
    public var events: [RequestEvent] = []
    /// Where the events' subjects are.
    public var text: [UInt8] = []
    /// Somebody waits for these events: called once, on the log's thread, with whether they are durable. Events that are
    /// not have not happened, and are forgotten.
    public var whenDurable: (@Sendable (Bool) -> Void)?

    public init(names: AuditNames) { self.names = names }
}

/// What can be seen of a log from outside.
public struct AuditStatus: Equatable, Sendable {
    public var origin = ""
    /// Durable entries.
    public var size: UInt64 = 0
    /// Of the last checkpoint.
    public var checkpointSize: UInt64 = 0
    /// Of the last tree that as many witnesses cosigned as the policy demands.
    public var witnessedSize: UInt64 = 0
    /// Events that could not be written and were given up, since the start.
    public var lostTotal: UInt64 = 0
    /// Events that wait because the last write failed.
    public var waiting = 0
    /// Why the log takes nothing at the moment; `nil` while it does.
    public var fault: String?
    /// A witness has seen another past than this log's: people must look. It stays until the process starts again.
    public var alarm: String?

    public init() {}
}
