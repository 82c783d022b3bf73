// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a log that starts again has to add to its tree.
public enum Recovery {
    public enum Fault: Error, Equatable, Sendable {
        /// An entry that was promised is in no file: removed, or lost by the disk.
        case entryMissing(UInt64)
    }

    /// The entries beyond the stored tree, in order.
    ///
    /// A process appends only to files of its own epoch, and only after everything that older files hold is in the
    /// tree. So a torn record can only be the last of its file, and nothing that was acknowledged comes after it.
    /// - Parameters:
    ///   - size: of the stored tree.
    ///   - segments: all write-ahead files in the order of `WriteAheadSegment`.
    public static func entries(beyond size: UInt64, in segments: [[UInt8]]) throws(Fault) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        for segment in segments {
            for record in segment.withUnsafeBytes({ WriteAheadRecord.records(in: $0) }) {
                let expected = size + UInt64(entries.count)
                guard record.sequence <= expected else { throw .entryMissing(expected) }
                if record.sequence == expected { entries.append(Array(segment[record.entry])) }
            }
        }
        return entries
    }
}
