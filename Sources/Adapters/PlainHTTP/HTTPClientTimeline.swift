// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How far one exchange came, and when: filled in while it runs, read when it is over.
///
/// - Units: monotonic nanoseconds of the exchange's loop.
/// - Threading: confined to that loop.
public final class HTTPClientTimeline {
    public enum Step: Sendable { case connecting, securing, waiting, receiving }

    /// The step that was under way last.
    public internal(set) var step = Step.connecting
    public internal(set) var startedAt: Int64 = 0
    /// Connected, and the TLS handshake done.
    public internal(set) var openedAt: Int64?
    /// First byte of the answer.
    public internal(set) var firstByteAt: Int64?

    public init() {}
}
