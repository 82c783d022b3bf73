// SPDX-License-Identifier: Apache-2.0
// Isobar

public import WireFormats

/// Bounds of one `HTTPServer`. Times are in nanoseconds of the loop's clock, sizes in bytes.
public struct HTTPServerLimits: Sendable {
    public var head: HTTPLimits
    /// Larger bodies are refused with 413 before they are read.
    public var bodyBytesMax: Int
    /// Connections at one time; one more is closed at once.
    public var connectionsMax: Int
    /// From the first byte of a request (or the connection's start) to the end of its head.
    public var headNanosecondsMax: Int64
    /// Longest silence inside a body.
    public var bodyIdleNanosecondsMax: Int64
    /// Longest silence between two requests of a connection.
    public var keepAliveNanosecondsMax: Int64
    /// Longest time queued output may make no way at all to a client that does not read.
    public var writeIdleNanosecondsMax: Int64
    /// Output that may wait for the client; a handler that ignores `HTTPResponder.isBackedUp` and exceeds it loses the
    /// connection.
    public var pendingBytesMax: Int

    public init(
        head: HTTPLimits = HTTPLimits(), bodyBytesMax: Int = 16 << 20, connectionsMax: Int = 4_096,
        headNanosecondsMax: Int64 = 10_000_000_000, bodyIdleNanosecondsMax: Int64 = 30_000_000_000,
        keepAliveNanosecondsMax: Int64 = 75_000_000_000, writeIdleNanosecondsMax: Int64 = 60_000_000_000,
        pendingBytesMax: Int = 8 << 20
    ) {
        self.head = head
        self.bodyBytesMax = bodyBytesMax
        self.connectionsMax = connectionsMax
        self.headNanosecondsMax = headNanosecondsMax
        self.bodyIdleNanosecondsMax = bodyIdleNanosecondsMax
        self.keepAliveNanosecondsMax = keepAliveNanosecondsMax
        self.writeIdleNanosecondsMax = writeIdleNanosecondsMax
        self.pendingBytesMax = pendingBytesMax
    }
}
