// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
internal import Synchronization

/// Where finished log lines go: a file descriptor, one `write` per line.
///
/// A line that cannot be written is dropped and counted, never retried: a full disk or a stuck pipe on stderr must not
/// stop the process that logs about it.
public final class LogSink: Sendable {
    private let descriptor: Int32
    private let dropped = Atomic<UInt64>(0)

    /// - Parameter descriptor: stays open for as long as the sink; a pipe with `O_NONBLOCK` drops lines instead of
    ///   waiting for its reader.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    public static let standardError = LogSink(descriptor: STDERR_FILENO)

    /// Lines dropped since the process began.
    public var linesDropped: UInt64 { dropped.load(ordering: .relaxed) }

    /// Writes a line that ends with a newline. Lines of up to `PIPE_BUF` (4096) bytes never mix with those of other
    /// threads.
    func write(_ line: [UInt8]) {
        let isWritten = line.withUnsafeBytes { bytes in
            var remaining = bytes[...]
            while !remaining.isEmpty {
                let count = Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: remaining).baseAddress, remaining.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                remaining = remaining.dropFirst(count)
            }
            return true
        }
        if !isWritten { dropped.add(1, ordering: .relaxed) }
    }
}
